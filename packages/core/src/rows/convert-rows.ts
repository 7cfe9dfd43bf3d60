import type { ColumnLayout } from '../kernels/group-table.ts'
import { roundToOdd } from '../kernels/half-float.ts'

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array

/** Rows that are wanted: their `positions` in a chunk, `indices` in the source, `count` of both. */
export interface ChunkRows {
  readonly positions: Int32Array
  readonly indices: Uint32Array
  count: number
}

/** The scratch memory of one column, seen as each of the kinds that are written to it. */
export interface Scratch {
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
}

/** Converts a number as `TypedArray.set` does; one for an f16 stays an f32 that rounds to it. */
export function putScalar(to: Scratch, type: ColumnLayout['type'], at: number, value: number): void {
  if (type === 'f32') to.f32[at] = value
  else if (type === 'f16') to.f32[at] = roundToOdd(value)
  else to.i32[at] = value
}

/** Copies the scalars of some rows, bit by bit; what lies past `length` elements is zero. */
export function copyRows(
  to: Int32Array,
  from: Int32Array,
  { positions, indices, count }: ChunkRows,
  arity: number,
  length: number,
): void {
  if (arity === 1) {
    for (let i = 0; i < count; i++) {
      const source = indices[i]
      to[positions[i]] = source < length ? from[source] : 0
    }
    return
  }
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) to[at + k] = there ? from[source + k] : 0
  }
}

/** Converts the scalars of some rows of a plain array. @returns how many are not numbers */
export function convertPlainRows(
  to: Scratch,
  type: ColumnLayout['type'],
  from: readonly unknown[],
  { positions, indices, count }: ChunkRows,
  arity: number,
): number {
  let holes = 0
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    for (let k = 0; k < arity; k++) {
      const value = source + k < from.length ? from[source + k] : 0
      if (typeof value !== 'number') holes++
      putScalar(to, type, at + k, numberOr0(value))
    }
  }
  return holes
}

type Convert<From extends NumberArray> = (
  to: Scratch,
  type: ColumnLayout['type'],
  from: From,
  rows: ChunkRows,
  arity: number,
  length: number,
) => void

/** Converts the scalars of some rows as `TypedArray.set` does; what lies past `length` elements is zero. */
export const convertRows: Convert<NumberArray> = (to, type, from, rows, arity, length) => {
  // A loop over many kinds of array boxes each number; so the kinds with big numbers have their own.
  if (from instanceof Float64Array) convertF64(to, type, from, rows, arity, length)
  else if (from instanceof Float32Array) convertF32(to, type, from, rows, arity, length)
  else if (from instanceof Int32Array) convertI32(to, type, from, rows, arity, length)
  else if (from instanceof Uint32Array) convertU32(to, type, from, rows, arity, length)
  else convertSmall(to, type, from, rows, arity, length)
}

const convertF64: Convert<Float64Array> = (to, type, from, rows, arity, length) => {
  const { f32, i32 } = to
  const { positions, indices, count } = rows
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) {
      const value = there ? from[source + k] : 0
      if (type === 'f32') f32[at + k] = value
      else if (type === 'f16') f32[at + k] = roundToOdd(value)
      else i32[at + k] = value
    }
  }
}

const convertF32: Convert<Float32Array> = (to, type, from, rows, arity, length) => {
  const { f32, i32 } = to
  const { positions, indices, count } = rows
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) {
      const value = there ? from[source + k] : 0
      if (type === 'f32') f32[at + k] = value
      else if (type === 'f16') f32[at + k] = roundToOdd(value)
      else i32[at + k] = value
    }
  }
}

const convertI32: Convert<Int32Array> = (to, type, from, rows, arity, length) => {
  const { f32, i32 } = to
  const { positions, indices, count } = rows
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) {
      const value = there ? from[source + k] : 0
      if (type === 'f32') f32[at + k] = value
      else if (type === 'f16') f32[at + k] = roundToOdd(value)
      else i32[at + k] = value
    }
  }
}

const convertU32: Convert<Uint32Array> = (to, type, from, rows, arity, length) => {
  const { f32, i32 } = to
  const { positions, indices, count } = rows
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) {
      const value = there ? from[source + k] : 0
      if (type === 'f32') f32[at + k] = value
      else if (type === 'f16') f32[at + k] = roundToOdd(value)
      else i32[at + k] = value
    }
  }
}

const convertSmall: Convert<NumberArray> = (to, type, from, rows, arity, length) => {
  const { f32, i32 } = to
  const { positions, indices, count } = rows
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) {
      const value = there ? from[source + k] : 0
      if (type === 'f32') f32[at + k] = value
      else if (type === 'f16') f32[at + k] = roundToOdd(value)
      else i32[at + k] = value
    }
  }
}

export function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
