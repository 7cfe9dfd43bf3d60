// The same sync for a world of koota: flag a trait where you define it, and keep your systems as
// they are.
//
// npm run example -- koota
import { GpuSynced } from '@memkit/ecs-plugin'
import { attachKoota } from '@memkit/ecs-plugin/koota'
import { createWorld, Not, trait } from 'koota'
import { anyGpu } from './support/any-gpu.ts'

const Position = GpuSynced(trait({ x: 0, y: 0 }), { label: 'Position' }) // its numbers: two f32 per row
const Velocity = trait({ x: 1, y: 0.5 }) // not flagged: stays on the CPU
const Asleep = trait()

const world = createWorld()
for (let i = 0; i < 1000; i++) world.spawn(Position({ x: i }), Velocity)
const sleepers = world.query(Position).filter((_, i) => i % 4 === 0)

const gpu = await anyGpu()
const mk = await attachKoota(world, { gpu })
const awake = mk.query([Position, Not(Asleep)], { draw: { vertexCount: 6 } })

for (let frame = 1; frame <= 6; frame++) {
  mk.beginFrame()
  if (frame === 3) for (const entity of sleepers) entity.add(Asleep)
  if (frame === 5) for (const entity of sleepers) entity.destroy()
  world.query(Position, Velocity, Not(Asleep)).updateEach(([position, velocity]) => {
    position.x += velocity.x
    position.y += velocity.y
  })
  const { rowsChanged, bytesUploaded, apiCalls } = mk.endFrame()
  console.log(
    `frame ${frame}: ${rowsChanged} rows changed, ${bytesUploaded} bytes up in ${apiCalls} calls, ${awake.count} to draw`,
  )
}

// Rows are entity ids without world and generation.
const rows = new Float32Array(await mk.buffer(Position).read())
let wrong = 0
for (const entity of world.query(Position)) {
  const { x, y } = entity.get(Position)!
  if (rows[entity.id() * 2] !== x || rows[entity.id() * 2 + 1] !== y) wrong++
}
console.log(
  `\n${world.query(Position).length} entities, ${wrong} of which the device has otherwise than koota.`,
)
mk.dispose()
gpu.destroy()
process.exitCode = wrong === 0 && awake.count === 750 ? 0 : 1
