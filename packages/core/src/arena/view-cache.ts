import type { TypedArray, TypedArrayKind } from './typed-array.ts'

/** Views kept at first, and at most: beyond that all are dropped, because sizes that never repeat gain nothing. */
const FIRST_SLOTS = 64
const MOST_SLOTS = 1 << 14

/**
 * Views of one buffer by kind, offset and length: asked for again, the same object comes back. So whoever hands out
 * the same views frame after frame makes no garbage. A hash table with open addressing, at most half full.
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
    const mask = this.#views.length - 1
    let slot = slotOf(offset, length, mask)
    for (let view = this.#views[slot]; view !== undefined; view = this.#views[slot]) {
      if (this.#offsets[slot] === offset && this.#lengths[slot] === length && this.#kinds[slot] === kind) {
        return view as A
      }
      slot = (slot + 1) & mask
    }
    const view = new kind(this.#buffer, offset, length)
    if (this.#size * 2 >= this.#views.length) {
      this.#grow()
      slot = this.#freeSlot(offset, length)
    }
    this.#put(slot, view, kind, offset, length)
    return view
  }

  #put(slot: number, view: TypedArray, kind: unknown, offset: number, length: number): void {
    this.#views[slot] = view
    this.#kinds[slot] = kind
    this.#offsets[slot] = offset
    this.#lengths[slot] = length
    this.#size++
  }

  #freeSlot(offset: number, length: number): number {
    const mask = this.#views.length - 1
    let slot = slotOf(offset, length, mask)
    while (this.#views[slot] !== undefined) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [views, kinds, offsets, lengths] = [this.#views, this.#kinds, this.#offsets, this.#lengths]
    if (views.length === MOST_SLOTS) return this.#resize(FIRST_SLOTS)
    this.#resize(views.length * 2)
    for (let i = 0; i < views.length; i++) {
      const view = views[i]
      if (view !== undefined) {
        this.#put(this.#freeSlot(offsets[i], lengths[i]), view, kinds[i], offsets[i], lengths[i])
      }
    }
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

/** Where to look first: multiplication by odd constants spreads neighbours, the shift brings the upper bits down. */
function slotOf(offset: number, length: number, mask: number): number {
  const hash = Math.imul(offset / 16, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b)
  return (hash ^ (hash >>> 15)) & mask
}
