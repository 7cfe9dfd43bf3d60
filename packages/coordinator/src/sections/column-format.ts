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
export interface ColumnFormat {
  readonly name: string
  readonly elementBytes: 1 | 2 | 4
  /** Elements per row, side by side. */
  readonly arity: number
}

/** Where a column lies in the device buffer, in bytes. */
export interface Section extends ColumnFormat {
  readonly offset: number
  readonly size: number
}

/** Bytes of one row in all columns. */
export function bytesPerRow(columns: readonly ColumnFormat[]): number {
  return columns.reduce((bytes, { elementBytes, arity }) => bytes + elementBytes * arity, 0)
}

/**
 * Rows of the sections that hold so many: up to 960 the next multiple of 64, beyond the next number
 * that is 64 more than a multiple of 1 024. So no two 4-byte columns begin at the same place of a
 * page, where caches would hold only a few of them, and each begins at a multiple of 256 bytes.
 */
export function pitchFor(rows: number): number {
  if (rows <= SMALL) return Math.max(64, Math.ceil(rows / 64) * 64)
  return Math.ceil((rows - 64) / 1024) * 1024 + 64
}

/** The largest pitch of at most so many rows; 0 below 64. */
export function pitchBelow(rows: number): number {
  if (rows < SMALL + 128) return Math.min(SMALL, Math.floor(rows / 64) * 64)
  return Math.floor((rows - 64) / 1024) * 1024 + 64
}

const SMALL = 960

/** Lays the columns out one after the other, widest elements first, else in their order. */
export function sectionsFor(columns: readonly ColumnFormat[], pitch: number): Section[] {
  const sections: Section[] = []
  let offset = 0
  for (const bytes of [4, 2, 1])
    for (const [i, { name, elementBytes, arity }] of columns.entries()) {
      if (elementBytes !== bytes) continue
      const size = pitch * elementBytes * arity
      sections[i] = { name, elementBytes, arity, offset, size }
      offset += size
    }
  return sections
}
