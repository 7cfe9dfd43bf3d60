import type { Schema } from '@memkit/ecs-plugin'
import { nearestHalf } from '../nearest-half.ts'
import { PlainColumn, TypedColumn, type Column, type TypedArray } from './columns.ts'

/** What a column's numbers become in a row. */
export type Scalar = 'f32' | 'i32' | 'u32' | 'f16'

/** One column: how it is made for so many entities, and where its numbers go in a row. Written by hand, so that it doesn't repeat mistakes of the layout code. */
export interface ColumnSpec {
  /** Way to the column from the component, with dots; empty when the component is the column. */
  readonly name: string
  /** What lies there. */
  readonly make: (slots: number) => object
  readonly as: Scalar
  /** Byte in the row of each number that an entity has in the column. */
  readonly offsets: readonly number[]
  /** Where an entity's first number lies a second time. */
  readonly also?: readonly number[]
  /** Undefined: by its kind. */
  readonly open?: (made: object) => Column
}

export interface StoreSpec {
  readonly name: string
  /** Undefined: the default schema. */
  readonly schema: Schema | undefined
  /** Bytes per row. */
  readonly stride: number
  readonly columns: readonly ColumnSpec[]
  /** Columns cannot be re-assigned. */
  readonly fixed?: boolean
  /** Nothing can be added to it, as bitECS adds to the store of a relation. */
  readonly sealed?: boolean
  /** Rows cannot come back into it: it is made of objects or small arrays. */
  readonly oneWay?: boolean
  /** The device can't keep its columns as they are: numbers are converted, or not in typed arrays. */
  readonly rowsOnly?: boolean
  /** Makes the component, where it is more than its columns. */
  readonly component?: (slots: number) => object
}

/** Numbers at the edges of what columns and rows can hold. */
const edges = [
  0,
  -0,
  1,
  -1,
  0.1,
  3.7,
  -3.7,
  255,
  256,
  2 ** 31,
  -(2 ** 31),
  2 ** 32 - 1,
  1e-40,
  1e300,
  NaN,
  Infinity,
  -Infinity,
]

/** Spreads a small number over 32 bits. */
function mixed(seed: number): number {
  let bits = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b)
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
  return (bits ^ (bits >>> 13)) >>> 0
}

/** A component with its columns, which the program writes and the model reads. */
export class Store {
  readonly component: object
  readonly spec: StoreSpec
  readonly #columns: Column[] = []

  /** @param slots entities that its columns have room for at first @param most what they have where they cannot grow */
  constructor(spec: StoreSpec, slots: number, most: number) {
    this.spec = spec
    const room = spec.fixed ? most : slots
    const [first] = spec.columns
    this.component = spec.component?.(room) ?? (first.name === '' ? first.make(room) : {})
    for (let i = 0; i < spec.columns.length; i++) {
      const found = this.#at(i)
      this.#columns.push(undefined as never)
      // Some stores come with their columns; in the others nothing is there yet.
      if (found !== undefined) this.#open(i, found)
      else this.#assign(i, spec.columns[i].make(room))
    }
  }

  /** Entities that every column has room for: ids 0 … slots − 1. */
  get slots(): number {
    return Math.min(...this.#columns.map(({ slots }) => slots))
  }

  /** All columns are typed arrays, which have an end. */
  get isTyped(): boolean {
    return this.#columns.every(({ slots }) => slots !== Infinity)
  }

  /** Typed columns disagree in length. */
  get torn(): boolean {
    const [first, ...others] = this.#columns.map(({ slots }) => slots).filter((slots) => slots !== Infinity)
    return others.some((slots) => slots !== first)
  }

  /** Writes all numbers of an entity, each another one. Past the end of a typed column that does nothing. */
  write(entity: number, seed: number): void {
    this.spec.columns.forEach(({ as, offsets }, i) => {
      const column = this.#columns[i]
      for (let k = 0; k < offsets.length; k++) {
        const at = entity * offsets.length + k
        const hash = mixed(seed * 131 + i * 17 + k)
        if (column.bits !== undefined && as === 'f32' && hash % 4 === 0) column.bits[at] = mixed(hash)
        else if (hash % 4 === 1) column.set(at, edges[hash % edges.length])
        // Nothing where a number should be: a hole, as plain arrays have them where nothing was ever written.
        else if (hash % 16 === 2) column.set(at, undefined)
        else column.set(at, (hash >>> 8) / 16 - 2 ** 19)
      }
    })
  }

  /** What the row of an entity must be. */
  pack(entity: number): Uint8Array {
    const row = new DataView(new ArrayBuffer(this.spec.stride))
    this.spec.columns.forEach(({ as, offsets, also = [] }, i) => {
      const column = this.#columns[i]
      const put = (offset: number, at: number): void => {
        const value = column.get(at) ?? 0
        if (as === 'f16') row.setUint16(offset, nearestHalf(value), true)
        else if (as !== 'f32') row.setInt32(offset, value, true)
        else if (column.bits === undefined) row.setFloat32(offset, value, true)
        else row.setUint32(offset, column.bits[at] ?? 0, true)
      }
      offsets.forEach((offset, k) => put(offset, entity * offsets.length + k))
      for (const offset of also) put(offset, entity * offsets.length)
    })
    return new Uint8Array(row.buffer)
  }

  /** A row with some numbers overwritten, as a device might do, each such that it fits its column. @param row as it is on the device */
  rewrite(row: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
    const view = new DataView(row.slice().buffer)
    this.spec.columns.forEach(({ as, offsets }, i) => {
      const column = this.#columns[i]
      for (let k = 0; k < offsets.length; k++) {
        const hash = mixed(seed * 137 + i * 19 + k)
        if (hash % 3 === 0) continue
        const small = (hash >>> 8) % 100
        if (as === 'f16') view.setUint16(offsets[k], nearestHalf(small), true)
        else if (as === 'f32') {
          // Columns of another kind would round, or lose a NaN's payload.
          if (column.bits === undefined) view.setFloat32(offsets[k], small, true)
          else view.setUint32(offsets[k], mixed(hash), true)
        } else view.setUint32(offsets[k], column.holdsWords ? mixed(hash) : small, true)
      }
    })
    return new Uint8Array(view.buffer)
  }

  /** What a row is packed as once it was brought into the columns: a Float32Array holds less than a u32. */
  landed(row: Uint8Array): Uint8Array {
    const view = new DataView(row.slice().buffer)
    this.spec.columns.forEach(({ as, offsets }, i) => {
      const column = this.#columns[i]
      if (!(column instanceof TypedColumn) || (as !== 'i32' && as !== 'u32')) return
      const held = new (column.array.constructor as typeof Float32Array)(1)
      for (const offset of offsets) {
        held[0] = as === 'i32' ? view.getInt32(offset, true) : view.getUint32(offset, true)
        view.setInt32(offset, held[0], true)
      }
    })
    return new Uint8Array(view.buffer)
  }

  /** Replaces the columns by longer ones with the same numbers. @param only the typed column to replace; by default all columns */
  grow(slots: number, only?: number): void {
    if (this.spec.fixed) return
    const typedColumns = this.#columns.filter((column) => column instanceof TypedColumn)
    this.#columns.forEach((before, i) => {
      const spec = this.spec.columns[i]
      if (only !== undefined && typedColumns[only % typedColumns.length] !== before) return
      const made = spec.make(Math.max(slots, before instanceof TypedColumn ? before.slots : 0))
      if (before instanceof PlainColumn) Object.assign(made, before.array)
      else if (before instanceof TypedColumn) {
        if (before.bits !== undefined) new Uint32Array((made as Float32Array).buffer).set(before.bits)
        else (made as TypedArray).set(before.array)
      }
      this.#assign(i, made)
    })
  }

  #at(i: number): object | undefined {
    const { name } = this.spec.columns[i]
    let value = this.component as Record<string, object>
    for (const key of name === '' ? [] : name.split('.')) value = value?.[key] as Record<string, object>
    return value
  }

  #assign(i: number, made: object): void {
    const keys = this.spec.columns[i].name.split('.')
    let owner = this.component as Record<string, object>
    for (const key of keys.slice(0, -1)) owner = owner[key] as Record<string, object>
    owner[keys.at(-1)!] = made
    this.#open(i, made)
  }

  #open(i: number, made: object): void {
    const { open, offsets } = this.spec.columns[i]
    if (open !== undefined) this.#columns[i] = open(made)
    else if (Array.isArray(made)) this.#columns[i] = new PlainColumn(made as number[])
    else this.#columns[i] = new TypedColumn(made as TypedArray, offsets.length)
  }
}
