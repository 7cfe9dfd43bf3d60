/** Entity indices, and for each the entity id that was last seen with it: ids may have versions. */
export class VersionedIds {
  readonly isVersioned: boolean
  readonly #indexOf: (entity: number) => number
  /** Ids by index, of entities whose version isn't 0. */
  readonly #ids = new Map<number, number>()

  /** @param indexOf removes the version from an id */
  constructor(isVersioned: boolean, indexOf: (entity: number) => number) {
    this.isVersioned = isVersioned
    this.#indexOf = indexOf
  }

  indexOf(entity: number): number {
    if (!this.isVersioned) return entity
    const index = this.#indexOf(entity)
    if (index === entity) this.#ids.delete(index)
    else this.#ids.set(index, entity)
    return index
  }

  idOf(index: number): number {
    return this.#ids.size === 0 ? index : (this.#ids.get(index) ?? index)
  }
}
