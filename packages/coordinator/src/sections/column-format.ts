import { bytesPerRow, pitchFor, sectionsOf, type ColumnShape } from '@memkit/core'

/** A typed array whose elements go to the device as they are. Its buffer may be shared or resizable. */
export type ColumnArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array

/** One column of a component: its elements as the device keeps them. */
export interface ColumnFormat extends ColumnShape {
  readonly elementBytes: 1 | 2 | 4
}

/** Where a column lies in the device buffer, in bytes. */
export interface Section extends ColumnFormat {
  readonly offset: number
  readonly size: number
}

/** The largest pitch of at most so many rows; 0 where there is none. See `pitchFor`. */
export function pitchBelow(rows: number): number {
  const above = pitchFor(rows)
  if (above <= rows) return above
  return Math.max(0, above > 1024 ? Math.max(960, above - 1024) : above - 128)
}

/** The sections of a buffer with room for `pitch` rows, in the order of the columns. */
export function sectionsFor(columns: readonly ColumnFormat[], pitch: number): Section[] {
  return sectionsOf(columns).map(({ name, elementBytes, arity, start }) => ({
    name,
    elementBytes,
    arity,
    offset: pitch * start,
    size: pitch * bytesPerRow({ name, elementBytes, arity }),
  }))
}
