import { requireAlignment, requireSize } from './bounds.ts'
import { ArenaDisposed, ArenaFull, hasCode, StaleMark } from './errors.ts'
import type { Block, LinearMemory } from './linear-memory.ts'
import { RangeAllocator } from './range-allocator.ts'
import type { TypedArray, TypedArrayKind } from './typed-array.ts'
import { ViewCache } from './view-cache.ts'

/** A point in a frame's allocations, from `mark()`. Good until the arena is reset. */
export type ArenaMark = number & { readonly arenaMark: never }

export interface FrameArenaOptions {
  /** The most bytes the arena may hold, its spill blocks included; default 8 × its bytes. */
  readonly maxBytes?: number
  /** Fill freed memory with 0xff, so that floats read NaN, and know stale views exactly. Makes garbage. Default false. */
  readonly debug?: boolean
  /** Shown in leak lists and errors; default `'frame arena'`. */
  readonly label?: string
}

/** Every allocation starts and ends at a multiple of this, so that padding to 16 never touches a neighbour. */
const GRAIN = 16
/** Where blocks start: a cache line, and what GPUs ask of binding offsets. */
const BLOCK_ALIGN = 256
/** Resets after which spill blocks that no frame used are given back: two seconds at 60 frames a second. */
const SPILL_RESETS = 120
const DEFAULT_GROWTH = 8
const POISON = 0xff

// A mark is one number: the stamp of its frame above the count of allocations that were alive.
const MARK_SPAN = 2 ** 24

// Stamps are unique over all arenas, so that a mark of one arena is no mark of another.
let lastStamp = 0

/**
 * Memory for one frame: allocation moves a pointer, and `reset` frees everything at once.
 *
 * Its contents are unspecified: what it hands out holds what earlier frames wrote there. The same kind and length in
 * the same place is the same view object, so frames that take the same memory in the same order make no garbage. A
 * view kept from an older frame therefore may be the very view of this one: keep none.
 *
 *     | first block ………………… | spill block …… | spill block …… |
 *     ^ used                     ^ head           taken when a frame needs them, up to maxBytes
 */
export class FrameArena {
  readonly label: string
  readonly debug: boolean
  /** The most bytes the arena may hold. */
  readonly maxBytes: number
  readonly #memory: LinearMemory
  readonly #buffer: ArrayBuffer

  // Where the pointer is. All positions are bytes from the start of the memory.
  readonly #blocks: Block[] = []
  /** How far each block before the current one is filled; what stands for later ones means nothing. */
  readonly #heads: number[] = []
  #block = 0
  #head = 0
  #end = 0
  /** Bytes in use in the blocks before the current one. */
  #usedBefore = 0
  #capacity = 0

  // The allocations that are alive, in order: where each ends (in units of 16 bytes, so that they stay small
  // integers), its block, bytes asked up to and with it, its number.
  #count = 0
  #ends = new Uint32Array(64)
  #blockOf = new Uint32Array(64)
  #asked = new Uint32Array(64)
  #serials = new Float64Array(64)
  readonly #views: ViewCache
  /** Debug: the number of the allocation that each view is of. */
  readonly #serialOf = new WeakMap<object, number>()

  #stamp = ++lastStamp
  #highWater = 0
  #spills = 0
  #resets = 0
  #spillsNeeded = 0
  #allocs = 0
  #bytes = 0
  #freedCount = 0
  #freedBytes = 0
  #disposed = false

  /**
   * @param memory where the arena lives
   * @param bytes of its first block, rounded up to a multiple of 16
   * @throws InvalidSize, HeapFull
   */
  constructor(memory: LinearMemory, bytes: number, options: FrameArenaOptions = {}) {
    requireSize('FrameArena: bytes', bytes, 1, RangeAllocator.MAX_SIZE)
    const first = roundUp(bytes)
    const { maxBytes = first * DEFAULT_GROWTH, debug = false, label = 'frame arena' } = options
    requireSize('FrameArena: maxBytes', maxBytes, bytes, Number.MAX_SAFE_INTEGER)
    this.label = label
    this.debug = debug
    this.maxBytes = Math.max(maxBytes, first)
    this.#memory = memory
    this.#buffer = memory.buffer
    this.#views = new ViewCache(memory.buffer)
    this.#takeBlock(first, BLOCK_ALIGN)
    this.#enter(0)
  }

  /** The buffer that all its memory lies in. */
  get buffer(): ArrayBuffer {
    return this.#buffer
  }

  /** Goes up with every reset: memory of an older stamp is gone. Unique over all arenas. */
  get stamp(): number {
    return this.#stamp
  }

  /** Allocations that are alive. */
  get count(): number {
    return this.#count
  }

  /** Bytes in use, alignment included. */
  get used(): number {
    return this.#usedBefore + this.#head - this.#start
  }

  /** Bytes of all its blocks. */
  get capacity(): number {
    return this.#capacity
  }

  /** The most bytes ever in use at once. */
  get highWater(): number {
    return Math.max(this.#highWater, this.used)
  }

  /** Spill blocks that this frame has used. */
  get spills(): number {
    return this.#spills
  }

  /** Allocations ever made. Those that are not alive were freed: by `rewind`, a scope or `reset`. */
  get allocs(): number {
    return this.#allocs
  }

  get frees(): number {
    return this.#freedCount
  }

  /** Bytes ever asked for. */
  get bytesAllocated(): number {
    return this.#bytes
  }

  /** Bytes ever freed, of those asked for. */
  get bytesFreed(): number {
    return this.#freedBytes
  }

  get #start(): number {
    return this.#blocks[this.#block].offset
  }

  /**
   * A view of `length` numbers, alive until the next `reset` or a rewind past it. What it holds is unspecified.
   *
   * ```ts
   * const weights = arena.alloc(Float32Array, 16).fill(1)
   * ```
   *
   * @param kind constructor of the view
   * @param length numbers
   * @param align power of two that the byte offset is a multiple of; default and least 16
   * @throws InvalidSize, InvalidAlignment, ArenaFull, HeapFull
   */
  alloc<A extends TypedArray>(kind: TypedArrayKind<A>, length: number, align: number = GRAIN): A {
    const size = kind.BYTES_PER_ELEMENT
    if (!(length >= 0 && length * size <= RangeAllocator.MAX_SIZE && Math.floor(length) === length)) {
      requireSize('FrameArena.alloc: length', length, 0, Math.floor(RangeAllocator.MAX_SIZE / size))
    }
    const offset = this.#bump(length * size, align)
    if (!this.debug) return this.#views.view(kind, offset, length)
    const view = new kind(this.#buffer, offset, length)
    this.#serialOf.set(view, this.#allocs)
    return view
  }

  /**
   * As `alloc`, without a view.
   *
   * @returns byte offset in `buffer`
   * @throws InvalidSize, InvalidAlignment, ArenaFull, HeapFull
   */
  allocBytes(bytes: number, align: number = GRAIN): number {
    requireSize('FrameArena.allocBytes: bytes', bytes, 0, RangeAllocator.MAX_SIZE)
    return this.#bump(bytes, align)
  }

  /** The present point, for `rewind`. */
  mark(): ArenaMark {
    return (this.#stamp * MARK_SPAN + this.#count) as ArenaMark
  }

  /** Whether `rewind` would take it: a mark of this frame and arena that was not rewound past. */
  holds(mark: ArenaMark): boolean {
    const count = mark % MARK_SPAN
    return (mark - count) / MARK_SPAN === this.#stamp && count <= this.#count && Math.floor(count) === count
  }

  /**
   * Frees all that was allocated since `mark`.
   *
   * @throws StaleMark when the mark is of another frame or arena, or lies ahead because the arena was rewound past it
   */
  rewind(mark: ArenaMark): void {
    if (!this.holds(mark)) throw new StaleMark(this.label, mark)
    this.#rewindTo(mark % MARK_SPAN)
  }

  /**
   * Runs `fn` and frees what it allocated, also when it throws. Scopes nest. `fn` must not be async: its memory is
   * gone when it returns.
   *
   * @returns what `fn` returns
   */
  scope<T>(fn: (arena: this) => T): T {
    const stamp = this.#stamp
    const count = this.#count
    try {
      return fn(this)
    } finally {
      // A reset or an outer rewind inside of it has freed the scope's memory already.
      if (stamp === this.#stamp && count < this.#count) this.#rewindTo(count)
    }
  }

  /** Frees everything: a new frame begins. Spill blocks that no frame needed for a while go back to the memory. */
  reset(): void {
    this.#rewindTo(0)
    this.#stamp = ++lastStamp
    this.#spillsNeeded = Math.max(this.#spillsNeeded, this.#spills)
    this.#spills = 0
    if (++this.#resets < SPILL_RESETS) return
    this.#dropBlocksAfter(this.#spillsNeeded)
    this.#resets = 0
    this.#spillsNeeded = 0
  }

  /**
   * Whether all bytes of `view` belong to allocations that are alive. Without debug it looks at the place only: a stale
   * view of memory that this frame has handed out again is not told apart. With debug it is, unless it is a subarray.
   */
  ownsThisFrame(view: ArrayBufferView): boolean {
    if (view.buffer !== this.#buffer || this.#disposed) return false
    const serial = this.debug ? this.#serialOf.get(view) : undefined
    if (serial !== undefined) return this.#isSerialAlive(serial)
    const from = view.byteOffset
    const to = from + view.byteLength
    if (from >= this.#start && to <= this.#head) return true
    for (let i = 0; i < this.#block; i++) {
      if (from >= this.#blocks[i].offset && to <= this.#heads[i]) return true
    }
    return false
  }

  /**
   * Whether an allocation is alive, exactly.
   *
   * @param place `count - 1` right after it was made
   * @param serial `allocs` right after it was made
   */
  isAlive(place: number, serial: number): boolean {
    return place < this.#count && this.#serials[place] === serial
  }

  /** Serials of living allocations ascend: those that were rewound in between are left out. */
  #isSerialAlive(serial: number): boolean {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#serials[middle] < serial) low = middle + 1
      else high = middle
    }
    return this.isAlive(low, serial)
  }

  /** Gives its memory back. Afterwards it can allocate nothing. */
  dispose(): void {
    if (this.#disposed) return
    this.reset()
    this.#disposed = true
    this.#dropBlocksAfter(0)
    this.#memory.free(this.#blocks[0])
    this.#capacity = 0
    this.#end = 0
  }

  #bump(bytes: number, align: number): number {
    if (align > GRAIN || align < 1 || (align & (align - 1)) !== 0 || Math.floor(align) !== align) {
      requireAlignment('FrameArena.alloc: align', align, RangeAllocator.MAX_ALIGN)
    }
    const place = this.#count
    if (place === this.#ends.length) this.#remember(place * 2)
    // The head is a multiple of 16, so smaller alignments hold already.
    let offset = this.#head + (-this.#head & (align - 1))
    if (offset + bytes > this.#end) offset = this.#moveOn(bytes, align)
    this.#head = roundUp(offset + bytes)
    this.#ends[place] = this.#head / GRAIN
    this.#blockOf[place] = this.#block
    this.#asked[place] = bytes + (place === 0 ? 0 : this.#asked[place - 1])
    this.#count = place + 1
    this.#serials[place] = ++this.#allocs
    this.#bytes += bytes
    return offset
  }

  /** Goes to the next block that holds `bytes` at `align`, or takes one. Returns the offset there. */
  #moveOn(bytes: number, align: number): number {
    if (this.#disposed) throw new ArenaDisposed(this.label)
    for (let i = this.#block + 1; i < this.#blocks.length; i++) {
      const { offset, size } = this.#blocks[i]
      const pad = -offset & (align - 1)
      if (pad + bytes > size) continue
      this.#enter(i)
      return offset + pad
    }
    const least = Math.max(roundUp(bytes), GRAIN)
    if (this.#capacity + least > this.maxBytes) this.#dropBlocksAfter(this.#block)
    const room = this.maxBytes - this.#capacity
    if (least > room) throw new ArenaFull(this.label, bytes, this.used, this.#capacity, this.maxBytes)
    this.#takeSpillBlock(least, Math.min(room, Math.max(least, this.#blocks[0].size)), align)
    this.#enter(this.#blocks.length - 1)
    return this.#head
  }

  #takeSpillBlock(least: number, wanted: number, align: number): void {
    try {
      this.#takeBlock(wanted, Math.max(align, BLOCK_ALIGN))
    } catch (error) {
      if (!hasCode(error, 'HeapFull') || wanted === least) throw error
      this.#takeBlock(least, Math.max(align, GRAIN))
    }
  }

  #takeBlock(bytes: number, align: number): void {
    const block = this.#memory.alloc(bytes, align, this.label)
    this.#blocks.push(block)
    this.#capacity += bytes
    this.#poison(block.offset, block.offset + bytes)
  }

  /** Makes a later block the current one. */
  #enter(index: number): void {
    if (index > 0) {
      this.#heads[this.#block] = this.#head
      this.#usedBefore += this.#head - this.#start
      // Blocks passed over because they are too short stay empty.
      for (let i = this.#block + 1; i < index; i++) this.#heads[i] = this.#blocks[i].offset
    }
    this.#block = index
    this.#head = this.#start
    this.#end = this.#head + this.#blocks[index].size
    if (index > this.#spills) this.#spills = index
  }

  #rewindTo(count: number): void {
    if (count === this.#count) return
    // The pointer only goes back here, so this is where the most was in use.
    this.#highWater = this.highWater
    const last = this.#count - 1
    const askedBefore = count === 0 ? 0 : this.#asked[count - 1]
    this.#freedCount += this.#count - count
    this.#freedBytes += this.#asked[last] - askedBefore
    const block = count === 0 ? 0 : this.#blockOf[count - 1]
    const head = count === 0 ? this.#blocks[0].offset : this.#ends[count - 1] * GRAIN
    if (this.debug) this.#poisonFrom(block, head)
    if (block !== this.#block) {
      this.#block = block
      this.#end = this.#start + this.#blocks[block].size
      this.#usedBefore = 0
      for (let i = 0; i < block; i++) this.#usedBefore += this.#heads[i] - this.#blocks[i].offset
    }
    this.#head = head
    this.#count = count
  }

  /** Debug: poisons what lies between a point and the present head. */
  #poisonFrom(block: number, head: number): void {
    let from = head
    for (let i = block; i < this.#block; i++) {
      this.#poison(from, this.#heads[i])
      from = this.#blocks[i + 1].offset
    }
    this.#poison(from, this.#head)
  }

  #poison(from: number, to: number): void {
    if (this.debug) new Uint8Array(this.#buffer, from, to - from).fill(POISON)
  }

  #dropBlocksAfter(index: number): void {
    while (this.#blocks.length > index + 1) {
      const block = this.#blocks.pop()
      if (block === undefined) return
      this.#capacity -= block.size
      this.#memory.free(block)
    }
  }

  /** Makes room to remember `places` allocations. */
  #remember(places: number): void {
    requireSize('FrameArena: allocations in one frame', places, 0, MARK_SPAN)
    this.#ends = longer(this.#ends, new Uint32Array(places))
    this.#asked = longer(this.#asked, new Uint32Array(places))
    this.#serials = longer(this.#serials, new Float64Array(places))
    this.#blockOf = longer(this.#blockOf, new Uint32Array(places))
  }
}

function roundUp(bytes: number): number {
  return bytes + (-bytes & (GRAIN - 1))
}

function longer<A extends Float64Array | Uint32Array>(from: A, to: A): A {
  to.set(from)
  return to
}
