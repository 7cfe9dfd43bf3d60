import { requireSize } from './bounds.ts'
import { Budgets, MkTag } from './budget.ts'
import type { Budget, BudgetEvent, BudgetLimits } from './budget.ts'
import { DoubleFree, NoOpenFrame, NotAllocated } from './errors.ts'
import { FrameArena } from './frame-arena.ts'
import type { ArenaMark } from './frame-arena.ts'
import { FrameVec } from './frame-vec.ts'
import { Handles } from './handles.ts'
import type { Handle } from './handles.ts'
import { createHeap } from './heap.ts'
import type { Heap, HeapLeak } from './heap.ts'
import type { Block } from './linear-memory.ts'
import { Phase } from './phases.ts'
import type { AllocationCounts } from './phases.ts'
import { RangeAllocator } from './range-allocator.ts'
import { MAX_RESERVE_BYTES } from './reserve.ts'
import type { AllocatorStats, FrameMemoryReport } from './stats.ts'
import type { TypedArray, TypedArrayKind } from './typed-array.ts'

export interface MkAllocatorConfig {
  /** Where the memory comes from; default: a heap of its own. */
  readonly heap?: Heap
  /** Bytes of the heap that is made where none is given; default 256 MiB. */
  readonly heapBytes?: number
  /** Bytes of frame memory; default 1 MiB. */
  readonly frameArenaBytes?: number
  /** The most bytes of frame memory, spill blocks included; default 8 × `frameArenaBytes`. */
  readonly maxFrameArenaBytes?: number
  /** Limits by tag. */
  readonly budgets?: Readonly<Partial<Record<MkTag, BudgetLimits>>>
  /** Poison freed frame memory, and never hand out the same view twice. Default false. */
  readonly debug?: boolean
}

/** Options of memory that outlives frames. */
export interface AllocOptions {
  /** What it is for; default `MkTag.General`. */
  readonly tag?: MkTag
  /** Power of two; default and least 16. */
  readonly align?: number
  /** Shown in leak lists; default the tag. */
  readonly label?: string
}

interface Allocation {
  readonly block: Block
  readonly label: string
  readonly budget: Budget
}

const DEFAULT_ARENA_BYTES = 1 << 20

/** Points to memory of an MkAllocator; resolves to `undefined` once it was freed. */
export type MemoryHandle = Handle<Allocation>

/**
 * CPU memory of a game in one place: memory for a frame, memory that outlives frames, budgets and statistics.
 *
 * ```ts
 * const memory = new MkAllocator({ frameArenaBytes: 1 << 20, budgets: { [MkTag.Physics]: { hard: 8 << 20 } } })
 * memory.beginFrame()
 * const forces = memory.frameAlloc(Float32Array, 3000, MkTag.Physics)   // gone at endFrame
 * const report = memory.endFrame()
 * ```
 *
 * Frame memory is not cleared when it is handed out; memory that outlives frames reads zero. The coordinator has frame
 * arenas of its own: this class is for those who use core alone.
 */
export class MkAllocator {
  readonly heap: Heap
  readonly #arena: FrameArena
  readonly #budgets = new Budgets()
  readonly #frameBudget: Budget
  readonly #allocations = new Handles<Allocation>()
  /** Of each frame allocation that is alive: who pays, and how many bytes. */
  readonly #payers: Budget[] = []
  readonly #payments: number[] = []
  /** The lists of frames past, by place in the order of allocations. */
  readonly #vecs: (FrameVec<TypedArray> | undefined)[] = []
  readonly #counts: MutableCounts = { allocs: 0, bytesAllocated: 0 }
  readonly #report: MutableReport = {
    frame: 0,
    allocCount: 0,
    bytes: 0,
    arenaBytes: 0,
    arenaHighWater: 0,
    spills: 0,
  }
  #open = false
  #frames = 0
  #abandoned = 0
  #allocsAtBegin = 0
  #bytesAtBegin = 0
  #frees = 0
  #bytesFreed = 0
  #peak = 0

  /** @throws InvalidSize, HeapFull, ReserveRefused */
  constructor(config: MkAllocatorConfig = {}) {
    const { frameArenaBytes = DEFAULT_ARENA_BYTES, maxFrameArenaBytes, debug = false } = config
    for (const [tag, limits] of Object.entries(config.budgets ?? {})) {
      if (limits !== undefined) this.#budgets.limit(tag, limits)
    }
    this.#frameBudget = this.#budgets.of(MkTag.Frame)
    this.heap = config.heap ?? createHeap(config.heapBytes === undefined ? {} : { bytes: config.heapBytes })
    this.#arena = new FrameArena(
      this.heap,
      frameArenaBytes,
      maxFrameArenaBytes === undefined ? { debug } : { debug, maxBytes: maxFrameArenaBytes },
    )
  }

  // Frames

  /** Opens a frame. One that is still open, because something threw in it, is abandoned: its memory is freed. */
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
   *
   * @returns what the frame took: one object, reused; copy what you keep
   * @throws NoOpenFrame
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
   * A view of `length` numbers that lives until the frame ends. What it holds is unspecified.
   *
   * @throws NoOpenFrame, InvalidSize, BudgetExceeded, ArenaFull, HeapFull
   */
  frameAlloc<A extends TypedArray>(kind: TypedArrayKind<A>, length: number, tag?: MkTag): A {
    this.#requireFrame('frameAlloc')
    // First, so that what is no length counts as no refusal of a budget.
    const most = Math.floor(RangeAllocator.MAX_SIZE / kind.BYTES_PER_ELEMENT)
    requireSize('MkAllocator.frameAlloc: length', length, 0, most)
    const budget = tag === undefined ? this.#frameBudget : this.#budgets.of(tag)
    const bytes = length * kind.BYTES_PER_ELEMENT
    this.#budgets.check(budget, bytes)
    const view = this.#arena.alloc(kind, length)
    const place = this.#arena.count - 1
    this.#payers[place] = budget
    this.#payments[place] = bytes
    this.#count(budget, bytes)
    return view
  }

  /**
   * A copy of `values` in frame memory.
   *
   * @throws NoOpenFrame, InvalidSize, BudgetExceeded, ArenaFull, HeapFull
   */
  frameSlice<A extends TypedArray>(kind: TypedArrayKind<A>, values: ArrayLike<A[number]>, tag?: MkTag): A {
    const view = this.frameAlloc(kind, values.length, tag)
    // One signature for all kinds: A[number] is what the kind holds.
    ;(view as { set(values: ArrayLike<A[number]>): void }).set(values)
    return view
  }

  /**
   * An empty list in frame memory that holds up to `capacity` numbers.
   *
   * @throws NoOpenFrame, InvalidSize, BudgetExceeded, ArenaFull, HeapFull
   */
  frameVec<A extends TypedArray>(kind: TypedArrayKind<A>, capacity: number, tag?: MkTag): FrameVec<A> {
    const array = this.frameAlloc(kind, capacity, tag)
    const place = this.#arena.count - 1
    const known = this.#vecs[place] as FrameVec<A> | undefined
    if (known === undefined || this.#arena.debug) {
      const vec = new FrameVec(this.#arena, array)
      this.#vecs[place] = vec
      return vec
    }
    known.restart(array)
    return known
  }

  /** The present point of the frame, for `rewind`. @throws NoOpenFrame */
  mark(): ArenaMark {
    this.#requireFrame('mark')
    return this.#arena.mark()
  }

  /**
   * Whether a view lies in memory that was handed out in this frame and not rewound. With `debug`, a view of an older frame is told
   * even where its place was handed out again.
   */
  ownsThisFrame(view: ArrayBufferView): boolean {
    return this.#arena.ownsThisFrame(view)
  }

  /** Frees the frame memory taken since `mark`. @throws StaleMark, NoOpenFrame */
  rewind(mark: ArenaMark): void {
    this.#requireFrame('rewind')
    const before = this.#arena.count
    this.#arena.rewind(mark)
    this.#settle(before)
  }

  /**
   * Runs `fn` and frees the frame memory it took, also when it throws. Scopes nest. `fn` must not be async.
   *
   * @returns what `fn` returns
   * @throws NoOpenFrame
   */
  scope<T>(fn: () => T): T {
    this.#requireFrame('scope')
    const mark = this.#arena.mark()
    try {
      return fn()
    } finally {
      // The frame may have ended inside of it, or been rewound further: then there is nothing left to free.
      if (this.#arena.holds(mark)) this.rewind(mark)
    }
  }

  // Memory that outlives frames

  /**
   * Takes a block of zeros that lives until it is freed.
   *
   * @throws InvalidSize, InvalidAlignment, BudgetExceeded, HeapFull, HandlesFull
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
    this.#count(budget, bytes)
    return handle
  }

  /** Where the memory is; undefined once it was freed. */
  block(handle: MemoryHandle): Block | undefined {
    return this.#allocations.get(handle)?.block
  }

  /** A new view of the whole block; undefined once it was freed. Bytes that make no whole number are left out. */
  view<A extends TypedArray>(handle: MemoryHandle, kind: TypedArrayKind<A>): A | undefined {
    const block = this.block(handle)
    if (block === undefined) return undefined
    return new kind(this.heap.buffer, block.offset, Math.floor(block.size / kind.BYTES_PER_ELEMENT))
  }

  /** Gives memory back. @throws NotAllocated, DoubleFree */
  free(handle: MemoryHandle): void {
    const wasOurs = this.#allocations.knows(handle)
    const allocation = this.#allocations.remove(handle)
    if (allocation === undefined) {
      throw new (wasOurs ? DoubleFree : NotAllocated)('This MkAllocator', `handle ${String(handle)}`)
    }
    this.heap.free(allocation.block)
    this.#release(allocation.budget, allocation.block.size)
  }

  /** Memory that outlives frames and is still allocated. */
  leaks(): HeapLeak[] {
    const leaks: HeapLeak[] = []
    this.#allocations.forEach(({ block, label }) =>
      leaks.push({ label, offset: block.offset, size: block.size }),
    )
    return leaks
  }

  // Budgets, phases, statistics

  /** Sets the limits of a tag; one that is left out is lifted. @throws InvalidSize */
  limit(tag: MkTag, limits: BudgetLimits): void {
    this.#budgets.limit(tag, limits)
  }

  /** Tells when a tag passes its soft limit or is refused at its hard one. @returns a function that takes it away */
  onBudget(listener: (event: BudgetEvent) => void): () => void {
    return this.#budgets.listen(listener)
  }

  /**
   * Counts time and allocations from here to `end()`, frame memory and other. Phases nest: an outer one includes its
   * inner ones.
   */
  beginPhase(name: string): Phase {
    return new Phase(name, this.#counts)
  }

  get stats(): AllocatorStats {
    const { allocs, bytesAllocated } = this.#counts
    return {
      frames: this.#frames,
      abandonedFrames: this.#abandoned,
      allocs,
      frees: this.#frees,
      live: allocs - this.#frees,
      bytesAllocated,
      bytesFreed: this.#bytesFreed,
      bytesLive: bytesAllocated - this.#bytesFreed,
      peakBytes: this.#peak,
      arenaBytes: this.#arena.used,
      arenaHighWater: this.#arena.highWater,
      arenaCapacity: this.#arena.capacity,
      heap: this.heap.stats,
      tags: this.#budgets.stats(),
    }
  }

  /** Gives back all its memory. A heap that was handed in stays. */
  dispose(): void {
    if (this.#open) this.endFrame()
    this.#allocations.forEach((_, handle) => this.free(handle))
    this.#arena.dispose()
  }

  #requireFrame(call: string): void {
    if (!this.#open) throw new NoOpenFrame(call)
  }

  #freeFrame(): void {
    const before = this.#arena.count
    this.#arena.reset()
    this.#settle(before)
  }

  /** Books the frame allocations that the arena has freed. */
  #settle(before: number): void {
    for (let place = this.#arena.count; place < before; place++) {
      this.#release(this.#payers[place], this.#payments[place])
    }
  }

  #count(budget: Budget, bytes: number): void {
    const counts = this.#counts
    counts.allocs++
    counts.bytesAllocated += bytes
    const live = counts.bytesAllocated - this.#bytesFreed
    if (live > this.#peak) this.#peak = live
    this.#budgets.charge(budget, bytes)
  }

  #release(budget: Budget, bytes: number): void {
    this.#frees++
    this.#bytesFreed += bytes
    this.#budgets.release(budget, bytes)
  }
}

type MutableCounts = { -readonly [K in keyof AllocationCounts]: AllocationCounts[K] }
type MutableReport = { -readonly [K in keyof FrameMemoryReport]: FrameMemoryReport[K] }
