/**
 * The keys of a map or the values of a set that were added since the last look, in the order in which they came. Nothing may be taken out
 * meanwhile.
 */
export class NewKeys<T> {
  readonly #all: ReadonlyMap<T, unknown> | ReadonlySet<T>
  /** Left open: one that has said that it is done says so for ever. */
  readonly #rest: Iterator<T>
  #seen = 0

  constructor(all: ReadonlyMap<T, unknown> | ReadonlySet<T>) {
    this.#all = all
    this.#rest = all.keys()
  }

  areOf(all: object): boolean {
    return this.#all === all
  }

  /** The next one; undefined when all were seen. */
  next(): T | undefined {
    if (this.#seen === this.#all.size) return undefined
    this.#seen++
    return this.#rest.next().value as T
  }
}
