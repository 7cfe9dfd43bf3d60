import type { AttributeLayout, NumberRun } from '../attributes/attribute-source.ts'
import type { NumberKind } from '../attributes/shader-type.ts'
import type { ThreeBuffer } from '../backend/three-buffer.ts'
import { gatherAt, gatherHalves, gatherRange, type GatherPlan, type Numbers } from './gather.ts'

/** An array that an attribute can have. */
export type ValueArray = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>

const arrays: Readonly<Record<NumberKind, new (length: number) => ValueArray>> = {
  f32: Float32Array,
  u32: Uint32Array,
  i32: Int32Array,
}

/** Where values lie in an array that holds more than them, such as positions in matrices. */
export interface ArrayPlace {
  /** Numbers from one instance to the next. */
  readonly pitch: number
  /** Index of the first among the numbers of its instance. */
  readonly first: number
  /** Makes the array for so many instances. */
  make(capacity: number): ValueArray
}

/** The numbers of one attribute: those of instance `p` at `p * numbers`, or where its place says. */
export class GatheredValues {
  readonly layout: AttributeLayout
  array: ValueArray
  /** First and last position that changed in the last update; `last < first` when none did. */
  firstChanged = 0
  lastChanged = -1
  readonly #place: ArrayPlace
  #words: Uint32Array
  #buffer: ThreeBuffer | undefined
  #plans: GatherPlan[] = []

  constructor(layout: AttributeLayout, capacity: number, place: ArrayPlace = ownArray(layout)) {
    this.layout = layout
    this.#place = place
    this.array = place.make(capacity)
    this.#words = wordsOf(this.array)
  }

  /** Makes room for more instances: another array, which is to be gathered as a whole. */
  grow(capacity: number): void {
    this.array = this.#place.make(capacity)
    this.#words = wordsOf(this.array)
    this.#plan()
  }

  /** Reads from a buffer from now on. */
  readFrom(buffer: ThreeBuffer): void {
    this.#buffer = buffer
    this.#plan()
  }

  gatherAll(rowOf: Uint32Array, count: number): void {
    this.firstChanged = 0
    this.lastChanged = count - 1
    for (const [i, plan] of this.#plans.entries())
      if (this.layout.runs[i].kind === 'f16') gatherHalves(plan, rowOf, 0, count)
      else gatherRange(plan, rowOf, 0, count)
  }

  /** @param positions in any order, also several times */
  gatherAt(rowOf: Uint32Array, positions: Uint32Array, count: number): void {
    let first = Infinity
    let last = -1
    for (let i = 0; i < count; i++) {
      const p = positions[i]
      if (p < first) first = p
      if (p > last) last = p
    }
    this.firstChanged = last < 0 ? 0 : first
    this.lastChanged = last
    for (const [i, plan] of this.#plans.entries())
      if (this.layout.runs[i].kind === 'f16')
        for (let k = 0; k < count; k++) gatherHalves(plan, rowOf, positions[k], positions[k] + 1)
      else gatherAt(plan, rowOf, positions, count)
  }

  #plan(): void {
    const buffer = this.#buffer
    if (buffer === undefined) return
    const { runs, info } = this.layout
    const { pitch, first: start } = this.#place
    this.#plans = runs.map((run) => {
      const from = numbersOf(buffer, run)
      const bytes = from.BYTES_PER_ELEMENT
      const { first, count, section } = run
      const target = start + run.target
      const place = { from, rows: info.buffer.capacity, to: this.#words, pitch, target, count }
      if (info.layout === 'rows') return { ...place, stride: info.buffer.stride / bytes, offset: first }
      const { offset, stride } = info.buffer.sections[section]
      return { ...place, stride: stride / bytes, offset: offset / bytes + first }
    })
  }
}

function ownArray({ kind, numbers }: AttributeLayout): ArrayPlace {
  return { pitch: numbers, first: 0, make: (capacity) => new arrays[kind](capacity * numbers) }
}

function numbersOf({ bytes, words }: ThreeBuffer, { kind }: NumberRun): Numbers {
  switch (kind) {
    case 'word':
      return words
    case 'u8':
      return bytes
    case 'i8':
      return new Int8Array(bytes.buffer)
    case 'i16':
      return new Int16Array(bytes.buffer)
    default:
      return new Uint16Array(bytes.buffer)
  }
}

function wordsOf({ buffer, byteOffset, length }: ValueArray): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length)
}
