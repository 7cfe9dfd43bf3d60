import { createHeap, hasCode, type Heap } from '@memkit/core'

/** Bytes of the first, doubled for each further one. What needs more gets what it needs. */
const MIN_BYTES = 64 << 20
const MAX_BYTES = 1 << 30
/** A heap keeps some bytes to itself, and blocks start at multiples of 64. */
const OVERHEAD = 256

/**
 * Heaps for what finds no room in the coordinator's: few and large ones, shared by all mirrors,
 * because a page of Chromium has about 124 WebAssembly memories and untouched pages cost nothing.
 * An empty one is kept, so that mirrors that come and go make no more.
 */
export class OverflowHeaps {
  #heaps: Heap[] = []
  #made = 0

  /**
   * Finds a heap other than `except` with so many bytes free in one piece.
   * @throws {@link ReserveRefused}
   */
  find(bytes: number, except?: Heap): Heap {
    const needed = bytes + OVERHEAD
    const known = this.#heaps.find((heap) => heap !== except && heap.stats.largestFree >= needed)
    if (known) return known
    const made = this.#make(needed)
    this.#heaps.push(made)
    return made
  }

  /** Leaves empty heaps but the largest to the garbage collector. */
  trim(): void {
    const empty = this.#heaps.filter(({ stats }) => stats.blocks === 0)
    if (empty.length < 2) return
    const kept = empty.reduce((a, b) => (a.bytes < b.bytes ? b : a))
    this.#heaps = this.#heaps.filter((heap) => heap === kept || !empty.includes(heap))
  }

  #make(needed: number): Heap {
    const label = `overflow heap ${++this.#made}`
    const wanted = Math.min(MAX_BYTES, MIN_BYTES * 2 ** this.#heaps.length)
    if (wanted > needed)
      try {
        return createHeap({ bytes: wanted, exact: true, memory: 'wasm', label })
      } catch (error) {
        if (!hasCode(error, 'ReserveRefused')) throw error
      }
    return createHeap({ bytes: needed, exact: true, label })
  }
}
