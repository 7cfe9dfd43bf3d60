import type { Heap } from '@memkit/core'
import type { DeviceSlice } from '../device/slice.ts'
import type { DeviceWriter, FlushSource } from '../flush/flush-target.ts'
import type { FlushScratch } from '../flush/scratch.ts'

/**
 * Makes the rows of a mirror that keeps none, when they go up. They are made in the mirror's heap,
 * side by side; bytes of a row that mean nothing are to be 0.
 */
export interface RowSource {
  /** False while rows can't be made: none goes up then, and all that are dirty stay so. */
  readonly isReadable: boolean
  /**
   * Writes rows `first … first + count − 1` from byte `place` of the heap on. It may set their bits
   * in the mirror's dirty rows.
   */
  packAt(place: number, first: number, count: number): void
  /**
   * Writes the `count` dirty rows from byte `place` of the heap on, and their numbers as u32 from
   * byte `numbers` on.
   */
  gather(place: number, numbers: number, count: number): void
}

/** Where a mirror makes rows: all at once in the flush's memory, or a few at a time in its own. */
interface RowWindow {
  readonly heap: Heap
  readonly stride: number
  /** Byte of a few rows in the heap that are the mirror's own. */
  readonly offset: number
  readonly windowRows: number
}

/** Writes rows that a source makes. */
export class SourcedRows implements FlushSource {
  readonly isPacked: boolean = true
  readonly #mirror: RowWindow
  readonly #source: RowSource
  readonly #scratch: FlushScratch

  constructor(mirror: RowWindow, source: RowSource, scratch: FlushScratch) {
    this.#mirror = mirror
    this.#source = source
    this.#scratch = scratch
  }

  get isReadable(): boolean {
    return this.#source.isReadable
  }

  write(to: DeviceWriter, slice: DeviceSlice, from: number, end: number): void {
    const { heap, offset, stride, windowRows } = this.#mirror
    let place = offset
    let step = windowRows * stride
    if (end - from > step) {
      const found = this.#scratch.reserve(heap, end - from)
      if (found >= 0) {
        place = found
        step = end - from
      }
    }
    for (let at = from; at < end; at += step) {
      const bytes = Math.min(step, end - at)
      this.#source.packAt(place, at / stride, bytes / stride)
      to.write(slice.buffer, slice.offset + at, heap.buffer, place, bytes)
    }
  }

  writeFull(to: DeviceWriter, slice: DeviceSlice, _used: number, rows: number): number {
    const bytes = rows * this.#mirror.stride
    this.write(to, slice, 0, bytes)
    return bytes
  }

  gather(_dirty: unknown, _heap: Heap, place: number, count: number): void {
    this.#source.gather(place, place + count * this.#mirror.stride, count)
  }
}
