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
import type { Pieces, ScatterChoice, TargetScatter } from './target-scatter.ts'

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

/** Pieces to one buffer in one frame for which the code that scatters them is loaded. */
const MANY = 32

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
 * itself. Many that lie apart are scattered.
 *
 *     staged    A [0…8)   B [8…16)   C [4…12)
 *     written   one range [0…16): A, then B over it, then C over both
 *
 * Pieces that lie in frame memory as they are to lie on the device are written from there.
 */
export class StagedTargets {
  /** Loaded when a frame first has use for it. */
  #scatter: TargetScatter | undefined
  #isLoading = false
  #isDisposed = false
  readonly #retire: (buffer: MkDeviceBuffer) => void
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
  readonly #all: Pieces = { offset: this.#offset, length: this.#length, source: this.#source }
  pieces = 0
  #order: Uint32Array<ArrayBuffer> = new Uint32Array(64)
  /** Pieces that `#order` is an order of. */
  #ordered = 0
  readonly #part: { order: Uint32Array; start: number; end: number } = {
    order: this.#order,
    start: 0,
    end: 0,
  }
  staged = 0

  /** @param retire destroys a buffer that the device may still read */
  constructor(heap: Heap, retire: (buffer: MkDeviceBuffer) => void) {
    this.#heap = heap
    this.#retire = retire
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
  flush(gpu: MkGpu, scratch: FlushScratch, choice: ScatterChoice): number {
    const count = this.pieces
    const order = this.#sorted(count)
    // A write acts before what is recorded already, and a scatter behind it.
    const mayScatter = choice !== 'never' && !gpu.isRecording
    if (mayScatter) this.#scatter?.beginFrame()
    let left = 0
    for (let start = 0, end = 0; start < count; start = end) {
      const target = this.#target[order[start]]
      for (end = start + 1; end < count && this.#target[order[end]] === target;) end++
      const buffer = this.#buffers[target]
      const part = this.#part
      part.order = order
      part.start = start
      part.end = end
      if (buffer.destroyed) left += end - start
      else if (!mayScatter || !this.#scatters(gpu, scratch, buffer, part, choice))
        this.#writeRuns(gpu, scratch, buffer, start, end)
    }
    return left
  }

  /** For another device. */
  rebuild(): void {
    this.drop()
    this.#scatter?.rebuild()
  }

  dispose(): void {
    this.#isDisposed = true
    this.#scatter?.dispose()
  }

  /** @returns whether the pieces of a part are scattered */
  #scatters(
    gpu: MkGpu,
    scratch: FlushScratch,
    buffer: MkDeviceBuffer,
    part: { readonly order: Uint32Array; readonly start: number; readonly end: number },
    choice: ScatterChoice,
  ): boolean {
    if (this.#scatter !== undefined) return this.#scatter.take(gpu, scratch, buffer, part, this.#all, choice)
    if (part.end - part.start >= MANY && !this.#isLoading) void this.#load()
    return false
  }

  async #load(): Promise<void> {
    this.#isLoading = true
    try {
      const { TargetScatter: Scatter } = await import('./target-scatter.ts')
      if (!this.#isDisposed) this.#scatter = new Scatter(this.#heap, this.#retire)
    } catch {
      // Without its code, pieces are written.
    }
  }

  /** Writes the pieces `order[start … end − 1]` of a buffer, those that touch or overlap as one. */
  #writeRuns(gpu: MkGpu, scratch: FlushScratch, buffer: MkDeviceBuffer, start: number, end: number): void {
    const order = this.#order
    for (let i = start; i < end;) {
      const from = this.#offset[order[i]]
      // Where the memory of the first would begin if all of them lay in it side by side.
      const source = this.#source[order[i]] - from
      let to = from
      let overlaps = false
      let isAsItLies = true
      let past = i
      for (; past < end; past++) {
        const next = order[past]
        const offset = this.#offset[next]
        if (offset > to) break
        if (offset < to) overlaps = true
        if (this.#source[next] - offset !== source) isAsItLies = false
        to = Math.max(to, offset + this.#length[next])
      }
      const size = to - from
      if (isAsItLies && !overlaps) gpu.write(buffer, from, this.#heap.buffer, source + from, size)
      else {
        // Piece numbers go up in the order of staging.
        if (overlaps) order.subarray(i, past).sort()
        this.#writePacked(gpu, scratch, buffer, i, past, from, size)
      }
      i = past
    }
  }

  /** Writes pieces that cover `size` bytes from byte `from` on; one by one without room to pack them. */
  #writePacked(
    gpu: MkGpu,
    scratch: FlushScratch,
    buffer: MkDeviceBuffer,
    start: number,
    end: number,
    from: number,
    size: number,
  ): void {
    const order = this.#order
    const { buffer: memory } = this.#heap
    const base = scratch.reserve(this.#heap, size)
    for (let i = start; i < end; i++) {
      const source = this.#source[order[i]]
      const length = this.#length[order[i]]
      const offset = this.#offset[order[i]]
      if (base < 0) gpu.write(buffer, offset, memory, source, length)
      else this.#bytes.copyWithin(base + offset - from, source, source + length)
    }
    if (base >= 0) gpu.write(buffer, from, memory, base, size)
  }

  /**
   * Orders the pieces by destination, offset and time. Makes no garbage when they lie in order, or in
   * the order of the last frame: games stage the same things again.
   */
  #sorted(count: number): Uint32Array {
    if (this.#order.length < count) this.#order = new Uint32Array(2 ** Math.ceil(Math.log2(count)))
    const order = this.#order
    if (count === this.#ordered && this.#isSorted(count)) return order
    for (let i = 0; i < count; i++) order[i] = i
    this.#ordered = count
    if (!this.#isSorted(count)) order.subarray(0, count).sort(this.#compare)
    return order
  }

  #isSorted(count: number): boolean {
    const order = this.#order
    for (let i = 1; i < count; i++) if (this.#compare(order[i - 1], order[i]) > 0) return false
    return true
  }

  readonly #compare = (a: number, b: number): number =>
    this.#target[a] - this.#target[b] || this.#offset[a] - this.#offset[b] || a - b
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

/** @param value a whole number */
function checkWords(what: string, value: number, hint?: string): void {
  // A remainder of numbers that may be fractions takes longer than the rest of the checks.
  if ((value & 3) === 0) return
  throw new MisalignedCopy({ what, value, multipleOf: 4, ...(hint !== undefined && { hint }) })
}
