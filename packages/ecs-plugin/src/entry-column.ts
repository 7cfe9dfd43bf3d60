import type { ColumnReader } from '@memkit/core'

/**
 * A plain array whose entries, one per entity, are objects or small arrays: `column[entity].x`, `column[entity][k]`.
 * The way from an entry to its numbers is fixed; the array is set anew for every stage.
 */
export class EntryColumn implements ColumnReader {
  entries: readonly unknown[] = []
  readonly #keys: readonly string[]
  /** An entry that was seen to be there: the first place to look for one. */
  #seen = 0

  /** @param keys way from an entry to its number, or to the small array of its numbers; empty when the entry is that array */
  constructor(keys: readonly string[]) {
    this.#keys = keys
  }

  get length(): number {
    return this.entries.length
  }

  read(entity: number, scalar: number): unknown {
    let value = this.entries[entity]
    const keys = this.#keys
    for (let i = 0; i < keys.length; i++) {
      if (value === undefined || value === null) return undefined
      value = (value as Record<string, unknown>)[keys[i]]
    }
    if (typeof value !== 'object' || value === null) return scalar === 0 ? value : undefined
    return (value as readonly unknown[])[scalar]
  }

  /**
   * Whether an array without keys holds entries, or is a column of numbers itself. What its first element is, all are taken to be;
   * an empty one is a column of numbers.
   */
  suits(column: readonly unknown[]): boolean {
    if (this.#keys.length > 0) return true
    let entry = column[this.#seen]
    for (let i = 0; (entry === undefined || entry === null) && i < column.length; i++) {
      entry = column[i]
      this.#seen = i
    }
    return typeof entry === 'object' && entry !== null
  }
}
