import { roundUp } from '../memory/bits.ts'

/** What one column takes: `arity` elements of `elementBytes` bytes per row. */
export interface ColumnShape {
  readonly name: string
  readonly elementBytes: 1 | 2 | 4 | 8
  readonly arity: number
}

/** Where the section of a column begins, for every pitch. */
export type SectionOf<C extends ColumnShape> = C & {
  /** Bytes per row in the sections before. The section begins at `pitch * start` bytes. */
  readonly start: number
}

/** Columns wide enough that their sections begin at multiples of 256 bytes, whatever the pitch. */
const GRAIN = 64
/** Rows of 4 bytes that fill 4 096 bytes, after which addresses share their place in a cache. */
const SPAN = 1024
/** Pitches above are one grain more than a multiple of `SPAN`; this one is a grain less than it. */
const LARGEST_SMALL = SPAN - GRAIN

/**
 * The distance in rows from one column to the next, for columns of so many rows: the smallest odd
 * multiple of 64 that has room, and above 960 rows the smallest that is 64 more than a multiple of
 * 1 024. It is at most 1 023 above `rows`, and a pitch is its own pitch.
 *
 * Two sections of such a pitch begin at different places modulo 4 096 bytes, unless a multiple of 64
 * bytes per row lies between them. So no cache keeps one column's first row where it keeps another's,
 * as long as rows have at most 64 bytes: 16 columns of 4 bytes. Of wider rows, those sections meet
 * that lie 64, 128, … bytes per row apart.
 *
 * @param rows including row 0: entities 0 … n are n + 1 rows
 */
export function pitchFor(rows: number): number {
  if (rows <= LARGEST_SMALL) return roundUp(Math.max(0, rows - GRAIN), 2 * GRAIN) + GRAIN
  return roundUp(rows - GRAIN, SPAN) + GRAIN
}

/** The pitch that columns grow to when they need `rows`: the next one at or above twice `pitch`. */
export function nextPitch(pitch: number, rows: number): number {
  return pitchFor(Math.max(pitch * 2, rows))
}

/**
 * Lays columns out, each in a section that has room for `pitch` rows, without gaps: the widest
 * elements come first, so that all are aligned, and then the order given. All sections together take
 * `pitch` times the bytes of a row. The result has the order given.
 */
export function sectionsOf<C extends ColumnShape>(columns: readonly C[]): SectionOf<C>[] {
  const widestFirst = columns
    .map((_, i) => i)
    .sort((a, b) => columns[b].elementBytes - columns[a].elementBytes)
  const starts: number[] = []
  let start = 0
  for (const i of widestFirst) {
    starts[i] = start
    start += bytesPerRow(columns[i])
  }
  return columns.map((column, i) => ({ ...column, start: starts[i] }))
}

/** Bytes per row of one column. */
export function bytesPerRow({ elementBytes, arity }: ColumnShape): number {
  return elementBytes * arity
}
