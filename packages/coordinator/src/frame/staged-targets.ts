import type { Heap } from '@memkit/core'
import { BufferDestroyed, MisalignedCopy, MkBufferUsage, OutOfRange, UsageMissing } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushScratch } from './flush-scratch.ts'

/** A place of the user's own for staged bytes. */
export interface StageTarget {
  /** Needs TRANSFER_DST; not a mirror's. */
  readonly buffer: MkDeviceBuffer
  /** First byte written, a multiple of 4. */
  readonly offset: number
}

/**
 * Pieces of frame memory that go to buffers of the user's. Pieces that touch or overlap become one write; where they
 * overlap, the one that was staged later wins, as if each had been written by itself.
 *
 *     staged    A [0…8)   B [8…16)   C [4…12)
 *     written   one range [0…16): A, then B over it, then C over both
 */
export class StagedTargets {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  /** Destinations of this frame, in the order in which they were first named. */
  readonly #buffers: MkDeviceBuffer[] = []
  #bufferCount = 0
  /** Pieces: number of the destination, first byte there, bytes, and where they lie in the heap. */
  readonly #target: number[] = []
  readonly #offset: number[] = []
  readonly #length: number[] = []
  readonly #source: number[] = []
  #pieces = 0
  #order = new Uint32Array(64)
  #spare = new Uint32Array(64)
  /** Bytes staged in this frame. */
  staged = 0

  constructor(heap: Heap) {
    this.#heap = heap
    this.#bytes = new Uint8Array(heap.buffer)
  }

  /** Notes a piece: `length` bytes at `source` in the heap, both multiples of 4. */
  stage(buffer: MkDeviceBuffer, offset: number, source: number, length: number): void {
    let target = this.#bufferCount - 1
    while (target >= 0 && this.#buffers[target] !== buffer) target--
    if (target < 0) {
      target = this.#bufferCount++
      this.#buffers[target] = buffer
    }
    const k = this.#pieces++
    this.#target[k] = target
    this.#offset[k] = offset
    this.#length[k] = length
    this.#source[k] = source
    this.staged += length
  }

  /** Forgets the pieces of this frame. */
  drop(): void {
    this.#pieces = 0
    this.#bufferCount = 0
    this.staged = 0
  }

  /**
   * Writes what was staged.
   * @returns pieces that were left out because their buffer was destroyed since
   */
  flush(gpu: MkGpu, scratch: FlushScratch): number {
    const count = this.#pieces
    let left = 0
    if (count === 0) return 0
    this.#sort(count)
    const order = this.#order
    for (let i = 0; i < count;) {
      const first = order[i]
      const target = this.#target[first]
      const from = this.#offset[first]
      let to = from + this.#length[first]
      let overlaps = false
      let end = i + 1
      while (end < count) {
        const next = order[end]
        const offset = this.#offset[next]
        if (this.#target[next] !== target || offset > to) break
        if (offset < to) overlaps = true
        const last = offset + this.#length[next]
        if (last > to) to = last
        end++
      }
      const buffer = this.#buffers[target]
      if (buffer.destroyed) left += end - i
      else this.#write(gpu, scratch, buffer, i, end, from, to - from, overlaps)
      i = end
    }
    return left
  }

  #write(
    gpu: MkGpu,
    scratch: FlushScratch,
    buffer: MkDeviceBuffer,
    start: number,
    end: number,
    from: number,
    size: number,
    overlaps: boolean,
  ): void {
    const order = this.#order
    if (end - start === 1) {
      gpu.write(buffer, from, this.#heap.buffer, this.#source[order[start]], size)
      return
    }
    // Piece numbers go up in the order of staging.
    if (overlaps) order.subarray(start, end).sort()
    const base = scratch.reserve(size)
    for (let i = start; i < end; i++) {
      const piece = order[i]
      const source = this.#source[piece]
      const length = this.#length[piece]
      const offset = this.#offset[piece]
      if (base < 0) gpu.write(buffer, offset, this.#heap.buffer, source, length)
      else this.#bytes.copyWithin(base + offset - from, source, source + length)
    }
    if (base >= 0) gpu.write(buffer, from, this.#heap.buffer, base, size)
  }

  /** Orders the pieces by destination and offset, those at one offset as staged. A merge sort, without garbage. */
  #sort(count: number): void {
    if (this.#order.length < count) {
      const room = 2 ** Math.ceil(Math.log2(count))
      this.#order = new Uint32Array(room)
      this.#spare = new Uint32Array(room)
    }
    let from = this.#order
    let to = this.#spare
    let sorted = true
    for (let i = 0; i < count; i++) {
      from[i] = i
      if (i > 0 && this.#after(i - 1, i)) sorted = false
    }
    if (sorted) return
    for (let width = 1; width < count; width *= 2) {
      for (let start = 0; start < count; start += width * 2) {
        const middle = Math.min(start + width, count)
        const end = Math.min(start + width * 2, count)
        let a = start
        let b = middle
        for (let k = start; k < end; k++) {
          if (a < middle && (b >= end || !this.#after(from[a], from[b]))) to[k] = from[a++]!
          else to[k] = from[b++]!
        }
      }
      const swap = from
      from = to
      to = swap
    }
    this.#order = from
    this.#spare = to
  }

  /** Does piece `a` come after piece `b`? */
  #after(a: number, b: number): boolean {
    const difference = this.#target[a] - this.#target[b]
    return difference !== 0 ? difference > 0 : this.#offset[a] > this.#offset[b]
  }
}

/**
 * Checks that `bytes` bytes at `byteOffset` of a frame's memory can go to `offset` of a buffer.
 * @throws BufferDestroyed, UsageMissing, OutOfRange, MisalignedCopy
 */
export function checkTarget(buffer: MkDeviceBuffer, offset: number, byteOffset: number, bytes: number): void {
  if (buffer.destroyed) throw new BufferDestroyed(buffer.label)
  if ((buffer.usage & MkBufferUsage.TRANSFER_DST) === 0)
    throw new UsageMissing('stageForUpload', buffer.label, MkBufferUsage.TRANSFER_DST, buffer.usage)
  if (!Number.isInteger(offset) || offset < 0 || offset + bytes > buffer.size)
    throw new OutOfRange('offset', offset, 0, Math.max(0, buffer.size - bytes), `of '${buffer.label}'`)
  if (offset % 4 !== 0) throw new MisalignedCopy('offset', offset, 4)
  if (bytes % 4 !== 0)
    throw new MisalignedCopy('size', bytes, 4, 'Stage whole words into a buffer of your own.')
  if (byteOffset % 4 !== 0)
    throw new MisalignedCopy(
      'byteOffset of the view',
      byteOffset,
      4,
      'Stage a part that starts at a whole word.',
    )
}
