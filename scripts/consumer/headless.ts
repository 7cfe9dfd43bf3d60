// A program of a user who has installed the packages: compiled by every TypeScript that is supported, with and without lib.dom,
// then run by Node. It touches every package that needs no screen.
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import type { FrameReport } from '@memkit/coordinator'
import { createHeap, MkError, scalarsOf, struct, vec3f } from '@memkit/core'
import type { Infer } from '@memkit/core'
import { attachMk, createApp, GpuSynced, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import type { MkSync } from '@memkit/ecs-plugin'
import { DummyBackend, MkBufferUsage, MkGpu, WebGpuBackend } from '@memkit/gpu'
import { DummyBackend as DummyAlone } from '@memkit/gpu/dummy'
import { addComponents, addEntity, createWorld, query } from 'bitecs'

// Types of WebGPU come with the packages.
export function onDevice(device: GPUDevice): MkGpu<WebGpuBackend> {
  const buffer: GPUBuffer = device.createBuffer({ size: 16, usage: 128 })
  buffer.destroy()
  return new MkGpu(new WebGpuBackend(device))
}

const Body = struct({ position: vec3f.from('x', 'y', 'z') })
const body: Infer<typeof Body> = { position: [1, 2, 3] }
check(scalarsOf(Body).length === body.position.length, 'a layout')

const Position = GpuSynced(
  { x: new Float32Array(9), y: new Float32Array(9), z: new Float32Array(9) },
  { label: 'Position', schema: Body },
)
const world = createWorld()
for (let i = 0; i < 8; i++) addComponents(world, addEntity(world), Position)

const mk: MkSync<typeof world> = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
mk.beginFrame()
for (const entity of query(world, [Position])) Position.x[entity] = entity
const report: FrameReport = mk.endFrame()
const rows = new Float32Array(await mk.buffer(Position).read())
check(report.rowsChanged > 0 && rows[4 * 3] === 3, 'a synced world')
check(mk.buffer(Position).wgsl(0, 0).includes('struct Position'), 'its WGSL')
mk.dispose()

const heap = createHeap({ bytes: 1 << 20 })
check(heap.kernels.kind === 'wasm-simd', 'the kernels')

const app = createApp(createWorld())
  .addPlugin(new MkPlugin({ gpu: new MkGpu(new DummyAlone()) }))
  .addSystem(Schedule.Update, () => {})
await app.ready()
app.tick(1 / 60)
app.dispose()

const co = new MkCoordinator(new DummyAlone(), { buffering: BufferingMode.Double })
const usage = MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST
check(co.uploadSlice(new Float32Array(4), usage).size === 16, 'an upload')
co.dispose()

function check(holds: boolean, what: string): void {
  if (!holds) throw new MkErrorOfTest(what)
}

class MkErrorOfTest extends MkError {
  readonly code = 'MkErrorOfTest'
}

declare const console: { log(text: string): void }
console.log('all there')
