import type { TypedArray, TypedArrayKind } from '../memory/typed-array.ts'

/** Slots at first, and at most: when those are half full, all views are dropped. */
const FIRST_SLOTS = 64
const MOST_SLOTS = 1 << 14

/**
 * Returns the same view object for the same kind, offset and length, so that frames which take the
 * same views make no garbage. A hash table with open addressing, at most half full.
 */
export class ViewCache {
  readonly #buffer: ArrayBuffer
  #views: (TypedArray | undefined)[] = emptySlots(FIRST_SLOTS)
  #kinds: unknown[] = emptySlots(FIRST_SLOTS)
  #offsets = new Float64Array(FIRST_SLOTS)
  #lengths = new Float64Array(FIRST_SLOTS)
  #size = 0

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer
  }

  /** @param offset bytes, a multiple of 16 */
  view<A extends TypedArray>(kind: TypedArrayKind<A>, offset: number, length: number): A {
    const known = this.#views[this.#slotOf(kind, offset, length)]
    if (known !== undefined) return known as A
    if (this.#size * 2 >= this.#views.length) this.#grow()
    const view = new kind(this.#buffer, offset, length)
    this.#put(view, kind)
    return view
  }

  /** Finds the slot of a view, or the empty one where it belongs. */
  #slotOf(kind: unknown, offset: number, length: number): number {
    const mask = this.#views.length - 1
    // Odd factors spread neighbours, the shift brings the upper bits down.
    const hash = Math.imul(offset / 16, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b)
    for (let slot = hash ^ (hash >>> 15); ; slot++) {
      slot &= mask
      if (this.#views[slot] === undefined) return slot
      if (this.#offsets[slot] === offset && this.#lengths[slot] === length && this.#kinds[slot] === kind)
        return slot
    }
  }

  #put(view: TypedArray, kind: unknown): void {
    const slot = this.#slotOf(kind, view.byteOffset, view.length)
    this.#views[slot] = view
    this.#kinds[slot] = kind
    this.#offsets[slot] = view.byteOffset
    this.#lengths[slot] = view.length
    this.#size++
  }

  #grow(): void {
    const [views, kinds] = [this.#views, this.#kinds]
    if (views.length === MOST_SLOTS) return this.#resize(FIRST_SLOTS)
    this.#resize(views.length * 2)
    views.forEach((view, i) => view && this.#put(view, kinds[i]))
  }

  #resize(slots: number): void {
    this.#views = emptySlots(slots)
    this.#kinds = emptySlots(slots)
    this.#offsets = new Float64Array(slots)
    this.#lengths = new Float64Array(slots)
    this.#size = 0
  }
}

function emptySlots(slots: number): undefined[] {
  return Array.from({ length: slots }, () => undefined)
}
