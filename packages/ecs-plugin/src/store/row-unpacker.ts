import { halfBits, halfValue, isDetached, kindOfView } from '@memkit/core'
import type { ColumnLayout, DirtyRows, MkError, ScalarName } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import { IndexList } from '../ecs/index-list.ts'
import { firstEntry, isColumn, isTypedColumn } from './column-kind.ts'
import { accessError, ColumnDetached, noColumn } from './errors.ts'
import { checkOption } from '../options.ts'
import type { SyncDirection } from '../sync/gpu-synced-options.ts'
import { columnAt } from './component-columns.ts'
import type { ComponentColumns, ComponentLayout, LayoutColumn } from './component-columns.ts'

/** Says whether the entity of a row that came back is still the one that it was written for. */
interface WantedRows {
  wantsRow(row: number): boolean
}

type NumberColumn = { [index: number]: number; readonly length: number }

/** Scalars of a column that takes 32-bit words as they are: no NaN loses its payload on the way. */
const wordKinds: Readonly<Record<ScalarName, string>> = {
  f32: 'Float32Array',
  i32: 'Int32Array',
  u32: 'Uint32Array',
  f16: '',
}

/**
 * Checks that rows can be brought back into the columns.
 * @throws {@link InvalidOption} for arrays of objects or arrays, and columns that several fields read
 */
export function checkUnpackable(
  label: string,
  store: object,
  { columns }: ComponentLayout,
  direction: SyncDirection,
): void {
  const check = (valid: boolean, why: string): void =>
    checkOption(valid, 'direction', direction, `'upload' for ${label}: ${why}`)
  const paths = new Set<string>()
  for (const found of columns) {
    const { entryKeys, path, layout } = found
    const column = columnAt(label, store, found)
    const entry: unknown = isTypedColumn(column) || !Array.isArray(column) ? 0 : firstEntry(column)
    const isVector = layout.arity > 1 && !isTypedColumn(column)
    const isColumnOfNumbers = entryKeys.length === 0 && typeof entry !== 'object' && !isVector
    check(isColumnOfNumbers, `"${path}" isn't a column of numbers`)
    check(!paths.has(path), `several fields are read from "${path}"`)
    paths.add(path)
  }
}

/** Copies rows of a mirror that the device wrote back into the columns of a component. Row = entity. */
export class RowUnpacker {
  readonly #columns: ComponentColumns
  /** Columns seen last, and their words, where they take words. */
  readonly #seen: unknown[] = []
  readonly #words: (Uint32Array | undefined)[] = []
  readonly #rows = new IndexList()

  constructor(columns: ComponentColumns) {
    this.#columns = columns
  }

  /**
   * Copies the rows that arrived. A number that stands for what came back already stays as it is: a
   * Float64Array keeps its 0.1, of which the device has the nearest f32.
   * @returns what is wrong with the first column that could not be written: all others were
   */
  unpack(mirror: Mirror, arrived: DirtyRows, wanted: WantedRows): MkError | undefined {
    this.#list(arrived, wanted)
    if (this.#rows.count === 0) return undefined
    const { label, layout, store } = this.#columns
    const { columns } = layout
    let refused: MkError | undefined
    for (let i = 0; i < columns.length; i++) {
      try {
        this.#copy(i, columns[i], store, mirror)
      } catch (error) {
        refused ??= accessError(error, label, columns[i].path, 'written')
      }
    }
    return refused
  }

  /** @throws SchemaMismatch, ColumnDetached, ColumnInaccessible, and what setters throw */
  #copy(i: number, found: LayoutColumn, store: object, mirror: Mirror): void {
    const column = columnAt(this.#columns.label, store, found)
    if (!isColumn(column)) throw noColumn(this.#columns.label, found.path, column)
    const words = this.#wordsOf(i, found.path, column, found.layout.type)
    if (words !== undefined) this.#copyWords(mirror, found.layout, words)
    else this.#copyValues(mirror, found.layout, column as NumberColumn)
  }

  #list(arrived: DirtyRows, wanted: WantedRows): void {
    this.#rows.count = 0
    for (let from = 0; arrived.nextRun(from, 0); from = arrived.runFirst + arrived.runCount) {
      const end = arrived.runFirst + arrived.runCount
      for (let row = arrived.runFirst; row < end; row++) if (wanted.wantsRow(row)) this.#rows.add(row)
    }
  }

  /** The column's words, where it holds the same kind of number as the row. @throws ColumnDetached */
  #wordsOf(i: number, path: string, column: object, type: ScalarName): Uint32Array | undefined {
    const known = this.#words[i]
    // A view that follows the length of its buffer is the same one when that has grown or shrunk.
    if (this.#seen[i] === column && (known === undefined || known.length === (column as NumberColumn).length))
      return known
    this.#seen[i] = undefined
    this.#words[i] = undefined
    if (isTypedColumn(column)) {
      if (isDetached(column)) throw new ColumnDetached({ component: this.#columns.label, column: path })
      if (kindOfView(column) === wordKinds[type])
        this.#words[i] = new Uint32Array(column.buffer as ArrayBuffer, column.byteOffset, column.length)
    }
    this.#seen[i] = column
    return this.#words[i]
  }

  #copyWords(mirror: Mirror, { arity, offsets }: ColumnLayout, words: Uint32Array): void {
    const { count, values: rows } = this.#rows
    const source = mirror.view(Uint32Array)
    const stride = mirror.stride >>> 2
    for (let k = 0; k < arity; k++) {
      const at = offsets[k] >>> 2
      for (let i = 0; i < count; i++) words[rows[i] * arity + k] = source[rows[i] * stride + at]
    }
  }

  #copyValues(mirror: Mirror, { arity, offsets, type }: ColumnLayout, column: NumberColumn): void {
    const { count, values: rows } = this.#rows
    const half = type === 'f16'
    const source = viewOf(mirror, type)
    const bits = half ? source : mirror.view(Uint32Array)
    const size = half ? 2 : 4
    for (let k = 0; k < arity; k++)
      for (let i = 0; i < count; i++) {
        const from = (rows[i] * mirror.stride + offsets[k]) / size
        const to = rows[i] * arity + k
        const value = source[from]
        const before: unknown = column[to]
        // Compared as bits, because -0 is 0 and NaN is not NaN by value.
        if (typeof before === 'number' && bitsOf(before, type) === bits[from]) continue
        column[to] = half ? halfValue(value) : value
        // A column may hold less (300 in a Uint8Array), which must not look like a change of the CPU's.
        const after: unknown = column[to]
        if (typeof after === 'number') bits[from] = bitsOf(after, type)
      }
  }
}

function viewOf(mirror: Mirror, type: ScalarName): NumberColumn {
  if (type === 'f32') return mirror.view(Float32Array)
  if (type === 'i32') return mirror.view(Int32Array)
  return type === 'u32' ? mirror.view(Uint32Array) : mirror.view(Uint16Array)
}

const floats = new Float32Array(1)
const floatBits = new Uint32Array(floats.buffer)

/** The bits that a number has in a row. */
function bitsOf(value: number, type: ScalarName): number {
  if (type === 'f16') return halfBits(value)
  if (type !== 'f32') return value >>> 0
  floats[0] = value
  return floatBits[0]
}
