// A particle system with mirrors but without an ECS: only particles that moved are uploaded.
import { struct, f32, u32, vec2f } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'

const PARTICLES = 50_000
const FRAMES = 200

const gpu = await dawnGpu()
const co = new MkCoordinator(gpu)
await co.ready() // frames don't have to wait for it; here it makes every run plan the same uploads

// Two mirrors: motion changes for particles in the air, colour only when a particle restarts.
const motion = co.createMirror({ rows: 1000, schema: struct({ at: vec2f, speed: vec2f }), label: 'Motion' })
const looks = co.createMirror({
  rows: 1000,
  schema: struct({ rgba: u32, size: f32 }),
  label: 'Looks',
  usage: MkBufferUsage.VERTEX,
})

// Views are valid until the memory behind them is replaced: make new ones when a mirror grows.
let moving = motion.view(Float32Array)
let colours = looks.view(Uint32Array)
co.on('reallocated', ({ label }) => {
  moving = motion.view(Float32Array)
  colours = looks.view(Uint32Array)
  console.log(`  ${label} has a new buffer: rebuild bind groups that use it`)
})

let alive = 0
function spawn(count: number): void {
  motion.grow(alive + count)
  looks.grow(alive + count)
  for (let i = alive; i < alive + count; i++) launch(i)
  alive += count
  motion.used = alive
  looks.used = alive
}

function launch(i: number): void {
  const angle = i * 2.399_963 // the golden angle spreads them evenly
  moving.set([0, 0, Math.cos(angle) * 0.3, 1 + Math.sin(angle) * 0.2], i * 4)
  colours[i * 2] = 0xff00_0000 | ((i * 2_654_435_761) & 0xff_ffff)
  looks.view(Float32Array)[i * 2 + 1] = 1 + (i % 3)
  motion.mark(i)
  looks.mark(i)
}

/** Moves one particle in `every`; the others rest on the ground. */
function step(dt: number, every: number): void {
  for (let i = 0; i < alive; i += every) {
    const k = i * 4
    moving[k] += moving[k + 2] * dt
    moving[k + 1] += moving[k + 3] * dt
    moving[k + 3] -= 0.98 * dt
    if (moving[k + 1] < 0) launch(i)
    else motion.mark(i)
  }
}

console.log(`particles on ${gpu.capabilities.adapter}`)
const plans = new Map<string, number>()
let changed = 0
let uploaded = 0
let calls = 0
for (let frame = 0; frame < FRAMES; frame++) {
  co.beginFrame()
  if (alive < PARTICLES && frame % 20 === 0) spawn(PARTICLES / 4)
  // Everything moves at first, then a few, then nothing.
  if (frame < 100) step(1 / 60, 1)
  else if (frame < 180) step(1 / 60, 97)
  const report = co.endFrame() // draw(motion.buffer, looks.buffer) would come here
  changed += report.bytesChanged
  uploaded += report.bytesUploaded
  calls += report.apiCalls
  for (const { label, strategy } of report.mirrors) {
    const plan = `${label} ${strategy}`
    plans.set(plan, (plans.get(plan) ?? 0) + 1)
  }
  await co.pace()
}

console.log(`${FRAMES} frames, ${alive} particles, ${calls} calls to the device`)
console.log(`${(changed / 2 ** 20).toFixed(1)} MiB changed, ${(uploaded / 2 ** 20).toFixed(1)} MiB uploaded`)
for (const [plan, count] of plans) console.log(`  ${plan}: ${count} frames`)

let mismatches = 0
for (const mirror of [motion, looks]) {
  const device = new Uint8Array(await co.download(mirror.buffer))
  const cpu = mirror.view(Uint8Array)
  for (let i = 0; i < cpu.length; i++) if (device[i] !== cpu[i]) mismatches++
}
console.log(`mismatches: ${mismatches}`)
co.dispose()
gpu.destroy()
process.exitCode = mismatches === 0 ? 0 : 1
