import fc from 'fast-check'
import * as d from 'typegpu/data'
import { describe, expect, it } from 'vitest'
import {
  align,
  array,
  asType,
  atomic,
  f16,
  f32,
  i32,
  mat2x2f,
  mat3x3f,
  mat4x4f,
  size,
  struct,
  u32,
  vec2f,
  vec2h,
  vec2i,
  vec2u,
  vec3f,
  vec3h,
  vec3i,
  vec3u,
  vec4f,
  vec4h,
  vec4i,
  vec4u,
} from '@memkit/core'
import type { Attributed, FieldLike, Struct, WgslType } from '@memkit/core'

/** The same type, made by memkit and by TypeGPU. */
interface Pair {
  readonly ours: WgslType
  readonly theirs: d.AnyData
}
interface FieldPair {
  readonly ours: FieldLike
  readonly theirs: d.AnyData
}

const leaves: Pair[] = [
  { ours: f32, theirs: d.f32 },
  { ours: i32, theirs: d.i32 },
  { ours: u32, theirs: d.u32 },
  { ours: f16, theirs: d.f16 },
  { ours: vec2f, theirs: d.vec2f },
  { ours: vec3f, theirs: d.vec3f },
  { ours: vec4f, theirs: d.vec4f },
  { ours: vec2i, theirs: d.vec2i },
  { ours: vec3i, theirs: d.vec3i },
  { ours: vec4i, theirs: d.vec4i },
  { ours: vec2u, theirs: d.vec2u },
  { ours: vec3u, theirs: d.vec3u },
  { ours: vec4u, theirs: d.vec4u },
  { ours: vec2h, theirs: d.vec2h },
  { ours: vec3h, theirs: d.vec3h },
  { ours: vec4h, theirs: d.vec4h },
  { ours: mat2x2f, theirs: d.mat2x2f },
  { ours: mat3x3f, theirs: d.mat3x3f },
  { ours: mat4x4f, theirs: d.mat4x4f },
  { ours: atomic(u32), theirs: d.atomic(d.u32) },
  { ours: atomic(i32), theirs: d.atomic(d.i32) },
]

const leaf = fc.constantFrom(...leaves)

/** Plain, or with an alignment or size that WGSL allows for the type. */
function withAttribute(pair: fc.Arbitrary<Pair>): fc.Arbitrary<FieldPair> {
  const attribute = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ align: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ extra: fc.integer({ min: 0, max: 40 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ align: fc.integer({ min: 0, max: 3 }), extra: fc.integer({ min: 0, max: 40 }) }),
    },
  )
  return fc.tuple(pair, attribute).map(([{ ours, theirs }, asked]) => {
    let ourField: WgslType | Attributed = ours
    let theirField = theirs
    if (asked !== undefined && 'extra' in asked) {
      // TypeGPU takes sizes that are multiples of nothing in particular, and so does WGSL.
      ourField = size(ours.size + asked.extra, ourField)
      theirField = d.size(ours.size + asked.extra, theirField)
    }
    if (asked !== undefined && 'align' in asked) {
      ourField = align(ours.align << asked.align, ourField)
      theirField = d.align(ours.align << asked.align, theirField)
    }
    return { ours: ourField, theirs: theirField }
  })
}

const { type } = fc.letrec<{ type: Pair; array: Pair; struct: Pair }>((tie) => ({
  type: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('array'), tie('struct')),
  array: fc.tuple(tie('type'), fc.integer({ min: 1, max: 5 })).map(([element, count]) => ({
    ours: array(element.ours, count),
    theirs: d.arrayOf(element.theirs as d.AnyWgslData, count),
  })),
  struct: fc.array(withAttribute(tie('type')), { minLength: 1, maxLength: 6 }).map((fields) => ({
    ours: struct(Object.fromEntries(fields.map((f, i) => [`f${i}`, f.ours]))),
    theirs: d.struct(Object.fromEntries(fields.map((f, i) => [`f${i}`, f.theirs as d.AnyWgslData]))),
  })),
}))
const randomStruct = fc.array(withAttribute(type), { minLength: 1, maxLength: 8 }).map((fields) => ({
  ours: struct(Object.fromEntries(fields.map((f, i) => [`f${i}`, f.ours]))),
  theirs: d.struct(Object.fromEntries(fields.map((f, i) => [`f${i}`, f.theirs as d.AnyWgslData]))),
}))

/** Where ours and theirs differ in size, alignment, stride or offset, all the way down; one line each. */
function mismatches(ours: WgslType, theirs: d.AnyData, path = ''): string[] {
  const out: string[] = []
  const same = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) out.push(`${path}: ${what} ${String(a)}, TypeGPU says ${String(b)}`)
  }
  same('size', ours.size, d.sizeOf(theirs))
  same('align', ours.align, d.alignmentOf(theirs))
  if (ours.kind === 'array') {
    const schema = theirs as d.WgslArray<d.AnyWgslData>
    // Where the second element starts is the stride; an array of one has none.
    if (ours.count !== 1) {
      same('stride', ours.stride, d.memoryLayoutOf(schema, (a) => a[1]).offset)
    }
    out.push(...mismatches(ours.element, schema.elementType, `${path}[]`))
  } else if (ours.kind === 'struct') {
    const schema = theirs as d.WgslStruct<Record<string, d.AnyWgslData>>
    same('fields', ours.fields.map((f) => f.name).join(), Object.keys(schema.propTypes).join())
    for (const field of ours.fields) {
      const prop = schema.propTypes[field.name]
      const place = d.memoryLayoutOf(schema, (s) => (s as Record<string, unknown>)[field.name])
      same(`offset of ${field.name}`, field.offset, place.offset)
      same(`size of ${field.name}`, field.size, d.sizeOf(prop))
      out.push(...mismatches(field.type, undecorated(prop), `${path}.${field.name}`))
    }
  }
  return out
}

function undecorated(schema: d.AnyData): d.AnyData {
  return d.isDecorated(schema) ? (schema.inner as d.AnyData) : schema
}

describe('layouts agree with TypeGPU', () => {
  it('for every scalar, vector and matrix that both know', () => {
    for (const { ours, theirs } of leaves) {
      expect(mismatches(ours, theirs)).toEqual([])
      expect(asType(theirs as never)).toEqual(ours)
    }
  })

  it('for 5 000 random nested structs: size, alignment, and the offset and size of every field', () => {
    fc.assert(
      fc.property(randomStruct, ({ ours, theirs }) => {
        expect(mismatches(ours, theirs)).toEqual([])
      }),
      { numRuns: 5000 },
    )
  }, 60_000)

  it('and turn a TypeGPU schema into the same type that memkit makes', () => {
    fc.assert(
      fc.property(randomStruct, ({ ours, theirs }) => {
        const converted = asType(theirs) as Struct
        expect(JSON.stringify(converted)).toBe(JSON.stringify(ours))
        expect(converted.wgsl('S')).toBe(ours.wgsl('S'))
      }),
      { numRuns: 1000 },
    )
  }, 60_000)
})
