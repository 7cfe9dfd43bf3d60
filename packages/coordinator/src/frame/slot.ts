import { FrameArena, type Heap, type TypedArray, type TypedArrayKind } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { DeviceSlice } from '../device/slice.ts'

/**
 * Where staged bytes will be on the device, until the slot comes round again. Without a target,
 * `offset` is a multiple of the binding alignments and `size` is padded to a multiple of 16.
 */
export type FrameSlice = DeviceSlice

type ReusedSlice = { -readonly [K in keyof FrameSlice]: FrameSlice[K] }

/** An arena that rotates, and what belongs to the frame that used it last. */
export class Slot {
  readonly arena: FrameArena
  /** Retired when the slot comes round. */
  readonly spillBuffers: MkDeviceBuffer[] = []
  /** Of the frame that used this slot last. */
  serial = 0
  /** It handed something out, or its arena holds spill blocks. */
  isUsed = false
  readonly #firstBytes: number
  readonly #slices: ReusedSlice[] = []
  #sliceCount = 0

  constructor(heap: Heap, bytes: number, maxBytes: number, debug: boolean, index: number) {
    this.arena = new FrameArena(heap, bytes, { maxBytes, debug, label: `frame arena ${index}` })
    this.#firstBytes = this.arena.capacity
  }

  reset(): void {
    this.arena.reset()
    this.#sliceCount = 0
    this.isUsed = this.arena.capacity > this.#firstBytes
  }

  alloc<A extends TypedArray>(type: TypedArrayKind<A>, length: number): A {
    this.isUsed = true
    return this.arena.alloc(type, length)
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

  destroySpills(): void {
    for (const buffer of this.spillBuffers.splice(0)) buffer.destroy()
  }
}
