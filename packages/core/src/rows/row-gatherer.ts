import { trailingZeros } from '../memory/bits.ts'
import type { ColumnLayout } from '../kernels/group-table.ts'
import type { DirtyRows } from './dirty-rows.ts'

/** A column that may hold what the row holds, bit by bit. */
export interface RawColumn {
  /** Its scalars, `arity` for each index; undefined where its numbers are converted. */
  readonly raw: Int32Array | undefined
  /** In the row. */
  readonly type: ColumnLayout['type']
  readonly arity: number
  /** Byte in the row of each. */
  readonly offsets: readonly number[]
  /** Indices that it has. */
  readonly entities: number
}

/**
 * Copies single rows out of columns, side by side. Columns of one scalar go four at a time: their
 * cache misses are under way together, and each line of the rows is written once.
 */
export class RowGatherer {
  readonly #columns: readonly RawColumn[]
  /** Those of one scalar, by fours: the last stands in for those that are missing. */
  readonly #fours: readonly (readonly RawColumn[])[]
  readonly #others: readonly RawColumn[]
  readonly #rowWords: number
  readonly #i32: Int32Array
  readonly #u32: Uint32Array

  /** @param memory of the rows and their numbers */
  constructor(columns: readonly RawColumn[], stride: number, memory: ArrayBuffer) {
    const singles = columns.filter(({ arity }) => arity === 1)
    this.#columns = columns
    this.#fours = foursOf(singles)
    this.#others = columns.filter(({ arity }) => arity > 1)
    this.#rowWords = stride / 4
    this.#i32 = new Int32Array(memory, 0, Math.floor(memory.byteLength / 4))
    this.#u32 = new Uint32Array(memory, 0, this.#i32.length)
  }

  /** Whether every column holds what the row holds. */
  get canGather(): boolean {
    for (let i = 0; i < this.#columns.length; i++) {
      const { raw, type } = this.#columns[i]
      if (raw === undefined || type === 'f16') return false
    }
    return true
  }

  /** Writes the numbers of the rows in a set as u32, from byte `at` on. */
  list({ words, summary }: DirtyRows, at: number): void {
    const out = this.#u32
    let to = at / 4
    for (let s = 0; s < summary.length; s++)
      for (let some = summary[s] | 0; some !== 0; some &= some - 1) {
        const w = (s << 5) + trailingZeros(some)
        for (let bits = words[w] | 0; bits !== 0; bits &= bits - 1) out[to++] = (w << 5) + trailingZeros(bits)
      }
  }

  /**
   * Writes `rows` rows from byte `payload` on; past a column's end they are 0.
   * @param numbers byte of their numbers, ascending
   */
  gather(rows: number, payload: number, numbers: number): void {
    const first = numbers / 4
    const u32 = this.#u32
    const columns = this.#columns
    let end = rows
    // What is past the end of a column comes last.
    for (let i = 0; i < columns.length; i++)
      while (end > 0 && u32[first + end - 1] >= columns[i].entities) end--
    for (let i = 0; i < this.#fours.length; i++) this.#four(this.#fours[i], end, payload / 4, first)
    for (let i = 0; i < this.#others.length; i++) this.#run(this.#others[i], end, payload / 4, first)
    if (end === rows) return
    for (let i = 0; i < columns.length; i++) this.#pastEnd(columns[i], end, rows, payload / 4, first)
  }

  #four([a, b, c, d]: readonly RawColumn[], count: number, at: number, first: number): void {
    const out = this.#i32
    const numbers = this.#u32
    const rowWords = this.#rowWords
    const [columnA, columnB, columnC, columnD] = [a.raw!, b.raw!, c.raw!, d.raw!]
    let toA = at + a.offsets[0] / 4
    let toB = at + b.offsets[0] / 4
    let toC = at + c.offsets[0] / 4
    let toD = at + d.offsets[0] / 4
    for (let i = first; i < first + count; i++) {
      const index = numbers[i]
      out[toA] = columnA[index]
      out[toB] = columnB[index]
      out[toC] = columnC[index]
      out[toD] = columnD[index]
      toA += rowWords
      toB += rowWords
      toC += rowWords
      toD += rowWords
    }
  }

  #run({ arity, offsets, raw }: RawColumn, count: number, at: number, first: number): void {
    const out = this.#i32
    for (let k = 0; k < arity;) {
      // Scalars that lie side by side in the row go together.
      let length = 1
      while (k + length < arity && offsets[k + length] === offsets[k] + 4 * length) length++
      let to = at + offsets[k] / 4
      for (let i = first; i < first + count; i++, to += this.#rowWords) {
        const from = this.#u32[i] * arity + k
        for (let j = 0; j < length; j++) out[to + j] = raw![from + j]
      }
      k += length
    }
  }

  /** Rows of which some column has nothing. */
  #pastEnd(column: RawColumn, from: number, end: number, at: number, first: number): void {
    const { arity, entities, offsets, raw } = column
    for (let row = from; row < end; row++) {
      const index = this.#u32[first + row]
      for (let k = 0; k < arity; k++)
        this.#i32[at + row * this.#rowWords + offsets[k] / 4] = index < entities ? raw![index * arity + k] : 0
    }
  }
}

function foursOf(singles: readonly RawColumn[]): RawColumn[][] {
  const fours: RawColumn[][] = []
  for (let i = 0; i < singles.length; i += 4)
    fours.push([0, 1, 2, 3].map((k) => singles[Math.min(i + k, singles.length - 1)]))
  return fours
}
