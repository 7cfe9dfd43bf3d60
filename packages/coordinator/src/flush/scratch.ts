import { hasCode, type Block, type Heap } from '@memkit/core'

/** Frames after which unneeded memory is given back. */
const TRIM_FRAMES = 600
const MIN_BYTES = 16 << 10

interface Scratch {
  readonly heap: Heap
  block: Block | undefined
  /** The most bytes asked for since the last trim. */
  peak: number
  frames: number
}

/**
 * Memory that a flush packs bytes into for one write: a block per heap, reused by every flush. It
 * grows by doubling and shrinks to what the last frames needed.
 */
export class FlushScratch {
  readonly #scratches: Scratch[] = []
  /** `endFrame` has something to do. */
  isHeld = false

  /** @returns offset of so many bytes, a multiple of 256; −1 without room */
  reserve(heap: Heap, bytes: number): number {
    const scratch = this.#of(heap)
    if (bytes > scratch.peak) scratch.peak = bytes
    if (scratch.block && scratch.block.size >= bytes) return scratch.block.offset
    return this.#grow(scratch, bytes)
  }

  endFrame(): void {
    this.isHeld = false
    for (let i = 0; i < this.#scratches.length; i++) {
      const scratch = this.#scratches[i]
      if (scratch.block && ++scratch.frames >= TRIM_FRAMES) this.#trim(scratch)
      if (scratch.block) this.isHeld = true
    }
  }

  /** Gives back the blocks of all other heaps. */
  leave(used: ReadonlySet<Heap>): void {
    for (let i = this.#scratches.length - 1; i >= 0; i--) {
      if (used.has(this.#scratches[i].heap)) continue
      free(this.#scratches[i])
      this.#scratches.splice(i, 1)
    }
  }

  #of(heap: Heap): Scratch {
    for (let i = 0; i < this.#scratches.length; i++)
      if (this.#scratches[i].heap === heap) return this.#scratches[i]
    const scratch: Scratch = { heap, block: undefined, peak: 0, frames: 0 }
    this.#scratches.push(scratch)
    return scratch
  }

  #trim(scratch: Scratch): void {
    const { block, peak } = scratch
    if (block && block.size > 4 * Math.max(peak, MIN_BYTES)) {
      if (peak > 0) this.#grow(scratch, peak)
      else free(scratch)
    }
    scratch.frames = 0
    scratch.peak = 0
  }

  #grow(scratch: Scratch, bytes: number): number {
    free(scratch)
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, MIN_BYTES)))
    for (const wanted of [size, bytes]) {
      try {
        scratch.block = scratch.heap.alloc(wanted, 256, 'flush scratch')
        this.isHeld = true
        return scratch.block.offset
      } catch (error) {
        if (!hasCode(error, 'HeapFull')) throw error
      }
    }
    return -1
  }
}

function free(scratch: Scratch): void {
  if (scratch.block) scratch.heap.free(scratch.block)
  scratch.block = undefined
}
