import * as d from 'typegpu/data'
import { describe, expectTypeOf, it } from 'vitest'
import {
  align,
  array,
  asType,
  atomic,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x2h,
  mat4x4f,
  readValue,
  scalarFor,
  size,
  struct,
  u32,
  vec2f,
  vec3f,
  vec3u,
  vec4h,
  writeValue,
} from '@memkit/core'
import type {
  Atomic,
  Infer,
  InferInput,
  Scalar,
  ScalarFor,
  Schema,
  Sourced,
  Struct,
  Vector,
  WgslArray,
  WgslType,
} from '@memkit/core'

describe('types', () => {
  it('are values and types of the same name, which know what they are', () => {
    expectTypeOf(f32).toEqualTypeOf<f32>()
    expectTypeOf<f32>().toEqualTypeOf<Scalar<'f32'>>()
    expectTypeOf(vec3u).toEqualTypeOf<Vector<'vec3u'>>()
    expectTypeOf(vec3u.type).toEqualTypeOf<'vec3u'>()
    expectTypeOf(vec3u.scalar).toEqualTypeOf<'u32'>()
    expectTypeOf(vec3u.components).toEqualTypeOf<3>()
    expectTypeOf(vec4h.scalar).toEqualTypeOf<'f16'>()
    expectTypeOf(mat4x2h.columns).toEqualTypeOf<4>()
    expectTypeOf(mat4x2h.rows).toEqualTypeOf<2>()
    expectTypeOf(mat4x2h.components).toEqualTypeOf<8>()
    expectTypeOf(mat3x3f.scalar).toEqualTypeOf<'f32'>()
    expectTypeOf(atomic(u32)).toEqualTypeOf<Atomic<'u32'>>()
    // @ts-expect-error only integers are atomic
    atomic(f32)
  })

  it('are assignable to what is wider, and told apart by kind', () => {
    expectTypeOf(vec3f).toExtend<WgslType>()
    expectTypeOf(struct({ a: f32 })).toExtend<Schema>()
    expectTypeOf(struct({ a: f32 })).toExtend<Struct>()
    const some: Struct[] = [
      struct({ a: f32, b: vec3f }),
      struct({ c: struct({ d: vec3f.from('x', 'y', 'z') }) }),
    ]
    expectTypeOf(some[0].members['a'].type).toEqualTypeOf<WgslType>()
    const type = f32 as WgslType
    if (type.kind === 'array') expectTypeOf(type.stride).toEqualTypeOf<number>()
    if (type.kind === 'struct') expectTypeOf(type.fields[0].offset).toEqualTypeOf<number>()
  })
})

describe('struct', () => {
  const Body = struct({ pos: vec3f, mass: size(16, f32), tags: array(u32, 4), list: array(vec2f) })

  it('types its fields without their attributes', () => {
    expectTypeOf(Body).toEqualTypeOf<
      Struct<{
        readonly pos: vec3f
        readonly mass: f32
        readonly tags: WgslArray<u32, 4>
        readonly list: WgslArray<vec2f, undefined>
      }>
    >()
    expectTypeOf(Body.members.pos.type).toEqualTypeOf<vec3f>()
    expectTypeOf(Body.members.pos.name).toEqualTypeOf<'pos'>()
    expectTypeOf(Body.fields[0].name).toEqualTypeOf<'pos' | 'mass' | 'tags' | 'list'>()
    expectTypeOf(Body.members.tags.type.count).toEqualTypeOf<4>()
    expectTypeOf(Body.members.list.type.count).toEqualTypeOf<undefined>()
    // @ts-expect-error no such field
    void Body.members.speed
  })

  it('refuses non-types', () => {
    // @ts-expect-error a number isn't a type
    struct({ a: 4 })
    // @ts-expect-error a typed array isn't a type
    struct({ a: new Float32Array(4) })
    // @ts-expect-error nor is its constructor
    struct({ a: Float32Array })
    // @ts-expect-error booleans cannot lie in a buffer
    struct({ a: d.bool })
    // @ts-expect-error nor can loose data
    struct({ a: d.unstruct({ b: d.float32 }) })
    // @ts-expect-error attributes are for fields
    array(align(16, f32), 4)
  })

  it('accepts TypeGPU schemas and types them as its own', () => {
    const inner = d.struct({
      v: d.vec3f,
      m: d.mat4x4f,
      n: d.atomic(d.u32),
      list: d.arrayOf(d.f32, 3),
      a: d.align(16, d.i32),
    })
    const type = struct({ inner, plain: f32, h: d.vec4h })
    expectTypeOf(type).toEqualTypeOf<
      Struct<{
        readonly inner: Struct<{
          readonly v: vec3f
          readonly m: mat4x4f
          readonly n: Atomic<'u32'>
          readonly list: WgslArray<f32>
          readonly a: i32
        }>
        readonly plain: f32
        readonly h: vec4h
      }>
    >()
    expectTypeOf(asType(d.vec3f)).toExtend<WgslType>()
    expectTypeOf(array(d.u32, 2)).toEqualTypeOf<WgslArray<u32, 2>>()
  })
})

describe('from', () => {
  it('carries the names in the type', () => {
    const pos = vec3f.from('x', 'y', 'nested.z')
    expectTypeOf(pos).toEqualTypeOf<Sourced<vec3f, readonly ['x', 'y', 'nested.z']>>()
    expectTypeOf(f32.from('hp')).toEqualTypeOf<Sourced<f32, readonly ['hp']>>()
    const S = struct({ pos: align(16, pos), deep: struct({ a: f32.from('q.a') }) })
    expectTypeOf(S.members.pos.type).toEqualTypeOf<typeof pos>()
    expectTypeOf(S.members.deep.type.members.a.type).toEqualTypeOf<Sourced<f32, readonly ['q.a']>>()
  })

  it('accepts as many names as there are scalars', () => {
    // @ts-expect-error one too few
    void (() => vec3f.from('x', 'y'))
    // @ts-expect-error one too many
    void (() => vec2f.from('x', 'y', 'z'))
    // @ts-expect-error nine scalars
    void (() => mat3x3f.from('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'))
    // @ts-expect-error names are strings
    void (() => f32.from(1))
    mat3x3f.from('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')
  })
})

describe('Infer', () => {
  const Light = struct({ color: vec3f, on: u32, hits: atomic(i32), half: f16, m: mat4x4f })
  const Scene = struct({ lights: array(Light, 2), list: array(vec2f) })

  it('gives the value of a type', () => {
    expectTypeOf<Infer<typeof Scene>>().toEqualTypeOf<{
      lights: { color: [number, number, number]; on: number; hits: number; half: number; m: number[] }[]
      list: [number, number][]
    }>()
    expectTypeOf(readValue(vec3f, new DataView(new ArrayBuffer(16)))).toEqualTypeOf<
      [number, number, number]
    >()
  })

  it('and what may be written to it', () => {
    const view = new DataView(new ArrayBuffer(256))
    writeValue(Scene, { lights: [{ color: new Float32Array(3) }, { on: 1, m: [] as number[] }] }, view)
    expectTypeOf<InferInput<typeof Light>['color']>().toEqualTypeOf<ArrayLike<number> | undefined>()
    // @ts-expect-error no such field
    void (() => writeValue(Light, { colour: [1, 2, 3] }, view))
    // @ts-expect-error a number isn't a vector
    void (() => writeValue(Light, { color: 1 }, view))
    // @ts-expect-error a vector isn't a number
    void (() => writeValue(f32, [1], view))
  })
})

describe('scalarFor', () => {
  it('knows the scalar of a column by its kind', () => {
    expectTypeOf(scalarFor(new Uint16Array(1))).toEqualTypeOf<u32>()
    expectTypeOf(scalarFor([0])).toEqualTypeOf<f32>()
    expectTypeOf<ScalarFor<Float64Array>>().toEqualTypeOf<f32>()
    expectTypeOf<ScalarFor<Int8Array>>().toEqualTypeOf<i32>()
    expectTypeOf<ScalarFor<BigInt64Array>>().toEqualTypeOf<never>()
  })
})
