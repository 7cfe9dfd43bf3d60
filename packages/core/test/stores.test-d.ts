import * as d from 'typegpu/data'
import { describe, expectTypeOf, it } from 'vitest'
import {
  align,
  array,
  atomic,
  createColumns,
  createHeap,
  createRows,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x4f,
  struct,
  u32,
  vec2h,
  vec2i,
  vec3f,
} from '@memkit/core'
import type {
  Columns,
  FieldCells,
  LinearMemory,
  Rows,
  ScalarField,
  StoreOf,
  Struct,
  ViewField,
} from '@memkit/core'

const memory: LinearMemory = createHeap({ bytes: 1 << 16 })
type F32 = Float32Array<ArrayBuffer>
type I32 = Int32Array<ArrayBuffer>
type U32 = Uint32Array<ArrayBuffer>

describe('createColumns', () => {
  it('has a typed array per column, of the kind that its scalars have', () => {
    const store = createColumns(
      memory,
      {
        x: f32,
        n: u32,
        cell: vec2i,
        m: mat3x3f,
        half: f16,
        tags: array(u32, 2),
        grid: array(array(f32, 2), 2),
        hits: atomic(i32),
        a: align(16, f32),
        g: d.vec3u,
      },
      10,
    )
    expectTypeOf<{ [K in keyof typeof store & string]: (typeof store)[K] }>().toEqualTypeOf<{
      x: F32
      n: U32
      cell: I32
      m: F32
      half: F32
      tags: U32
      grid: F32
      hits: I32
      a: F32
      g: U32
    }>()
    // @ts-expect-error no such column
    void store.y
    const generic: Columns = store
    expectTypeOf(generic['x']).not.toBeAny()
    expectTypeOf(createColumns(memory, { x: f32, p: vec3f }, 10)).toExtend<
      StoreOf<Struct<{ readonly x: f32; readonly p: vec3f }>>
    >()
  })

  it('refuses non-types', () => {
    // @ts-expect-error a constructor isn't a type
    void (() => createColumns(memory, { x: Float32Array }, 10))
    // @ts-expect-error the capacity is a number
    void (() => createColumns(memory, { x: f32 }))
  })
})

describe('createRows', () => {
  const Light = struct({ color: vec3f, on: u32 })
  const store = createRows(
    memory,
    struct({
      matrix: mat4x4f,
      mass: f32,
      team: i32,
      half: f16,
      uv: vec2h,
      tags: array(u32, 4),
      sun: Light,
      lamps: array(Light, 2),
      grid: array(array(f32, 2), 2),
      deep: array(array(Light, 2), 2),
      n: atomic(u32),
    }),
    10,
  )

  it('has an accessor per field', () => {
    expectTypeOf(store.matrix).toEqualTypeOf<ViewField<F32>>()
    expectTypeOf(store.matrix(1)).toEqualTypeOf<F32>()
    expectTypeOf(store.mass).toEqualTypeOf<ScalarField<F32>>()
    expectTypeOf(store.mass(1)).toEqualTypeOf<number>()
    expectTypeOf(store.team.array).toEqualTypeOf<I32>()
    expectTypeOf(store.half).toEqualTypeOf<ScalarField<Uint16Array<ArrayBuffer>>>()
    expectTypeOf(store.uv).toEqualTypeOf<ViewField<Uint16Array<ArrayBuffer>>>()
    expectTypeOf(store.tags(1)).toEqualTypeOf<U32>()
    expectTypeOf(store.sun.color(1)).toEqualTypeOf<F32>()
    expectTypeOf(store.lamps[1].on).toEqualTypeOf<ScalarField<U32>>()
    expectTypeOf(store.grid).toEqualTypeOf<ViewField<F32>>()
    expectTypeOf(store.deep[0][1].on).toEqualTypeOf<ScalarField<U32>>()
    expectTypeOf(store.n).toExtend<FieldCells<U32>>()
  })

  it('has the rows themselves', () => {
    expectTypeOf(store.f32).toEqualTypeOf<F32>()
    expectTypeOf(store.i32).toEqualTypeOf<I32>()
    expectTypeOf(store.u32).toEqualTypeOf<U32>()
    expectTypeOf(store.stride).toEqualTypeOf<number>()
    expectTypeOf(store.offset).toEqualTypeOf<number>()
  })

  it('accepts TypeGPU structs and structs with unknown fields', () => {
    expectTypeOf(createRows(memory, d.struct({ pos: d.vec3f, hp: d.f32 }), 10).hp).toEqualTypeOf<
      ScalarField<F32>
    >()
    const unknown: Rows = createRows(memory, Light as Struct, 10)
    expectTypeOf(unknown.stride).toEqualTypeOf<number>()
  })

  it('refuses unknown fields and non-structs', () => {
    // @ts-expect-error no such field
    void store.speed
    // @ts-expect-error a view has no setter
    void store.matrix.set
    // @ts-expect-error fields are not replaced
    void (() => (store.mass = store.half))
    // @ts-expect-error rows need a struct
    void (() => createRows(memory, vec3f, 10))
    // @ts-expect-error nor does TypeGPU have rows of vectors
    void (() => createRows(memory, d.vec3f, 10))
  })
})
