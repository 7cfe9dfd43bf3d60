import { describe, expect, it } from 'vitest'
import { MkCoordinator } from '@memkit/coordinator'
import { createHeap, type Heap } from '@memkit/core'
import { DummyBackend } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

/** Idle frames after which memory that they did not need is given back. */
const TRIM = 600

const scratchBytes = (heap: Heap): number =>
  heap
    .leaks()
    .filter(({ label }) => label === 'flush scratch')
    .reduce((bytes, { size }) => bytes + size, 0)

/** A frame that stages a megabyte, so that the flush packs as much. */
function bigFrame(co: MkCoordinator): void {
  frame(co, () => co.stageForUpload(co.frameAlloc(Uint8Array, 1 << 20)))
}

function idle(co: MkCoordinator, frames: number): void {
  for (let i = 0; i < frames; i++) frame(co, () => {})
}

describe('scratch memory of a flush', () => {
  it('is kept for 600 idle frames, each counted once, and freed within the next 600', () => {
    const heap = createHeap({ bytes: 64 << 20 })
    const co = new MkCoordinator(new DummyBackend(), { calibrate: false, heap })
    idle(co, TRIM)
    // The first frame of a round of 600, so that the next round is the first that does not need it.
    bigFrame(co)
    const held = scratchBytes(heap)
    expect(held).toBeGreaterThanOrEqual(1 << 20)
    idle(co, TRIM - 1)
    expect(scratchBytes(heap), 'at the end of the round that needed it').toBe(held)
    idle(co, TRIM - 1)
    expect(scratchBytes(heap), 'after 1 198 idle frames').toBe(held)
    idle(co, 1)
    expect(scratchBytes(heap), 'after a round without need').toBe(0)
    co.dispose()
  })

  it('counts frames once when frame memory has its own heap, and is freed by dispose', () => {
    const heap = createHeap({ bytes: 8 << 20 })
    // Too full for the arenas: they get a heap of their own.
    const full = heap.alloc(heap.stats.largestFree - (256 << 10), 16, 'stores')
    const co = new MkCoordinator(new DummyBackend(), {
      calibrate: false,
      heap,
      frameArenaBytes: 1 << 20,
    })
    expect(heap.leaks().some(({ label }) => label.startsWith('frame arena'))).toBe(false)
    bigFrame(co)
    idle(co, 2 * TRIM)
    co.dispose()
    heap.free(full)
    expect(heap.leaks()).toEqual([])
  })
})
