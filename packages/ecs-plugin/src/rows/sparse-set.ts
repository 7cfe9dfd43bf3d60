const firstCapacity = 1024

/**
 * A set of small integers in a list without gaps: adding, removing and finding take constant time (Briggs and Torczon,
 * "An efficient representation for sparse sets", 1993). What is removed is replaced by the last.
 *
 *     position  0 1 2 3 4      remove(b)      position  0 1 2 3
 *               a b c d e      ─────────→               a e c d
 */
export class SparseSet {
  /** Values in the set: positions 0 … size − 1. */
  size = 0
  #positions: Int32Array = new Int32Array(firstCapacity).fill(-1)
  #values: Uint32Array = new Uint32Array(firstCapacity)
  #view: Uint32Array = new Uint32Array(0)

  /** Value at a position below `size`. */
  at(position: number): number {
    return this.#values[position]
  }

  /** Position of a value, −1 when it is not in the set: also of what is no small integer. */
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
    if (this.size === this.#values.length) {
      const longer = new Uint32Array(this.size * 2)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#positions[value] = this.size
    this.#values[this.size] = value
    return this.size++
  }

  /** Takes a value out. @returns the position that it had, where the last value is now; −1 when it was not in the set */
  remove(value: number): number {
    const position = this.positionOf(value)
    if (position < 0) return -1
    const last = this.#values[--this.size]
    this.#values[position] = last
    this.#positions[last] = position
    this.#positions[value] = -1
    return position
  }

  /** The values in their order: a view, until the set changes. The same object until its size does. */
  values(): Uint32Array {
    if (this.#view.length !== this.size || this.#view.buffer !== this.#values.buffer)
      this.#view = this.#values.subarray(0, this.size)
    return this.#view
  }
}
