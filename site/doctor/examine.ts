import { conformanceCases } from '@memkit/gpu/conformance'
import { benchmark } from './benchmark.ts'
import { webGl2Place, webGpuPlace, type Place } from './places.ts'
import type { BackendReport, Report } from './report.ts'
import { roundTrip } from './round-trip.ts'

/** A case that takes longer hangs. */
const CASE_MS = 60_000

/** Told of what runs now, and which part of all of it is done, 0 … 1. */
export type Progress = (what: string, done: number) => void

/** Runs everything on both backends, one after the other, and adds what it finds to the report. */
export async function examine(report: Report, progress: Progress): Promise<void> {
  const finders = { WebGPU: webGpuPlace, WebGL2: webGl2Place } as const
  for (const backend of ['WebGPU', 'WebGL2'] as const) {
    const half = backend === 'WebGPU' ? 0 : 0.5
    const place = await finders[backend]()
    const part: BackendReport = {
      backend,
      info: {},
      passed: 0,
      gated: [],
      failed: [],
      bench: [],
      stopped: [],
      ms: 0,
    }
    report.backends.push(part)
    if (typeof place === 'string') part.missing = place
    else await examinePlace(place, part, (what, done) => progress(`${backend}: ${what}`, half + done / 2))
  }
}

async function examinePlace(place: Place, part: BackendReport, progress: Progress): Promise<void> {
  const start = performance.now()
  part.info = place.info
  for (const [i, { name, needs, run }] of conformanceCases.entries()) {
    progress(name, (0.8 * i) / conformanceCases.length)
    try {
      if ((await inTime(run(place.factory))) === 'passed') part.passed++
      else part.gated.push(`${name} (needs ${needs})`)
    } catch (error) {
      part.failed.push({ name, message: messageOf(error) })
    }
    // Lets the page draw.
    await new Promise((resolve) => setTimeout(resolve))
  }
  try {
    const gpu = await place.gpu()
    progress('a world is synced and read back', 0.8)
    part.roundTrip = await roundTrip(gpu)
    part.bench = await benchmark(gpu, (what) => progress(what, 0.9))
    gpu.destroy()
  } catch (error) {
    part.stopped.push(messageOf(error))
  }
  part.ms = Math.round(performance.now() - start)
}

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer = 0
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Error(`not done within ${CASE_MS / 1000} s`)), CASE_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
