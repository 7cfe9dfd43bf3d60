import type { DirtyRows } from './dirty-rows.ts'
import { ColumnUnusable } from './errors.ts'
import { isDetached, kindOfView } from '../memory/typed-array.ts'
import { convertPlainRows, convertRows, copyRows, numberOr0, putScalar } from './convert-rows.ts'
import type { ChunkRows, NumberArray, Scratch } from './convert-rows.ts'
import type { RawColumn } from './row-gatherer.ts'
import type { ColumnLayout } from '../kernels/group-table.ts'
import type { Block, LinearMemory } from '../memory/linear-memory.ts'

/** Reads a column that isn't an array of numbers (objects, small arrays), one entity at a time. */
export interface ColumnReader {
  /** Entities that it can read: 0 … length − 1. All others are zero. */
  readonly length: number
  /**
   * Puts the numbers of an entity at `out[0 … arity − 1]`, and 0 for what isn't a number.
   * Called in the hot path: it must neither throw nor allocate.
   * @param out as long as the arity
   * @returns how many were not numbers
   */
  read(entity: number, out: Float64Array): number
  /**
   * Where `read` gives a number that an object has under a name, `objects[entity][field]`, this name:
   * fields of the same objects are then read four at a time.
   */
  readonly field?: string | undefined
  /** The objects; may be others in each frame. */
  readonly objects?: readonly unknown[]
}

/** What a column may be bound to. */
export type ColumnSource = NumberArray | readonly number[] | ColumnReader

/**
 * A column as the packer reads it: where it lies, when it's in the kernels' memory and of the row's kind;
 * else from scratch memory, into which it's copied by chunks, through sub-views that are made once.
 */
export class BoundColumn implements RawColumn {
  isBound = false
  /** It does not lie in the kernels' memory, or is of another kind than the row holds. */
  isOutside = false
  /** Byte address in the kernels' memory of index 0, or of the scratch of a column from outside. */
  address = 0
  entities = 0
  readonly entityBytes: number
  readonly arity: number
  readonly offsets: readonly number[]
  readonly #column: number
  readonly type: ColumnLayout['type']
  readonly #memory: LinearMemory
  readonly #chunkRows: number
  #source: ColumnSource | undefined
  #length = 0
  /** Elements of whole entities. Those of a plain array are all of it. */
  #elements = 0
  #plain = false
  #reader: ColumnReader | undefined
  /** The source when it holds the same 32 bits as the row, as integers, which copy every bit. */
  raw: Int32Array | undefined
  /** The view of the scratch for `TypedArray.set`; undefined where that would convert otherwise. */
  #settable: NumberArray | undefined
  #chunks: (NumberArray | undefined)[] = []
  #block: Block | undefined
  #scratch: Scratch | undefined
  /** Where the reader puts the numbers of an entity. */
  readonly #asked: Float64Array

  constructor(
    column: number,
    { arity, offsets, type }: ColumnLayout,
    memory: LinearMemory,
    chunkRows: number,
  ) {
    this.#column = column
    this.type = type
    this.arity = arity
    this.offsets = offsets
    this.#memory = memory
    this.#chunkRows = chunkRows
    this.entityBytes = arity * 4
    this.#asked = new Float64Array(arity)
  }

  /**
   * @returns whether anything changed: nothing does when it is the same array, as long as it was
   * @throws {@link ColumnUnusable}: what was bound before stays
   * @throws {@link HeapFull} when there is no room for the scratch: nothing is bound then
   */
  bind(source: ColumnSource): boolean {
    if (source !== undefined && source === this.#source) {
      if (source.length === this.#length || this.#plain || this.#reader !== undefined) return false
    }
    this.#check(source)
    this.#source = undefined
    this.isBound = false
    const reader = isReader(source) ? source : undefined
    const view = reader === undefined && !Array.isArray(source) ? (source as NumberArray) : undefined
    const type = this.type
    // By name: an array of another realm is an instance of nothing here.
    const kind = view === undefined ? '' : kindOfView(view)
    const integer = kind === 'Int32Array' || kind === 'Uint32Array'
    const same = type === 'i32' || type === 'u32' ? integer : kind === 'Float32Array'
    this.isOutside = view === undefined || !same || view.buffer !== this.#memory.buffer
    if (this.isOutside) this.#scratch ??= this.#makeScratch()
    this.address = this.isOutside ? this.#block!.offset : view!.byteOffset
    this.#plain = Array.isArray(source)
    this.#reader = reader
    this.raw =
      view !== undefined && same ? new Int32Array(view.buffer, view.byteOffset, view.length) : undefined
    // To f16, only kinds that f32 holds exactly may take the way through f32.
    const settable = same || type !== 'f16' || (!integer && kind !== 'Float64Array')
    this.#settable = view === undefined || !settable || !this.isOutside ? undefined : this.#viewFor(view)
    this.#chunks = []
    this.#source = source
    this.#length = source.length
    this.entities = Math.floor(source.length / this.arity)
    this.#elements = this.entities * this.arity
    this.isBound = true
    return true
  }

  /**
   * Brings a chunk into scratch, at least the first `wanted` entities of it, zero past the column's end.
   * @param mask rows among which holes count
   * @returns elements of a plain array, or of what a reader gave, that were wanted and are not numbers
   */
  loadChunk(chunk: number, wanted: number, mask: DirtyRows | undefined): number {
    const first = chunk * this.#chunkRows
    const reader = this.#reader
    if (reader !== undefined) {
      let holes = 0
      for (let i = 0; i < wanted; i++)
        if (mask === undefined || mask.has(first + i)) holes += this.#ask(reader, first + i, i)
      return holes
    }
    const begin = first * this.arity
    const end = wanted * this.arity
    const left = Math.max(0, (this.#plain ? this.#source!.length : this.#elements) - begin)
    const have = Math.min(end, left)
    const scratch = this.#scratch!
    if (have < end) scratch.i32.fill(0, have, end)
    if (have === 0) return 0
    if (this.#plain) return this.#loadPlain(this.#source as readonly unknown[], begin, have, mask)
    const source = this.#source as NumberArray
    if (this.#settable !== undefined) {
      // The whole chunk, so that one view serves whatever is wanted of it.
      this.#chunks[chunk] ??= source.subarray(begin, begin + Math.min(this.#chunkRows * this.arity, left))
      this.#settable.set(this.#chunks[chunk])
    } else for (let k = 0; k < have; k++) putScalar(scratch, this.type, k, source[begin + k])
    return 0
  }

  /** The reader of fields that can be read four at a time. */
  get fields(): ColumnReader | undefined {
    const reader = this.#reader
    return reader?.field !== undefined && this.type === 'f32' && this.arity === 1 ? reader : undefined
  }

  /** Where its numbers go, for those who read the fields. */
  get scratch(): Float32Array {
    return this.#scratch!.f32
  }

  /** Brings an entity to a position of the scratch, where it has a reader. @returns holes, as `loadChunk` */
  loadEntity(entity: number, position: number): number {
    return this.#ask(this.#reader!, entity, position)
  }

  /** Brings some rows of a chunk into scratch; others keep what they had. @returns holes, as `loadChunk` */
  loadRows(rows: ChunkRows): number {
    const arity = this.arity
    if (this.#reader !== undefined) {
      let holes = 0
      for (let i = 0; i < rows.count; i++)
        holes += this.#ask(this.#reader, rows.indices[i], rows.positions[i])
      return holes
    }
    const to = this.#scratch!
    if (this.#plain) return convertPlainRows(to, this.type, this.#source as unknown[], rows, arity)
    if (this.raw !== undefined) copyRows(to.i32, this.raw, rows, arity, this.#elements)
    else convertRows(to, this.type, this.#source as NumberArray, rows, arity, this.#elements)
    return 0
  }

  dispose(): void {
    if (this.#block !== undefined) this.#memory.free(this.#block)
    this.#block = undefined
  }

  #check(source: ColumnSource): void {
    const isColumn = isReader(source) || Array.isArray(source) || isNumberArray(source)
    const isGone = ArrayBuffer.isView(source) && isDetached(source)
    if (isColumn && !isGone) return
    const reason = isColumn
      ? 'its buffer is detached (transferred, or memory of WebAssembly that grew). Give an array over memory that is there.'
      : "give a typed array of numbers, or a plain array. BigInt arrays can't be read."
    throw new ColumnUnusable({ column: this.#column, reason })
  }

  #makeScratch(): Scratch {
    const elements = this.#chunkRows * this.arity
    const { buffer } = this.#memory
    const { offset } = (this.#block = this.#memory.alloc(elements * 4, 64, 'column packer: chunk'))
    return {
      f32: new Float32Array(buffer, offset, elements),
      i32: new Int32Array(buffer, offset, elements),
      u32: new Uint32Array(buffer, offset, elements),
    }
  }

  /** The view of the scratch to `set`: of the source's own kind where the bits stay as they are. */
  #viewFor(source: NumberArray): NumberArray {
    const { f32, i32, u32 } = this.#scratch!
    if (this.type === 'f32' || this.type === 'f16') return f32
    if (this.raw !== undefined) return source instanceof Int32Array ? i32 : u32
    return this.type === 'i32' ? i32 : u32
  }

  #loadPlain(source: readonly unknown[], begin: number, have: number, mask: DirtyRows | undefined): number {
    const { f32 } = this.#scratch!
    let holes = 0
    let k = 0
    if (this.type === 'f32') {
      // Four at a time take two thirds of the time of one at a time.
      for (; k + 4 <= have; k += 4) {
        const a = source[begin + k]
        const b = source[begin + k + 1]
        const c = source[begin + k + 2]
        const d = source[begin + k + 3]
        const areNumbers =
          typeof a === 'number' && typeof b === 'number' && typeof c === 'number' && typeof d === 'number'
        if (areNumbers) {
          f32[k] = a
          f32[k + 1] = b
          f32[k + 2] = c
          f32[k + 3] = d
        } else holes += this.#putPlain(source, begin, k, k + 4)
      }
    }
    holes += this.#putPlain(source, begin, k, have)
    if (holes === 0 || mask === undefined) return holes
    // Some are not numbers: count those in rows of the mask.
    holes = 0
    for (let at = begin; at < begin + have; at++)
      if (typeof source[at] !== 'number' && mask.has(Math.floor(at / this.arity))) holes++
    return holes
  }

  #putPlain(source: readonly unknown[], begin: number, from: number, end: number): number {
    let holes = 0
    for (let k = from; k < end; k++) {
      const value = source[begin + k]
      if (typeof value !== 'number') holes++
      putScalar(this.#scratch!, this.type, k, numberOr0(value))
    }
    return holes
  }

  /** Puts the scalars of an entity at a position of the chunk. @returns how many are not numbers */
  #ask(reader: ColumnReader, entity: number, position: number): number {
    const arity = this.arity
    const asked = this.#asked
    const there = entity < reader.length
    const holes = there ? reader.read(entity, asked) : 0
    if (!there) asked.fill(0)
    const to = position * arity
    for (let k = 0; k < arity; k++) putScalar(this.#scratch!, this.type, to + k, asked[k])
    return holes
  }
}

function isReader(source: ColumnSource): source is ColumnReader {
  return typeof source === 'object' && source !== null && typeof (source as ColumnReader).read === 'function'
}

function isNumberArray(source: unknown): source is NumberArray {
  return ArrayBuffer.isView(source) && !/^(?:Data|Big)/.test(kindOfView(source))
}
