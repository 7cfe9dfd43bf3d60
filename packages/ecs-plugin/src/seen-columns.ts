import { isTypedColumn } from './column-kind.ts'

/**
 * The columns that one sync was given last, to notice one that was replaced: a loaded game, a store that grew. Kept for each sync, because
 * several worlds may sync one store. A new view of the same memory is the same column: some stores make one at each look.
 */
export class SeenColumns {
  /** A column was replaced; until who acts on it says otherwise. */
  replaced = false
  readonly #columns: unknown[] = []

  /** Takes note of a column. Costs a comparison where it is the same one. */
  look(i: number, column: unknown): void {
    const before = this.#columns[i]
    if (before === column) return
    this.#columns[i] = column
    if (before !== undefined && !sameMemory(before, column)) this.replaced = true
  }

  /** Whether `look` would find another column in that place. */
  differs(i: number, column: unknown): boolean {
    const before = this.#columns[i]
    return before !== column && before !== undefined && !sameMemory(before, column)
  }
}

function sameMemory(a: unknown, b: unknown): boolean {
  if (!isTypedColumn(a) || !isTypedColumn(b)) return false
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.constructor === b.constructor
}
