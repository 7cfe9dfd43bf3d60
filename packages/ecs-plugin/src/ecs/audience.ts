/**
 * Stands first in a set of an ECS, which calls its entries in their order, so that nothing that a later one throws keeps a call from us.
 *
 * The ECS may be walking through that set at this moment, and an entry that is taken out and put in again would be called twice. So it
 * gets another set with the same entries, and its own one back at the end, in which nothing moves but what has changed meanwhile.
 */
export class SetHead<K extends PropertyKey, E> {
  readonly #holder: { [key in K]: Set<E> }
  readonly #key: K
  readonly #entry: E
  readonly #before: Set<E>
  readonly #ours: Set<E>

  /** @param holder has the set under the name `key` */
  constructor(holder: { [key in K]: Set<E> }, key: K, entry: E) {
    this.#holder = holder
    this.#key = key
    this.#entry = entry
    this.#before = holder[key]
    holder[key] = this.#ours = new Set([entry, ...this.#before])
  }

  /** Leaves the set. */
  leave(): void {
    const now = this.#holder[this.#key]
    now.delete(this.#entry)
    // Somebody else stands before us: theirs is the set that comes back.
    if (now !== this.#ours) return
    const before = this.#before
    for (const entry of before) if (!now.has(entry)) before.delete(entry)
    for (const entry of now) before.add(entry)
    this.#holder[this.#key] = before
  }
}
