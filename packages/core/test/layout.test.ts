import * as d from 'typegpu/data'
import { describe, expect, it } from 'vitest'
import {
  align,
  array,
  asType,
  atomic,
  f16,
  f32,
  halfBits,
  halfValue,
  i32,
  InvalidArrayCount,
  InvalidAttribute,
  InvalidIdentifier,
  InvalidSchema,
  isRuntimeSized,
  mat2x2f,
  mat2x3f,
  mat2x4f,
  mat3x2f,
  mat3x3f,
  mat3x3h,
  mat3x4f,
  mat4x2f,
  mat4x2h,
  mat4x3f,
  mat4x4f,
  MkError,
  NotHostShareable,
  RuntimeArrayNotLast,
  size,
  sizeOf,
  strideOf,
  struct,
  u32,
  vec2f,
  vec2h,
  vec3f,
  vec3h,
  vec3u,
  vec4f,
  vec4h,
  WrongColumnCount,
} from '@memkit/core'
import type { TypeLike } from '@memkit/core'

/** The error that `make` throws. */
function refused(make: () => unknown): MkError {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(MkError)
    return error as MkError
  }
  throw new Error('nothing was refused')
}

describe('scalars, vectors and matrices', () => {
  // Size and alignment in bytes, from the table "Alignment and size of host-shareable types" of the WGSL specification.
  it.each([
    [f32, 'f32', 4, 4],
    [i32, 'i32', 4, 4],
    [u32, 'u32', 4, 4],
    [f16, 'f16', 2, 2],
    [vec2f, 'vec2f', 8, 8],
    [vec3u, 'vec3u', 12, 16],
    [vec4f, 'vec4f', 16, 16],
    [vec2h, 'vec2h', 4, 4],
    [vec3h, 'vec3h', 6, 8],
    [vec4h, 'vec4h', 8, 8],
    [mat2x2f, 'mat2x2f', 16, 8],
    [mat3x2f, 'mat3x2f', 24, 8],
    [mat4x2f, 'mat4x2f', 32, 8],
    [mat2x3f, 'mat2x3f', 32, 16],
    [mat3x3f, 'mat3x3f', 48, 16],
    [mat4x3f, 'mat4x3f', 64, 16],
    [mat2x4f, 'mat2x4f', 32, 16],
    [mat3x4f, 'mat3x4f', 48, 16],
    [mat4x4f, 'mat4x4f', 64, 16],
    [mat4x2h, 'mat4x2h', 16, 4],
    [mat3x3h, 'mat3x3h', 24, 8],
  ])('%o is %s: %i bytes, aligned to %i', (type, name, bytes, alignment) => {
    expect([type.type, type.size, type.align]).toEqual([name, bytes, alignment])
    expect(Object.isFrozen(type)).toBe(true)
  })

  it('have a stride: their size, rounded up to their alignment', () => {
    expect([strideOf(f32), strideOf(vec3f), strideOf(mat3x3f), strideOf(vec3h)]).toEqual([4, 16, 48, 8])
  })

  it('know how many scalars they have, of which kind', () => {
    expect([vec3u.components, vec3u.scalar]).toEqual([3, 'u32'])
    expect([mat4x3f.components, mat4x3f.columns, mat4x3f.rows, mat4x3f.columnStride]).toEqual([12, 4, 3, 16])
    expect([mat4x2h.scalar, mat4x2h.columnStride]).toEqual(['f16', 4])
  })

  it('carry the columns named by from(), and stay the same otherwise', () => {
    const pos = vec3f.from('x', 'y', 'nested.z')
    expect(pos.sources).toEqual(['x', 'y', 'nested.z'])
    expect({ ...pos, sources: undefined }).toEqual({ ...vec3f, sources: undefined })
    expect(f32.from('hp').sources).toEqual(['hp'])
    expect(mat2x2f.from('a', 'b', 'c', 'd').sources).toHaveLength(4)
    expect(Object.isFrozen(pos) && Object.isFrozen(pos.sources)).toBe(true)
    expect(vec3f.sources).toBeUndefined()
  })

  it('refuse a number of columns other than their scalars', () => {
    const error = refused(() => (vec3f.from as (...names: string[]) => unknown)('x', 'y'))
    expect(error).toBeInstanceOf(WrongColumnCount)
    expect(error).toMatchObject({ code: 'WrongColumnCount', type: 'vec3f', expected: 3, given: 2 })
  })
})

describe('array', () => {
  it('has a stride, and as many bytes as elements take', () => {
    const type = array(vec3f, 5)
    expect(type).toMatchObject({
      kind: 'array',
      type: 'array<vec3f, 5>',
      count: 5,
      stride: 16,
      size: 80,
      align: 16,
    })
    expect(array(array(f32, 3), 2)).toMatchObject({
      type: 'array<array<f32, 3>, 2>',
      stride: 12,
      size: 24,
      align: 4,
    })
  })

  it('is runtime-sized without a count', () => {
    const type = array(vec4f)
    expect(type).toMatchObject({ type: 'array<vec4f>', count: undefined, size: 0, align: 16 })
    expect([isRuntimeSized(type), isRuntimeSized(array(vec4f, 2)), isRuntimeSized(f32)]).toEqual([
      true,
      false,
      false,
    ])
    expect(sizeOf(type, 10)).toBe(160)
  })

  it.each([0, -1, 2.5, Number.NaN, Infinity, 2 ** 31])('refuses a count of %s', (count) => {
    const error = refused(() => array(f32, count))
    expect(error).toBeInstanceOf(InvalidArrayCount)
    expect(error).toMatchObject({ element: 'f32', count, max: 2 ** 30 - 1 })
  })

  it('refuses runtime-sized elements and elements that name columns', () => {
    expect(refused(() => array(array(f32), 2))).toBeInstanceOf(RuntimeArrayNotLast)
    expect(refused(() => array(struct({ n: u32, list: array(f32) }), 2))).toBeInstanceOf(RuntimeArrayNotLast)
    expect(refused(() => array(vec2f.from('x', 'y'), 2))).toBeInstanceOf(InvalidSchema)
  })
})

describe('atomic', () => {
  it('is 4 bytes', () => {
    expect(atomic(i32)).toMatchObject({
      kind: 'atomic',
      type: 'atomic<i32>',
      scalar: 'i32',
      size: 4,
      align: 4,
    })
  })

  it('refuses all but u32 and i32', () => {
    for (const type of [f32, vec3u, struct({ a: u32 })] as unknown[]) {
      expect(refused(() => atomic(type as typeof u32))).toBeInstanceOf(InvalidSchema)
    }
  })
})

describe('struct', () => {
  it('puts each field at the next multiple of its alignment, and ends at a multiple of the largest', () => {
    const type = struct({ time: f32, pos: vec3f, id: u32, uv: vec2f })
    // time at 0; pos aligned to 16, 12 bytes; id right behind it, at 28; uv at 32; ends at 40, rounded up to 48.
    expect(type.fields.map((f) => [f.name, f.offset, f.size, f.align])).toEqual([
      ['time', 0, 4, 4],
      ['pos', 16, 12, 16],
      ['id', 28, 4, 4],
      ['uv', 32, 8, 8],
    ])
    expect([type.size, type.align, strideOf(type)]).toEqual([48, 16, 48])
    expect(type.members.uv).toBe(type.fields[3])
  })

  it('can be nested', () => {
    const inner = struct({ a: vec3f, b: f32 })
    const type = struct({ head: f32, one: inner, more: array(inner, 3), tail: f32 })
    expect(type.fields.map((f) => f.offset)).toEqual([0, 16, 32, 80])
    expect(type.size).toBe(96)
  })

  it('moves and stretches fields by align and size, nested in either order', () => {
    const type = struct({
      a: size(20, f32),
      b: align(32, f32),
      c: size(16, align(64, u32)),
      d: align(8, size(12, u32)),
    })
    // a at 0 and 20 long; b at 32; c at 64 and 16 long; d at 80; ends at 92, rounded up to 128.
    expect(type.fields.map((f) => [f.offset, f.size, f.align])).toEqual([
      [0, 20, 4],
      [32, 4, 32],
      [64, 16, 64],
      [80, 12, 8],
    ])
    expect([type.size, type.align]).toEqual([128, 64])
    expect(type.members.c.type).toBe(u32)
  })

  it('ends in a runtime-sized array, which counts as empty until it is known how long it is', () => {
    const type = struct({ count: u32, items: array(vec3f) })
    expect(type.members.items.offset).toBe(16)
    expect([type.size, sizeOf(type), sizeOf(type, 4)]).toEqual([16, 16, 80])
    expect(isRuntimeSized(type)).toBe(true)
    expect(sizeOf(struct({ a: f32 }), 4)).toBe(4)
    expect(sizeOf(array(f32, 3), 4)).toBe(12)
    expect(sizeOf(f32, 4)).toBe(4)
  })

  it('is spelled out in messages, or called by its name', () => {
    expect(struct({ a: f32, b: array(vec2f, 2) }).type).toBe('struct { a: f32, b: array<vec2f, 2> }')
    expect(struct({ a: f32 }, 'Light')).toMatchObject({ type: 'Light', name: 'Light' })
  })

  it('is frozen, all of it', () => {
    const type = struct({ a: f32 })
    for (const part of [type, type.fields, type.fields[0], type.members])
      expect(Object.isFrozen(part)).toBe(true)
  })

  it('refuses to be empty', () => {
    expect(refused(() => struct({}))).toBeInstanceOf(InvalidSchema)
    expect(refused(() => struct(null as never))).toBeInstanceOf(InvalidSchema)
  })

  it("refuses a runtime-sized array that isn't last, or is in a nested struct", () => {
    const error = refused(() => struct({ items: array(f32), count: u32 }))
    expect(error).toBeInstanceOf(RuntimeArrayNotLast)
    expect(error).toMatchObject({ field: 'items', reason: 'count comes after it' })
    expect(refused(() => struct({ tail: struct({ items: array(f32) }) }))).toBeInstanceOf(RuntimeArrayNotLast)
  })

  it('refuses more bytes than a buffer can have', () => {
    const big = array(f32, 2 ** 30 - 1)
    expect(refused(() => struct({ a: big, b: big }))).toBeInstanceOf(InvalidSchema)
  })

  it.each([
    ['align', 3],
    ['align', 2],
    ['align', 0],
    ['align', -16],
    ['align', 1.5],
    ['align', Number.NaN],
    ['align', 2 ** 32],
    ['size', 3],
    ['size', 0],
    ['size', 4.5],
    ['size', Number.NaN],
    ['size', 2 ** 33],
  ] as const)('refuses %s(%s) on an f32', (attribute, bytes) => {
    const error = refused(() => struct({ field: (attribute === 'align' ? align : size)(bytes, f32) }))
    expect(error).toBeInstanceOf(InvalidAttribute)
    expect(error).toMatchObject({ field: 'field', attribute })
  })

  it('refuses a size for a runtime-sized array', () => {
    expect(refused(() => struct({ list: size(64, array(f32)) }))).toBeInstanceOf(InvalidAttribute)
  })

  it.each([
    ['', 'empty'],
    ['a-b', 'letter'],
    ['9lives', 'letter'],
    ['a b', 'letter'],
    ['_', 'underscore'],
    ['__proto__', 'underscores'],
    ['struct', 'reserves'],
    ['active', 'reserves'],
  ])('refuses a field named %o', (name, reason) => {
    const error = refused(() => struct({ [name]: f32 })) as InvalidIdentifier
    expect(error).toBeInstanceOf(InvalidIdentifier)
    expect(error).toMatchObject({ identifier: name, of: 'field' })
    expect(error.reason).toContain(reason)
  })

  it.each(['x', '_x', 'x1', 'größe', 'Δt', '速度', 'f32', 'constructor', 'toString'])(
    'takes a field named %s',
    (name) => {
      expect(struct({ [name]: f32 }).fields[0].name).toBe(name)
    },
  )

  it.each(['f32', 'vec3f', 'mat4x4f', 'array', 'bool', 'my struct', 'struct'])(
    'refuses to be named %o',
    (name) => {
      expect(refused(() => struct({ a: f32 }, name))).toMatchObject({
        code: 'InvalidIdentifier',
        of: 'struct',
      })
    },
  )
})

describe('asType', () => {
  it('returns types as they are', () => {
    const type = struct({ a: f32 })
    expect(asType(type)).toBe(type)
  })

  it('refuses everything else, and names it', () => {
    const things: unknown[] = [
      undefined,
      null,
      7,
      'f32',
      {},
      { type: 'bool' },
      { type: 'mat5x5f' },
      () => f32,
      Symbol('x'),
      Object.create(null),
    ]
    for (const thing of things) {
      expect(refused(() => asType(thing as TypeLike))).toBeInstanceOf(NotHostShareable)
      expect(refused(() => struct({ a: thing as TypeLike }))).toBeInstanceOf(NotHostShareable)
    }
    expect(refused(() => asType({ type: 'bool' } as never)).message).toContain('bool')
  })

  it("refuses TypeGPU schemas that can't lie in a buffer", () => {
    const { bool, unstruct, float32, texture2d, location, builtin } = d
    const things = [
      bool,
      unstruct({ a: float32 }),
      texture2d(),
      d.arrayOf(d.f32),
      d.struct({ a: location(0, d.f32) }),
    ]
    for (const thing of [
      ...things,
      d.struct({ a: builtin.vertexIndex }),
      d.struct({ inner: d.struct({ b: d.bool }) }),
    ]) {
      expect(refused(() => asType(thing as TypeLike))).toBeInstanceOf(NotHostShareable)
    }
    expect(refused(() => asType(d.arrayOf(d.f32) as never)).message).toContain('needs a count')
  })
})

describe('half floats', () => {
  it('take the nearest value, ties to even', () => {
    // 0x3c00 is 1; the next one up is 1 + 2⁻¹⁰. Half way is 1 + 2⁻¹¹, which goes to the even 0x3c00; anything above goes up.
    expect(halfBits(1)).toBe(0x3c00)
    expect(halfBits(1 + 2 ** -11)).toBe(0x3c00)
    expect(halfBits(1 + 2 ** -11 + 2 ** -40)).toBe(0x3c01)
    expect(halfBits(1 + 3 * 2 ** -11)).toBe(0x3c02)
    expect([halfBits(65504), halfBits(65520), halfBits(-Infinity), halfBits(-0)]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x8000,
    ])
  })

  it('round-trip, all 65 536 of them', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfValue(bits)
      if (Number.isNaN(value)) expect((bits & 0x7fff) > 0x7c00).toBe(true)
      else if (halfBits(value) !== bits) expect.fail(`${bits} came back as ${halfBits(value)}`)
    }
  })
})
