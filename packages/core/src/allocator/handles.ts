import { HandlesFull } from './errors.ts'

/**
 * Points to a value in a Handles table, and knows when the value is gone. A small integer, never 0.
 *
 *     bits 29…20  generation (10)  1 … 1023: how often the slot was used
 *     bits 19…0   index (20)       of the slot
 */
export type Handle<T> = number & { readonly handleOf: T }

const INDEX_BITS = 20
const INDEX_MASK = (1 << INDEX_BITS) - 1
const MAX_SLOTS = 1 << INDEX_BITS
const MAX_GENERATION = (1 << 10) - 1

const NONE = -1
const USED = -2

/**
 * Values by generational handle. A handle whose value was removed resolves to `undefined` for ever: a slot that has
 * used up its generations is retired, not started over.
 *
 * ```ts
 * const meshes = new Handles<Mesh>()
 * const handle = meshes.insert(mesh)
 * meshes.get(handle)      // mesh
 * meshes.remove(handle)
 * meshes.get(handle)      // undefined, whoever has taken its place
 * ```
 */
export class Handles<T> {
  readonly #values: (T | undefined)[] = []
  /** Of each slot: of the handle in use, or of the next one. */
  readonly #generations: number[] = []
  /** Of each slot: the next free slot, or NONE. A slot in use has USED. */
  readonly #nextFree: number[] = []
  #free = NONE
  #size = 0

  /** Values that are in the table. */
  get size(): number {
    return this.#size
  }

  /** @throws HandlesFull */
  insert(value: T): Handle<T> {
    let index = this.#free
    if (index === NONE) {
      index = this.#values.length
      if (index === MAX_SLOTS) throw new HandlesFull(MAX_SLOTS)
      this.#generations.push(1)
      this.#nextFree.push(USED)
      this.#values.push(value)
    } else {
      this.#free = this.#nextFree[index]
      this.#nextFree[index] = USED
      this.#values[index] = value
    }
    this.#size++
    return ((this.#generations[index] << INDEX_BITS) | index) as Handle<T>
  }

  has(handle: Handle<T>): boolean {
    return this.#slotOf(handle) !== NONE
  }

  /** Whether `insert` ever returned it, the value removed or not. */
  knows(handle: Handle<T>): boolean {
    const index = handle & INDEX_MASK
    const generation = handle >> INDEX_BITS
    if (((generation << INDEX_BITS) | index) !== handle || generation < 1 || !(index < this.#values.length))
      return false
    return generation < this.#generations[index] || this.#slotOf(handle) !== NONE
  }

  /** The value, or undefined when it was removed or the handle is of nobody. */
  get(handle: Handle<T>): T | undefined {
    const index = this.#slotOf(handle)
    return index === NONE ? undefined : this.#values[index]
  }

  /** Takes the value out and returns it; undefined, changing nothing, when it is not there. */
  remove(handle: Handle<T>): T | undefined {
    const index = this.#slotOf(handle)
    if (index === NONE) return undefined
    const value = this.#values[index]
    this.#values[index] = undefined
    this.#size--
    if (this.#generations[index]++ < MAX_GENERATION) {
      this.#nextFree[index] = this.#free
      this.#free = index
    } else {
      this.#nextFree[index] = NONE
    }
    return value
  }

  /** Calls `fn` with every value, in no particular order. `fn` may remove values. */
  forEach(fn: (value: T, handle: Handle<T>) => void): void {
    for (let index = 0; index < this.#values.length; index++) {
      if (this.#nextFree[index] !== USED) continue
      fn(this.#values[index] as T, ((this.#generations[index] << INDEX_BITS) | index) as Handle<T>)
    }
  }

  #slotOf(handle: Handle<T>): number {
    const index = handle & INDEX_MASK
    // A fraction, NaN or a number above 30 bits is no handle: put together again it would be another number.
    const whole = (this.#generations[index] << INDEX_BITS) | index
    return whole === handle && this.#nextFree[index] === USED ? index : NONE
  }
}
