import type { Heap, MkError } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushScratch } from './flush-scratch.ts'
import { FrameBuffer } from './frame-buffer.ts'
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
 * When the frame buffer is full, further pieces of the frame go to a spill buffer made for them, and the frame buffer grows: a bigger one is
 * used as soon as the device has confirmed it.
 */
export class FrameMemory {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  #gpu: MkGpu
  #align: number
  readonly #frameBuffer: FrameBuffer
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

  /** @param warn hears that there was no memory for what was staged */
  constructor(gpu: MkGpu, heap: Heap, firstSize: number, label: string, warn: (error: MkError) => void) {
    this.#heap = heap
    this.#bytes = new Uint8Array(heap.buffer)
    this.#gpu = gpu
    this.#align = alignment(gpu)
    this.#frameBuffer = new FrameBuffer(gpu, firstSize, label, warn)
  }

  /** The frame buffer. */
  get buffer(): MkDeviceBuffer {
    return this.#frameBuffer.current
  }
  /** Goes up when the frame buffer is replaced: make bind groups anew. */
  get generation(): number {
    return this.#frameBuffer.generation
  }

  /**
   * Drops what was staged, and takes a frame buffer that was asked for.
   * @returns the buffer that was replaced
   */
  beginFrame(): MkDeviceBuffer | undefined {
    this.#wanted = 0
    this.drop()
    return this.#frameBuffer.beginFrame()
  }

  /** Forgets the pieces of this frame. */
  drop(): void {
    // Arrays keep their length: setting it to 0 would give their memory away, and the next frame would make garbage.
    this.#pieces = 0
    this.#regionCount = 0
    this.staged = 0
    this.spills = 0
  }

  /**
   * Notes a piece. Its bytes are read by `flush`.
   * @throws AllocationFailed where the device says at once that it has no memory for a spill buffer
   */
  stage(byteOffset: number, byteLength: number, slot: Slot): FrameSlice {
    const size = Math.max(PAD, Math.ceil(byteLength / PAD) * PAD)
    const align = this.#align
    this.#wanted = Math.ceil(this.#wanted / align) * align + size
    const { current } = this.#frameBuffer
    if (this.#regionCount === 0) this.#openRegion(current)
    let region = this.#regionCount - 1
    let offset = Math.ceil(this.#used[region] / align) * align
    // On a lost device nothing is written, and no buffer can be made.
    if (this.#gpu.isLost) return slot.slice(current, 0, Math.min(size, current.size))
    const opened = this.#regions[region]
    if (offset + size > opened.size || this.#frameBuffer.isMissing(opened)) {
      const spill = this.#frameBuffer.spill(this.#spillBytes(size))
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
      if (used === 0) continue
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
    this.#frameBuffer.want(this.#wanted)
  }

  /**
   * A frame buffer on another device.
   * @throws AllocationFailed, DeviceLost
   */
  bufferOn(gpu: MkGpu): MkDeviceBuffer {
    return this.#frameBuffer.bufferOn(gpu)
  }

  /** Goes on with a new device, in a buffer that `bufferOn` made there. */
  rebuild(gpu: MkGpu, buffer: MkDeviceBuffer): void {
    this.#gpu = gpu
    this.#align = alignment(gpu)
    this.drop()
    this.#frameBuffer.rebuild(gpu, buffer)
  }

  dispose(): void {
    this.drop()
    this.#frameBuffer.dispose()
  }

  #openRegion(buffer: MkDeviceBuffer): void {
    const region = this.#regionCount++
    this.#regions[region] = buffer
    this.#used[region] = 0
  }

  /** Each spill holds as much as all before it, so that a frame makes few. */
  #spillBytes(size: number): number {
    const { maxBufferSize } = this.#gpu.capabilities
    return Math.max(size, this.#regions[0].size, Math.min(this.#wanted, maxBufferSize))
  }
}

/** The larger of the two binding alignments: what is staged can be bound as uniform and as storage. */
function alignment(gpu: MkGpu): number {
  const { uniformOffsetAlignment, storageOffsetAlignment } = gpu.capabilities
  return Math.max(uniformOffsetAlignment, storageOffsetAlignment, PAD)
}
