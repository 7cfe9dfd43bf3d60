import type { ColumnLayout } from './group-table.ts'
import { roundToOdd } from './half-float.ts'

/** Any typed array whose elements are numbers. */
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

/** Rows of a chunk whose scalars are wanted: `positions` in the chunk, `indices` in the source, `count` of both. */
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

/** Copies the scalars of some rows, bit by bit; what lies past `length` elements is zero. */
export function copyRows(
  to: Int32Array,
  from: Int32Array,
  { positions, indices, count }: ChunkRows,
  arity: number,
  length: number,
): void {
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    const there = source < length
    for (let k = 0; k < arity; k++) to[at + k] = there ? from[source + k] : 0
  }
}

/** Copies the scalars of some rows of a plain array; returns how many of its elements were no numbers. */
export function convertPlainRows(
  to: Scratch,
  type: ColumnLayout['type'],
  from: readonly unknown[],
  { positions, indices, count }: ChunkRows,
  arity: number,
): number {
  const { f32, i32 } = to
  let holes = 0
  for (let i = 0; i < count; i++) {
    const at = positions[i] * arity
    const source = indices[i] * arity
    for (let k = 0; k < arity; k++) {
      const there = source + k < from.length
      const value = there ? from[source + k] : 0
      if (typeof value !== 'number') holes++
      if (type === 'f32') f32[at + k] = numberOr0(value)
      else if (type === 'f16') f32[at + k] = roundToOdd(numberOr0(value))
      else i32[at + k] = numberOr0(value)
    }
  }
  return holes
}

/** Converts the scalars of some rows as `TypedArray.set` does; what lies past `length` elements is zero. */
export function convertRows(
  to: Scratch,
  type: ColumnLayout['type'],
  from: NumberArray,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
  // A loop that meets many kinds of array boxes each number it reads; so the kinds with big numbers have their own.
  if (from instanceof Float64Array) convertF64(to, type, from, rows, arity, length)
  else if (from instanceof Float32Array) convertF32(to, type, from, rows, arity, length)
  else if (from instanceof Int32Array) convertI32(to, type, from, rows, arity, length)
  else if (from instanceof Uint32Array) convertU32(to, type, from, rows, arity, length)
  else convertSmall(to, type, from, rows, arity, length)
}

function convertF64(
  to: Scratch,
  type: ColumnLayout['type'],
  from: Float64Array,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
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

function convertF32(
  to: Scratch,
  type: ColumnLayout['type'],
  from: Float32Array,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
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

function convertI32(
  to: Scratch,
  type: ColumnLayout['type'],
  from: Int32Array,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
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

function convertU32(
  to: Scratch,
  type: ColumnLayout['type'],
  from: Uint32Array,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
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

function convertSmall(
  to: Scratch,
  type: ColumnLayout['type'],
  from: Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array,
  rows: ChunkRows,
  arity: number,
  length: number,
): void {
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
