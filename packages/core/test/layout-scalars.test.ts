import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  array,
  atomic,
  ColumnNotSyncable,
  f16,
  f32,
  i32,
  mat2x2f,
  mat3x3f,
  mat3x3h,
  readValue,
  scalarFor,
  scalarsOf,
  struct,
  u32,
  vec2f,
  vec3f,
  vec3h,
  vec4f,
} from '@memkit/core'

describe('scalarsOf', () => {
  it('lists a bare type by its components', () => {
    expect(scalarsOf(u32)).toEqual([{ path: '', source: '', index: 0, offset: 0, type: 'u32' }])
    expect(scalarsOf(vec3h).map((s) => [s.path, s.index, s.offset, s.type])).toEqual([
      ['x', 0, 0, 'f16'],
      ['y', 1, 2, 'f16'],
      ['z', 2, 4, 'f16'],
    ])
  })

  it('leaves out the padding between the columns of a matrix', () => {
    // Three columns of three, each 16 bytes from the last.
    expect(scalarsOf(mat3x3f).map((s) => s.offset)).toEqual([0, 4, 8, 16, 20, 24, 32, 36, 40])
    expect(scalarsOf(mat3x3h).map((s) => s.offset)).toEqual([0, 2, 4, 8, 10, 12, 16, 18, 20])
    expect(scalarsOf(mat3x3f)[5]).toMatchObject({ path: '1.2', index: 5 })
  })

  it('walks through structs and arrays, and numbers what one column holds', () => {
    const type = struct({
      head: f32,
      tags: array(u32, 2),
      path: array(vec3f, 2),
      body: struct({ mass: f32, hits: atomic(i32) }),
      rest: array(f32),
    })
    // head 0 · tags 4 · path 16, stride 16 · body 48
    expect(scalarsOf(type).map((s) => [s.path, s.source, s.index, s.offset, s.type])).toEqual([
      ['head', 'head', 0, 0, 'f32'],
      ['tags.0', 'tags', 0, 4, 'u32'],
      ['tags.1', 'tags', 1, 8, 'u32'],
      ['path.0.x', 'path', 0, 16, 'f32'],
      ['path.0.y', 'path', 1, 20, 'f32'],
      ['path.0.z', 'path', 2, 24, 'f32'],
      ['path.1.x', 'path', 3, 32, 'f32'],
      ['path.1.y', 'path', 4, 36, 'f32'],
      ['path.1.z', 'path', 5, 40, 'f32'],
      ['body.mass', 'body', 0, 48, 'f32'],
      ['body.hits', 'body', 1, 52, 'i32'],
    ])
  })

  it('takes scalars from the columns named by from()', () => {
    const type = struct({
      pos: vec3f.from('x', 'y', 'z'),
      health: f32.from('stats.hp'),
      basis: mat2x2f.from('m.0', 'm.1', 'm.2', 'm.3'),
      speed: f32,
    })
    expect(scalarsOf(type).map((s) => [s.source, s.index, s.offset])).toEqual([
      ['x', 0, 0],
      ['y', 0, 4],
      ['z', 0, 8],
      ['stats.hp', 0, 12],
      ['m.0', 0, 16],
      ['m.1', 0, 20],
      ['m.2', 0, 24],
      ['m.3', 0, 28],
      ['speed', 0, 32],
    ])
  })

  it('lists scalars in the order of offsets, none twice, all within the type', () => {
    const leaf = fc.constantFrom(f32, i32, u32, f16, vec2f, vec3f, vec4f, mat3x3f, mat2x2f, atomic(u32))
    const inner = fc
      .array(leaf, { minLength: 1, maxLength: 4 })
      .map((types) => struct(Object.fromEntries(types.map((t, i) => [`i${i}`, t]))))
    const field = fc.oneof(
      leaf,
      inner,
      fc.tuple(fc.oneof(leaf, inner), fc.integer({ min: 1, max: 3 })).map(([t, n]) => array(t, n)),
    )
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (types) => {
        const type = struct(Object.fromEntries(types.map((t, i) => [`f${i}`, t])))
        let end = 0
        for (const scalar of scalarsOf(type)) {
          expect(scalar.offset).toBeGreaterThanOrEqual(end)
          end = scalar.offset + (scalar.type === 'f16' ? 2 : 4)
        }
        expect(end).toBeLessThanOrEqual(type.size)
        // Read by path, the value is the one that lies at the offset.
        const view = new DataView(new ArrayBuffer(type.size))
        for (const { offset, type: kind } of scalarsOf(type))
          if (kind !== 'f16') view.setUint32(offset, offset + 1, true)
        const value: unknown = readValue(type, view)
        for (const { path, offset, type: kind } of scalarsOf(type)) {
          if (kind !== 'u32') continue
          const read = path
            .split('.')
            .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], value)
          expect(read).toBe(offset + 1)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('scalarFor', () => {
  it('is f32 for floats, i32 for signed integers, u32 for unsigned ones', () => {
    const columns = [
      new Float32Array(1),
      new Float64Array(1),
      new Int8Array(1),
      new Int16Array(1),
      new Int32Array(1),
      new Uint8Array(1),
      new Uint8ClampedArray(1),
      new Uint16Array(1),
      new Uint32Array(1),
      [1, 2],
    ]
    expect(columns.map((column) => scalarFor(column))).toEqual([
      f32,
      f32,
      i32,
      i32,
      i32,
      u32,
      u32,
      u32,
      u32,
      f32,
    ])
  })

  it('refuses 64-bit integers and anything but an array', () => {
    expect(() => scalarFor(new BigInt64Array(1), 'id')).toThrow(/id.*BigInt64Array.*two 32-bit/)
    for (const column of [new BigUint64Array(1), new DataView(new ArrayBuffer(4)), {}, 5, null, undefined])
      expect(() => scalarFor(column)).toThrow(ColumnNotSyncable)
  })
})
