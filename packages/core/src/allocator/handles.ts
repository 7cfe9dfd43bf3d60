import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * The table has no slot left. Nothing was changed.
 *
 * What to do: remove values, or spread them over several tables.
 */
export const HandlesFull: ErrorClass<{
  code: 'HandlesFull'
  /** Slots of the table, including those whose generations are used up. */
  max: number
}> = defineError(
  'HandlesFull',
  ({ max }) =>
    `All ${max} slots of this table are in use or used up. Remove values, or spread them over several tables.`,
)
export type HandlesFull = InstanceType<typeof HandlesFull>

/**
 * Points to a value in a Handles table, and resolves to `undefined` once the value is removed. A
 * small integer, never 0.
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
 * Values by generational handle. A handle whose value was removed resolves to `undefined` for ever:
 * a slot that has used up its generations is retired, never reused.
 *
 * ```ts
 * const meshes = new Handles<Mesh>()
 * const handle = meshes.insert(mesh)
 * meshes.get(handle)      // mesh
 * meshes.remove(handle)
 * meshes.get(handle)      // undefined, also when another value has taken its slot
 * ```
 */
export class Handles<T> {
  readonly #values: (T | undefined)[] = []
  /** Generation of each slot: that of the handle in use, or of the next one. */
  readonly #generations: number[] = []
  /** For each free slot the next one, or NONE; USED for each slot in use. */
  readonly #nextFree: number[] = []
  #free = NONE
  #size = 0

  /** How many values are in the table. */
  get size(): number {
    return this.#size
  }

  /** Adds a value. @throws {@link HandlesFull} when no slot is left */
  insert(value: T): Handle<T> {
    let index = this.#free
    if (index === NONE) {
      index = this.#values.length
      if (index === MAX_SLOTS) throw new HandlesFull({ max: MAX_SLOTS })
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

  /** Whether `insert` ever returned the handle, even if its value was removed. */
  knows(handle: Handle<T>): boolean {
    const index = handle & INDEX_MASK
    const generation = handle >> INDEX_BITS
    const isOne = generation >= 1 && ((generation << INDEX_BITS) | index) === handle
    return isOne && (generation < this.#generations[index] || this.has(handle))
  }

  /** Returns the value; undefined when it was removed, or the handle isn't of this table. */
  get(handle: Handle<T>): T | undefined {
    const index = this.#slotOf(handle)
    return index === NONE ? undefined : this.#values[index]
  }

  /** Removes a value and returns it; undefined when there is none. */
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
    // The parts of a fraction, of NaN or of more than 30 bits give another number than the whole.
    const whole = (this.#generations[index] << INDEX_BITS) | index
    return whole === handle && this.#nextFree[index] === USED ? index : NONE
  }
}
