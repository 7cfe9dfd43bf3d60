/** Rows of entities, and of each row the entity that it was last asked for: ids may have versions. */
export class RowIds {
  readonly #rowOf: (entity: number) => number
  /** Of entities whose version is not 0. */
  readonly #ids = new Map<number, number>()

  /** @param rowOf the id without its version */
  constructor(rowOf: (entity: number) => number) {
    this.#rowOf = rowOf
  }

  rowOf(entity: number): number {
    const row = this.#rowOf(entity)
    if (row !== entity) this.#ids.set(row, entity)
    else if (this.#ids.size > 0) this.#ids.delete(row)
    return row
  }

  idOf(row: number): number {
    return this.#ids.size === 0 ? row : (this.#ids.get(row) ?? row)
  }
}
