import { defineError, type ErrorClass, type Heap } from '@memkit/core'
import {
  BufferDestroyed,
  ForeignBuffer,
  MisalignedCopy,
  MkBufferUsage,
  OutOfRange,
  UsageMissing,
} from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushScratch } from '../flush/scratch.ts'

/**
 * A staging target lies in a buffer that belongs to a mirror.
 *
 * What to do: use `mirror.write()`, or a buffer of your own.
 */
export const MirrorOwnsBuffer: ErrorClass<{ code: 'MirrorOwnsBuffer'; label: string }> = defineError(
  'MirrorOwnsBuffer',
  ({ label }) =>
    `Mirror "${label}" owns this buffer and would overwrite what is staged. Use mirror.write(), or a buffer of your own.`,
)
export type MirrorOwnsBuffer = InstanceType<typeof MirrorOwnsBuffer>

/** A place of the user's own for staged bytes. */
export interface StageTarget {
  /** Needs TRANSFER_DST; not a mirror's. */
  readonly buffer: MkDeviceBuffer
  /** First byte written, a multiple of 4. */
  readonly offset: number
}

/**
 * Pieces of frame memory that go to buffers of the user's. Pieces that touch or overlap become one
 * write; where they overlap, the one that was staged later wins, as if each had been written by
 * itself.
 *
 *     staged    A [0…8)   B [8…16)   C [4…12)
 *     written   one range [0…16): A, then B over it, then C over both
 */
export class StagedTargets {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  /** Destinations of this frame. */
  readonly #buffers: MkDeviceBuffer[] = []
  #bufferCount = 0
  /** Pieces: number of the destination, first byte there, bytes, and where they lie in the heap. */
  readonly #target: number[] = []
  readonly #offset: number[] = []
  readonly #length: number[] = []
  readonly #source: number[] = []
  pieces = 0
  #order = new Uint32Array(64)
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
    const k = this.pieces++
    this.#target[k] = target
    this.#offset[k] = offset
    this.#length[k] = length
    this.#source[k] = source
    this.staged += length
  }

  drop(): void {
    this.pieces = this.staged = this.#bufferCount = 0
  }

  /** @returns pieces that were left out because their buffer was destroyed */
  flush(gpu: MkGpu, scratch: FlushScratch): number {
    const count = this.pieces
    const order = this.#sorted(count)
    let left = 0
    for (let i = 0; i < count;) {
      const first = order[i]
      const target = this.#target[first]
      const from = this.#offset[first]
      let to = from
      let overlaps = false
      let end = i
      for (; end < count; end++) {
        const next = order[end]
        const offset = this.#offset[next]
        if (this.#target[next] !== target || offset > to) break
        if (offset < to) overlaps = true
        to = Math.max(to, offset + this.#length[next])
      }
      // Piece numbers go up in the order of staging.
      if (overlaps) order.subarray(i, end).sort()
      if (this.#buffers[target].destroyed) left += end - i
      else this.#write(gpu, scratch, i, end, from, to - from)
      i = end
    }
    return left
  }

  /** Writes the pieces `order[start … end − 1]`, which cover `size` bytes from byte `from` on. */
  #write(gpu: MkGpu, scratch: FlushScratch, start: number, end: number, from: number, size: number): void {
    const order = this.#order
    const buffer = this.#buffers[this.#target[order[start]]]
    const { buffer: memory } = this.#heap
    const base = end - start === 1 ? -1 : scratch.reserve(this.#heap, size)
    for (let i = start; i < end; i++) {
      const source = this.#source[order[i]]
      const length = this.#length[order[i]]
      const offset = this.#offset[order[i]]
      if (base < 0) gpu.write(buffer, offset, memory, source, length)
      else this.#bytes.copyWithin(base + offset - from, source, source + length)
    }
    if (base >= 0) gpu.write(buffer, from, memory, base, size)
  }

  /** Orders the pieces by destination, offset and time. Makes no garbage when they lie in order. */
  #sorted(count: number): Uint32Array {
    if (this.#order.length < count) this.#order = new Uint32Array(2 ** Math.ceil(Math.log2(count)))
    const order = this.#order
    let sorted = true
    for (let i = 0; i < count; i++) {
      order[i] = i
      if (i > 0 && this.#compare(i - 1, i) > 0) sorted = false
    }
    if (!sorted) order.subarray(0, count).sort(this.#compare)
    return order
  }

  readonly #compare = (a: number, b: number): number =>
    this.#target[a] - this.#target[b] || this.#offset[a] - this.#offset[b]
}

/**
 * Checks a target when it is staged: in `endFrame` an error would cost the frame.
 * @param mirror label of the mirror that owns the buffer, if one does
 */
export function checkTarget(
  gpu: MkGpu,
  { buffer, offset }: StageTarget,
  { byteOffset, byteLength }: ArrayBufferView,
  mirror: string | undefined,
): void {
  const { label, usage } = buffer
  if (mirror !== undefined) throw new MirrorOwnsBuffer({ label: mirror })
  if (!gpu.owns(buffer)) throw new ForeignBuffer({ label })
  if (buffer.destroyed) throw new BufferDestroyed({ label })
  if ((usage & MkBufferUsage.TRANSFER_DST) === 0)
    throw new UsageMissing({ operation: 'stageForUpload', label, needed: MkBufferUsage.TRANSFER_DST, usage })
  const max = Math.max(0, buffer.size - byteLength)
  if (!Number.isInteger(offset) || offset < 0 || offset + byteLength > buffer.size)
    throw new OutOfRange({ what: 'offset', value: offset, min: 0, max, where: `of '${label}'` })
  checkWords('offset', offset)
  checkWords('size', byteLength, 'Stage whole words into a buffer of your own.')
  checkWords('byteOffset of the view', byteOffset, 'Stage a part that starts at a whole word.')
}

function checkWords(what: string, value: number, hint?: string): void {
  if (value % 4 === 0) return
  throw new MisalignedCopy({ what, value, multipleOf: 4, ...(hint !== undefined && { hint }) })
}
