import { hasCode } from '@memkit/core'
import type { Block, Heap } from '@memkit/core'

/** Frames after which scratch memory that was not needed is given back. */
const TRIM_FRAMES = 600
const LEAST = 16 << 10

/**
 * Memory that a flush packs bytes into before one write hands them over. One block, reused by every flush: what a
 * write was given is read before it returns. It grows by doubling and shrinks to what the last frames needed.
 */
export class FlushScratch {
  readonly heap: Heap
  #block: Block | undefined
  #peak = 0
  #frames = 0

  constructor(heap: Heap) {
    this.heap = heap
  }

  /** Bytes held. */
  get size(): number {
    return this.#block?.size ?? 0
  }

  /** @returns byte offset in the heap of `bytes` bytes, a multiple of 256; −1 when the heap has no room */
  reserve(bytes: number): number {
    if (bytes > this.#peak) this.#peak = bytes
    if (this.#block && this.#block.size >= bytes) return this.#block.offset
    return this.#grow(bytes)
  }

  /** Called once per frame. */
  endFrame(): void {
    if (++this.#frames < TRIM_FRAMES) return
    this.#frames = 0
    if (this.#block && this.#block.size > 4 * Math.max(this.#peak, LEAST)) {
      this.dispose()
      if (this.#peak > 0) this.#grow(this.#peak)
    }
    this.#peak = 0
  }

  dispose(): void {
    if (this.#block) this.heap.free(this.#block)
    this.#block = undefined
  }

  #grow(bytes: number): number {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, LEAST)))
    const old = this.#block
    if (old) this.heap.free(old)
    this.#block = undefined
    for (const wanted of [size, bytes]) {
      try {
        this.#block = this.heap.alloc(wanted, 256, 'flush scratch')
        return this.#block.offset
      } catch (error) {
        if (!hasCode(error, 'HeapFull')) throw error
      }
    }
    return -1
  }
}
