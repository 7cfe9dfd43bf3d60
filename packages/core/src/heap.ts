import { requireAlignment, requireSize } from './bounds.ts'
import { hasBrand, isInstance } from './brand.ts'
import { createColumns } from './columns.ts'
import type { Columns, ColumnsSpec } from './columns.ts'
import { DoubleFree, HeapFull, NotAllocated } from './errors.ts'
import { createKernels } from './kernels/kernels.ts'
import type { Kernels } from './kernels/kernels.ts'
import type { Converted, Fields, Struct, TypeGpuSchema } from './layout/types.ts'
import type { Block, LinearMemory } from './linear-memory.ts'
import { RangeAllocator } from './range-allocator.ts'
import { MAX_RESERVE_BYTES, reserve } from './reserve.ts'
import type { MemoryKind } from './reserve.ts'
import { createRows } from './rows-store.ts'
import type { Rows } from './rows-store.ts'

export interface HeapOptions {
  /** Bytes to reserve, rounded up to pages of 64 KiB; default 256 MiB. What is never touched costs address space only. */
  readonly bytes?: number
  /** Refuse a smaller reserve than `bytes`; default false: where the platform has less to give, less is taken. */
  readonly exact?: boolean
  /** `'js'` keeps to the JavaScript kernels; default `'auto'`: WebAssembly SIMD where it can be had. */
  readonly kernels?: 'auto' | 'js'
  /**
   * `'auto'` (default): a WebAssembly.Memory, and where none can be had a plain ArrayBuffer, with the JavaScript kernels. `'wasm'`: `ReserveRefused`
   * where WebAssembly is there but gives no memory. `'plain'`: an ArrayBuffer, for memory that is worked on rarely: a page of Chromium has about
   * 124 WebAssembly memories.
   */
  readonly memory?: MemoryKind
  /** Shown in errors and warnings; default `'Heap'`. */
  readonly label?: string
}

/** What a heap holds, in bytes. A snapshot. */
export interface HeapStats {
  /** Bytes of the reserve. */
  readonly bytes: number
  /** Bytes that were asked for: more than `bytes` where the platform had less to give. */
  readonly askedBytes: number
  /** Bytes in blocks, rounded up to 16 each, and the first 64 bytes, which are never handed out; of 4 GiB also the last 64. */
  readonly used: number
  readonly free: number
  /** The most that one `alloc` can get. */
  readonly largestFree: number
  /** The highest byte ever handed out: pages beyond it were never touched. */
  readonly touched: number
  /** Blocks that are allocated. */
  readonly blocks: number
  /** Blocks ever allocated, and ever freed: their difference is `blocks`. */
  readonly allocs: number
  readonly frees: number
}

/** A block that is still allocated. */
export interface HeapLeak {
  readonly label: string
  readonly offset: number
  readonly size: number
}

/** Ranges are counted in units of 16 bytes, so that a heap of 4 GiB fits 32 bits, and no block shares a SIMD word. */
const UNIT = 16

/** The first bytes are never handed out: 0 is no block's offset, and kernels take it for "none". */
const RESERVED_BYTES = 64

/** Nor are the last ones of the largest heap: where a block ends at 2³², kernels, which count in 32 bits, take its end for 0. */
const TAIL_BYTES = 64

const DEFAULT_BYTES = 256 * 2 ** 20
const DEFAULT_ALIGN = 16

const NO_SIMD =
  "WebAssembly SIMD is refused here, so the kernels run in JavaScript. A page with a Content-Security-Policy needs 'wasm-unsafe-eval' in script-src."
const NO_MEMORY =
  'WebAssembly gives no memory here, so a heap is a plain buffer, on which the kernels run in JavaScript. ' +
  'A page of Chromium has about 124 WebAssembly memories: make few heaps, and drop those that are no longer used.'
const NO_WASM = 'there is no WebAssembly here, so heaps are plain buffers and the kernels run in JavaScript.'

let toldOfSlowKernels = false

class HeapBlock implements Block {
  readonly offset: number
  readonly size: number
  readonly label: string
  /** Of the RangeAllocator. */
  readonly node: number
  readonly heap: Heap
  freed = false

  constructor(heap: Heap, node: number, offset: number, size: number, label: string) {
    this.heap = heap
    this.node = node
    this.offset = offset
    this.size = size
    this.label = label
  }
}

/**
 * One linear memory, reserved when made, that stores, arenas and mirrors live in.
 *
 * - Its buffer never grows, so views of it never detach. What needs more makes a heap of its own.
 * - Memory it hands out reads zero.
 */
export class Heap implements LinearMemory {
  readonly buffer: ArrayBuffer
  /** The WebAssembly memory behind `buffer`; undefined where `buffer` is a plain one. */
  readonly memory: WebAssembly.Memory | undefined
  /** Bytes of the reserve. */
  readonly bytes: number
  readonly label: string
  /** The inner loops over this heap; `kernels.kind` says what they run on. */
  readonly kernels: Kernels
  readonly #askedBytes: number
  readonly #ranges: RangeAllocator
  readonly #tail: number
  readonly #octets: Uint8Array
  readonly #blocks = new Set<HeapBlock>()
  #touched = RESERVED_BYTES
  #allocs = 0

  /** Also a heap that another copy of this package made. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return this === Heap ? hasBrand(value, 'Heap') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'Heap' {
    return 'Heap'
  }

  /** @throws InvalidSize, ReserveRefused */
  constructor(options: HeapOptions = {}) {
    const {
      bytes = DEFAULT_BYTES,
      exact = false,
      kernels = 'auto',
      memory: kind = 'auto',
      label = 'Heap',
    } = options
    requireSize('createHeap: bytes', bytes, 1, MAX_RESERVE_BYTES)
    const { buffer, memory } = reserve(bytes, exact, kind)
    this.buffer = buffer
    this.memory = memory
    this.bytes = buffer.byteLength
    this.label = label
    this.kernels = createKernels(memory, buffer, kernels)
    if (kernels === 'auto' && kind !== 'plain' && this.kernels.kind === 'js')
      tellOfSlowKernels(memory !== undefined)
    this.#askedBytes = bytes
    this.#octets = new Uint8Array(buffer)
    this.#tail = this.bytes === MAX_RESERVE_BYTES ? TAIL_BYTES : 0
    this.#ranges = new RangeAllocator((this.bytes - this.#tail) / UNIT)
    this.#ranges.alloc(RESERVED_BYTES / UNIT)
    if (this.bytes < bytes) {
      console.warn(
        `memkit: ${label} has ${this.bytes} bytes: the platform refused the ${bytes} bytes asked for.`,
      )
    }
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
   * Takes a block of zeros. What lies between `bytes` and the next multiple of 16 belongs to the block too.
   *
   * @param bytes how many; 0 gives a block without bytes
   * @param align power of two that the offset is a multiple of, default 16, which is also the least
   * @param label shown in `leaks()` and errors
   * @throws InvalidSize, InvalidAlignment, HeapFull
   */
  alloc(bytes: number, align: number = DEFAULT_ALIGN, label = 'block'): Block {
    requireSize('heap.alloc: bytes', bytes, 0, MAX_RESERVE_BYTES)
    requireAlignment('heap.alloc: align', align, RangeAllocator.MAX_ALIGN)
    const units = Math.max(1, Math.ceil(bytes / UNIT))
    const node = this.#ranges.alloc(units, Math.max(1, align / UNIT))
    if (node === RangeAllocator.NONE) {
      const { free, largestFree } = this.#ranges.report()
      throw new HeapFull(this.label, label, bytes, free * UNIT, largestFree * UNIT, this.bytes)
    }
    const offset = this.#ranges.offsetOf(node) * UNIT
    const end = offset + units * UNIT
    // Pages beyond what was ever handed out are zero already, and stay untouched.
    if (offset < this.#touched) this.#octets.fill(0, offset, Math.min(end, this.#touched))
    if (end > this.#touched) this.#touched = end
    const block = new HeapBlock(this, node, offset, bytes, label)
    this.#blocks.add(block)
    this.#allocs++
    return block
  }

  /**
   * Gives a block back. Views of it must no longer be used: its bytes will be handed out again.
   *
   * @throws NotAllocated, DoubleFree
   */
  free(block: Block): void {
    if (!(block instanceof HeapBlock) || block.heap !== this) throw new NotAllocated(this.label, 'this block')
    if (block.freed) throw new DoubleFree(this.label, `the block ${block.label} at ${block.offset}`)
    block.freed = true
    this.#blocks.delete(block)
    this.#ranges.free(block.node)
  }

  /**
   * A store of columns (structure of arrays) in this heap, which is a valid bitECS component: `store.x[entity]`. Change
   * detection reads it without a copy. To free it: `heap.free(columnsInfo(store).block)`.
   *
   * ```ts
   * const Position = heap.columns({ x: f32, y: f32 }, 10_000)   // entities 0 … 10 000
   * ```
   *
   * @param spec name → type: scalars, vectors, matrices, fixed arrays of these
   * @param capacity highest entity id
   * @param label shown in leak lists
   * @throws InvalidSize, ReservedField, InvalidSchema, InvalidIdentifier, HeapFull
   */
  columns<const S extends ColumnsSpec>(spec: S, capacity: number, label?: string): Columns<S> {
    return createColumns(this, spec, capacity, label)
  }

  /**
   * A store of rows (array of structs) in this heap, in the layout of the GPU, which is a valid bitECS component:
   * `store.matrix(entity)` is a view. To free it: `heap.free(rowsInfo(store).block)`.
   *
   * ```ts
   * const Transform = heap.rows(struct({ matrix: mat4x4f }), 10_000)   // entities 0 … 10 000
   * ```
   *
   * @param schema a struct of fixed size
   * @param capacity highest entity id
   * @param label shown in leak lists
   * @throws InvalidSize, ReservedField, InvalidSchema, HeapFull
   */
  rows<F extends Fields>(schema: Struct<F>, capacity: number, label?: string): Rows<Struct<F>>
  rows<S extends TypeGpuSchema & { readonly type: 'struct' }>(
    schema: S,
    capacity: number,
    label?: string,
  ): Rows<Converted<S>>
  rows(schema: Struct, capacity: number, label?: string): unknown {
    return createRows(this, schema, capacity, label)
  }

  /** What is allocated now, in the order in which it was allocated. */
  leaks(): HeapLeak[] {
    return Array.from(this.#blocks, ({ label, offset, size }) => ({ label, offset, size }))
  }
}

function tellOfSlowKernels(hasMemory: boolean): void {
  if (toldOfSlowKernels) return
  toldOfSlowKernels = true
  console.warn(`memkit: ${hasMemory ? NO_SIMD : typeof WebAssembly === 'object' ? NO_MEMORY : NO_WASM}`)
}

/**
 * Reserves a heap. A game makes one, when it starts.
 *
 * ```ts
 * const heap = createHeap({ bytes: 64 << 20 })
 * const block = heap.alloc(1024, 16, 'weights')
 * const weights = new Float32Array(heap.buffer, block.offset, 256)   // zeros; never detaches
 * heap.free(block)
 * ```
 *
 * @throws InvalidSize, ReserveRefused
 */
export function createHeap(options: HeapOptions = {}): Heap {
  return new Heap(options)
}
