import { Worker } from 'node:worker_threads'
import { GpuSynced, attachMk } from '@memkit/ecs-plugin'
import { createWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { expect, it } from 'vitest'
import type { MarkJob } from './workers/marks-once.node.ts'

it('collects each of a million marks exactly once while two threads set them repeatedly', async () => {
  const Thing = GpuSynced({ x: new Float32Array(4) }, { changes: 'marked' })
  const mk = await attachMk(createWorld(), { gpu: new MkGpu(new DummyBackend()) })
  const marker = mk.marker(Thing)
  const control = new Int32Array(new SharedArrayBuffer(12))
  const passes = 6
  const failed: Error[] = []
  // Even and odd ids: the threads set bits of the same words.
  const workers = [0, 1].map((first) => {
    const job: MarkJob = { marker, first, step: 2, passes, control }
    const worker = new Worker(new URL('./workers/typescript-worker.mjs', import.meta.url), {
      workerData: { entry: new URL('./workers/marks-once.node.ts', import.meta.url).href, job },
      execArgv: ['--conditions=@memkit/source'],
    })
    worker.on('error', (error: Error) => failed.push(error))
    return worker
  })
  while (Atomics.load(control, 2) < 2 && failed.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const times = new Uint8Array(marker.capacity)
  const rows = { mark: (id: number): void => void times[id]++ }
  let collected = 0
  for (let pass = 1; pass <= passes && failed.length === 0; pass++) {
    Atomics.store(control, 0, pass)
    // Once more after they have finished.
    for (let finished = false; !finished && failed.length === 0; collected++) {
      finished = Atomics.load(control, 1) === pass * 2
      marker.collect(rows)
    }
    expect(times.findIndex((count) => count !== pass)).toBe(-1)
  }
  expect(failed).toEqual([])
  expect(collected).toBeGreaterThan(passes * 2)
  await Promise.all(workers.map((worker) => worker.terminate()))
  mk.dispose()
}, 60_000)
