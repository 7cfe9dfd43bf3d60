import { defineError, type ErrorClass } from '../mk-error.ts'
import { requireSize } from '../memory/bounds.ts'
import type { FrameArena } from '../arena/frame-arena.ts'
import type { TypedArray } from '../memory/typed-array.ts'

/**
 * A list was used after its frame ended or was rewound past it. Nothing was changed.
 *
 * What to do: make a new list in every frame.
 */
export const StaleFrameVec: ErrorClass<{ code: 'StaleFrameVec' }> = defineError(
  'StaleFrameVec',
  () =>
    'The memory of this list is gone: its frame has ended, or was rewound past it. Make a new list in every frame.',
)
export type StaleFrameVec = InstanceType<typeof StaleFrameVec>

/** A list of numbers in frame memory, with a fixed capacity; gone when its frame ends. */
export class FrameVec<A extends TypedArray> {
  readonly #arena: FrameArena
  #array: A
  #length = 0
  readonly #place: number
  #serial: number
  #part: A | undefined

  /** @param array the latest allocation of `arena` */
  constructor(arena: FrameArena, array: A) {
    this.#arena = arena
    this.#array = array
    this.#place = arena.count - 1
    this.#serial = arena.allocs
  }

  get length(): number {
    return this.#length
  }

  get capacity(): number {
    return this.#array.length
  }

  /** The array it fills, `capacity` long. */
  get array(): A {
    return this.#array
  }

  /** Adds a number at the end; returns false when the list is full. @throws {@link StaleFrameVec} */
  push(value: A[number]): boolean {
    this.#requireAlive()
    const length = this.#length
    if (length === this.#array.length) return false
    this.#array[length] = value
    this.#length = length + 1
    return true
  }

  /** Removes and returns the last number, if there is one. @throws {@link StaleFrameVec} */
  pop(): A[number] | undefined {
    this.#requireAlive()
    return this.#length === 0 ? undefined : this.#array[--this.#length]
  }

  /** Returns the number at `index`; undefined past the end. @throws {@link StaleFrameVec} */
  at(index: number): A[number] | undefined {
    this.#requireAlive()
    return index < this.#length ? this.#array[index] : undefined
  }

  /** Removes numbers from `length` on. @throws InvalidSize past the end, {@link StaleFrameVec} */
  truncate(length: number): void {
    this.#requireAlive()
    requireSize('FrameVec.truncate: length', length, 0, this.#length)
    this.#length = length
  }

  /** Returns a view, the same object for the same length. @throws {@link StaleFrameVec} */
  view(): A {
    this.#requireAlive()
    if (this.#length === this.#array.length) return this.#array
    if (this.#part?.length !== this.#length) this.#part = this.#array.subarray(0, this.#length) as A
    return this.#part
  }

  /** Starts over, empty, in the arena's latest allocation. */
  restart(array: A): void {
    if (this.#array !== array) this.#part = undefined
    this.#array = array
    this.#length = 0
    this.#serial = this.#arena.allocs
  }

  #requireAlive(): void {
    if (!this.#arena.isAlive(this.#place, this.#serial)) throw new StaleFrameVec()
  }
}
