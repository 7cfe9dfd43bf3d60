/** The watches that are told of one event. While there are any, ours stands in the ECS's sets. */
export class Audience<W> {
  readonly #watches: W[] = []
  readonly #stand: (watches: readonly W[]) => readonly { leave(): void }[]
  #heads: readonly { leave(): void }[] = []

  /** @param stand puts the entries that call `watches` into the ECS's sets */
  constructor(stand: (watches: readonly W[]) => readonly { leave(): void }[]) {
    this.#stand = stand
  }

  add(watch: W): void {
    if (this.#watches.push(watch) === 1) this.#heads = this.#stand(this.#watches)
  }

  /** @returns whether none is left */
  remove(watch: W): boolean {
    const at = this.#watches.indexOf(watch)
    if (at < 0) return this.#watches.length === 0
    this.#watches.splice(at, 1)
    if (this.#watches.length > 0) return false
    for (const head of this.#heads) head.leave()
    return true
  }
}

/**
 * Puts an entry first in a set of an ECS, which calls the entries in order: no other entry can keep a
 * call from ours by throwing.
 *
 * The ECS may be walking the set right now, and an entry that is removed and added again would be
 * called twice. So it gets a new set with the same entries, and its own set back at the end, where
 * only what changed in the meantime moves.
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

  leave(): void {
    const now = this.#holder[this.#key]
    now.delete(this.#entry)
    // Another library replaced our set with its own, and will bring back ours.
    if (now !== this.#ours) return
    const before = this.#before
    for (const entry of before) if (!now.has(entry)) before.delete(entry)
    for (const entry of now) before.add(entry)
    this.#holder[this.#key] = before
  }
}
