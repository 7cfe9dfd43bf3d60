import type { DirtyRows } from '../dirty-rows.ts'
import { ColumnUnusable } from '../errors.ts'
import { isDetached, kindOfView } from '../typed-array.ts'
import { convertPlainRows, convertRows, copyRows, numberOr0 } from './convert-rows.ts'
import type { ChunkRows, NumberArray, Scratch } from './convert-rows.ts'
import type { ColumnLayout } from './group-table.ts'
import { roundToOdd } from './half-float.ts'

export type { NumberArray } from './convert-rows.ts'

/**
 * A column that has to be asked for its numbers, one by one: whatever is no array of numbers (objects by entity, arrays of
 * small arrays). It is asked for the rows that are looked at, and for no others.
 */
export interface ColumnReader {
  /** Entities that it can be asked for: 0 … length − 1. All others read as zero. */
  readonly length: number
  /**
   * Puts the numbers of an entity at `out[0 … arity − 1]`, and 0 for what is none.
   * Called in the hot path: it must neither throw nor allocate.
   * @param out as long as the arity
   * @returns how many were no numbers
   */
  read(entity: number, out: Float64Array): number
}

/** What a column may be bound to. */
export type ColumnSource = NumberArray | readonly number[] | ColumnReader

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
  /** Where the reader puts the numbers of an entity. */
  readonly #asked: Float64Array
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
    this.#asked = new Float64Array(layout.arity)
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

  /** Forgets the source. */
  unbind(): void {
    this.#source = undefined
  }

  #rebind(source: ColumnSource): void {
    const reader = isReader(source) ? source : undefined
    if (reader === undefined && !Array.isArray(source) && !isNumberArray(source)) {
      throw new ColumnUnusable(
        this.#column,
        'give a typed array of numbers or a plain array, no BigInt array.',
      )
    }
    if (ArrayBuffer.isView(source) && isDetached(source))
      throw new ColumnUnusable(
        this.#column,
        'its buffer is detached (transferred, or memory of WebAssembly that grew). Give an array over memory that is there.',
      )
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
      // By name: an array of another realm is an instance of nothing here.
      const kind = kindOfView(view)
      const integer = kind === 'Int32Array' || kind === 'Uint32Array'
      const same = type === 'i32' || type === 'u32' ? integer : kind === 'Float32Array'
      if (same && view.buffer === this.#memory) {
        this.address = view.byteOffset
      } else if (same) {
        this.#raw = new Int32Array(view.buffer, view.byteOffset, view.length)
      }
      // To f16, only kinds that f32 holds exactly may take the way through f32.
      this.#settable = same || type !== 'f16' || (!integer && kind !== 'Float64Array')
    }
    this.#source = source
    this.#length = source.length
    this.entities = Math.floor(source.length / this.#arity)
  }

  /**
   * Brings a chunk into scratch, at least the first `wanted` entities of it, zero past the column's end.
   * @param chunk number of the chunk, under which its sub-view is kept
   * @param size entities of a chunk
   * @param mask rows among which holes count
   */
  loadChunk(chunk: number, size: number, wanted: number, mask: DirtyRows | undefined): void {
    if (this.#reader !== undefined) return this.#askChunk(this.#reader, chunk * size, wanted, mask)
    const scratch = this.scratch!
    const source = this.#source!
    const begin = chunk * size * this.#arity
    const end = wanted * this.#arity
    const left = Math.max(0, this.#elements() - begin)
    const have = Math.min(end, left)
    if (have > 0) {
      if (this.#settable) {
        let part = this.#chunks[chunk]
        if (part === undefined) {
          // The whole chunk, so that one view serves whatever is wanted of it.
          part = (source as NumberArray).subarray(begin, begin + Math.min(size * this.#arity, left))
          this.#chunks[chunk] = part
        }
        this.#viewFor(part).set(part)
      } else if (this.#plain) {
        this.#loadPlain(source as readonly unknown[], begin, have, mask)
      } else {
        const to = scratch.f32
        for (let k = 0; k < have; k++) to[k] = roundToOdd((source as NumberArray)[begin + k])
      }
    }
    if (have < end) scratch.i32.fill(0, have, end)
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

  #loadPlain(source: readonly unknown[], begin: number, have: number, mask: DirtyRows | undefined): void {
    const { f32, i32 } = this.scratch!
    const type = this.#type
    let holes = 0
    let k = 0
    if (type === 'f32') {
      // Four at a time take two thirds of the time of one at a time.
      for (; k + 4 <= have; k += 4) {
        const at = begin + k
        const a = source[at]
        const b = source[at + 1]
        const c = source[at + 2]
        const d = source[at + 3]
        if (
          typeof a !== 'number' ||
          typeof b !== 'number' ||
          typeof c !== 'number' ||
          typeof d !== 'number'
        ) {
          for (let i = k; i < k + 4; i++) {
            const value = source[begin + i]
            if (typeof value !== 'number') holes++
            f32[i] = numberOr0(value)
          }
          continue
        }
        f32[k] = a
        f32[k + 1] = b
        f32[k + 2] = c
        f32[k + 3] = d
      }
    }
    for (; k < have; k++) {
      const value = source[begin + k]
      if (typeof value !== 'number') holes++
      if (type === 'f32') f32[k] = numberOr0(value)
      else if (type === 'f16') f32[k] = roundToOdd(numberOr0(value))
      else i32[k] = numberOr0(value)
    }
    if (holes > 0) this.holes += mask === undefined ? holes : this.#holesIn(source, begin, have, mask)
  }

  /** Elements that are no numbers, of entities in the mask. */
  #holesIn(source: readonly unknown[], begin: number, have: number, mask: DirtyRows): number {
    let holes = 0
    for (let k = begin; k < begin + have; k++) {
      if (typeof source[k] !== 'number' && mask.has(Math.floor(k / this.#arity))) holes++
    }
    return holes
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
    const asked = this.#asked
    const { f32, i32 } = this.scratch!
    if (entity < reader.length) this.holes += reader.read(entity, asked)
    else asked.fill(0)
    const to = position * arity
    if (type === 'f32') for (let k = 0; k < arity; k++) f32[to + k] = asked[k]
    else if (type === 'f16') for (let k = 0; k < arity; k++) f32[to + k] = roundToOdd(asked[k])
    else for (let k = 0; k < arity; k++) i32[to + k] = asked[k]
  }

  /** Brings the scalars of some rows of a chunk into scratch; what lies between keeps what it had. */
  loadRows(rows: ChunkRows): void {
    const arity = this.#arity
    if (this.#reader !== undefined) {
      for (let i = 0; i < rows.count; i++) this.#ask(this.#reader, rows.indices[i], rows.positions[i])
      return
    }
    const to = this.scratch!
    const length = this.#elements()
    if (this.#raw !== undefined) copyRows(to.i32, this.#raw, rows, arity, length)
    else if (this.#plain)
      this.holes += convertPlainRows(to, this.#type, this.#source as unknown[], rows, arity)
    else convertRows(to, this.#type, this.#source as NumberArray, rows, arity, length)
  }
}

function isReader(source: ColumnSource): source is ColumnReader {
  return typeof source === 'object' && source !== null && typeof (source as ColumnReader).read === 'function'
}

function isNumberArray(source: unknown): source is NumberArray {
  return ArrayBuffer.isView(source) && !/^(?:Data|Big)/.test(kindOfView(source))
}
