import { FrameArena, createHeap, hasCode } from '@memkit/core'
import type { Heap } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { CoordinatorConfig } from './config.ts'

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

/** Bytes of an arena where the heap has plenty, and how many times that a frame may take in spill blocks. */
const ARENA_BYTES = 1 << 20
const ARENA_GROWTH = 16

/**
 * Slots in `heap`, or, when it is full of stores, in a heap of their own: pages that are never touched cost nothing.
 * @throws InvalidSize, ReserveRefused
 */
export function makeSlots(
  heap: Heap,
  count: number,
  config: CoordinatorConfig,
): { slots: Slot[]; heap: Heap } {
  const bytes = config.frameArenaBytes ?? Math.min(ARENA_BYTES, Math.floor(heap.bytes / 16))
  const fill = (home: Heap): Slot[] => {
    const slots: Slot[] = []
    try {
      for (let i = 0; i < count; i++)
        slots.push(new Slot(home, bytes, bytes * ARENA_GROWTH, config.debug === true, i))
      return slots
    } catch (error) {
      for (const slot of slots) slot.arena.dispose()
      throw error
    }
  }
  try {
    return { slots: fill(heap), heap }
  } catch (error) {
    if (!hasCode(error, 'HeapFull')) throw error
    const own = createHeap({ bytes: bytes * count * (ARENA_GROWTH + 1), label: 'frame heap' })
    return { slots: fill(own), heap: own }
  }
}
