// A bug report that replays: records a small game, then shows its frames on another device, without the game.
import { attachMk, createHeap, f32, GpuSynced } from '@memkit/ecs-plugin'
import { openReplay, startRecording } from '@memkit/ecs-plugin/recording'
import { DummyBackend } from '@memkit/gpu/dummy'
import { addComponents, addEntity, createWorld, query, removeEntity } from 'bitecs'
import { anyGpu } from './support/any-gpu.ts'

const COUNT = 2000
const FRAMES = 240

const heap = createHeap()
const Position = GpuSynced(heap.columns({ x: f32, y: f32 }, COUNT), { label: 'Position' })
const Speed = { x: new Float32Array(COUNT + 1), y: new Float32Array(COUNT + 1) }

const world = createWorld()
for (let i = 0; i < COUNT; i++) {
  const ball = addEntity(world)
  addComponents(world, ball, Position, Speed)
  Speed.x[ball] = Math.cos(i) / 50
  Speed.y[ball] = Math.sin(i) / 50
}

const mk = await attachMk(world, { heap, gpu: await anyGpu() })
const shown = mk.query([Position], { draw: { vertexCount: 6 }, label: 'Balls' })

const recording = startRecording(mk, { keyframeEvery: 60 })
for (let frame = 0; frame < FRAMES; frame++) {
  mk.beginFrame()
  mk.coordinator.noteTimeStep(1 / 60)
  for (const ball of query(world, [Position, Speed])) {
    Position.x[ball] += Speed.x[ball]
    Position.y[ball] += Speed.y[ball]
    // The bug that the report is about: what leaves on the right is gone.
    if (Position.x[ball] > 1) removeEntity(world, ball)
  }
  mk.endFrame()
}
const left = shown.count
const file = await recording.stop()
mk.dispose()
console.log(`${FRAMES} frames in ${(file.size / 1024).toFixed(0)} KiB, ${left} of ${COUNT} balls are left`)

// Anyone can look at it: no world, no components, any backend.
const replay = await openReplay(file, { gpu: new DummyBackend() })
for (let frame = 0; frame < replay.frames; frame += 48) {
  replay.seek(frame)
  const draw = replay.mirrors.find(({ label }) => label === 'Balls draw')!
  const [, instances] = new Uint32Array(draw.bytes.slice().buffer)
  console.log(
    `  frame ${String(frame).padStart(3)}: ${instances} balls, checksum ${replay.checksum.toString(16)}`,
  )
}
replay.seek(replay.frames - 1)
const [, instances] = new Uint32Array(replay.rowsAt(replay.frames - 1, 'Balls draw').buffer)
if (instances !== left) throw new Error(`the replay shows ${instances} balls`)
replay.dispose()
