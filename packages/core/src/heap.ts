import { requireAlignment, requireSize } from './memory/bounds.ts'
import { hasBrand, isInstance } from './brand.ts'
import { createColumns, type Columns, type ColumnsSpec } from './stores/columns.ts'
import { DoubleFree, HeapFull, NotAllocated } from './memory/errors.ts'
import { createKernels } from './kernels/create-kernels.ts'
import type { Kernels } from './kernels/kernels.ts'
import type { Converted, StructLike } from './layout/types.ts'
import type { Block, LinearMemory } from './memory/linear-memory.ts'
import { RangeAllocator } from './memory/range-allocator.ts'
import { MAX_RESERVE_BYTES, reserve, type MemoryKind } from './memory/reserve.ts'
import { createRows, type Rows } from './stores/rows-store.ts'

export interface HeapOptions {
  /** Bytes to reserve, in pages of 64 KiB; default 256 MiB. Untouched ones cost address space only. */
  readonly bytes?: number | undefined
  /** Throw `ReserveRefused` where the platform has less than `bytes`, instead of taking less. */
  readonly exact?: boolean
  /** `'js'`: JavaScript kernels. `'auto'` (default): WebAssembly SIMD where the platform has it. */
  readonly kernels?: 'auto' | 'js'
  /**
   * - `'auto'` (default): WebAssembly memory; where that is refused, as `'plain'`.
   * - `'wasm'`: the same, but `ReserveRefused` where WebAssembly is there and gives no memory.
   * - `'plain'`: an ArrayBuffer with the JavaScript kernels, for memory that they rarely work on: a
   *   page of Chromium has about 124 WebAssembly memories.
   */
  readonly memory?: MemoryKind
  /** Shown in errors and warnings; default `'Heap'`. */
  readonly label?: string
}

/** What a heap holds, in bytes. A snapshot. */
export interface HeapStats {
  /** Bytes of the reserve. */
  readonly bytes: number
  /** Bytes asked for: more than `bytes` where the platform had less. */
  readonly askedBytes: number
  /** Bytes in blocks, each rounded up to 16, and 64 that are never handed out (128 of 4 GiB). */
  readonly used: number
  readonly free: number
  /** The most that one `alloc` can get. */
  readonly largestFree: number
  /** Where the highest block ever handed out ended. Pages beyond were never touched. */
  readonly touched: number
  /** Blocks that are allocated. */
  readonly blocks: number
  /** Blocks ever allocated and ever freed; `blocks` is the difference. */
  readonly allocs: number
  readonly frees: number
}

/** A block that is still allocated. */
export interface HeapLeak {
  readonly label: string
  readonly offset: number
  readonly size: number
}

/** Ranges count units of 16 bytes: 4 GiB fit 32 bits, and no two blocks share a SIMD word. */
const UNIT = 16
/** The first bytes are never handed out, so that no block has offset 0; a kernel leaves results there. */
const RESERVED_BYTES = 64
/** Nor are the last ones of 4 GiB: kernels count in 32 bits, and would take an end at 2³² for 0. */
const TAIL_BYTES = 64

const NO_SIMD =
  "WebAssembly SIMD is refused here, so the kernels run in JavaScript. A page with a Content-Security-Policy needs 'wasm-unsafe-eval' in script-src."
const NO_MEMORY =
  'WebAssembly gives no memory here, so a heap is a plain buffer, on which the kernels run in JavaScript. ' +
  'A page of Chromium has about 124 WebAssembly memories: make few heaps, and drop those that are no longer used.'
const NO_WASM = 'there is no WebAssembly here, so heaps are plain buffers and the kernels run in JavaScript.'

let warnedOfSlowKernels = false

interface HeapBlock extends Block {
  readonly label: string
  /** Its range, for the RangeAllocator. */
  readonly node: number
}

/**
 * One linear memory of fixed size, which stores, arenas and mirrors share. Its buffer never grows,
 * so its views never detach; memory reads zero when it is handed out.
 */
export class Heap implements LinearMemory {
  readonly buffer: ArrayBuffer
  /** The WebAssembly memory behind `buffer`; undefined for a plain buffer. */
  readonly memory: WebAssembly.Memory | undefined
  readonly bytes: number
  readonly label: string
  /** The inner loops over this heap; `kernels.kind` tells whether they run in WebAssembly. */
  readonly kernels: Kernels
  readonly #askedBytes: number
  readonly #ranges: RangeAllocator
  readonly #tail: number
  readonly #octets: Uint8Array
  readonly #blocks = new Set<HeapBlock>()
  readonly #freed = new WeakSet<Block>()
  #touched = RESERVED_BYTES
  #allocs = 0

  static [Symbol.hasInstance](value: unknown): boolean {
    return this === Heap ? hasBrand(value, 'Heap') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'Heap' {
    return 'Heap'
  }

  constructor(options: HeapOptions = {}) {
    const { bytes = 256 << 20, exact = false, label = 'Heap' } = options
    const { memory: kind = 'auto', kernels = 'auto' } = options
    requireSize('createHeap: bytes', bytes, 1, MAX_RESERVE_BYTES)
    const { buffer, memory } = reserve(bytes, exact, kind)
    this.buffer = buffer
    this.memory = memory
    this.bytes = buffer.byteLength
    this.label = label
    this.kernels = createKernels(memory, buffer, kernels)
    if (kernels === 'auto' && kind !== 'plain' && this.kernels.kind === 'js')
      warnOfSlowKernels(memory !== undefined)
    this.#askedBytes = bytes
    this.#octets = new Uint8Array(buffer)
    this.#tail = this.bytes === MAX_RESERVE_BYTES ? TAIL_BYTES : 0
    this.#ranges = new RangeAllocator((this.bytes - this.#tail) / UNIT)
    this.#ranges.alloc(RESERVED_BYTES / UNIT)
    if (this.bytes < bytes)
      console.warn(
        `memkit: ${label} has ${this.bytes} bytes: the platform refused the ${bytes} bytes asked for.`,
      )
  }

  get stats(): HeapStats {
    const { used, free, largestFree } = this.#ranges.report()
    return {
      bytes: this.bytes,
      askedBytes: this.#askedBytes,
      used: used * UNIT + this.#tail,
      free: free * UNIT,
      largestFree: largestFree * UNIT,
      touched: this.#touched,
      blocks: this.#blocks.size,
      allocs: this.#allocs,
      frees: this.#allocs - this.#blocks.size,
    }
  }

  /**
   * Takes a block of zeros. Bytes up to the next multiple of 16 belong to the block too.
   * @param align power of two that the offset is a multiple of; default and least 16
   * @param label shown in `leaks()` and errors
   * @throws {@link InvalidSize} when `bytes` is out of range
   * @throws {@link InvalidAlignment} when `align` isn't a power of two
   * @throws {@link HeapFull} when no free piece is big enough
   */
  alloc(bytes: number, align: number = UNIT, label = 'block'): Block {
    requireSize('heap.alloc: bytes', bytes, 0, MAX_RESERVE_BYTES)
    requireAlignment('heap.alloc: align', align, RangeAllocator.MAX_ALIGN)
    const units = Math.max(1, Math.ceil(bytes / UNIT))
    const node = this.#ranges.alloc(units, Math.max(1, align / UNIT))
    if (node === RangeAllocator.NONE) {
      const { free, largestFree } = this.stats
      throw new HeapFull({ heap: this.label, label, asked: bytes, free, largestFree, bytes: this.bytes })
    }
    const offset = this.#ranges.offsetOf(node) * UNIT
    const end = offset + units * UNIT
    // Pages that were never handed out are zero: leave them untouched.
    if (offset < this.#touched) this.#octets.fill(0, offset, Math.min(end, this.#touched))
    if (end > this.#touched) this.#touched = end
    const block: HeapBlock = { offset, size: bytes, label, node }
    this.#blocks.add(block)
    this.#allocs++
    return block
  }

  /**
   * Frees a block. Don't use views of it any more: its bytes will be handed out again.
   * @throws {@link NotAllocated} when the block isn't of this heap
   * @throws {@link DoubleFree} when it was freed before
   */
  free(block: Block): void {
    const ours = block as HeapBlock
    if (!this.#blocks.delete(ours)) {
      if (!this.#freed.has(ours)) throw new NotAllocated({ owner: this.label, what: 'this block' })
      throw new DoubleFree({ owner: this.label, what: `the block ${ours.label} at ${ours.offset}` })
    }
    this.#freed.add(ours)
    this.#ranges.free(ours.node)
  }

  /**
   * Makes a store of columns (structure of arrays) in this heap, which is a valid bitECS component:
   * `store.x[entity]`. Change detection reads it without a copy. Columns begin at different places of
   * the cache, so that loops over many of them keep their speed at every capacity; each is rounded up
   * for that, by at most 1 023 slots. Free it with `heap.free(columnsInfo(store).block)`.
   *
   * ```ts
   * const Position = heap.columns({ x: f32, y: f32 }, 10_000)   // entities 0 … 10 000
   * ```
   * @param spec name → type: scalars, vectors, matrices, fixed arrays of these
   * @param capacity highest entity id
   * @throws {@link InvalidSize} when `capacity` isn't a whole number, 1 to what a heap can hold
   * @throws {@link ReservedField} for a column named `component` or `data`
   * @throws {@link InvalidIdentifier} for a name that WGSL does not allow
   * @throws {@link InvalidSchema} for a struct, a runtime-sized array, or a type with `from`
   * @throws {@link HeapFull} when the heap has no room
   */
  columns<const S extends ColumnsSpec>(spec: S, capacity: number, label?: string): Columns<S> {
    return createColumns(this, spec, capacity, label)
  }

  /**
   * Makes a store of rows (array of structs) in this heap, in the layout of the GPU, which is a
   * valid bitECS component: `store.matrix(entity)` is a view. Free it with
   * `heap.free(rowsInfo(store).block)`.
   *
   * ```ts
   * const Transform = heap.rows(struct({ matrix: mat4x4f }), 10_000)   // entities 0 … 10 000
   * ```
   * @param schema a struct of fixed size
   * @param capacity highest entity id
   * @throws {@link InvalidSize} when `capacity` isn't a whole number, 1 to what a heap can hold
   * @throws {@link ReservedField} for a field named `f32`, `i32`, `u32`, `stride`, `offset`,
   *   `component` or `data`
   * @throws {@link InvalidSchema} for anything but a struct of fixed size, a type with `from`, or
   *   rows that aren't a multiple of 4 bytes
   * @throws {@link HeapFull} when the heap has no room
   */
  rows<const S extends StructLike>(schema: S, capacity: number, label?: string): Rows<Converted<S>> {
    return createRows(this, schema, capacity, label)
  }

  /** Lists what is allocated now, the oldest first. */
  leaks(): HeapLeak[] {
    return Array.from(this.#blocks, ({ label, offset, size }) => ({ label, offset, size }))
  }
}

function warnOfSlowKernels(hasMemory: boolean): void {
  if (warnedOfSlowKernels) return
  warnedOfSlowKernels = true
  console.warn(`memkit: ${hasMemory ? NO_SIMD : typeof WebAssembly === 'object' ? NO_MEMORY : NO_WASM}`)
}

/**
 * Makes a heap. A game makes one, when it starts.
 *
 * ```ts
 * const heap = createHeap({ bytes: 64 << 20 })
 * const block = heap.alloc(1024, 16, 'weights')
 * const weights = new Float32Array(heap.buffer, block.offset, 256)   // zeros; never detaches
 * heap.free(block)
 * ```
 * @throws {@link InvalidSize} when `bytes` is out of range
 * @throws {@link ReserveRefused} when the platform has no memory of that size
 */
export function createHeap(options: HeapOptions = {}): Heap {
  return new Heap(options)
}
