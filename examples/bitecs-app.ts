// The sync as a plugin of an App: schedules in Bevy's order, a fixed time step, and a system
// ordered after the flush.
//
// npm run example -- bitecs-app
import { createApp, GpuSynced, MkPlugin, MkSystemSet, Schedule } from '@memkit/ecs-plugin'
import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { anyGpu } from './support/any-gpu.ts'

const count = 2000
const Position = GpuSynced({ y: new Float32Array(count + 1) }, { label: 'Position' })
const Velocity = { y: new Float32Array(count + 1) }
const gravity = -9.81

const world = createWorld()
const gpu = await anyGpu()
const app = createApp(world)
  .addPlugin(new MkPlugin({ gpu }))
  .addSystem(Schedule.Startup, (world) => {
    for (let i = 0; i < count; i++) addComponents(world, addEntity(world), Position, Velocity)
  })
  .addSystem(Schedule.FixedUpdate, (world, app) => {
    for (const entity of query(world, [Position, Velocity])) {
      Velocity.y[entity] += gravity * app.time.fixedDelta
      Position.y[entity] += Velocity.y[entity] * app.time.fixedDelta
    }
  })
  .addSystem(
    Schedule.Last,
    (_world, app) => {
      const { frame, rowsChanged, apiCalls } = app.mk.report
      console.log(
        `tick ${frame}: ${app.time.fixedSteps} fixed steps so far, ${rowsChanged} rows up in ${apiCalls} calls`,
      )
    },
    { after: MkSystemSet.FrameEnd, label: 'tell' },
  )

await app.ready()
// A display at 30 Hz: each tick has about two fixed steps of 1/64 s.
for (let i = 0; i < 6; i++) app.tick(1 / 30)

const device = new Float32Array(await app.mk.buffer(Position).read())
console.log(
  `\nAfter ${app.time.elapsed.toFixed(2)} s, entity 1 has fallen to y = ${device[1].toFixed(3)} on the device.`,
)
process.exitCode = device[1] === Position.y[1] && device[1] < 0 ? 0 : 1
app.dispose()
gpu.destroy()
