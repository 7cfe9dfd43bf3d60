import { requireSize } from '../memory/bounds.ts'
import { Budgets, MkTag } from './budget.ts'
import type { Budget, BudgetLimits, BudgetListener, BudgetStats } from './budget.ts'
import { DoubleFree, NotAllocated } from '../memory/errors.ts'
import { NoOpenFrame } from '../arena/errors.ts'
import { FrameArena, type ArenaMark } from '../arena/frame-arena.ts'
import { FrameVec } from './frame-vec.ts'
import { Handles, type Handle } from './handles.ts'
import { createHeap, type Heap, type HeapLeak, type HeapStats } from '../heap.ts'
import type { Block } from '../memory/linear-memory.ts'
import { Phase } from './phases.ts'
import { RangeAllocator } from '../memory/range-allocator.ts'
import { MAX_RESERVE_BYTES } from '../memory/reserve.ts'
import type { TypedArray, TypedArrayKind } from '../memory/typed-array.ts'

export interface MkAllocatorConfig {
  /** Heap to allocate from; default: a new one of `heapBytes`. */
  readonly heap?: Heap
  /** Bytes of the heap, where none is given; default 256 MiB. */
  readonly heapBytes?: number | undefined
  /** Bytes of frame memory; default 1 MiB. */
  readonly frameArenaBytes?: number
  /** The most bytes of frame memory, spill blocks included; default 8 × `frameArenaBytes`. */
  readonly maxFrameArenaBytes?: number | undefined
  /** Limits by tag. */
  readonly budgets?: Readonly<Partial<Record<MkTag, BudgetLimits>>>
  /** Poison freed frame memory, and never hand out the same view twice. Default false. */
  readonly debug?: boolean
}

export interface AllocOptions {
  /** What it is for; default `MkTag.General`. */
  readonly tag?: MkTag
  /** Power of two; default and least 16. */
  readonly align?: number
  /** Shown in leak lists; default the tag. */
  readonly label?: string
}

/** What an MkAllocator holds and has done so far. A snapshot; sizes are bytes as asked for. */
export interface AllocatorStats {
  /** Frames begun, and those of them that never ended. */
  readonly frames: number
  readonly abandonedFrames: number
  /** Allocations ever made and ever freed, of frames and others; `live` is their difference. */
  readonly allocs: number
  readonly frees: number
  readonly live: number
  readonly bytesAllocated: number
  readonly bytesFreed: number
  readonly bytesLive: number
  /** The most bytes ever alive at once. */
  readonly peakBytes: number
  /** Frame memory in use, alignment included. */
  readonly arenaBytes: number
  readonly arenaHighWater: number
  readonly arenaCapacity: number
  readonly heap: HeapStats
  /** By tag. */
  readonly tags: readonly BudgetStats[]
}

/** Memory that a frame took. */
export interface FrameMemoryReport {
  /** Number of the frame, from 1. */
  readonly frame: number
  /** Frame allocations made, including those that were rewound. */
  readonly allocCount: number
  /** Bytes of them, as asked for. */
  readonly bytes: number
  /** Bytes in use at the end of the frame, alignment included. */
  readonly arenaBytes: number
  /** The most bytes ever in use at once. */
  readonly arenaHighWater: number
  /** Spill blocks that the frame used. */
  readonly spills: number
}

interface Allocation {
  readonly block: Block
  readonly label: string
  readonly budget: Budget
}

/** Points to memory of an MkAllocator; resolves to `undefined` once the memory is freed. */
export type MemoryHandle = Handle<Allocation>

/**
 * CPU memory of a game in one place: memory for a frame, memory that outlives frames, budgets and
 * statistics.
 *
 * ```ts
 * const memory = new MkAllocator({ frameArenaBytes: 1 << 20, budgets: { [MkTag.Physics]: { hard: 8 << 20 } } })
 * memory.beginFrame()
 * const forces = memory.frameAlloc(Float32Array, 3000, MkTag.Physics)   // gone at endFrame
 * const report = memory.endFrame()
 * ```
 *
 * Frame memory is not cleared; memory that outlives frames reads zero. The coordinator has frame
 * arenas of its own: use this class in programs without it.
 */
export class MkAllocator {
  readonly heap: Heap
  readonly #arena: FrameArena
  readonly #budgets = new Budgets()
  readonly #frameBudget: Budget
  readonly #allocations = new Handles<Allocation>()
  // The budget and bytes of each living frame allocation, in order.
  readonly #payers: Budget[] = []
  readonly #payments: number[] = []
  /** Lists to use again, by their place among a frame's allocations. */
  readonly #vecs: (FrameVec<TypedArray> | undefined)[] = []
  readonly #report = { frame: 0, allocCount: 0, bytes: 0, arenaBytes: 0, arenaHighWater: 0, spills: 0 }
  #open = false
  #frames = 0
  #abandoned = 0
  #allocsAtBegin = 0
  #bytesAtBegin = 0

  /**
   * @throws InvalidSize when a number of bytes is out of range
   * @throws ReserveRefused when the platform has no memory for a heap
   * @throws HeapFull when the heap has no room for the frame arena
   */
  constructor(config: MkAllocatorConfig = {}) {
    const { frameArenaBytes = 1 << 20, maxFrameArenaBytes: maxBytes, debug = false, budgets = {} } = config
    for (const [tag, limits] of Object.entries(budgets)) if (limits) this.#budgets.limit(tag, limits)
    this.#frameBudget = this.#budgets.of(MkTag.Frame)
    this.heap = config.heap ?? createHeap({ bytes: config.heapBytes })
    this.#arena = new FrameArena(this.heap, frameArenaBytes, { debug, maxBytes })
  }

  // Frames

  /** Opens a frame. A frame that is still open, because something threw, is abandoned. */
  beginFrame(): void {
    if (this.#open) {
      this.#abandoned++
      this.#freeFrame()
    }
    this.#open = true
    this.#frames++
    this.#allocsAtBegin = this.#arena.allocs
    this.#bytesAtBegin = this.#arena.bytesAllocated
  }

  /**
   * Closes the frame and frees all its memory.
   * @returns what the frame took: the same object each time, so copy what you keep
   * @throws NoOpenFrame outside a frame
   */
  endFrame(): FrameMemoryReport {
    this.#requireFrame('endFrame')
    const report = this.#report
    report.frame = this.#frames
    report.allocCount = this.#arena.allocs - this.#allocsAtBegin
    report.bytes = this.#arena.bytesAllocated - this.#bytesAtBegin
    report.arenaBytes = this.#arena.used
    report.arenaHighWater = this.#arena.highWater
    report.spills = this.#arena.spills
    this.#freeFrame()
    this.#open = false
    return report
  }

  /**
   * Takes a view of `length` numbers that lives until the frame ends.
   * @throws NoOpenFrame outside a frame
   * @throws InvalidSize when `length` is out of range
   * @throws {@link BudgetExceeded} when it would pass the hard limit of the tag
   * @throws ArenaFull when the frame needs more than `maxFrameArenaBytes`
   * @throws HeapFull when the heap has no room for a spill block
   */
  frameAlloc<A extends TypedArray>(kind: TypedArrayKind<A>, length: number, tag?: MkTag): A {
    this.#requireFrame('frameAlloc')
    // Before the budget, so that an invalid length isn't counted as a refusal.
    const most = Math.floor(RangeAllocator.MAX_SIZE / kind.BYTES_PER_ELEMENT)
    requireSize('MkAllocator.frameAlloc: length', length, 0, most)
    const budget = tag === undefined ? this.#frameBudget : this.#budgets.of(tag)
    const bytes = length * kind.BYTES_PER_ELEMENT
    this.#budgets.check(budget, bytes)
    const view = this.#arena.alloc(kind, length)
    const place = this.#arena.count - 1
    this.#payers[place] = budget
    this.#payments[place] = bytes
    this.#budgets.charge(budget, bytes)
    return view
  }

  /** Copies `values` to frame memory. Throws what `frameAlloc` throws. */
  frameSlice<A extends TypedArray>(kind: TypedArrayKind<A>, values: ArrayLike<A[number]>, tag?: MkTag): A {
    const view = this.frameAlloc(kind, values.length, tag)
    // One signature for all kinds: A[number] is what the array holds.
    ;(view as { set(values: ArrayLike<A[number]>): void }).set(values)
    return view
  }

  /** Makes a list in frame memory for up to `capacity` numbers. Throws what `frameAlloc` throws. */
  frameVec<A extends TypedArray>(kind: TypedArrayKind<A>, capacity: number, tag?: MkTag): FrameVec<A> {
    const array = this.frameAlloc(kind, capacity, tag)
    const place = this.#arena.count - 1
    const known = this.#arena.debug ? undefined : (this.#vecs[place] as FrameVec<A> | undefined)
    known?.restart(array)
    return known ?? (this.#vecs[place] = new FrameVec(this.#arena, array))
  }

  /** Returns the present point of the frame, for `rewind`. @throws NoOpenFrame outside a frame */
  mark(): ArenaMark {
    this.#requireFrame('mark')
    return this.#arena.mark()
  }

  /** See {@link FrameArena.ownsThisFrame}. */
  ownsThisFrame(view: ArrayBufferView): boolean {
    return this.#arena.ownsThisFrame(view)
  }

  /**
   * Frees the frame memory taken since `mark`.
   * @throws NoOpenFrame outside a frame
   * @throws StaleMark when the mark is of another frame, or was rewound past
   */
  rewind(mark: ArenaMark): void {
    this.#requireFrame('rewind')
    const before = this.#arena.count
    this.#arena.rewind(mark)
    this.#settle(before)
  }

  /**
   * Runs `fn`, returns its result, and frees the frame memory it took, also when it throws. Scopes
   * nest. `fn` must not be async.
   * @throws NoOpenFrame outside a frame
   */
  scope<T>(fn: () => T): T {
    this.#requireFrame('scope')
    const mark = this.#arena.mark()
    try {
      return fn()
    } finally {
      // If `fn` ended the frame or rewound further, nothing is left to free.
      if (this.#arena.holds(mark)) this.rewind(mark)
    }
  }

  // Memory that outlives frames

  /**
   * Takes a block of zeros that lives until it is freed.
   * @throws InvalidSize when `bytes` is out of range
   * @throws InvalidAlignment when `align` isn't a power of two
   * @throws {@link BudgetExceeded} when it would pass the hard limit of the tag
   * @throws HeapFull when the heap has no room
   * @throws {@link HandlesFull} when there are no handles left
   */
  alloc(bytes: number, options: AllocOptions = {}): MemoryHandle {
    const { tag = MkTag.General, align, label = tag } = options
    requireSize('MkAllocator.alloc: bytes', bytes, 0, MAX_RESERVE_BYTES)
    const budget = this.#budgets.of(tag)
    this.#budgets.check(budget, bytes)
    const block = this.heap.alloc(bytes, align, label)
    let handle: MemoryHandle
    try {
      handle = this.#allocations.insert({ block, label, budget })
    } catch (error) {
      this.heap.free(block)
      throw error
    }
    this.#budgets.charge(budget, bytes)
    return handle
  }

  /** Returns where the memory is; undefined once it is freed. */
  block(handle: MemoryHandle): Block | undefined {
    return this.#allocations.get(handle)?.block
  }

  /** Makes a view of as many numbers as the block holds; undefined once it is freed. */
  view<A extends TypedArray>(handle: MemoryHandle, kind: TypedArrayKind<A>): A | undefined {
    const block = this.block(handle)
    if (block === undefined) return undefined
    return new kind(this.heap.buffer, block.offset, Math.floor(block.size / kind.BYTES_PER_ELEMENT))
  }

  /**
   * Frees memory.
   * @throws NotAllocated when the handle isn't of this allocator
   * @throws DoubleFree when it was freed before
   */
  free(handle: MemoryHandle): void {
    const wasOurs = this.#allocations.knows(handle)
    const allocation = this.#allocations.remove(handle)
    if (allocation === undefined) {
      const what = { owner: 'This MkAllocator', what: `handle ${String(handle)}` }
      throw wasOurs ? new DoubleFree(what) : new NotAllocated(what)
    }
    this.heap.free(allocation.block)
    this.#budgets.release(allocation.budget, allocation.block.size)
  }

  /** Lists memory that outlives frames and isn't freed. */
  leaks(): HeapLeak[] {
    const leaks: HeapLeak[] = []
    this.#allocations.forEach(({ block: { offset, size }, label }) => leaks.push({ label, offset, size }))
    return leaks
  }

  // Budgets, phases, statistics

  /**
   * Sets the limits of a tag; leaving one out removes it. Live memory stays, even above them.
   * @throws InvalidSize when a limit isn't a whole number of bytes, or soft is above hard
   */
  limit(tag: MkTag, limits: BudgetLimits): void {
    this.#budgets.limit(tag, limits)
  }

  /** Calls `listener` with each {@link BudgetEvent}; returns a function that removes it. */
  onBudget(listener: BudgetListener): () => void {
    return this.#budgets.listen(listener)
  }

  /** Counts time and all allocations, from here to `end()`. An outer phase includes inner ones. */
  beginPhase(name: string): Phase {
    return new Phase(name, this.#budgets.total)
  }

  get stats(): AllocatorStats {
    const { allocs, frees, bytesAllocated, used, peak } = this.#budgets.total
    return {
      frames: this.#frames,
      abandonedFrames: this.#abandoned,
      allocs,
      frees,
      live: allocs - frees,
      bytesAllocated,
      bytesFreed: bytesAllocated - used,
      bytesLive: used,
      peakBytes: peak,
      arenaBytes: this.#arena.used,
      arenaHighWater: this.#arena.highWater,
      arenaCapacity: this.#arena.capacity,
      heap: this.heap.stats,
      tags: this.#budgets.stats(),
    }
  }

  /** Frees all its memory. A heap from the config stays. */
  dispose(): void {
    if (this.#open) this.endFrame()
    this.#allocations.forEach((_, handle) => this.free(handle))
    this.#arena.dispose()
  }

  #requireFrame(call: string): void {
    if (!this.#open) throw new NoOpenFrame({ call })
  }

  #freeFrame(): void {
    const before = this.#arena.count
    this.#arena.reset()
    this.#settle(before)
  }

  /** Releases the budgets of frame allocations that the arena has freed. */
  #settle(before: number): void {
    for (let place = this.#arena.count; place < before; place++) {
      this.#budgets.release(this.#payers[place], this.#payments[place])
    }
  }
}
