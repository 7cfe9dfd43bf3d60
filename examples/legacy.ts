// Components of bitecs/legacy: nested fields and arrays of columns, packed into vectors of a WGSL
// struct by path.
//
// npm run example -- legacy
import { attachMk, GpuSynced, struct, u32, vec2f, vec4f } from '@memkit/ecs-plugin'
import { addEntity, createWorld } from 'bitecs'
import { addComponent, defineComponent, defineQuery, Types } from 'bitecs/legacy'
import { anyGpu } from './support/any-gpu.ts'

const count = 100
// defineComponent returns { pos: { x, y }, tint: [r, g, b, a], team }, each a typed array by
// entity.
const Body = GpuSynced(
  defineComponent({ pos: { x: Types.f32, y: Types.f32 }, tint: [Types.f32, 4], team: Types.ui8 }, count + 1),
  {
    label: 'Body',
    schema: struct({
      pos: vec2f.from('pos.x', 'pos.y'),
      team: u32,
      tint: vec4f.from('tint.0', 'tint.1', 'tint.2', 'tint.3'),
    }),
  },
)
const bodies = defineQuery([Body])

const world = createWorld()
for (let i = 0; i < count; i++) {
  const entity = addEntity(world)
  addComponent(world, Body, entity) // the order of bitECS 0.3
  Body.team[entity] = i % 4
  Body.tint[3][entity] = 1
}

const gpu = await anyGpu()
const mk = await attachMk(world, { gpu })
console.log(mk.buffer(Body).wgsl(0, 0))

for (let frame = 1; frame <= 3; frame++) {
  mk.beginFrame()
  for (const entity of bodies(world)) {
    // Team 0 walks, the other one stands still.
    if (Body.team[entity] !== 0) continue
    Body.pos.x[entity] += 1
    Body.tint[0][entity] = frame / 4
  }
  const { rowsChanged, bytesUploaded } = mk.endFrame()
  console.log(`frame ${frame}: ${rowsChanged} rows changed, ${bytesUploaded} bytes up`)
}

// pos at byte 0, team at 8, tint at 16: 32 bytes a row.
const rows = new DataView(await mk.buffer(Body).read())
const walker = bodies(world)[4]
const onDevice = [
  rows.getFloat32(walker * 32, true),
  rows.getUint32(walker * 32 + 8, true),
  rows.getFloat32(walker * 32 + 16, true),
  rows.getFloat32(walker * 32 + 28, true),
]
console.log(
  `\nEntity ${walker} on the device: x ${onDevice[0]}, team ${onDevice[1]}, red ${onDevice[2]}, alpha ${onDevice[3]}`,
)
mk.dispose()
gpu.destroy()
process.exitCode = onDevice.join() === '3,0,0.75,1' ? 0 : 1
