import type { DirtyRows } from '../dirty-rows.ts'
import { ColumnUnusable } from '../errors.ts'
import type { ColumnLayout } from './group-table.ts'
import { roundToOdd } from './half-float.ts'

/** Any typed array whose elements are numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array

/**
 * A column that has to be asked for its numbers, one by one: whatever is no array of numbers (objects by entity, arrays of
 * small arrays). It is asked for the rows that are looked at, and for no others.
 */
export interface ColumnReader {
  /** Entities that it can be asked for: 0 … length − 1. All others read as zero. */
  readonly length: number
  /**
   * Number `scalar` (0 … arity − 1) of an entity. What is no number counts as a hole, and reads as zero.
   * Called in the hot path: it must neither throw nor allocate.
   */
  read(entity: number, scalar: number): unknown
}

/** What a column may be bound to. */
export type ColumnSource = NumberArray | readonly number[] | ColumnReader

/** Rows of a chunk whose scalars are wanted: `positions` in the chunk, `indices` in the source, `count` of both. */
export interface ChunkRows {
  readonly positions: Int32Array
  readonly indices: Uint32Array
  count: number
}

/** The scratch memory of one column, seen as each of the kinds that are written to it. */
interface Scratch {
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
}

/**
 * A column as the packer sees it: in the kernels' memory and of the kind that the row holds, then read where it lies;
 * else copied into scratch memory chunk by chunk, through sub-views that are made once.
 */
export class SourceColumn {
  readonly #column: number
  readonly #type: ColumnLayout['type']
  readonly #arity: number
  readonly #memory: ArrayBuffer
  #source: ColumnSource | undefined
  #length = 0
  #plain = false
  #reader: ColumnReader | undefined
  /** Byte address of index 0 in the kernels' memory, −1 when it does not lie there. */
  address = -1
  /** Entities that the column has. */
  entities = 0
  /** Set once there is a scratch for it. */
  scratch: Scratch | undefined
  /** The source when it holds the same 32 bits as the row, as integers, which copy every bit. */
  #raw: Int32Array | undefined
  #chunks: (NumberArray | undefined)[] = []
  /** Whether chunks of `#source` can be copied or converted by `TypedArray.set`. */
  #settable = false
  /** Elements of a plain array, or of what a reader gave, that were wanted and no numbers. */
  holes = 0

  constructor(column: number, layout: ColumnLayout, memory: ArrayBuffer) {
    this.#column = column
    this.#type = layout.type
    this.#arity = layout.arity
    this.#memory = memory
  }

  get bound(): boolean {
    return this.#source !== undefined
  }

  /**
   * @returns whether anything changed: nothing does when it is the same array, as long as it was
   * @throws ColumnUnusable
   */
  bind(source: ColumnSource): boolean {
    if (source !== undefined && source === this.#source) {
      if (source.length === this.#length || this.#plain || this.#reader !== undefined) return false
    }
    this.#rebind(source)
    return true
  }

  #rebind(source: ColumnSource): void {
    const reader = isReader(source) ? source : undefined
    if (reader === undefined && !Array.isArray(source) && !isNumberArray(source)) {
      throw new ColumnUnusable(
        this.#column,
        'give a typed array of numbers or a plain array, no BigInt array.',
      )
    }
    const type = this.#type
    this.#raw = undefined
    this.#chunks = []
    this.address = -1
    this.#plain = Array.isArray(source)
    this.#reader = reader
    if (reader !== undefined || Array.isArray(source)) {
      this.#settable = false
    } else {
      const view = source as NumberArray
      const integer = view instanceof Int32Array || view instanceof Uint32Array
      const same = type === 'i32' || type === 'u32' ? integer : view instanceof Float32Array
      if (same && view.buffer === this.#memory) {
        this.address = view.byteOffset
      } else if (same) {
        this.#raw = new Int32Array(view.buffer, view.byteOffset, view.length)
      }
      // To f16, only kinds that f32 holds exactly may take the way through f32.
      this.#settable = same || type !== 'f16' || (!integer && !(view instanceof Float64Array))
    }
    this.#source = source
    this.#length = source.length
    this.entities = Math.floor(source.length / this.#arity)
  }

  /**
   * Brings the scalars of a whole chunk into scratch: entities `first … first + count − 1`, zero past the end.
   * @param chunk number of the chunk, under which its sub-view is kept
   * @param mask rows among which holes count
   */
  loadChunk(chunk: number, first: number, count: number, mask: DirtyRows | undefined): void {
    if (this.#reader !== undefined) return this.#askChunk(this.#reader, first, count, mask)
    const scratch = this.scratch!
    const wanted = count * this.#arity
    const begin = first * this.#arity
    const source = this.#source!
    const have = Math.max(0, Math.min(wanted, this.#elements() - begin))
    if (have > 0) {
      if (this.#settable) {
        let part = this.#chunks[chunk]
        if (part === undefined || part.length !== have) {
          part = (source as NumberArray).subarray(begin, begin + have)
          this.#chunks[chunk] = part
        }
        this.#viewFor(part).set(part)
      } else if (this.#plain) {
        this.#loadPlain(source as readonly number[], begin, have, mask)
      } else {
        const to = scratch.f32
        for (let k = 0; k < have; k++) to[k] = roundToOdd((source as NumberArray)[begin + k])
      }
    }
    if (have < wanted) scratch.i32.fill(0, have, wanted)
  }

  /** Elements that are read: of a typed array those of whole entities. */
  #elements(): number {
    return this.#plain ? this.#source!.length : this.entities * this.#arity
  }

  /** The view of the scratch that `set` writes through: of the source's own kind where the bits stay as they are. */
  #viewFor(part: NumberArray): Float32Array | Int32Array | Uint32Array {
    const scratch = this.scratch!
    if (this.#type === 'f32' || this.#type === 'f16') return scratch.f32
    if (this.#raw !== undefined) return part instanceof Int32Array ? scratch.i32 : scratch.u32
    return this.#type === 'i32' ? scratch.i32 : scratch.u32
  }

  #loadPlain(source: readonly number[], begin: number, have: number, mask: DirtyRows | undefined): void {
    const { f32, i32 } = this.scratch!
    if (this.#type === 'f32') {
      for (let k = 0; k < have; k++) {
        const value: unknown = source[begin + k]
        if (typeof value === 'number') f32[k] = value
        else f32[k] = this.#hole(begin + k, mask)
      }
    } else if (this.#type === 'f16') {
      for (let k = 0; k < have; k++) {
        const value: unknown = source[begin + k]
        f32[k] = typeof value === 'number' ? roundToOdd(value) : this.#hole(begin + k, mask)
      }
    } else {
      for (let k = 0; k < have; k++) {
        const value: unknown = source[begin + k]
        i32[k] = typeof value === 'number' ? value : this.#hole(begin + k, mask)
      }
    }
  }

  /** Counts an element that is no number, if its row is wanted; it reads as zero. */
  #hole(element: number, mask: DirtyRows | undefined): number {
    if (mask === undefined || mask.has(Math.floor(element / this.#arity))) this.holes++
    return 0
  }

  #askChunk(reader: ColumnReader, first: number, count: number, mask: DirtyRows | undefined): void {
    for (let i = 0; i < count; i++) {
      if (mask === undefined || mask.has(first + i)) this.#ask(reader, first + i, i)
    }
  }

  /** Asks for the scalars of an entity, and puts them at a position of the chunk. */
  #ask(reader: ColumnReader, entity: number, position: number): void {
    const arity = this.#arity
    const type = this.#type
    const { f32, i32 } = this.scratch!
    const there = entity < reader.length
    const to = position * arity
    for (let k = 0; k < arity; k++) {
      let value: unknown = there ? reader.read(entity, k) : 0
      if (typeof value !== 'number') {
        this.holes++
        value = 0
      }
      if (type === 'f32') f32[to + k] = value as number
      else if (type === 'f16') f32[to + k] = roundToOdd(value as number)
      else i32[to + k] = value as number
    }
  }

  /** Brings the scalars of some rows of a chunk into scratch; what lies between keeps what it had. */
  loadRows(rows: ChunkRows): void {
    const arity = this.#arity
    const { positions, indices, count } = rows
    if (this.#reader !== undefined) {
      for (let i = 0; i < count; i++) this.#ask(this.#reader, indices[i], positions[i])
      return
    }
    const raw = this.#raw
    const source = this.#source as NumberArray | readonly number[]
    const { f32, i32 } = this.scratch!
    const length = this.#elements()
    if (raw !== undefined) {
      for (let i = 0; i < count; i++) {
        const to = positions[i] * arity
        const from = indices[i] * arity
        for (let k = 0; k < arity; k++) i32[to + k] = from + k < length ? raw[from + k] : 0
      }
      return
    }
    const integer = this.#type === 'i32' || this.#type === 'u32'
    for (let i = 0; i < count; i++) {
      const to = positions[i] * arity
      const from = indices[i] * arity
      for (let k = 0; k < arity; k++) {
        let value: unknown = from + k < length ? source[from + k] : 0
        if (typeof value !== 'number') {
          this.holes++
          value = 0
        }
        if (integer) i32[to + k] = value as number
        else f32[to + k] = this.#type === 'f16' ? roundToOdd(value as number) : (value as number)
      }
    }
  }
}

function isReader(source: ColumnSource): source is ColumnReader {
  return typeof source === 'object' && source !== null && typeof (source as ColumnReader).read === 'function'
}

function isNumberArray(source: unknown): source is NumberArray {
  return (
    ArrayBuffer.isView(source) &&
    !(source instanceof DataView || source instanceof BigInt64Array || source instanceof BigUint64Array)
  )
}
