import type { Kernels } from '../kernels/kernels.ts'
import { popcount, trailingZeros } from '../memory/bits.ts'
import { requireSize, RowOutOfRange, RowsOutOfRange } from '../memory/bounds.ts'
import { WrongMemory } from './errors.ts'

const MAX_ROWS = 2 ** 30

/** Where a set keeps its bits: `DirtyRows.bytesFor(rows)` bytes from a multiple of 4 on. */
export interface DirtyRowsPlace {
  readonly buffer: ArrayBuffer
  /** Bytes from the start of `buffer`. */
  readonly offset: number
  /** Those of that memory: walks over a large set are faster then. */
  readonly kernels?: Kernels | undefined
}

/** Words of a summary that are 0 before it pays to let a kernel go on. */
const ZEROS = 8

/**
 * A set of row numbers as a bitset of two levels. The same class is a mirror's dirty rows, the rows
 * that are alive and the rows that were marked.
 *
 *     words    one bit a row:       row r  is bit r % 32 of words[r >>> 5]
 *     summary  one bit per word:    word w is bit w % 32 of summary[w >>> 5], set when words[w] may be non-zero
 *
 * So an idle check of a million rows reads 977 numbers, and `set` writes two. Kernels set bits in
 * both levels straight in memory. When you clear bits in `words` by hand, you may leave the summary
 * as it is. No method allocates.
 */
export class DirtyRows {
  /** Rows that fit: 0 … rows − 1. Bits past the last row are never set. */
  readonly rows: number
  readonly buffer: ArrayBuffer
  /** Byte offset of `words` in `buffer`. */
  readonly offset: number
  /** Byte offset of `summary` in `buffer`. */
  readonly summaryOffset: number
  readonly words: Uint32Array
  readonly summary: Uint32Array
  /** Those of the memory that it lies in, where they were given. */
  readonly kernels: Kernels | undefined
  /** First row of the run that `nextRun` found. */
  runFirst = 0
  /** Rows of the run that `nextRun` found, merged gaps included. */
  runCount = 0

  /**
   * An empty set.
   * @param rows how many rows, an integer from 0 to 2³⁰
   * @param place where to keep the bits, cleared first; default: an ArrayBuffer of its own
   * @throws InvalidSize
   * @throws {@link WrongMemory} for a place that isn't a multiple of 4, or too short
   */
  constructor(rows: number, place?: DirtyRowsPlace) {
    const bytes = DirtyRows.bytesFor(rows)
    if (place !== undefined) checkPlace(place, bytes)
    const wordCount = (rows + 31) >>> 5
    this.rows = rows
    this.kernels = place?.kernels
    this.buffer = place?.buffer ?? new ArrayBuffer(bytes)
    this.offset = place?.offset ?? 0
    this.summaryOffset = this.offset + wordCount * 4
    this.words = new Uint32Array(this.buffer, this.offset, wordCount)
    this.summary = new Uint32Array(this.buffer, this.summaryOffset, (wordCount + 31) >>> 5)
    if (place !== undefined) {
      this.words.fill(0)
      this.summary.fill(0)
    }
  }

  /** Bytes for so many rows: an eighth of a byte each, and a 32nd of that. @throws InvalidSize */
  static bytesFor(rows: number): number {
    requireSize('DirtyRows: rows', rows, 0, MAX_ROWS)
    const wordCount = (rows + 31) >>> 5
    return (wordCount + ((wordCount + 31) >>> 5)) * 4
  }

  /** @throws RowOutOfRange */
  set(row: number): void {
    const r = row >>> 0
    if (r !== row || r >= this.rows) throw new RowOutOfRange({ row, rows: this.rows })
    const w = r >>> 5
    this.words[w] |= 1 << (r & 31)
    this.summary[w >>> 5] |= 1 << (w & 31)
  }

  /** Whether the row is in the set; false for rows that do not exist. */
  has(row: number): boolean {
    return (this.words[row >>> 5] & (1 << (row & 31))) !== 0 && row >= 0 && row < this.rows
  }

  /** @throws RowOutOfRange */
  unset(row: number): void {
    const r = row >>> 0
    if (r !== row || r >= this.rows) throw new RowOutOfRange({ row, rows: this.rows })
    const w = r >>> 5
    const left = this.words[w] & ~(1 << (r & 31))
    this.words[w] = left
    if (left === 0) this.summary[w >>> 5] &= ~(1 << (w & 31))
  }

  /** @throws RowsOutOfRange */
  setRange(first: number, count: number): void {
    requireRows(first, count, this.rows)
    if (count === 0) return
    const end = first + count
    setBits(this.words, first, end)
    setBits(this.summary, first >>> 5, ((end - 1) >>> 5) + 1)
  }

  /** Empties the set; words that the summary knows to be zero are not touched. */
  clear(): void {
    const { words, summary } = this
    // What lies side by side is filled in one piece.
    for (let from = this.#nextWord(0); from < summary.length;) {
      let s = from
      for (; s < summary.length && summary[s] !== 0; s++) summary[s] = 0
      words.fill(0, from * 32, s * 32)
      from = this.#nextWord(s)
    }
  }

  get count(): number {
    return this.countRange(0, this.rows)
  }

  get isEmpty(): boolean {
    return this.#nextSet(0) < 0
  }

  /** Counts the rows of the set in `first … first + count − 1`; may stop at `enough` of them. */
  countRange(first: number, count: number, enough: number = Infinity): number {
    const end = Math.min(first + count, this.rows)
    const { words, summary } = this
    let total = 0
    for (let s = first >>> 10; s << 10 < end && total < enough; s++) {
      for (let some = summary[s]; some !== 0; some &= some - 1) {
        // Not by a call: this runs for every word of every stage.
        const row = (s << 10) + ((31 - Math.clz32(some & -some)) << 5)
        if (row >= end) break
        if (row + 32 <= first) continue
        let bits = words[row >>> 5] | 0
        if (row < first) bits &= -1 << (first & 31)
        if (end - row < 32) bits &= ~(-1 << (end - row))
        total += bits === -1 ? 32 : popcount(bits)
      }
    }
    return total
  }

  /** Calls `fn` with each run that `nextRun` finds; it may change rows before the run's end. */
  forEachRun(maxGap: number, fn: (first: number, count: number) => void): void {
    for (let from = 0; this.nextRun(from, maxGap);) {
      const { runFirst, runCount } = this
      fn(runFirst, runCount)
      from = runFirst + runCount
    }
  }

  /**
   * Finds the next run of rows at or after `from` and leaves it in `runFirst` and `runCount`. A run
   * starts and ends with a row of the set; rows between that are not in the set are taken in where
   * at most `maxGap` of them stand side by side. Continue with `from = runFirst + runCount`.
   * @param from a row, 0 to begin with
   * @param maxGap rows, 0 for exact runs
   * @returns false when there is none
   */
  nextRun(from: number, maxGap: number): boolean {
    const first = this.#nextSet(from)
    if (first < 0) return false
    let end = nextClear(this.words, first + 1)
    // While the next row of the set is near enough, the run is extended to the end of that row's own run.
    for (;;) {
      const next = this.#nextSetWithin(end, maxGap)
      if (next < 0) break
      end = nextClear(this.words, next + 1)
    }
    this.runFirst = first
    this.runCount = end - first
    return true
  }

  /** Makes this set equal to `other`, for growth. @throws RowsOutOfRange when that has more rows */
  copyFrom(other: DirtyRows): void {
    if (other.rows > this.rows) throw new RowsOutOfRange({ first: 0, count: other.rows, rows: this.rows })
    this.words.set(other.words)
    this.words.fill(0, other.words.length)
    this.summary.set(other.summary)
    this.summary.fill(0, other.summary.length)
  }

  /** Adds the rows `first … end − 1` of `other`. @throws RowsOutOfRange when this set ends before that */
  or(other: DirtyRows, end: number = other.rows, first: number = 0): void {
    const rows = Math.min(end, other.rows)
    if (rows > this.rows) throw new RowsOutOfRange({ first: 0, count: rows, rows: this.rows })
    const { kernels, words, summary } = this
    if (kernels !== undefined && first === 0 && other.buffer === this.buffer)
      return kernels.unite(this.offset, this.summaryOffset, other.offset, other.summaryOffset, rows)
    const firstWord = first >>> 5
    const firstBits = -1 << (first & 31)
    const lastWord = rows >>> 5
    const lastBits = ~(-1 << (rows & 31))
    for (let s = first >>> 10; s << 10 < rows; s++) {
      let some = other.summary[s] | 0
      if (some === -1 && s << 10 >= first && (s + 1) << 10 <= rows) {
        // 1 024 rows with some in each word.
        for (let w = s << 5, last = w + 32; w < last; w++) words[w] |= other.words[w]
        summary[s] = -1
        continue
      }
      for (; some !== 0; some &= some - 1) {
        const w = (s << 5) + trailingZeros(some)
        if (w < firstWord) continue
        if (w > lastWord) break
        let added = other.words[w]
        if (w === firstWord) added &= firstBits
        if (w === lastWord) added &= lastBits
        if (added === 0) continue
        words[w] |= added
        summary[s] |= 1 << (w & 31)
      }
    }
  }

  /** The first row of the set at or after `from`, −1 when there is none. */
  #nextSet(from: number): number {
    const { words, summary } = this
    let w = from >>> 5
    if (w >= words.length) return -1
    const here = words[w] & (-1 << (from & 31))
    if (here !== 0) return w * 32 + trailingZeros(here)
    w++
    let s = w >>> 5
    if (s >= summary.length) return -1
    let bits = summary[s] & (-1 << (w & 31))
    for (;;) {
      for (; bits !== 0; bits &= bits - 1) {
        const word = s * 32 + trailingZeros(bits)
        const rows = words[word]
        if (rows !== 0) return word * 32 + trailingZeros(rows)
      }
      s = this.#nextWord(s + 1)
      if (s >= summary.length) return -1
      bits = summary[s]
    }
  }

  /** The first row of the set among `from … from + gap`, −1 when there is none. */
  #nextSetWithin(from: number, gap: number): number {
    const { words } = this
    let w = from >>> 5
    if (w >= words.length) return -1
    const here = words[w] & (-1 << (from & 31))
    if (here !== 0) {
      const row = w * 32 + trailingZeros(here)
      return row - from <= gap ? row : -1
    }
    // Most gaps are short: try the next word before the summary.
    w++
    if (w * 32 - from > gap || w >= words.length) return -1
    const row = this.#nextSet(w * 32)
    return row >= 0 && row - from <= gap ? row : -1
  }

  /** The first word of the summary from `s` on that isn't 0; behind its last without one. */
  #nextWord(s: number): number {
    const { summary, summaryOffset } = this
    const { length } = summary
    const near = this.kernels === undefined ? length : Math.min(length, s + ZEROS)
    for (; s < near; s++) if (summary[s] !== 0) return s
    if (s >= length) return length
    return (this.kernels!.skipZeros(summaryOffset + s * 4, summaryOffset + length * 4) - summaryOffset) / 4
  }
}

/** @throws {@link RowsOutOfRange} when `count` rows from `first` on aren't all among `rows` rows */
export function requireRows(first: number, count: number, rows: number): void {
  const isInside = Number.isInteger(first) && Number.isInteger(count) && first + count <= rows
  if (!isInside || first < 0 || count < 0) throw new RowsOutOfRange({ first, count, rows })
}

function checkPlace({ buffer, offset }: DirtyRowsPlace, bytes: number): void {
  if (Number.isInteger(offset / 4) && offset >= 0 && offset + bytes <= buffer.byteLength) return
  throw new WrongMemory({
    what: 'The bits of these rows',
    reason: `they take ${bytes} bytes from a multiple of 4 on, not from ${offset} of ${buffer.byteLength} bytes.`,
  })
}

/** Sets bits `first … end − 1`; `first < end`. */
function setBits(words: Uint32Array, first: number, end: number): void {
  const w0 = first >>> 5
  const w1 = (end - 1) >>> 5
  const head = -1 << (first & 31)
  const tail = -1 >>> (31 - ((end - 1) & 31))
  if (w0 === w1) {
    words[w0] |= head & tail
    return
  }
  words[w0] |= head
  words.fill(0xffffffff, w0 + 1, w1)
  words[w1] |= tail
}

/** The first row at or after `from` that is not in the set. */
function nextClear(words: Uint32Array, from: number): number {
  let w = from >>> 5
  if (w >= words.length) return from
  const here = ~words[w] & (-1 << (from & 31))
  if (here !== 0) return w * 32 + trailingZeros(here)
  for (w++; w < words.length; w++) {
    const clear = ~words[w]
    if (clear !== 0) return w * 32 + trailingZeros(clear)
  }
  return w * 32
}
