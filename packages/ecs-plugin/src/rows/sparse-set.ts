import { IndexList } from '../ecs/index-list.ts'

const firstCapacity = 1024

/**
 * A set of small integers in a list without gaps: adding, removing and finding take constant time
 * (Briggs and Torczon, "An efficient representation for sparse sets", 1993). What is removed is
 * replaced by the last.
 *
 *     position  0 1 2 3 4      remove(b)      position  0 1 2 3
 *               a b c d e      ─────────→               a e c d
 */
export class SparseSet {
  #positions: Int32Array = new Int32Array(firstCapacity).fill(-1)
  readonly #list = new IndexList()
  #view: Uint32Array = new Uint32Array(0)

  /** Values in the set: positions 0 … size − 1. */
  get size(): number {
    return this.#list.count
  }

  /** Value at a position below `size`. */
  at(position: number): number {
    return this.#list.values[position]
  }

  /** Position of a value, −1 when it is not in the set, as anything but a small integer. */
  positionOf(value: number): number {
    return value < this.#positions.length ? (this.#positions[value] ?? -1) : -1
  }

  /** Puts a value that is not in the set at the end. @returns its position */
  add(value: number): number {
    if (value >= this.#positions.length) {
      const longer = new Int32Array(Math.max(value + 1, this.#positions.length * 2)).fill(-1)
      longer.set(this.#positions)
      this.#positions = longer
    }
    this.#positions[value] = this.size
    this.#list.add(value)
    return this.size - 1
  }

  /** Takes a value out. @returns its position, where the last value is now; −1 when it wasn't in the set */
  remove(value: number): number {
    const position = this.positionOf(value)
    if (position < 0) return -1
    const { values } = this.#list
    const last = values[--this.#list.count]
    values[position] = last
    this.#positions[last] = position
    this.#positions[value] = -1
    return position
  }

  /** The values in their order: a view, until the set changes. The same object until its size does. */
  values(): Uint32Array {
    const { count, values } = this.#list
    if (this.#view.length !== count || this.#view.buffer !== values.buffer)
      this.#view = values.subarray(0, count)
    return this.#view
  }
}
