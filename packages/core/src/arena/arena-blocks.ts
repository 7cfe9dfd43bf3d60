import { roundUp } from '../memory/bits.ts'
import type { Block, LinearMemory } from '../memory/linear-memory.ts'
import { hasCode } from '../mk-error.ts'
import { ArenaDisposed, ArenaFull } from './errors.ts'

/** Allocations start and end at multiples of this: padding to 16 never touches a neighbour. */
export const GRAIN = 16
/** Blocks start at multiples of this: a cache line, and what GPUs ask of binding offsets. */
const BLOCK_ALIGN = 256
/** Resets without need of a spill block before it is freed: two seconds at 60 frames a second. */
const SPILL_RESETS = 120
const POISON = 0xff

/**
 * The memory of a FrameArena: a first block, and spill blocks that frames take when they need more.
 * All positions are bytes from the start of the memory.
 *
 *     ┌───────────────────┐  ┌───────────────┐  ┌───────────────┐
 *     │▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓    │  │▓▓▓▓▓▓         │  │               │
 *     └───────────────────┘  └───────────────┘  └───────────────┘
 *      ^ start        ^ #heads[0]   ^ head   ^ end: block `index` is the current one
 */
export class ArenaBlocks {
  readonly #memory: LinearMemory
  readonly #label: string
  readonly #debug: boolean
  readonly #maxBytes: number
  readonly #blocks: Block[] = []
  /** How far each block before the current one is filled; values for later blocks mean nothing. */
  readonly #heads: number[] = []
  /** Bytes in use in the blocks before the current one. */
  #usedBefore = 0
  #highWater = 0
  #resets = 0
  /** Most spill blocks that any frame has needed since spill blocks were last freed. */
  #spillsNeeded = 0
  #disposed = false
  /** Index of the current block. */
  index = 0
  /** Where the next allocation goes; a multiple of 16. The arena moves it forward. */
  head = 0
  /** Where the current block ends. */
  end = 0
  capacity = 0
  spills = 0

  /** @param bytes of the first block, a multiple of 16 */
  constructor(memory: LinearMemory, bytes: number, maxBytes: number, label: string, debug: boolean) {
    this.#memory = memory
    this.#maxBytes = maxBytes
    this.#label = label
    this.#debug = debug
    this.#take(bytes, BLOCK_ALIGN)
    this.#enter(0)
  }

  get used(): number {
    return this.#usedBefore + this.head - this.#blocks[this.index].offset
  }

  get highWater(): number {
    return Math.max(this.#highWater, this.used)
  }

  get start(): number {
    return this.#blocks[0].offset
  }

  /** Whether all bytes of a range are handed out now. */
  covers(from: number, to: number): boolean {
    if (this.#disposed) return false
    for (let i = 0; i <= this.index; i++) {
      const head = i === this.index ? this.head : this.#heads[i]
      if (from >= this.#blocks[i].offset && to <= head) return true
    }
    return false
  }

  /** Moves on to the next block that holds `bytes` at `align`, or a new one; returns the offset. */
  advance(bytes: number, align: number): number {
    if (this.#disposed) throw new ArenaDisposed({ arena: this.#label })
    for (let i = this.index + 1; i < this.#blocks.length; i++) {
      const { offset, size } = this.#blocks[i]
      const pad = -offset & (align - 1)
      if (pad + bytes > size) continue
      this.#enter(i)
      return offset + pad
    }
    const least = Math.max(roundUp(bytes, GRAIN), GRAIN)
    const maxBytes = this.#maxBytes
    if (this.capacity + least > maxBytes) this.#freeAfter(this.index)
    const { capacity, used } = this
    if (capacity + least > maxBytes)
      throw new ArenaFull({ arena: this.#label, asked: bytes, used, capacity, maxBytes })
    this.#takeSpill(least, Math.min(maxBytes - capacity, Math.max(least, this.#blocks[0].size)), align)
    this.#enter(this.#blocks.length - 1)
    return this.head
  }

  /** Moves the pointer back to `head` in block `index`. */
  rewind(index: number, head: number): void {
    // The pointer goes back nowhere else, so this is where the most was in use.
    this.#highWater = this.highWater
    if (this.#debug) this.#poisonFrom(index, head)
    while (this.index > index) {
      this.index--
      this.#usedBefore -= this.#heads[this.index] - this.#blocks[this.index].offset
    }
    this.end = this.#blocks[index].offset + this.#blocks[index].size
    this.head = head
  }

  /** Begins a frame in the first block. Frees spill blocks that no frame has needed for a while. */
  reset(): void {
    this.#spillsNeeded = Math.max(this.#spillsNeeded, this.spills)
    this.spills = 0
    if (++this.#resets < SPILL_RESETS) return
    this.#freeAfter(this.#spillsNeeded)
    this.#resets = 0
    this.#spillsNeeded = 0
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#freeAfter(0)
    this.#memory.free(this.#blocks[0])
    this.capacity = 0
    this.end = 0
  }

  #takeSpill(least: number, wanted: number, align: number): void {
    try {
      this.#take(wanted, Math.max(align, BLOCK_ALIGN))
    } catch (error) {
      if (!hasCode(error, 'HeapFull') || wanted === least) throw error
      this.#take(least, Math.max(align, GRAIN))
    }
  }

  #take(bytes: number, align: number): void {
    const block = this.#memory.alloc(bytes, align, this.#label)
    this.#blocks.push(block)
    this.capacity += bytes
    if (this.#debug) this.#poison(block.offset, block.offset + bytes)
  }

  #enter(index: number): void {
    if (index > 0) {
      this.#usedBefore = this.used
      this.#heads[this.index] = this.head
      // Blocks passed over because they are too short stay empty.
      for (let i = this.index + 1; i < index; i++) this.#heads[i] = this.#blocks[i].offset
    }
    const { offset, size } = this.#blocks[index]
    this.index = index
    this.head = offset
    this.end = offset + size
    if (index > this.spills) this.spills = index
  }

  #freeAfter(index: number): void {
    for (const block of this.#blocks.splice(index + 1)) {
      this.capacity -= block.size
      this.#memory.free(block)
    }
  }

  #poisonFrom(index: number, head: number): void {
    let from = head
    for (let i = index; i < this.index; i++) {
      this.#poison(from, this.#heads[i])
      from = this.#blocks[i + 1].offset
    }
    this.#poison(from, this.head)
  }

  #poison(from: number, to: number): void {
    new Uint8Array(this.#memory.buffer, from, to - from).fill(POISON)
  }
}
