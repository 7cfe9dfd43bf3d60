import { WrongColumnCount } from './errors.ts'
import { bytesOf } from './walk.ts'
import type { Matrix, MatrixName, Scalar, ScalarName, Vector, VectorName } from './types.ts'

const SCALAR_OF_SUFFIX: Readonly<Record<string, ScalarName>> = { f: 'f32', i: 'i32', u: 'u32', h: 'f16' }

/** `from` of a type: returns a frozen copy that carries the names of its columns. */
function sourced(this: { type: string; components: number }, ...columns: string[]): object {
  if (columns.length !== this.components)
    throw new WrongColumnCount({ type: this.type, expected: this.components, given: columns.length })
  return Object.freeze({ ...this, sources: Object.freeze(columns) })
}

function scalar<N extends ScalarName>(type: N): Scalar<N> {
  const size = bytesOf(type)
  const parts = { kind: 'scalar', type, scalar: type, components: 1, size, align: size } as const
  return Object.freeze({ ...parts, from: sourced }) as Scalar<N>
}

function vector<N extends VectorName>(type: N): Vector<N> {
  const components = Number(type[3])
  const scalar = SCALAR_OF_SUFFIX[type[4]]
  const size = components * bytesOf(scalar)
  const align = alignOf(components, scalar)
  const parts = { kind: 'vector', type, scalar, components, size, align }
  return Object.freeze({ ...parts, from: sourced }) as unknown as Vector<N>
}

/** A matrix lies like an array of its column vectors. */
function matrix<N extends MatrixName>(type: N): Matrix<N> {
  const [columns, rows] = [Number(type[3]), Number(type[5])]
  const scalar = SCALAR_OF_SUFFIX[type[6]]
  const columnStride = alignOf(rows, scalar)
  const place = { columns, rows, columnStride, size: columns * columnStride, align: columnStride }
  const parts = { kind: 'matrix', type, scalar, components: columns * rows, ...place }
  return Object.freeze({ ...parts, from: sourced }) as unknown as Matrix<N>
}

/** Bytes that a vector aligns to: three components align like four. */
function alignOf(components: number, scalar: ScalarName): number {
  return (components === 2 ? 2 : 4) * bytesOf(scalar)
}

/** WGSL `f32`: 32-bit float. */
export type f32 = Scalar<'f32'>
export const f32: f32 = /* @__PURE__ */ scalar('f32')

/** WGSL `i32`: signed 32-bit integer. */
export type i32 = Scalar<'i32'>
export const i32: i32 = /* @__PURE__ */ scalar('i32')

/** WGSL `u32`: unsigned 32-bit integer. */
export type u32 = Scalar<'u32'>
export const u32: u32 = /* @__PURE__ */ scalar('u32')

/** WGSL `f16`: 16-bit float; WGSL that uses it starts with `enable f16;`. */
export type f16 = Scalar<'f16'>
export const f16: f16 = /* @__PURE__ */ scalar('f16')

export type vec2f = Vector<'vec2f'>
export const vec2f: vec2f = /* @__PURE__ */ vector('vec2f')
export type vec3f = Vector<'vec3f'>
export const vec3f: vec3f = /* @__PURE__ */ vector('vec3f')
export type vec4f = Vector<'vec4f'>
export const vec4f: vec4f = /* @__PURE__ */ vector('vec4f')
export type vec2i = Vector<'vec2i'>
export const vec2i: vec2i = /* @__PURE__ */ vector('vec2i')
export type vec3i = Vector<'vec3i'>
export const vec3i: vec3i = /* @__PURE__ */ vector('vec3i')
export type vec4i = Vector<'vec4i'>
export const vec4i: vec4i = /* @__PURE__ */ vector('vec4i')
export type vec2u = Vector<'vec2u'>
export const vec2u: vec2u = /* @__PURE__ */ vector('vec2u')
export type vec3u = Vector<'vec3u'>
export const vec3u: vec3u = /* @__PURE__ */ vector('vec3u')
export type vec4u = Vector<'vec4u'>
export const vec4u: vec4u = /* @__PURE__ */ vector('vec4u')
export type vec2h = Vector<'vec2h'>
export const vec2h: vec2h = /* @__PURE__ */ vector('vec2h')
export type vec3h = Vector<'vec3h'>
export const vec3h: vec3h = /* @__PURE__ */ vector('vec3h')
export type vec4h = Vector<'vec4h'>
export const vec4h: vec4h = /* @__PURE__ */ vector('vec4h')
export type mat2x2f = Matrix<'mat2x2f'>
export const mat2x2f: mat2x2f = /* @__PURE__ */ matrix('mat2x2f')
export type mat2x3f = Matrix<'mat2x3f'>
export const mat2x3f: mat2x3f = /* @__PURE__ */ matrix('mat2x3f')
export type mat2x4f = Matrix<'mat2x4f'>
export const mat2x4f: mat2x4f = /* @__PURE__ */ matrix('mat2x4f')
export type mat3x2f = Matrix<'mat3x2f'>
export const mat3x2f: mat3x2f = /* @__PURE__ */ matrix('mat3x2f')
export type mat3x3f = Matrix<'mat3x3f'>
export const mat3x3f: mat3x3f = /* @__PURE__ */ matrix('mat3x3f')
export type mat3x4f = Matrix<'mat3x4f'>
export const mat3x4f: mat3x4f = /* @__PURE__ */ matrix('mat3x4f')
export type mat4x2f = Matrix<'mat4x2f'>
export const mat4x2f: mat4x2f = /* @__PURE__ */ matrix('mat4x2f')
export type mat4x3f = Matrix<'mat4x3f'>
export const mat4x3f: mat4x3f = /* @__PURE__ */ matrix('mat4x3f')
export type mat4x4f = Matrix<'mat4x4f'>
export const mat4x4f: mat4x4f = /* @__PURE__ */ matrix('mat4x4f')
export type mat2x2h = Matrix<'mat2x2h'>
export const mat2x2h: mat2x2h = /* @__PURE__ */ matrix('mat2x2h')
export type mat2x3h = Matrix<'mat2x3h'>
export const mat2x3h: mat2x3h = /* @__PURE__ */ matrix('mat2x3h')
export type mat2x4h = Matrix<'mat2x4h'>
export const mat2x4h: mat2x4h = /* @__PURE__ */ matrix('mat2x4h')
export type mat3x2h = Matrix<'mat3x2h'>
export const mat3x2h: mat3x2h = /* @__PURE__ */ matrix('mat3x2h')
export type mat3x3h = Matrix<'mat3x3h'>
export const mat3x3h: mat3x3h = /* @__PURE__ */ matrix('mat3x3h')
export type mat3x4h = Matrix<'mat3x4h'>
export const mat3x4h: mat3x4h = /* @__PURE__ */ matrix('mat3x4h')
export type mat4x2h = Matrix<'mat4x2h'>
export const mat4x2h: mat4x2h = /* @__PURE__ */ matrix('mat4x2h')
export type mat4x3h = Matrix<'mat4x3h'>
export const mat4x3h: mat4x3h = /* @__PURE__ */ matrix('mat4x3h')
export type mat4x4h = Matrix<'mat4x4h'>
export const mat4x4h: mat4x4h = /* @__PURE__ */ matrix('mat4x4h')
