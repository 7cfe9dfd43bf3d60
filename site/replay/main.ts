import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { openReplay, startRecording } from '@memkit/ecs-plugin/recording'
import { MkGpu } from '@memkit/gpu'
import { DummyBackend } from '@memkit/gpu/dummy'
import { addComponents, addEntity, createWorld, query, removeEntity } from 'bitecs'

const COUNT = 1500
const FRAMES = 300

// Record: a game whose balls bounce, and which loses those that leave on the right. That is its bug.
const Position = GpuSynced(
  { x: new Float32Array(COUNT + 1), y: new Float32Array(COUNT + 1) },
  { label: 'Position', rows: 'packed' },
)
const Speed = { x: new Float32Array(COUNT + 1), y: new Float32Array(COUNT + 1) }
const world = createWorld()
for (let i = 0; i < COUNT; i++) {
  const ball = addEntity(world)
  addComponents(world, ball, Position, Speed)
  const speed = 0.002 + 0.01 * ((i * 0.618) % 1)
  Speed.x[ball] = Math.cos(i) * speed
  Speed.y[ball] = Math.sin(i) * speed
}
const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
const recording = startRecording(mk, { keyframeEvery: 60 })
const counts: number[] = []
for (let frame = 0; frame < FRAMES; frame++) {
  mk.beginFrame()
  for (const ball of query(world, [Position, Speed])) {
    Position.x[ball] += Speed.x[ball]
    Position.y[ball] += Speed.y[ball]
    if (Math.abs(Position.y[ball]) > 1) Speed.y[ball] *= -1
    if (Position.x[ball] < -1) Speed.x[ball] *= -1
    if (Position.x[ball] > 1) removeEntity(world, ball)
  }
  mk.endFrame()
  counts.push(mk.buffer(Position).rows)
}
const file = await recording.stop()
mk.dispose()

// Replay: no world and no components, only the file. Seeking to a frame gives the bytes that the device had.
const replay = await openReplay(file, { gpu: new DummyBackend() })
const canvas = document.querySelector('canvas')!
const slider = document.querySelector('input')!
const output = document.querySelector('output')!
const context = canvas.getContext('2d')!

function show(frame: number): void {
  replay.seek(frame)
  const count = counts[frame] ?? 0
  const rows = new Float32Array(replay.rowsAt(frame, 'Position').slice().buffer, 0, 2 * count)
  canvas.width = canvas.clientWidth
  canvas.height = canvas.clientHeight
  context.fillStyle = '#7fb2ff'
  for (let i = 0; i < rows.length; i += 2) {
    const x = ((rows[i] + 1) / 2) * canvas.width
    context.fillRect(x, ((1 - rows[i + 1]) / 2) * canvas.height, 3, 3)
  }
  output.value = `${frame} of ${replay.frames - 1}: ${count} of ${COUNT} balls, checksum ${replay.checksum.toString(16)}`
}

slider.max = String(replay.frames - 1)
slider.disabled = false
slider.addEventListener('input', () => show(slider.valueAsNumber))
addEventListener('resize', () => show(slider.valueAsNumber))
slider.valueAsNumber = 150
show(150)
output.title = `${(file.size / 1024).toFixed(0)} KiB`
document.documentElement.dataset['state'] = 'running'
