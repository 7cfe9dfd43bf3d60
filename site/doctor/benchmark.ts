import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import type { BenchRow } from './report.ts'

const ROWS = 100_000
/** Frames that are timed together: a clock with steps of a millisecond still tells them apart. */
const FRAMES = 40
const WARM_UP = 8

const WAYS = [
  { name: 'upload everything', changes: 'all', strategy: 'full' },
  { name: 'detect', changes: 'detect', strategy: 'auto' },
  { name: 'marked', changes: 'marked', strategy: 'auto' },
] as const

/** Frames of the calling thread, by how many rows change. One wait for the device ends each line: in some browsers it takes 100 ms. */
export async function benchmark(gpu: MkGpu, tell: (what: string) => void): Promise<BenchRow[]> {
  const found: BenchRow[] = []
  for (const share of [0, 0.001, 0.01, 0.1, 1])
    for (const way of WAYS) {
      if (share === 0 && way.name === 'marked') continue
      const changed = `${share * 100} %`
      tell(`benchmark: ${way.name}, ${changed} changed`)
      found.push({ name: way.name, changed, ...(await measure(gpu, share, way)) })
      await new Promise((resolve) => setTimeout(resolve))
    }
  return found
}

async function measure(
  gpu: MkGpu,
  share: number,
  { changes, strategy }: (typeof WAYS)[number],
): Promise<Omit<BenchRow, 'name' | 'changed'>> {
  const column = (): Float32Array => new Float32Array(ROWS + 1)
  const Row = GpuSynced({ x: column(), y: column(), z: column(), w: column() }, { label: 'Row', changes })
  const world = createWorld()
  for (let i = 0; i < ROWS; i++) addComponent(world, addEntity(world), Row)
  const mk = await attachMk(world, { gpu, components: [Row], strategy })
  const step = share === 0 ? Infinity : Math.round(1 / share)
  let thread = 0
  let [calls, bytes, used] = [0, 0, 'nothing']
  for (let frame = 0; frame < WARM_UP + FRAMES; frame++) {
    mk.beginFrame()
    for (let entity = 1 + (frame % step); entity <= ROWS; entity += step) {
      Row.x[entity] = frame + entity
      if (changes === 'marked') mk.mark(Row, entity)
    }
    const start = performance.now()
    const report = mk.endFrame()
    if (frame >= WARM_UP) thread += performance.now() - start
    calls = report.apiCalls
    bytes = report.bytesUploaded
    used = report.mirrors[0]?.strategy ?? 'nothing'
    if (frame % 8 === 7) await gpu.waitIdle()
  }
  mk.dispose()
  return { way: used, calls, bytes, thread: thread / FRAMES }
}
