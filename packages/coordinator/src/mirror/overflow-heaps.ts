import { createHeap, hasCode } from '@memkit/core'
import type { Heap } from '@memkit/core'

/** Bytes of the first; each further one has twice as many as the one before, up to the most. What needs more gets what it needs. */
const LEAST = 64 << 20
const MOST = 1 << 30
/** A heap keeps some bytes to itself, and blocks start at multiples of 64. */
const OVERHEAD = 256

/**
 * Heaps for what finds no room in the coordinator's: few and large ones, shared by all mirrors, because a page of Chromium has about 124
 * WebAssembly memories, and pages that are never touched cost nothing. An empty one is kept, so that mirrors that come and go make no more.
 */
export class OverflowHeaps {
  #heaps: Heap[] = []
  #made = 0

  /** How many there are. */
  get count(): number {
    return this.#heaps.length
  }

  /**
   * @param bytes that are free in one piece
   * @param except the heap to leave
   * @throws ReserveRefused when the platform refuses a new heap
   */
  find(bytes: number, except?: Heap): Heap {
    for (const heap of this.#heaps)
      if (heap !== except && heap.stats.largestFree >= bytes + OVERHEAD) return heap
    const heap = this.#make(bytes + OVERHEAD)
    this.#heaps.push(heap)
    return heap
  }

  /** After a block was given back. Empty heaps but the largest are left to the garbage collector. */
  trim(): void {
    const empty = this.#heaps.filter(({ stats }) => stats.blocks === 0)
    if (empty.length < 2) return
    const kept = empty.reduce((a, b) => (a.bytes < b.bytes ? b : a))
    this.#heaps = this.#heaps.filter((heap) => heap === kept || !empty.includes(heap))
  }

  #make(needed: number): Heap {
    const label = `overflow heap ${++this.#made}`
    const wanted = Math.min(MOST, LEAST * 2 ** this.#heaps.length)
    if (wanted > needed)
      try {
        return createHeap({ bytes: wanted, exact: true, memory: 'wasm', label })
      } catch (error) {
        if (!hasCode(error, 'ReserveRefused')) throw error
      }
    return createHeap({ bytes: needed, exact: true, label })
  }
}
