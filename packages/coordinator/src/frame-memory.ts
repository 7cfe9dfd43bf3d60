import type { Heap } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushScratch } from './flush-scratch.ts'
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
  readonly #firstSize: number
  #gpu: MkGpu
  #align: number
  #buffer: MkDeviceBuffer | undefined
  #generation = 0
  /** Regions of this frame: the frame buffer, then spill buffers. */
  readonly #regions: MkDeviceBuffer[] = []
  readonly #used: number[] = []
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
    this.#firstSize = firstSize
    this.#label = label
    this.#gpu = gpu
    this.#align = alignment(gpu)
  }

  /** The frame buffer, once something was staged. */
  get buffer(): MkDeviceBuffer | undefined {
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
    this.drop()
    const old = this.#buffer
    if (old === undefined || wanted <= old.size || this.#gpu.isLost) return undefined
    const most = this.#gpu.capabilities.maxBufferSize
    const size = Math.min(most, 2 ** Math.ceil(Math.log2(wanted)))
    if (size <= old.size) return undefined
    this.#create(size)
    return old
  }

  /** Forgets the pieces of this frame. */
  drop(): void {
    this.#pieces = 0
    this.#wanted = 0
    this.staged = 0
    this.spills = 0
    this.#regions.length = 0
    this.#used.length = 0
  }

  /** Notes a piece. Its bytes are read by `flush`. */
  stage(byteOffset: number, byteLength: number, slot: Slot): FrameSlice {
    const size = Math.max(PAD, Math.ceil(byteLength / PAD) * PAD)
    const align = this.#align
    this.#wanted = Math.ceil(this.#wanted / align) * align + size
    if (this.#regions.length === 0) {
      this.#regions.push(this.#buffer ?? this.#create(Math.max(this.#firstSize, size)))
      this.#used.push(0)
    }
    let region = this.#regions.length - 1
    let offset = Math.ceil(this.#used[region] / align) * align
    if (offset + size > this.#regions[region].size) {
      const spill = this.#make(Math.max(this.#regions[0].size, size), `${this.#label} spill`)
      slot.spillBuffers.push(spill)
      this.#regions.push(spill)
      this.#used.push(0)
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
    for (let region = 0; region < this.#regions.length; region++) {
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
    const size = this.#buffer?.size
    this.drop()
    this.#buffer = undefined
    if (size !== undefined) this.#create(Math.min(size, gpu.capabilities.maxBufferSize))
  }

  dispose(): void {
    this.drop()
    this.#buffer?.destroy()
    this.#buffer = undefined
  }

  #create(size: number): MkDeviceBuffer {
    this.#buffer = this.#make(size, this.#label)
    this.#generation++
    return this.#buffer
  }

  #make(size: number, label: string): MkDeviceBuffer {
    return this.#gpu.createDeviceBuffer(Math.ceil(size / 256) * 256, frameUsage(this.#gpu), { label })
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
