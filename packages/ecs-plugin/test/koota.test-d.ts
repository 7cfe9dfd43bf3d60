import { createWorld, trait, type World } from 'koota'
import { f32, struct, u32, vec2f, type Struct } from '@memkit/core'
import { describe, expectTypeOf, it } from 'vitest'
import { createApp, GpuSynced, MkPlugin, type MkSync, type SyncedBuffer } from '../src/index.ts'
import { attachKoota } from '../src/koota.ts'

declare const mk: MkSync<World>

describe('a trait that is flagged', () => {
  it('is still a trait, and carries an f32 for each of its numbers', () => {
    const Position = GpuSynced(trait({ x: 0, y: 0, name: 'a', solid: true }))
    expectTypeOf(mk.buffer(Position)).toEqualTypeOf<
      SyncedBuffer<Struct<{ readonly x: f32; readonly y: f32 }>>
    >()
    const world = createWorld()
    const entity = world.spawn(Position({ x: 1 }))
    expectTypeOf(entity.get(Position)!.x).toEqualTypeOf<number>()
    world.query(Position).updateEach(([position]) => {
      expectTypeOf(position).toEqualTypeOf<{ x: number; y: number; name: string; solid: boolean }>()
    })
    // @ts-expect-error no such property
    Position({ z: 1 })
  })

  it('accepts a schema that reads its fields', () => {
    const schema = struct({ pos: vec2f.from('at.x', 'at.y'), kind: u32 })
    const Placed = GpuSynced(trait({ at: () => ({ x: 0, y: 0 }), kind: 0 }), { schema })
    expectTypeOf(mk.buffer(Placed).schema).toEqualTypeOf<typeof schema>()
    const Body = GpuSynced(
      trait(() => ({ x: 0, y: 0 })),
      { schema: struct({ pos: vec2f.from('x', 'y') }) },
    )
    expectTypeOf(mk.buffer(Body).schema.size).toEqualTypeOf<number>()
    // @ts-expect-error no property z
    GpuSynced(trait({ x: 0 }), { schema: struct({ z: f32 }) })
    // @ts-expect-error no property z in at
    GpuSynced(trait({ at: () => ({ x: 0, y: 0 }) }), { schema: struct({ p: vec2f.from('at.x', 'at.z') }) })
  })

  it('needs something to upload', () => {
    // @ts-expect-error a tag
    GpuSynced(trait())
    // @ts-expect-error no numbers
    GpuSynced(trait({ name: 'a' }))
    // @ts-expect-error an array of objects needs a schema
    GpuSynced(trait(() => ({ x: 0 })))
    // @ts-expect-error not flagged
    mk.buffer(trait({ x: 0 }))
  })
})

describe('attachKoota', () => {
  it('passes the world of koota on, by itself and in an App', () => {
    const world = createWorld()
    expectTypeOf(attachKoota(world)).resolves.toEqualTypeOf<MkSync<World>>()
    createApp(world).addPlugin(new MkPlugin({}, attachKoota))
    // @ts-expect-error a world of bitECS
    void attachKoota({})
  })
})
