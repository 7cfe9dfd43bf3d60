import { requireSize } from './bounds.ts'
import { StaleFrameVec } from './errors.ts'
import type { FrameArena } from './frame-arena.ts'
import type { TypedArray } from './typed-array.ts'

/** A list of numbers in frame memory with a fixed capacity. Dead when its frame ends or is rewound past it. */
export class FrameVec<A extends TypedArray> {
  readonly #arena: FrameArena
  #array: A
  #length = 0
  /** Which allocation of the arena it is. */
  readonly #place: number
  #serial: number
  /** The last part handed out by `view`. */
  #part: A | undefined

  /** @param array the latest allocation of `arena` */
  constructor(arena: FrameArena, array: A) {
    this.#arena = arena
    this.#array = array
    this.#place = arena.count - 1
    this.#serial = arena.allocs
  }

  /** Numbers in it. */
  get length(): number {
    return this.#length
  }

  /** Numbers that fit. */
  get capacity(): number {
    return this.#array.length
  }

  /** The array it fills, `capacity` long. */
  get array(): A {
    return this.#array
  }

  /**
   * Adds a number at the end.
   *
   * @returns false, changing nothing, when it is full
   * @throws StaleFrameVec
   */
  push(value: A[number]): boolean {
    this.#requireAlive()
    const length = this.#length
    if (length === this.#array.length) return false
    this.#array[length] = value
    this.#length = length + 1
    return true
  }

  /** Takes the last number away; undefined when there is none. @throws StaleFrameVec */
  pop(): A[number] | undefined {
    this.#requireAlive()
    return this.#length === 0 ? undefined : this.#array[--this.#length]
  }

  /** The number at `index`; undefined where there is none. @throws StaleFrameVec */
  at(index: number): A[number] | undefined {
    this.#requireAlive()
    return index < this.#length ? this.#array[index] : undefined
  }

  /** Forgets the numbers from `length` on. @throws InvalidSize, StaleFrameVec */
  truncate(length: number): void {
    this.#requireAlive()
    requireSize('FrameVec.truncate: length', length, 0, this.#length)
    this.#length = length
  }

  /** The numbers in it, as a view to stage or to iterate; the same object while the length is the same. @throws StaleFrameVec */
  view(): A {
    this.#requireAlive()
    if (this.#length === this.#array.length) return this.#array
    if (this.#part?.length !== this.#length) this.#part = this.#array.subarray(0, this.#length) as A
    return this.#part
  }

  /** Begins anew, empty, in `array`, the latest allocation of the arena, in its old place of the order. */
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
