import { createWorld } from 'bitecs'
import { f32, struct, u32, vec2f } from '@memkit/core'
import type { Struct } from '@memkit/core'
import { describe, expectTypeOf, it } from 'vitest'
import { createApp, GpuSynced, MkPlugin, Schedule } from '../src/index.ts'
import type { MkSync, Synced, SyncedBuffer } from '../src/index.ts'

declare const mk: MkSync

describe('GpuSynced', () => {
  it('keeps the type of the component, and carries the default schema', () => {
    const Position = GpuSynced({ x: new Float32Array(4), id: new Uint32Array(4) })
    expectTypeOf(Position.x).toEqualTypeOf<Float32Array<ArrayBuffer>>()
    expectTypeOf(mk.buffer(Position)).toEqualTypeOf<
      SyncedBuffer<Struct<{ readonly x: f32; readonly id: u32 }>>
    >()
  })

  it('leaves properties that are no columns out of the schema', () => {
    const Named = GpuSynced({ name: 'Named', x: new Float32Array(4), plain: [] as number[] })
    expectTypeOf(mk.buffer(Named).schema).toEqualTypeOf<Struct<{ readonly x: f32; readonly plain: f32 }>>()
  })

  it('carries a schema that was given', () => {
    const schema = struct({ pos: vec2f.from('x', 'y') })
    const Position = GpuSynced({ x: new Float32Array(4), y: new Float32Array(4) }, { schema })
    expectTypeOf(mk.buffer(Position).schema).toEqualTypeOf<typeof schema>()
    const Heat = GpuSynced(new Float32Array(4))
    expectTypeOf(mk.buffer(Heat).schema).toEqualTypeOf<f32>()
  })

  it('refuses a schema that reads a column which is not there', () => {
    const columns = { x: new Float32Array(4), y: new Float32Array(4), at: { u: new Float32Array(4) } }
    GpuSynced(columns, { schema: struct({ x: f32, where: vec2f.from('y', 'at.u') }) })
    // @ts-expect-error no column z
    GpuSynced({ ...columns }, { schema: struct({ pos: vec2f.from('x', 'z') }) })
    // @ts-expect-error no column id
    GpuSynced({ ...columns }, { schema: struct({ id: u32 }) })
    // @ts-expect-error no column v in at
    GpuSynced({ ...columns }, { schema: struct({ pos: vec2f.from('x', 'at.v') }) })
  })

  it('refuses what is no component, and options that do not exist', () => {
    // @ts-expect-error a number is no component
    GpuSynced(1)
    // @ts-expect-error null is no component
    GpuSynced(null)
    // @ts-expect-error there is no such mode
    GpuSynced({ x: new Float32Array(4) }, { changes: 'sometimes' })
    // @ts-expect-error there is no such option
    GpuSynced({ x: new Float32Array(4) }, { chnages: 'all' })
  })
})

describe('a component that is not flagged', () => {
  it('does not compile in buffer, mark, markRange and markAll', () => {
    const Plain = { x: new Float32Array(4) }
    // @ts-expect-error not flagged
    mk.buffer(Plain)
    // @ts-expect-error not flagged
    mk.mark(Plain, 1)
    // @ts-expect-error not flagged
    mk.markRange(Plain, 1, 2)
    // @ts-expect-error not flagged
    mk.markAll(Plain)
    expectTypeOf(Plain).not.toExtend<Synced>()
  })
})

describe('App', () => {
  it("gives systems the world's own type, through chained calls", () => {
    const app = createApp(createWorld({ score: 0 }))
      .addPlugin(new MkPlugin())
      .addSystem(Schedule.Update, (world) => {
        expectTypeOf(world.score).toEqualTypeOf<number>()
      })
    expectTypeOf(app.mk.systems.frameBegin()).toExtend<{ score: number }>()
  })
})
