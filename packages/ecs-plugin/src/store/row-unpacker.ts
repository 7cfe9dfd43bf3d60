import { halfBits, halfValue, isDetached, kindOfView, MkError } from '@memkit/core'
import type { DirtyRows, ScalarName } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import { firstEntry, isColumn, isTypedColumn } from './column-kind.ts'
import { ColumnDetached, ColumnInaccessible, InvalidOption } from './errors.ts'
import type { SyncDirection } from './gpu-synced-options.ts'
import { columnAt, noColumn } from './source.ts'
import type { Shape, SourceColumn } from './source.ts'

type NumberColumn = { [index: number]: number; readonly length: number }

/** Scalars of a column that takes 32-bit words as they are: no NaN loses its payload on the way. */
const wordKinds: Readonly<Record<ScalarName, string>> = {
  f32: 'Float32Array',
  i32: 'Int32Array',
  u32: 'Uint32Array',
  f16: '',
}

/**
 * @throws InvalidOption when a column is an array of objects or of small arrays, which rows cannot be brought back into, or when several
 *   fields are read from it, which the device may write each otherwise
 */
export function checkUnpackable(
  label: string,
  component: object,
  shape: Shape,
  direction: SyncDirection,
): void {
  const paths = new Set<string>()
  for (const found of shape.columns) {
    const { entryKeys, path, layout } = found
    const column = columnAt(label, component, found)
    const entry: unknown = isTypedColumn(column) || !Array.isArray(column) ? 0 : firstEntry(column)
    if (entryKeys.length > 0 || typeof entry === 'object' || (layout.arity > 1 && !isTypedColumn(column)))
      throw new InvalidOption(
        'direction',
        direction,
        `'upload' for ${label}: "${path}" is no column of numbers`,
      )
    if (paths.has(path))
      throw new InvalidOption(
        'direction',
        direction,
        `'upload' for ${label}: several fields are read from "${path}"`,
      )
    paths.add(path)
  }
}

/**
 * The way back: rows of a mirror that the device wrote, into the columns of a component. Row = entity.
 * Made once per component; columns are looked up each time, in case they were replaced.
 */
export class RowUnpacker {
  readonly #label: string
  readonly #shape: Shape
  /** Columns seen last, and their words, where they take words. */
  readonly #seen: unknown[] = []
  readonly #words: (Uint32Array | undefined)[] = []
  #rows: Uint32Array = new Uint32Array(256)

  constructor(label: string, shape: Shape) {
    this.#label = label
    this.#shape = shape
  }

  /**
   * Copies rows out of the mirror's memory into the columns; past the end of a typed array nothing is written. A number that stands for
   * what came back already stays as it is: a Float64Array keeps its 0.1, of which the device has the nearest f32.
   *
   * @param store the component, or what its world keeps of it
   * @param arrived rows that came back
   * @param wanted asked for each: whether its entity is still the one that the row was written for
   * @returns what is wrong with the first column that could not be written: all others were
   */
  unpack(
    store: object,
    mirror: Mirror,
    arrived: DirtyRows,
    wanted: { wantsRow(row: number): boolean },
  ): MkError | undefined {
    const count = this.#list(arrived, wanted)
    if (count === 0) return undefined
    const { columns } = this.#shape
    let refused: MkError | undefined
    for (let i = 0; i < columns.length; i++) {
      try {
        this.#copy(i, columns[i], store, mirror, count)
      } catch (error) {
        refused ??=
          error instanceof MkError
            ? error
            : new ColumnInaccessible(this.#label, columns[i].path, 'written', error)
      }
    }
    return refused
  }

  /** @throws SchemaMismatch, ColumnDetached, ColumnInaccessible, and what setters throw */
  #copy(i: number, found: SourceColumn, store: object, mirror: Mirror, count: number): void {
    const { type, offsets } = found.layout
    const column = columnAt(this.#label, store, found)
    if (!isColumn(column)) throw noColumn(this.#label, found.path, column)
    const words = this.#wordsOf(i, found.path, column, type)
    if (words !== undefined) this.#copyWords(mirror, offsets, words, count)
    else this.#copyValues(mirror, type, offsets, column as NumberColumn, count)
  }

  #list(arrived: DirtyRows, wanted: { wantsRow(row: number): boolean }): number {
    let count = 0
    for (let from = 0; arrived.nextRun(from, 0); from = arrived.runFirst + arrived.runCount) {
      const end = arrived.runFirst + arrived.runCount
      for (let row = arrived.runFirst; row < end; row++) {
        if (!wanted.wantsRow(row)) continue
        if (count === this.#rows.length) {
          const longer = new Uint32Array(count * 2)
          longer.set(this.#rows)
          this.#rows = longer
        }
        this.#rows[count++] = row
      }
    }
    return count
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
      if (isDetached(column)) throw new ColumnDetached(this.#label, path)
      if (kindOfView(column) === wordKinds[type])
        this.#words[i] = new Uint32Array(column.buffer as ArrayBuffer, column.byteOffset, column.length)
    }
    this.#seen[i] = column
    return this.#words[i]
  }

  #copyWords(mirror: Mirror, offsets: readonly number[], words: Uint32Array, count: number): void {
    const source = mirror.view(Uint32Array)
    const stride = mirror.stride >>> 2
    const arity = offsets.length
    for (let k = 0; k < arity; k++) {
      const at = offsets[k] >>> 2
      for (let i = 0; i < count; i++) {
        const row = this.#rows[i]
        words[row * arity + k] = source[row * stride + at]
      }
    }
  }

  #copyValues(
    mirror: Mirror,
    type: ScalarName,
    offsets: readonly number[],
    column: NumberColumn,
    count: number,
  ): void {
    const half = type === 'f16'
    const source = viewOf(mirror, type)
    const bits = half ? source : mirror.view(Uint32Array)
    const size = half ? 2 : 4
    const arity = offsets.length
    for (let k = 0; k < arity; k++)
      for (let i = 0; i < count; i++) {
        const row = this.#rows[i]
        const from = (row * mirror.stride + offsets[k]) / size
        const to = row * arity + k
        const value = source[from]
        const before: unknown = column[to]
        // Compared as bits, because -0 is 0 and NaN is not NaN by value.
        if (typeof before === 'number' && bitsOf(before, type) === bits[from]) continue
        column[to] = half ? halfValue(value) : value
        // A column that holds less (300 in a Uint8Array): what is left must not look like a change of the CPU's.
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
