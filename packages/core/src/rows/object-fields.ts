import type { BoundColumn, ColumnReader } from './bound-column.ts'
import { fieldsReader, type ReadFields } from './read-fields.ts'

/** Up to four columns that are fields of the same objects. */
export class ObjectFields {
  /** Their numbers. */
  readonly columns: readonly number[]
  readonly #readers: readonly ColumnReader[]
  /** Four: the last stands in for those that are missing. */
  readonly #names: readonly string[]
  readonly #scratch: readonly Float32Array[]
  readonly #read: ReadFields

  private constructor(columns: readonly number[], bound: readonly BoundColumn[]) {
    const four = [0, 1, 2, 3].map((k) => bound[columns[Math.min(k, columns.length - 1)]])
    this.columns = columns
    this.#readers = columns.map((column) => bound[column].fields!)
    this.#names = four.map(({ fields }) => fields!.field!)
    this.#scratch = four.map(({ scratch }) => scratch)
    this.#read = fieldsReader(this.#names)
  }

  /** Those among the columns, in their order. */
  static of(bound: readonly BoundColumn[]): ObjectFields[] {
    const numbers = bound.flatMap(({ fields }, i) => (fields === undefined ? [] : [i]))
    const fours: ObjectFields[] = []
    for (let i = 0; i < numbers.length; i += 4) fours.push(new ObjectFields(numbers.slice(i, i + 4), bound))
    return fours
  }

  /**
   * Brings the numbers of entities `from … end − 1` into scratch, those of `first` to its start.
   * @returns the first entity that has to be asked for single numbers; `end` without one
   */
  read(from: number, end: number, first: number): number {
    const readers = this.#readers
    const objects = readers[0].objects as Parameters<ReadFields>[0]
    for (let k = 1; k < readers.length; k++) if (readers[k].objects !== objects) return from
    const [a, b, c, d] = this.#names
    const [toA, toB, toC, toD] = this.#scratch
    return this.#read(objects, a, b, c, d, from, end, first, toA, toB, toC, toD)
  }
}
