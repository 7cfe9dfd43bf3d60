import { aos, createWorld, soa } from 'bitecs'
import { array as arrayTag, f32 as f32Tag, ref as refTag, str as strTag } from 'bitecs/serialization'
import {
  atomic,
  createHeap,
  f16,
  f32,
  i32,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec3f,
  type Struct,
} from '@memkit/core'
import { trait } from 'koota'
import { d } from 'typegpu'
import { describe, expectTypeOf, it } from 'vitest'
import { createApp, GpuSynced, MkPlugin, Schedule, SharedMarker } from '../src/index.ts'
import type {
  ColumnName,
  ColumnsBuffer,
  ColumnsSynced,
  DrawArgs,
  MkSync,
  Synced,
  SyncedBuffer,
} from '../src/index.ts'

declare const mk: MkSync
/** What `column()` of a component's buffer takes. */
type ColumnOf<C> = C extends ColumnsSynced<infer T> ? ColumnName<T> : never

describe('GpuSynced', () => {
  it('keeps the type of the component, and carries the default schema', () => {
    const Position = GpuSynced({ x: new Float32Array(4), id: new Uint32Array(4) })
    expectTypeOf(Position.x).toEqualTypeOf<Float32Array<ArrayBuffer>>()
    expectTypeOf(mk.buffer(Position)).toEqualTypeOf<
      SyncedBuffer<Struct<{ readonly x: f32; readonly id: u32 }>>
    >()
  })

  it('leaves non-column properties out of the schema', () => {
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

  it('carries a TypeGPU schema as its converted type', () => {
    const Row = d.struct({ pos: d.vec2f, kind: d.u32 })
    const Body = GpuSynced({ pos: new Float32Array(8), kind: new Uint32Array(4) }, { schema: Row })
    expectTypeOf(mk.buffer(Body).schema).toEqualTypeOf<Struct<{ readonly pos: vec2f; readonly kind: u32 }>>()
    // @ts-expect-error no column kind
    GpuSynced({ pos: new Float32Array(8) }, { schema: Row })
  })

  it('refuses a schema that reads a missing column', () => {
    const columns = { x: new Float32Array(4), y: new Float32Array(4), at: { u: new Float32Array(4) } }
    GpuSynced(columns, { schema: struct({ x: f32, where: vec2f.from('y', 'at.u') }) })
    // @ts-expect-error no column z
    GpuSynced({ ...columns }, { schema: struct({ pos: vec2f.from('x', 'z') }) })
    // @ts-expect-error no column id
    GpuSynced({ ...columns }, { schema: struct({ id: u32 }) })
    // @ts-expect-error no column v in at
    GpuSynced({ ...columns }, { schema: struct({ pos: vec2f.from('x', 'at.v') }) })
  })

  it('carries the struct of a store of the heap', () => {
    const heap = createHeap()
    const Body = GpuSynced(heap.columns({ x: f32, pos: vec3f, id: u32 }, 10))
    expectTypeOf(mk.buffer(Body).schema).toEqualTypeOf<
      Struct<{ readonly x: f32; readonly pos: vec3f; readonly id: u32 }>
    >()
    expectTypeOf(Body.pos).toEqualTypeOf<Float32Array<ArrayBuffer>>()
    const schema = struct({ matrix: mat4x4f, mass: f32 })
    const Transform = GpuSynced(heap.rows(schema, 10))
    expectTypeOf(mk.buffer(Transform).schema).toEqualTypeOf<typeof schema>()
    expectTypeOf(Transform.matrix(1)).toEqualTypeOf<Float32Array<ArrayBuffer>>()
    // Columns may be read otherwise than they were declared, if they are there; rows may not.
    GpuSynced(heap.columns({ x: f32, y: f32 }, 10), { schema: struct({ at: vec2f.from('x', 'y') }) })
    // @ts-expect-error no column z
    GpuSynced(heap.columns({ x: f32, y: f32 }, 10), { schema: struct({ at: vec2f.from('x', 'z') }) })
    // @ts-expect-error rows are uploaded as they lie
    GpuSynced(heap.rows(schema, 10), { schema: struct({ mass: f32 }) })
  })

  it('accepts objects by entity, with a schema that names their fields', () => {
    const schema = struct({ pos: vec2f.from('pos.x', 'pos.y'), mass: f32, turn: vec2f })
    const Bodies = GpuSynced([] as { pos: { x: number; y: number }; mass: number; turn: number[] }[], {
      schema,
    })
    expectTypeOf(mk.buffer(Bodies).schema).toEqualTypeOf<typeof schema>()
    expectTypeOf(Bodies[1].pos.x).toEqualTypeOf<number>()
    const Pairs = GpuSynced([] as [number, number][], { schema: vec2f })
    expectTypeOf(mk.buffer(Pairs).schema).toEqualTypeOf<typeof vec2f>()
    const Numbers = GpuSynced([] as number[])
    expectTypeOf(mk.buffer(Numbers).schema).toEqualTypeOf<f32>()
    // @ts-expect-error an array of objects needs a schema
    GpuSynced([] as { x: number }[])
    // @ts-expect-error so does an array of anything
    GpuSynced([])
    // @ts-expect-error the objects have no y
    GpuSynced([] as { x: number }[], { schema: struct({ y: f32 }) })
    // @ts-expect-error nor a pos.z
    GpuSynced([] as { pos: { x: number } }[], { schema: struct({ z: f32.from('pos.z') }) })
  })

  it('accepts small arrays by entity, and columns in an array by path', () => {
    const store = { m: [] as number[][], n: [new Float32Array(4), new Float32Array(4)] }
    GpuSynced(store, { schema: struct({ m: vec3f, n: vec2f.from('n.0', 'n.1') }) })
    GpuSynced({ at: [] as { x: number; y: number }[] }, { schema: struct({ p: vec2f.from('at.x', 'at.y') }) })
    // @ts-expect-error the objects in `at` have no z
    GpuSynced({ at: [] as { x: number; y: number }[] }, { schema: struct({ z: f32.from('at.z') }) })
    // @ts-expect-error nested columns need a path
    GpuSynced({ pos: { x: new Float32Array(4) } }, { schema: struct({ pos: f32 }) })
  })

  it("accepts bitECS's aos(), whose type tags are the default schema, and a schema that names their fields", () => {
    const Position = GpuSynced(aos({ x: f32Tag(), y: f32Tag() }))
    expectTypeOf(mk.buffer(Position).schema).toEqualTypeOf<Struct<{ readonly x: f32; readonly y: f32 }>>()
    const Typed = GpuSynced(aos<{ x: number; name: string }>({ x: f32Tag() }))
    expectTypeOf(mk.buffer(Typed).schema).toEqualTypeOf<Struct<{ readonly x: f32 }>>()
    const schema = struct({ pos: vec2f.from('x', 'y'), at: vec3f })
    const Body = GpuSynced(aos({ x: f32Tag(), y: f32Tag(), at: arrayTag(f32Tag) }), { schema })
    expectTypeOf(mk.buffer(Body).schema).toEqualTypeOf<typeof schema>()
    GpuSynced(aos<{ x: number; y: number }>({ x: f32Tag(), y: f32Tag() }), {
      schema: struct({ pos: vec2f.from('x', 'y') }),
    })
    GpuSynced(aos({ pos: { x: f32Tag(), y: f32Tag() } }), {
      schema: struct({ pos: vec2f.from('pos.x', 'pos.y') }),
    })
    GpuSynced({ at: aos({ x: f32Tag() }) }, { schema: struct({ x: f32.from('at.x') }) })
    // @ts-expect-error no tag y in at
    GpuSynced({ at: aos({ x: f32Tag() }) }, { schema: struct({ y: f32.from('at.y') }) })
    const Target = GpuSynced(aos({ target: refTag() }), { schema: struct({ target: u32 }) })
    expectTypeOf(mk.buffer(Target).schema).toEqualTypeOf<Struct<{ readonly target: u32 }>>()
    // @ts-expect-error no tag z
    GpuSynced(aos({ x: f32Tag() }), { schema: struct({ z: f32 }) })
    // @ts-expect-error a tag of strings
    GpuSynced(aos({ x: f32Tag(), name: strTag() }))
    // @ts-expect-error nothing says what the objects have
    GpuSynced(aos())
  })

  it('keeps columns as they are, and knows their names', () => {
    const Body = GpuSynced(
      { x: new Float32Array(4), hp: new Uint8Array(4) },
      { layout: 'columns', changes: 'all' },
    )
    const body = mk.buffer(Body)
    expectTypeOf(body).toEqualTypeOf<
      ColumnsBuffer<Struct<{ readonly x: f32; readonly hp: u32 }>, 'x' | 'hp'>
    >()
    expectTypeOf(body.column('x')).toEqualTypeOf<GPUBufferBinding>()
    body.vertexLayouts(0, ['x'])
    // @ts-expect-error no column y
    body.column('y')
    // @ts-expect-error nor here
    body.vertexLayouts(0, ['y'])
    // @ts-expect-error columns have a layout each
    body.vertexLayout()
    // @ts-expect-error no shader writes columns
    body.wgsl(0, 0, { access: 'read_write' })
    const schema = struct({ at: vec2f.from('x', 'pos.y'), hp: i32 })
    const Nested = GpuSynced(
      { x: new Float32Array(4), pos: { y: new Float32Array(4) }, hp: new Uint8Array(4) },
      { schema, layout: 'columns' },
    )
    expectTypeOf<ColumnOf<typeof Nested>>().toEqualTypeOf<'x' | 'pos.y' | 'hp'>()
    const Heat = GpuSynced(new Float32Array(4), { layout: 'columns' })
    expectTypeOf<ColumnOf<typeof Heat>>().toEqualTypeOf<''>()
    const Heap = GpuSynced(createHeap().columns({ at: vec3f, id: u32 }, 10), {
      layout: 'columns',
      capacity: 20,
    })
    expectTypeOf<ColumnOf<typeof Heap>>().toEqualTypeOf<'at' | 'id'>()
    // A buffer in columns is one of a component still: its generation, its binding, its rows.
    expectTypeOf(body).toExtend<SyncedBuffer>()
    const rows = GpuSynced({ x: new Float32Array(4) }, { layout: 'rows' })
    expectTypeOf(mk.buffer(rows)).toEqualTypeOf<SyncedBuffer<Struct<{ readonly x: f32 }>>>()
  })

  it('refuses in columns what needs rows', () => {
    const x = (): { x: Float32Array } => ({ x: new Float32Array(4) })
    const Owner = GpuSynced(x(), { rows: 'packed' })
    // @ts-expect-error packed rows
    GpuSynced(x(), { layout: 'columns', rows: 'packed' })
    // @ts-expect-error rows of another
    GpuSynced(x(), { layout: 'columns', rowsOf: Owner })
    // @ts-expect-error other components
    GpuSynced(x(), { layout: 'columns', with: [Owner] })
    // @ts-expect-error a shader writes
    GpuSynced(x(), { layout: 'columns', direction: 'download' })
    // @ts-expect-error zeros for the dead
    GpuSynced(x(), { layout: 'columns', onRemove: 'zero' })
    // @ts-expect-error 64-bit floats
    GpuSynced({ x: new Float64Array(4) }, { layout: 'columns' })
    // @ts-expect-error a plain array
    GpuSynced({ x: [] as number[] }, { layout: 'columns' })
    // @ts-expect-error an array of objects
    GpuSynced([] as { x: number }[], { schema: struct({ x: f32 }), layout: 'columns' })
    // @ts-expect-error type tags
    GpuSynced(aos({ x: f32Tag() }), { layout: 'columns' })
    // @ts-expect-error rows of the heap
    GpuSynced(createHeap().rows(struct({ x: f32 }), 10), { layout: 'columns' })
    // @ts-expect-error half floats
    GpuSynced(createHeap().columns({ x: f16, y: f16 }, 10), { layout: 'columns' })
    // @ts-expect-error integers read as floats
    GpuSynced({ x: new Int32Array(4) }, { schema: struct({ x: f32 }), layout: 'columns' })
    // @ts-expect-error floats read as integers
    GpuSynced(new Float32Array(4), { schema: u32, layout: 'columns' })
    // @ts-expect-error atomics
    GpuSynced({ x: new Uint32Array(4) }, { schema: struct({ x: atomic(u32) }), layout: 'columns' })
    // @ts-expect-error a trait
    GpuSynced(trait({ x: 0 }), { layout: 'columns' })
    const Flat = GpuSynced(x(), { layout: 'columns' })
    // @ts-expect-error columns own no packed rows
    GpuSynced(x(), { rowsOf: Flat })
  })

  it("accepts bitECS's soa()", () => {
    const Position = GpuSynced(soa({ x: f32Tag(), at: { y: f32Tag() } }), {
      schema: struct({ pos: vec2f.from('x', 'at.y') }),
    })
    expectTypeOf(Position.at.y).toEqualTypeOf<number[]>()
    expectTypeOf(mk.buffer(GpuSynced(soa({ x: f32Tag() }))).schema).toEqualTypeOf<
      Struct<{ readonly x: f32 }>
    >()
  })

  it('refuses columns that are not numbers, unless a schema leaves them out', () => {
    // @ts-expect-error strings
    GpuSynced({ name: [] as string[], hp: [] })
    // @ts-expect-error booleans
    GpuSynced({ alive: [] as boolean[], hp: [] as number[] })
    // @ts-expect-error objects
    GpuSynced({ at: [] as { x: number }[], hp: [] as number[] })
    // @ts-expect-error arrays
    GpuSynced({ m: [] as number[][], hp: [] as number[] })
    // @ts-expect-error strings, which a schema names
    GpuSynced({ name: [] as string[] }, { schema: struct({ name: f32 }) })
    // @ts-expect-error a string has a length, but that isn't a column
    GpuSynced({ name: [] as string[] }, { schema: struct({ n: f32.from('name.length') }) })
    const Named = GpuSynced({ name: [] as string[], hp: [] as number[] }, { schema: struct({ hp: f32 }) })
    expectTypeOf(mk.buffer(Named).schema).toEqualTypeOf<Struct<{ readonly hp: f32 }>>()
    // Numbers with holes in them are numbers; what is not known at compile time is looked at later.
    expectTypeOf(GpuSynced({ hp: [] as (number | undefined)[] })).toExtend<Synced>()
    expectTypeOf(GpuSynced({ hp: [] as unknown[] })).toExtend<Synced>()
    expectTypeOf(GpuSynced({ hp: [] })).toExtend<Synced>()
  })

  it("checks no names when they aren't known", () => {
    const component: object = { x: new Float32Array(4) }
    const schema: Struct = struct({ x: f32 })
    expectTypeOf(GpuSynced(component, { schema })).toExtend<Synced>()
  })

  it('refuses non-components and unknown options', () => {
    // @ts-expect-error a number isn't a component
    GpuSynced(1)
    // @ts-expect-error null isn't a component
    GpuSynced(null)
    // @ts-expect-error there is no such mode
    GpuSynced({ x: new Float32Array(4) }, { changes: 'sometimes' })
    // @ts-expect-error there is no such option
    GpuSynced({ x: new Float32Array(4) }, { chnages: 'all' })
  })
})

describe('rowsOf', () => {
  const floats = (): Float32Array<ArrayBuffer> => new Float32Array(4)
  const Packed = GpuSynced({ x: floats() }, { label: 'Packed', rows: 'packed' })

  it('accepts a component with packed rows of its own, and keeps the types', () => {
    const Tint = GpuSynced({ r: floats(), id: new Uint32Array(4) }, { rowsOf: Packed, changes: 'marked' })
    expectTypeOf(mk.buffer(Tint)).toEqualTypeOf<SyncedBuffer<Struct<{ readonly r: f32; readonly id: u32 }>>>()
    const schema = struct({ pos: vec2f.from('x', 'y') })
    const Place = GpuSynced({ x: floats(), y: floats() }, { schema, rows: 'packed', rowsOf: Packed })
    expectTypeOf(mk.buffer(Place).schema).toEqualTypeOf<typeof schema>()
    // @ts-expect-error no column z
    GpuSynced({ x: floats() }, { rowsOf: Packed, schema: struct({ pos: vec2f.from('x', 'z') }) })
  })

  it("doesn't compile with options that the owner decides", () => {
    // @ts-expect-error rows are those of Packed
    GpuSynced({ x: floats() }, { rowsOf: Packed, rows: 'entity' })
    // @ts-expect-error so are the entities that have one
    GpuSynced({ x: floats() }, { rowsOf: Packed, with: [Packed] })
    // @ts-expect-error the CPU writes packed rows
    GpuSynced({ x: floats() }, { rowsOf: Packed, direction: 'download' })
    // @ts-expect-error the CPU writes packed rows
    GpuSynced({ x: floats() }, { rowsOf: Packed, direction: 'both' })
    // @ts-expect-error rows whose entity lacks it are zeros
    GpuSynced({ x: floats() }, { rowsOf: Packed, onRemove: 'keep' })
    // @ts-expect-error the capacity is that of Packed
    GpuSynced({ x: floats() }, { rowsOf: Packed, capacity: 8 })
    // @ts-expect-error there is no such option
    GpuSynced({ x: floats() }, { rowsOf: Packed, layout: 'columns' })
  })

  it("doesn't compile with a component without packed rows of its own", () => {
    const ByEntity = GpuSynced({ x: floats() }, { label: 'ByEntity' })
    const Said = GpuSynced({ x: floats() }, { rows: 'entity' })
    const Sharer = GpuSynced({ x: floats() }, { rowsOf: Packed })
    const Chain = GpuSynced({ x: floats() }, { rowsOf: Packed, rows: 'packed' })
    // @ts-expect-error rows by entity id
    GpuSynced({ x: floats() }, { rowsOf: ByEntity })
    // @ts-expect-error rows by entity id
    GpuSynced({ x: floats() }, { rowsOf: Said })
    // @ts-expect-error a chain
    GpuSynced({ x: floats() }, { rowsOf: Sharer })
    // @ts-expect-error a chain
    GpuSynced({ x: floats() }, { rowsOf: Chain })
    // @ts-expect-error not flagged
    GpuSynced({ x: floats() }, { rowsOf: { x: floats() } })
  })
})

describe('a GPU query', () => {
  it('has arguments that WebGPU accepts without a cast', () => {
    const shown = mk.query([{}], { draw: { vertexCount: 6 }, dispatch: { workgroupSize: 64 } })
    const all: DrawArgs[] = [
      shown.drawArgs,
      shown.draw({ indexCount: 36, perInstance: 2 }),
      shown.dispatchArgs,
    ]
    expectTypeOf(all[0].gpuBuffer).toEqualTypeOf<GPUBuffer>()
    expectTypeOf(shown.dispatchArgs.binding).toExtend<GPUBindingResource>()
    expectTypeOf(shown.entities).toEqualTypeOf<Uint32Array>()
    // @ts-expect-error vertices or indices
    shown.draw({ perInstance: 2 })
    // @ts-expect-error how large is a workgroup?
    mk.query([{}], { dispatch: {} })
  })
})

describe('a component that is not flagged', () => {
  it("doesn't compile in buffer, mark, markRange and markAll", () => {
    const Plain = { x: new Float32Array(4) }
    // @ts-expect-error not flagged
    mk.buffer(Plain)
    // @ts-expect-error not flagged
    mk.mark(Plain, 1)
    // @ts-expect-error not flagged
    mk.markRange(Plain, 1, 2)
    // @ts-expect-error not flagged
    mk.markAll(Plain)
    // @ts-expect-error not flagged
    mk.marker(Plain)
    // @ts-expect-error not flagged
    mk.forgottenMarks(Plain)
    expectTypeOf(Plain).not.toExtend<Synced>()
  })
})

describe('a shared marker', () => {
  it('is received as its buffer', () => {
    const Position = GpuSynced({ x: new Float32Array(4) })
    const marker = mk.marker(Position)
    expectTypeOf(marker).toEqualTypeOf<SharedMarker>()
    expectTypeOf(SharedMarker.from({ buffer: marker.buffer })).toEqualTypeOf<SharedMarker>()
    // @ts-expect-error no shared memory
    void (() => SharedMarker.from({ buffer: new ArrayBuffer(8) }))
  })
})

describe('App', () => {
  it('passes the type of its world to systems, through chained calls', () => {
    const app = createApp(createWorld({ score: 0 }))
      .addPlugin(new MkPlugin())
      .addSystem(Schedule.Update, (world) => {
        expectTypeOf(world.score).toEqualTypeOf<number>()
      })
    expectTypeOf(app.mk.systems.frameBegin()).toExtend<{ score: number }>()
  })
})
