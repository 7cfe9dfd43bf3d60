// Two worker threads write columns in shared memory, and mark what they wrote, while the main
// thread stages and uploads.
//
// npm run example -- workers
import { Worker } from 'node:worker_threads'
import { attachMk, GpuSynced, type SharedMarker } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query } from 'bitecs'
import { anyGpu } from './support/any-gpu.ts'

/** What each worker gets. It is all shared memory, so nothing is copied. */
export interface Assignment {
  readonly x: Float32Array
  readonly y: Float32Array
  /** The worker moves entities first … end − 1. */
  readonly first: number
  readonly end: number
  readonly marker: SharedMarker
  /** Word 0: set it to stop. Word 1: number of steps of all workers. */
  readonly control: Int32Array
}

const count = 20_000
const shared = (): Float32Array => new Float32Array(new SharedArrayBuffer((count + 1) * 4))
const Position = GpuSynced({ x: shared(), y: shared() }, { label: 'Position', changes: 'marked' })

const world = createWorld()
for (let i = 0; i < count; i++) addComponent(world, addEntity(world), Position)

const gpu = await anyGpu()
const mk = await attachMk(world, { gpu })

const control = new Int32Array(new SharedArrayBuffer(8))
const half = 1 + count / 2
const workers = [
  [1, half],
  [half, count + 1],
].map(([first, end]) => {
  const assignment: Assignment = { ...Position, first, end, marker: mk.marker(Position), control }
  return new Worker(new URL('./workers/thread.mjs', import.meta.url), {
    workerData: { file: new URL('./workers/mover.ts', import.meta.url).href, assignment },
  })
})
const done = Promise.all(
  workers.map(
    (worker) =>
      new Promise<number>((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  ),
)
// Threads take a moment to start.
while (Atomics.load(control, 1) < 2) await sleep(10)

for (let frame = 1; frame <= 10; frame++) {
  mk.beginFrame()
  const { rowsChanged, bytesUploaded, apiCalls } = mk.endFrame()
  console.log(
    `frame ${frame}: workers have made ${Atomics.load(control, 1)} steps; ` +
      `${rowsChanged} rows taken over, ${bytesUploaded} bytes up in ${apiCalls} calls`,
  )
  await sleep(5)
}
Atomics.store(control, 0, 1)
const moved = (await done).reduce((sum, each) => sum + each, 0)

// One more frame uploads what was marked since.
mk.beginFrame()
mk.endFrame()
const words = new Uint32Array(await mk.buffer(Position).read())
const [x, y] = [Position.x, Position.y].map((column) => new Uint32Array(column.buffer))
let different = 0
for (const entity of query(world, [Position]))
  if (words[entity * 2] !== x[entity] || words[entity * 2 + 1] !== y[entity]) different++
console.log(
  `\n${moved} rows written by ${workers.length} threads; ${different} of ${count} differ on the device.`,
)
mk.dispose()
gpu.destroy()
process.exitCode = different === 0 ? 0 : 1

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
