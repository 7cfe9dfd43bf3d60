// The sync as systems in bitECS's pipe, with marks: memkit only reads marked rows.
//
// npm run example -- bitecs-pipe
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, pipe } from 'bitecs'
import { anyGpu } from './support/any-gpu.ts'

const count = 10_000
const Health = GpuSynced(
  { value: new Float32Array(count + 1).fill(100) },
  { label: 'Health', changes: 'marked' },
)

const world = createWorld({ frame: 0 })
for (let i = 0; i < count; i++) addComponent(world, addEntity(world), Health)

const gpu = await anyGpu()
const mk = await attachMk(world, { gpu })

type Game = typeof world
const nextFrame = (world: Game): Game => {
  world.frame++
  return world
}
const hit = (world: Game): Game => {
  for (const entity of [7, 700, 7000]) {
    Health.value[entity] -= world.frame
    mk.mark(Health, entity)
  }
  return world
}

const update = pipe(mk.systems.frameBegin, nextFrame, hit, mk.systems.stage, mk.systems.frameEnd)
for (let i = 0; i < 4; i++) {
  update(world)
  const { frame, rowsChanged, bytesChanged, bytesUploaded } = mk.report
  console.log(
    `frame ${frame}: ${rowsChanged} rows marked, ${bytesChanged} bytes changed, ${bytesUploaded} uploaded`,
  )
}

const values = new Float32Array(await mk.buffer(Health).read())
console.log(`\nOn the device: entity 7 has ${values[7]}, entity 8 has ${values[8]}.`)
mk.dispose()
gpu.destroy()
process.exitCode = values[7] === 90 && values[8] === 100 ? 0 : 1
