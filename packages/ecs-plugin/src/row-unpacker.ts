import { halfValue } from '@memkit/core'
import type { DirtyRows, ScalarName } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import { InvalidOption } from './errors.ts'
import { isTypedColumn } from './component-schema.ts'
import { columnAt } from './source.ts'
import type { Shape } from './source.ts'

type NumberColumn = { [index: number]: number; readonly length: number }

/** Scalars of a column that takes 32-bit words as they are: no NaN loses its payload on the way. */
const wordKinds: Readonly<Record<ScalarName, string>> = {
  f32: 'Float32Array',
  i32: 'Int32Array',
  u32: 'Uint32Array',
  f16: '',
}

/** @throws InvalidOption when a column is an array of objects or of small arrays, which rows cannot be brought back into */
export function checkUnpackable(label: string, component: object, shape: Shape): void {
  for (const { keys, entryKeys, path, layout } of shape.columns) {
    const column = columnAt(component, keys)
    const entry: unknown = Array.isArray(column) ? column.find((value) => value !== undefined) : 0
    if (entryKeys.length === 0 && typeof entry !== 'object' && (layout.arity === 1 || isTypedColumn(column)))
      continue
    throw new InvalidOption(
      'direction',
      'download',
      `'upload' for ${label}: "${path}" is no column of numbers`,
    )
  }
}

/**
 * The way back: rows of a mirror that the device wrote, into the columns of a component. Row = entity.
 * Made once per component; columns are looked up each time, in case they were replaced.
 */
export class RowUnpacker {
  readonly #shape: Shape
  /** Columns seen last, and their words. */
  readonly #seen: unknown[] = []
  readonly #words: Uint32Array[] = []
  #rows: Uint32Array = new Uint32Array(256)

  constructor(shape: Shape) {
    this.#shape = shape
  }

  /**
   * Copies rows out of the mirror's memory into the columns; past the end of a typed array nothing is written.
   * @param store the component, or what its world keeps of it
   * @param arrived rows that came back
   * @param wanted asked for each: whether its entity is still the one that the row was written for
   */
  unpack(
    store: object,
    mirror: Mirror,
    arrived: DirtyRows,
    wanted: { wantsRow(row: number): boolean },
  ): void {
    const count = this.#list(arrived, wanted)
    if (count === 0) return
    const { columns } = this.#shape
    for (let i = 0; i < columns.length; i++) {
      const { keys, layout } = columns[i]
      const column = columnAt(store, keys)
      const words = this.#wordsOf(i, column, layout.type)
      if (words !== undefined) this.#copyWords(mirror, layout.offsets, words, count)
      else this.#copyValues(mirror, layout.type, layout.offsets, column as NumberColumn, count)
    }
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

  /** The column's words, where it holds the same kind of number as the row. */
  #wordsOf(i: number, column: unknown, type: ScalarName): Uint32Array | undefined {
    if (this.#seen[i] === column) return this.#words[i]
    if (!isTypedColumn(column) || Object.prototype.toString.call(column).slice(8, -1) !== wordKinds[type])
      return undefined
    this.#seen[i] = column
    return (this.#words[i] = new Uint32Array(column.buffer as ArrayBuffer, column.byteOffset, column.length))
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
    const size = half ? 2 : 4
    const arity = offsets.length
    for (let k = 0; k < arity; k++)
      for (let i = 0; i < count; i++) {
        const row = this.#rows[i]
        const value = source[(row * mirror.stride + offsets[k]) / size]
        column[row * arity + k] = half ? halfValue(value) : value
      }
  }
}

function viewOf(mirror: Mirror, type: ScalarName): NumberColumn {
  if (type === 'f32') return mirror.view(Float32Array)
  if (type === 'i32') return mirror.view(Int32Array)
  return type === 'u32' ? mirror.view(Uint32Array) : mirror.view(Uint16Array)
}
