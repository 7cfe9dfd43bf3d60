import type { Heap, MkError } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { DeviceInUse } from '../device/device-in-use.ts'
import type { FlushScratch } from '../flush/scratch.ts'
import { FrameBuffer } from './frame-buffer.ts'
import type { FrameSlice, Slot } from './slot.ts'

/** Pieces are padded to this, so that a uniform block's last bytes are there. */
const PAD = 16

/**
 * Teleport: packs pieces of frame memory into one frame buffer, written in one call at the end of
 * the frame. A piece's place is known when it is staged, its bytes are read by the flush.
 *
 *     arena   [ a ][ x ][ b ]          x was never staged
 *     device  [ a··][ b··]             at multiples of the binding alignment
 *
 * When the frame buffer is full, further pieces of the frame go to a spill buffer made for them,
 * and the frame buffer grows: a bigger one is used as soon as the device has confirmed it.
 */
export class FrameMemory {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  readonly frameBuffer: FrameBuffer
  readonly #device: DeviceInUse
  #align: number
  /** Regions of this frame: the frame buffer, then spill buffers, and the bytes used of each. */
  readonly #regions: MkDeviceBuffer[] = []
  readonly #used: number[] = []
  #regionCount = 0
  /** Pieces: where they lie in the heap, how long they are, which region, and where in it. */
  readonly #source: number[] = []
  readonly #length: number[] = []
  readonly #region: number[] = []
  readonly #place: number[] = []
  pieces = 0
  /** Bytes that the frame would take in one buffer. */
  wanted = 0
  /** Bytes staged in this frame, without padding. */
  staged = 0
  /** Pieces of this frame that went to a spill buffer. */
  spills = 0

  constructor(device: DeviceInUse, heap: Heap, bytes: number, label: string, warn: (error: MkError) => void) {
    this.#heap = heap
    this.#bytes = new Uint8Array(heap.buffer)
    this.#device = device
    this.#align = alignment(device.gpu)
    this.frameBuffer = new FrameBuffer(device, bytes, label, warn)
  }

  drop(): void {
    // Arrays keep their length: emptied, they lose their memory and make garbage when filled.
    this.pieces = this.wanted = this.staged = this.spills = this.#regionCount = 0
  }

  /** Notes a piece. `flush` reads its bytes. */
  stage(byteOffset: number, byteLength: number, slot: Slot): FrameSlice {
    const size = Math.max(PAD, Math.ceil(byteLength / PAD) * PAD)
    const align = this.#align
    this.wanted = Math.ceil(this.wanted / align) * align + size
    const { current } = this.frameBuffer
    if (this.#regionCount === 0) this.#openRegion(current)
    let region = this.#regionCount - 1
    let offset = Math.ceil(this.#used[region] / align) * align
    // On a lost device nothing is written, and no buffer can be made.
    if (this.#device.gpu.isLost) return slot.slice(current, 0, Math.min(size, current.size))
    const opened = this.#regions[region]
    if (offset + size > opened.size || this.frameBuffer.isMissing(opened)) {
      // As much as all before it, so that a frame makes few.
      const wanted = Math.min(this.wanted, this.#device.gpu.capabilities.maxBufferSize)
      const spill = this.frameBuffer.spill(Math.max(size, this.#regions[0].size, wanted))
      slot.spillBuffers.push(spill)
      this.#openRegion(spill)
      region++
      offset = 0
    }
    if (region > 0) this.spills++
    this.#used[region] = offset + size
    const k = this.pieces++
    this.#source[k] = byteOffset
    this.#length[k] = byteLength
    this.#region[k] = region
    this.#place[k] = offset
    this.staged += byteLength
    return slot.slice(this.#regions[region], offset, size)
  }

  /** Packs and writes: one call per region, normally one. */
  flush(scratch: FlushScratch): void {
    const bytes = this.#bytes
    let piece = 0
    for (let region = 0; region < this.#regionCount; region++) {
      const buffer = this.#regions[region]
      const used = this.#used[region]
      if (used === 0) continue
      const base = scratch.reserve(this.#heap, used)
      for (; piece < this.pieces && this.#region[piece] === region; piece++) {
        const from = this.#source[piece]
        const length = this.#length[piece]
        const to = this.#place[piece]
        const padded = Math.max(PAD, Math.ceil(length / PAD) * PAD)
        // Without room to pack, pieces go one by one, with the padding of arena memory.
        if (base < 0) this.#device.gpu.write(buffer, to, this.#heap.buffer, from, padded)
        else {
          bytes.copyWithin(base + to, from, from + length)
          bytes.fill(0, base + to + length, base + to + padded)
        }
      }
      if (base >= 0) this.#device.gpu.write(buffer, 0, this.#heap.buffer, base, used)
    }
    this.frameBuffer.want(this.wanted)
  }

  /** Moves into a buffer that `frameBuffer.bufferOn` made. */
  rebuild(buffer: MkDeviceBuffer): void {
    this.#align = alignment(this.#device.gpu)
    this.drop()
    this.frameBuffer.rebuild(buffer)
  }

  #openRegion(buffer: MkDeviceBuffer): void {
    const region = this.#regionCount++
    this.#regions[region] = buffer
    this.#used[region] = 0
  }
}

/** What is staged can be bound as uniform and as storage. */
function alignment(gpu: MkGpu): number {
  const { uniformOffsetAlignment, storageOffsetAlignment } = gpu.capabilities
  return Math.max(uniformOffsetAlignment, storageOffsetAlignment, PAD)
}
