import { FrameArena } from '@memkit/core'
import type { Heap } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'

/** Where staged bytes will be on the device. Valid until the slot comes round again. */
export interface FrameSlice {
  readonly buffer: MkDeviceBuffer
  /** Byte of the slice in the buffer; without a target a multiple of the device's binding alignments. */
  readonly offset: number
  /** Bytes; without a target padded to a multiple of 16. */
  readonly size: number
}

interface ReusedSlice {
  buffer: MkDeviceBuffer
  offset: number
  size: number
}

/** One of the arenas that rotate, and what belongs to the frame that used it last. */
export class Slot {
  readonly arena: FrameArena
  /** Device buffers that pieces spilled to; retired when the slot comes round. */
  readonly spillBuffers: MkDeviceBuffer[] = []
  /** Serial of the frame that used this slot last. */
  serial = 0
  readonly #slices: ReusedSlice[] = []
  #sliceCount = 0

  /** @throws HeapFull */
  constructor(heap: Heap, bytes: number, maxBytes: number, debug: boolean, index: number) {
    this.arena = new FrameArena(heap, bytes, { maxBytes, debug, label: `frame arena ${index}` })
  }

  /** A new frame: everything handed out before is dead. */
  reset(): void {
    this.arena.reset()
    this.#sliceCount = 0
  }

  /** A slice object of this slot, reused when the slot comes round again. */
  slice(buffer: MkDeviceBuffer, offset: number, size: number): FrameSlice {
    const k = this.#sliceCount++
    const known = this.#slices[k]
    if (known === undefined) return (this.#slices[k] = { buffer, offset, size })
    known.buffer = buffer
    known.offset = offset
    known.size = size
    return known
  }
}
