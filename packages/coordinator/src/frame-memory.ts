import type { Heap } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushScratch } from './flush-scratch.ts'
import { ownBuffer } from './own-buffers.ts'
import type { FrameSlice, Slot } from './slot.ts'

/** Pieces are padded to this, so that a uniform block's last bytes are there. */
const PAD = 16

/**
 * Teleport: pieces of frame memory that are on the device at the end of the frame, packed into one frame buffer and
 * written in one call. A piece's place is known when it is staged, its bytes are read by the flush.
 *
 *     arena   [ a ][ x ][ b ]          x was never staged
 *     device  [ a··][ b··]             at multiples of the binding alignment
 *
 * When the frame buffer is full, further pieces of the frame go to a spill buffer made for them, and the frame buffer
 * grows before the next frame.
 */
export class FrameMemory {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  readonly #label: string
  #gpu: MkGpu
  #align: number
  #buffer: MkDeviceBuffer
  #generation = 1
  /** Regions of this frame: the frame buffer, then spill buffers. */
  readonly #regions: MkDeviceBuffer[] = []
  readonly #used: number[] = []
  #regionCount = 0
  /** Pieces: where they lie in the heap, how long they are, which region, and where in it. */
  readonly #source: number[] = []
  readonly #length: number[] = []
  readonly #region: number[] = []
  readonly #place: number[] = []
  #pieces = 0
  /** Bytes that the frame would have taken in one buffer. */
  #wanted = 0
  /** Bytes staged in this frame, without padding. */
  staged = 0
  /** Pieces of this frame that went to a spill buffer. */
  spills = 0

  constructor(gpu: MkGpu, heap: Heap, firstSize: number, label: string) {
    this.#heap = heap
    this.#bytes = new Uint8Array(heap.buffer)
    this.#label = label
    this.#gpu = gpu
    this.#align = alignment(gpu)
    this.#buffer = this.#make(Math.min(firstSize, gpu.capabilities.maxBufferSize), label)
  }

  /** The frame buffer. */
  get buffer(): MkDeviceBuffer {
    return this.#buffer
  }
  /** Goes up when the frame buffer is replaced: make bind groups anew. */
  get generation(): number {
    return this.#generation
  }

  /**
   * Drops what was staged and makes the frame buffer big enough for what the last frame wanted.
   * @returns the buffer that was replaced
   */
  beginFrame(): MkDeviceBuffer | undefined {
    const wanted = this.#wanted
    this.#wanted = 0
    this.drop()
    const old = this.#buffer
    if (wanted <= old.size || this.#gpu.isLost) return undefined
    const most = this.#gpu.capabilities.maxBufferSize
    const size = Math.min(most, 2 ** Math.ceil(Math.log2(wanted)))
    if (size <= old.size) return undefined
    this.#buffer = this.#make(size, this.#label)
    this.#generation++
    return old
  }

  /** Forgets the pieces of this frame. */
  drop(): void {
    // Arrays keep their length: setting it to 0 would give their memory away, and the next frame would make garbage.
    this.#pieces = 0
    this.#regionCount = 0
    this.staged = 0
    this.spills = 0
  }

  /** Notes a piece. Its bytes are read by `flush`. */
  stage(byteOffset: number, byteLength: number, slot: Slot): FrameSlice {
    const size = Math.max(PAD, Math.ceil(byteLength / PAD) * PAD)
    const align = this.#align
    this.#wanted = Math.ceil(this.#wanted / align) * align + size
    if (this.#regionCount === 0) this.#openRegion(this.#buffer)
    let region = this.#regionCount - 1
    let offset = Math.ceil(this.#used[region] / align) * align
    // On a lost device nothing is written, and no buffer can be made.
    if (this.#gpu.isLost) return slot.slice(this.#buffer, 0, Math.min(size, this.#buffer.size))
    if (offset + size > this.#regions[region].size) {
      const spill = this.#make(Math.max(this.#regions[0].size, size), `${this.#label} spill`)
      slot.spillBuffers.push(spill)
      this.#openRegion(spill)
      region++
      offset = 0
    }
    if (region > 0) this.spills++
    this.#used[region] = offset + size
    const k = this.#pieces++
    this.#source[k] = byteOffset
    this.#length[k] = byteLength
    this.#region[k] = region
    this.#place[k] = offset
    this.staged += byteLength
    return slot.slice(this.#regions[region], offset, size)
  }

  /** Packs and writes: one call per region, normally one. */
  flush(scratch: FlushScratch): void {
    if (this.#pieces === 0) return
    const bytes = this.#bytes
    let piece = 0
    for (let region = 0; region < this.#regionCount; region++) {
      const buffer = this.#regions[region]
      const used = this.#used[region]
      const base = scratch.reserve(used)
      for (; piece < this.#pieces && this.#region[piece] === region; piece++) {
        const from = this.#source[piece]
        const length = this.#length[piece]
        const to = this.#place[piece]
        const padded = Math.max(PAD, Math.ceil(length / PAD) * PAD)
        // Without room to pack, each piece is written by itself. Arena memory is aligned to 16, so the padding is there.
        if (base < 0) this.#gpu.write(buffer, to, this.#heap.buffer, from, padded)
        else {
          bytes.copyWithin(base + to, from, from + length)
          bytes.fill(0, base + to + length, base + to + padded)
        }
      }
      if (base >= 0) this.#gpu.write(buffer, 0, this.#heap.buffer, base, used)
    }
  }

  /** Goes on on a new device; the frame buffer is made anew when it is needed. */
  rebuild(gpu: MkGpu): void {
    this.#gpu = gpu
    this.#align = alignment(gpu)
    this.drop()
    this.#buffer = this.#make(Math.min(this.#buffer.size, gpu.capabilities.maxBufferSize), this.#label)
    this.#generation++
  }

  dispose(): void {
    this.drop()
    this.#buffer.destroy()
  }

  #openRegion(buffer: MkDeviceBuffer): void {
    const region = this.#regionCount++
    this.#regions[region] = buffer
    this.#used[region] = 0
  }

  #make(size: number, label: string): MkDeviceBuffer {
    const bytes = Math.min(Math.ceil(size / 256) * 256, this.#gpu.capabilities.maxBufferSize)
    return ownBuffer(this.#gpu.createDeviceBuffer(Math.max(bytes, size), frameUsage(this.#gpu), { label }))
  }
}

/** Everything the backend lets one buffer be. */
function frameUsage(gpu: MkGpu): number {
  const { usages, indexIsExclusive } = gpu.capabilities
  return indexIsExclusive ? usages & ~MkBufferUsage.INDEX : usages
}

/** The larger of the two binding alignments: what is staged can be bound as uniform and as storage. */
function alignment(gpu: MkGpu): number {
  const { uniformOffsetAlignment, storageOffsetAlignment } = gpu.capabilities
  return Math.max(uniformOffsetAlignment, storageOffsetAlignment, PAD)
}
