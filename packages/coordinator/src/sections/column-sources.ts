import { bytesPerRow, trailingZeros, type DirtyRows, type Heap } from '@memkit/core'
import type { DeviceSlice } from '../device/slice.ts'
import type { DeviceWriter, FlushSource } from '../flush/flush-target.ts'
import { sectionsFor, type ColumnArray, type ColumnFormat, type Section } from './column-format.ts'

/** From so much of the pitch in use on, one write takes all sections, gaps included. */
const JOIN_ABOVE = 0.9

/**
 * The user's columns, and where each goes on the device: bytes are written from where they lie,
 * without a copy. Where the columns of a store lie as the sections do, one write takes several.
 */
export class ColumnSources implements FlushSource {
  readonly columns: readonly ColumnFormat[]
  readonly bytesPerRow: number
  /** Of a column that isn't there nothing is written. */
  readonly isReadable: boolean = true
  readonly isPacked: boolean = false
  /** Rows there is room for in each section. */
  pitch = 0
  /** Of the user's arrays, no rows beyond are read, unless they lie in between others of one write. */
  rowsInUse: number = Infinity
  /** In the order of the columns. */
  sections: readonly Section[] = []
  readonly #arrays: (ColumnArray | undefined)[]
  /** Copies of whole sections that are read instead. */
  readonly #copies: (Uint32Array | undefined)[]
  /** Columns in the order of their sections. */
  readonly #order: number[]
  /** The memory in which all columns lie as the sections do, and the first section's place there. */
  #joined: ArrayBufferLike | undefined
  #joinedAt = 0
  #bounce = new Uint8Array(4)

  constructor(columns: readonly ColumnFormat[]) {
    this.columns = columns
    this.bytesPerRow = columns.reduce((bytes, column) => bytes + bytesPerRow(column), 0)
    this.#arrays = columns.map(() => undefined)
    this.#copies = columns.map(() => undefined)
    const order = columns.map((_, i) => i)
    this.#order = order.sort((a, b) => columns[b].elementBytes - columns[a].elementBytes || a - b)
  }

  layOut(pitch: number): void {
    this.pitch = pitch
    this.sections = sectionsFor(this.columns, pitch)
    this.#join()
  }

  /** Reads a column from this array from now on. */
  bind(column: number, array: ColumnArray): void {
    if (this.#arrays[column] === array) return
    this.#arrays[column] = array
    this.#join()
  }

  /** Reads a section from this copy of it; without one, from the user's array. */
  readFrom(column: number, copy: Uint32Array | undefined): void {
    if (this.#copies[column] === copy) return
    this.#copies[column] = copy
    this.#join()
  }

  arrayOf(column: number): ColumnArray | undefined {
    return this.#arrays[column]
  }

  /** Bytes that the user's array has and that its section has room for. */
  bytesOf(column: number): number {
    return Math.min(this.#arrays[column]?.byteLength ?? 0, this.sections[column].size)
  }

  /** Whether one write takes so many rows of all sections, and what lies between them. */
  isJoinedFor(rows: number): boolean {
    return this.#joined !== undefined && rows >= this.pitch * JOIN_ABOVE
  }

  /** Writes the first `rows` rows of every column. @returns bytes written */
  writeFull(to: DeviceWriter, slice: DeviceSlice, rows: number): number {
    const { sections } = this
    const last = sections[this.#order.at(-1)!]
    if (this.isJoinedFor(rows)) {
      const end = last.offset + words(rows * bytesPerRow(last))
      this.write(to, slice, 0, end)
      return end
    }
    let total = 0
    for (let i = 0; i < sections.length; i++) {
      const { offset } = sections[i]
      const bytes = words(Math.min(rows, this.pitch) * bytesPerRow(sections[i]))
      this.#writePart(to, slice, i, offset, offset + bytes)
      total += bytes
    }
    return total
  }

  /** Writes bytes `from … end − 1` of the device buffer's part; both are multiples of 4. */
  write(to: DeviceWriter, slice: DeviceSlice, from: number, end: number): void {
    const memory = this.#joined
    if (memory && this.isJoinedFor(this.rowsInUse) && this.#joinedAt + end <= memory.byteLength) {
      to.write(slice.buffer, slice.offset + from, memory, this.#joinedAt + from, end - from)
      return
    }
    for (const i of this.#order) {
      const { offset, size } = this.sections[i]
      if (offset < end && offset + size > from)
        this.#writePart(to, slice, i, Math.max(from, offset), Math.min(end, offset + size))
    }
  }

  /** Copies the `count` dirty words side by side to `place` in a heap, and their numbers behind. */
  gather(dirty: DirtyRows, heap: Heap, place: number, count: number): void {
    const values = new Uint32Array(heap.buffer, place, count)
    const numbers = new Uint32Array(heap.buffer, place + count * 4, count)
    let at = 0
    let turn = 0
    let section = this.sections[this.#order[0]]
    let source = this.#wordsOf(this.#order[0])
    for (let w = 0; w < dirty.words.length; w++) {
      if (dirty.summary[w >>> 5] === 0) {
        w |= 31
        continue
      }
      for (let bits = dirty.words[w] | 0; bits !== 0; bits &= bits - 1) {
        const word = w * 32 + trailingZeros(bits)
        while (word * 4 >= section.offset + section.size) {
          section = this.sections[this.#order[++turn]]
          source = this.#wordsOf(this.#order[turn])
        }
        numbers[at] = word
        values[at++] = source[word - section.offset / 4]
      }
    }
  }

  /** Copies up to `most` bytes of a column to its section in `image`, the CPU's copy of the device buffer. */
  copyTo(image: Uint8Array, column: number, most: number = Infinity): void {
    const bytes = Math.min(most, this.bytesOf(column))
    if (bytes > 0) image.set(this.#bytesIn(column, 0, bytes), this.sections[column].offset)
  }

  /** The first `count` words of a column; bytes past its end are 0. */
  wordsIn(column: number, count: number): Uint32Array {
    const array = this.#arrays[column]
    if (array && array.byteOffset % 4 === 0 && count * 4 <= array.byteLength)
      return new Uint32Array(array.buffer, array.byteOffset, count)
    return new Uint32Array(this.#padded(column, 0, count * 4).slice().buffer)
  }

  #wordsOf(column: number): Uint32Array {
    const copy = this.#copies[column]
    if (copy !== undefined) return copy
    return this.wordsIn(column, Math.ceil(this.bytesOf(column) / 4))
  }

  /** Writes a part of one section, as far as its column reaches. */
  #writePart(to: DeviceWriter, slice: DeviceSlice, column: number, from: number, end: number): void {
    const start = from - this.sections[column].offset
    const copy = this.#copies[column]
    if (copy !== undefined)
      return to.write(slice.buffer, slice.offset + from, copy.buffer, copy.byteOffset + start, end - from)
    const array = this.#arrays[column]
    if (!array) return
    const inUse = words(this.rowsInUse * bytesPerRow(this.columns[column]))
    const bytes = Math.min(end - from, this.bytesOf(column) - start, inUse - start)
    if (bytes <= 0) return
    const { buffer, byteOffset } = array
    const whole = byteOffset % 4 === 0 ? bytes - (bytes % 4) : 0
    if (whole > 0) to.write(slice.buffer, slice.offset + from, buffer, byteOffset + start, whole)
    if (whole === bytes) return
    const padded = this.#padded(column, start + whole, words(bytes - whole))
    to.write(slice.buffer, slice.offset + from + whole, padded.buffer, 0, padded.byteLength)
  }

  /** A copy of bytes that aren't words where they lie; 0 past the column's end. */
  #padded(column: number, start: number, bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#bounce.byteLength < bytes) this.#bounce = new Uint8Array(bytes)
    const padded = this.#bounce.subarray(0, bytes)
    const source = this.#bytesIn(column, start, Math.max(0, Math.min(bytes, this.bytesOf(column) - start)))
    padded.fill(0, source.byteLength)
    padded.set(source)
    return padded
  }

  #bytesIn(column: number, start: number, bytes: number): Uint8Array {
    const array = this.#arrays[column]
    return array ? new Uint8Array(array.buffer, array.byteOffset + start, bytes) : new Uint8Array(0)
  }

  #sourceOf(column: number): ColumnArray | undefined {
    return this.#copies[column] ?? this.#arrays[column]
  }

  /** Looks whether all columns lie as their sections do. */
  #join(): void {
    this.#joined = undefined
    const first = this.#sourceOf(this.#order[0])
    if (!first || this.sections.length < 2) return
    const at = first.byteOffset
    const isInPlace = this.sections.every(({ offset }, i) => {
      const array = this.#sourceOf(i)
      return array?.buffer === first.buffer && array.byteOffset - at === offset
    })
    if (!isInPlace || at % 4 !== 0) return
    this.#joined = first.buffer
    this.#joinedAt = at
  }
}

/** Rounds bytes up to whole words. */
function words(bytes: number): number {
  return Math.ceil(bytes / 4) * 4
}
