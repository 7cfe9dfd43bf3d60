import { roundUp } from '../memory/bits.ts'
import { requireAlignment, requireSize } from '../memory/bounds.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import { RangeAllocator } from '../memory/range-allocator.ts'
import { copyInto, type TypedArray, type TypedArrayKind } from '../memory/typed-array.ts'
import { ArenaBlocks, GRAIN } from './arena-blocks.ts'
import { StaleMark } from './errors.ts'
import { ViewCache } from './view-cache.ts'

/** A point in a frame, from `FrameArena.mark()`. Valid until the arena is reset. */
export type ArenaMark = number & { readonly arenaMark: never }

export interface FrameArenaOptions {
  /** The most bytes the arena may hold, its spill blocks included; default 8 × its bytes. */
  readonly maxBytes?: number | undefined
  /** Fill freed memory with 0xff (floats read NaN), and recognise stale views. Makes garbage. */
  readonly debug?: boolean
  /** Shown in leak lists and errors; default `'frame arena'`. */
  readonly label?: string
}

// A mark is one number: the stamp of its frame above the count of allocations that were alive.
const MARK_SPAN = 2 ** 24

// Stamps are unique over all arenas, so that no arena accepts a mark of another.
let lastStamp = 0

/**
 * Memory for one frame: allocating moves a pointer, and `reset` frees everything at once.
 *
 * Memory is not cleared: it holds what earlier frames wrote there. The same kind and length in the
 * same place is the same view object, so frames that take the same memory in the same order make no
 * garbage. Don't keep views: one of an older frame may be the very view that this frame handed out.
 *
 * A frame that needs more than the first block takes spill blocks, up to `maxBytes` in all. They
 * stay for the frames that follow, and are freed once 120 resets in a row did not need them.
 */
export class FrameArena {
  readonly label: string
  readonly debug: boolean
  /** The most bytes the arena may hold. */
  readonly maxBytes: number
  /** The buffer that all its memory lies in. */
  readonly buffer: ArrayBuffer
  readonly #blocks: ArenaBlocks
  readonly #views: ViewCache

  // The living allocations, in order: where each ends (in units of 16 bytes, which keeps them small
  // integers), its block, its serial.
  #count = 0
  #ends = new Uint32Array(64)
  #blockOf = new Uint32Array(64)
  #serials = new Float64Array(64)
  /** Debug: the allocation that each view shows. */
  readonly #shown = new WeakMap<object, { readonly place: number; readonly serial: number }>()

  /** Changes with every reset. */
  #stamp = ++lastStamp
  #allocs = 0
  #bytes = 0

  /**
   * @param bytes of its first block, rounded up to a multiple of 16
   * @throws {@link InvalidSize} when `bytes` or `maxBytes` is out of range
   * @throws {@link HeapFull} when the memory has no room for the first block
   */
  constructor(memory: LinearMemory, bytes: number, options: FrameArenaOptions = {}) {
    requireSize('FrameArena: bytes', bytes, 1, RangeAllocator.MAX_SIZE)
    const first = roundUp(bytes, GRAIN)
    const { maxBytes = first * 8, debug = false, label = 'frame arena' } = options
    requireSize('FrameArena: maxBytes', maxBytes, bytes, Number.MAX_SAFE_INTEGER)
    this.label = label
    this.debug = debug
    this.maxBytes = Math.max(maxBytes, first)
    this.buffer = memory.buffer
    this.#views = new ViewCache(memory.buffer)
    this.#blocks = new ArenaBlocks(memory, first, this.maxBytes, label, debug)
  }

  /** Allocations that are alive. */
  get count(): number {
    return this.#count
  }

  /** Bytes in use, alignment included. */
  get used(): number {
    return this.#blocks.used
  }

  get capacity(): number {
    return this.#blocks.capacity
  }

  /** The most bytes ever in use at once. */
  get highWater(): number {
    return this.#blocks.highWater
  }

  /** Spill blocks that this frame has used. */
  get spills(): number {
    return this.#blocks.spills
  }

  /** Allocations ever made, all but `count` of them freed again. */
  get allocs(): number {
    return this.#allocs
  }

  /** Bytes ever asked for. */
  get bytesAllocated(): number {
    return this.#bytes
  }

  /**
   * Takes a view of `length` numbers, alive until the next `reset` or a rewind past it. What it
   * holds is unspecified.
   *
   * ```ts
   * const weights = arena.alloc(Float32Array, 16).fill(1)
   * ```
   * @param align power of two that the byte offset is a multiple of; default and least 16
   * @throws {@link InvalidSize} when `length` is out of range
   * @throws {@link InvalidAlignment} when `align` isn't a power of two
   * @throws {@link ArenaFull} when the frame would need more than `maxBytes`
   * @throws {@link HeapFull} when the memory has no room for a spill block
   */
  alloc<A extends TypedArray>(kind: TypedArrayKind<A>, length: number, align: number = GRAIN): A {
    const size = kind.BYTES_PER_ELEMENT
    requireSize('FrameArena.alloc: length', length, 0, Math.floor(RangeAllocator.MAX_SIZE / size))
    const offset = this.#bump(length * size, align)
    if (!this.debug) return this.#views.view(kind, offset, length)
    const view = new kind(this.buffer, offset, length)
    this.#shown.set(view, { place: this.#count - 1, serial: this.#allocs })
    return view
  }

  /** Takes memory as `alloc` does, without a view; returns its byte offset in `buffer`. */
  allocBytes(bytes: number, align: number = GRAIN): number {
    requireSize('FrameArena.allocBytes: bytes', bytes, 0, RangeAllocator.MAX_SIZE)
    return this.#bump(bytes, align)
  }

  /** Returns the present point, for `rewind`. */
  mark(): ArenaMark {
    return (this.#stamp * MARK_SPAN + this.#count) as ArenaMark
  }

  /** Whether `rewind` accepts the mark: it is of this frame and arena, and was not rewound past. */
  holds(mark: ArenaMark): boolean {
    const count = mark % MARK_SPAN
    return (mark - count) / MARK_SPAN === this.#stamp && count <= this.#count && Math.floor(count) === count
  }

  /** Frees all allocations since `mark`. @throws {@link StaleMark} unless it `holds` the mark */
  rewind(mark: ArenaMark): void {
    if (!this.holds(mark)) throw new StaleMark({ arena: this.label, mark })
    this.#rewindTo(mark % MARK_SPAN)
  }

  /**
   * Runs `fn`, returns its result, and frees what it allocated, also when it throws. Scopes nest.
   * `fn` must not be async: its memory is gone when it returns.
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

  /** Frees everything: a new frame begins. */
  reset(): void {
    this.#rewindTo(0)
    this.#stamp = ++lastStamp
    this.#blocks.reset()
  }

  /**
   * Whether all bytes of `view` belong to living allocations. Only with `debug` does it refuse stale
   * views, except subarrays, of memory that was handed out again.
   */
  ownsThisFrame(view: ArrayBufferView): boolean {
    if (view.buffer !== this.buffer) return false
    const shown = this.debug ? this.#shown.get(view) : undefined
    if (shown !== undefined) return this.isAlive(shown.place, shown.serial)
    return this.#blocks.covers(view.byteOffset, view.byteOffset + view.byteLength)
  }

  /** Whether an allocation is alive; right after it, `place` was `count - 1`, `serial` `allocs`. */
  isAlive(place: number, serial: number): boolean {
    return place < this.#count && this.#serials[place] === serial
  }

  /** Frees its memory; afterwards `alloc` throws {@link ArenaDisposed}. Idempotent. */
  dispose(): void {
    this.reset()
    this.#blocks.dispose()
  }

  #bump(bytes: number, align: number): number {
    if (align !== GRAIN) requireAlignment('FrameArena.alloc: align', align, RangeAllocator.MAX_ALIGN)
    const blocks = this.#blocks
    const place = this.#count
    if (place === this.#ends.length) this.#remember(place * 2)
    // The head is a multiple of 16, so smaller alignments hold already.
    let offset = blocks.head + (-blocks.head & (align - 1))
    if (offset + bytes > blocks.end) offset = blocks.advance(bytes, align)
    blocks.head = roundUp(offset + bytes, GRAIN)
    this.#ends[place] = blocks.head / GRAIN
    this.#blockOf[place] = blocks.index
    this.#serials[place] = ++this.#allocs
    this.#count = place + 1
    this.#bytes += bytes
    return offset
  }

  #rewindTo(count: number): void {
    if (count === this.#count) return
    this.#count = count
    if (count === 0) this.#blocks.rewind(0, this.#blocks.start)
    else this.#blocks.rewind(this.#blockOf[count - 1], this.#ends[count - 1] * GRAIN)
  }

  #remember(places: number): void {
    requireSize('FrameArena: allocations in one frame', places, 0, MARK_SPAN)
    this.#ends = copyInto(new Uint32Array(places), this.#ends)
    this.#serials = copyInto(new Float64Array(places), this.#serials)
    this.#blockOf = copyInto(new Uint32Array(places), this.#blockOf)
  }
}
