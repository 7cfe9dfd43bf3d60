/** Iterates over the keys that were added to a map or set since the last call. None may be removed. */
export class NewKeys<T> {
  readonly #all: ReadonlyMap<T, unknown> | ReadonlySet<T>
  /** Never iterated to its end: an iterator that is done stays done. */
  readonly #rest: Iterator<T>
  #seen = 0

  constructor(all: ReadonlyMap<T, unknown> | ReadonlySet<T>) {
    this.#all = all
    this.#rest = all.keys()
  }

  areOf(all: object): boolean {
    return this.#all === all
  }

  next(): T | undefined {
    if (this.#seen === this.#all.size) return undefined
    this.#seen++
    return this.#rest.next().value as T
  }
}
