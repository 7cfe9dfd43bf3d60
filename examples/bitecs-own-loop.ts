// The smallest sync in your own loop: attach a bitECS world, and write plain arrays between
// beginFrame and endFrame.
//
// npm run example -- bitecs-own-loop
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { anyGpu } from './support/any-gpu.ts'

const count = 1000
const Position = GpuSynced(
  { x: new Float32Array(count + 1), y: new Float32Array(count + 1) },
  { label: 'Position' },
)
const Velocity = { x: new Float32Array(count + 1), y: new Float32Array(count + 1) }

const world = createWorld()
for (let i = 0; i < count; i++) {
  const entity = addEntity(world)
  addComponents(world, entity, Position, Velocity)
  // Moves a tenth of the entities.
  Velocity.x[entity] = i % 10 === 0 ? 1 : 0
}

const gpu = await anyGpu()
const mk = await attachMk(world, { gpu })

for (let frame = 1; frame <= 5; frame++) {
  mk.beginFrame()
  for (const entity of query(world, [Position, Velocity])) {
    Position.x[entity] += Velocity.x[entity]
    Position.y[entity] += Velocity.y[entity]
  }
  const { rowsChanged, bytesUploaded, apiCalls, mirrors } = mk.endFrame()
  console.log(
    `frame ${frame}: ${rowsChanged} rows changed, ${bytesUploaded} bytes up in ${apiCalls} calls (${mirrors[0].strategy})`,
  )
}

const rows = new Float32Array(await mk.buffer(Position).read())
console.log(`\nOn the device, entity 1 is at x = ${rows[1 * 2]}, entity 2 at x = ${rows[2 * 2]}.`)
mk.dispose()
gpu.destroy()
process.exitCode = rows[1 * 2] === 5 && rows[2 * 2] === 0 ? 0 : 1
