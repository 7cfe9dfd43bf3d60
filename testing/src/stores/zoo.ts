import { aos } from 'bitecs'
import { f32 as f32Tag, i16 as i16Tag, ref as refTag } from 'bitecs/serialization'
import {
  array,
  createHeap,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec2h,
  vec3f,
  vec4f,
} from '@memkit/ecs-plugin'
import type { Schema } from '@memkit/ecs-plugin'

import { EntryColumn, PlainColumn, TypedColumn } from './columns.ts'
import type { Column, TypedArray } from './columns.ts'
import { nearestHalf } from './half.ts'

/** What a column's numbers become in a row. */
type Scalar = 'f32' | 'i32' | 'u32' | 'f16'

/** One column: how it is made for so many entities, and where its numbers go in a row. Written by hand, so that it is no echo of the layout code. */
interface ColumnSpec {
  /** Way to the column from the component, with dots; empty when the component is the column. */
  readonly name: string
  /** What lies there. */
  readonly make: (slots: number) => object
  readonly as: Scalar
  /** Byte in the row of each number that an entity has in the column. */
  readonly offsets: readonly number[]
  /** Undefined: by its kind. */
  readonly open?: (made: object) => Column
}

interface StoreSpec {
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
  /** Makes the component, where it is more than its columns. */
  readonly component?: (slots: number) => object
}

type TypedKind = new (source: number | ArrayBuffer | SharedArrayBuffer) => TypedArray

function typed(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  return { name, as, offsets, make: (slots) => new (Kind as TypedKind)(slots * offsets.length) }
}

function shared(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  // Browsers have shared memory in isolated pages only.
  const Memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer
  const make = (slots: number): object => {
    const { BYTES_PER_ELEMENT } = Kind as typeof Float32Array
    return new (Kind as TypedKind)(new Memory(slots * offsets.length * BYTES_PER_ELEMENT))
  }
  return { name, as, offsets, make }
}

function plain(name: string, brand: string | undefined, as: Scalar, ...offsets: number[]): ColumnSpec {
  const make = (): object => (brand === undefined ? [] : Object.assign([], { [Symbol.for(brand)]: true }))
  return { name, as, offsets, make }
}

/** Numbers in an entry for each entity. @param ways with dots, from the entry to each number */
function entries(
  name: string,
  as: Scalar,
  ways: string[],
  entry: () => object,
  ...offsets: number[]
): ColumnSpec {
  const keys = ways.map((way) => way.split('.'))
  return { name, as, offsets, make: () => [], open: (made) => new EntryColumn(made as object[], keys, entry) }
}

/** `count` offsets from `first` on, side by side. */
const words = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + 4 * i)

/** Every shape of store that is synced today. */
export const storeSpecs: readonly (StoreSpec & { readonly name: string })[] = [
  {
    name: 'floats',
    schema: undefined,
    stride: 8,
    columns: [typed('x', Float32Array, 'f32', 0), typed('y', Float32Array, 'f32', 4)],
  },
  {
    name: 'kinds',
    schema: undefined,
    stride: 32,
    columns: [
      typed('a', Float32Array, 'f32', 0),
      typed('b', Int32Array, 'i32', 4),
      typed('c', Uint32Array, 'u32', 8),
      typed('d', Uint8Array, 'u32', 12),
      typed('e', Float64Array, 'f32', 16),
      typed('f', Int16Array, 'i32', 20),
      typed('g', Uint16Array, 'u32', 24),
      typed('h', Int8Array, 'i32', 28),
    ],
  },
  {
    name: 'plain',
    schema: undefined,
    stride: 12,
    columns: [
      plain('hp', undefined, 'f32', 0),
      plain('owner', 'bitecs-ref', 'u32', 4),
      plain('score', 'bitecs-i16', 'i32', 8),
    ],
  },
  {
    name: 'plain and typed',
    schema: undefined,
    stride: 8,
    columns: [plain('hp', undefined, 'f32', 0), typed('id', Uint32Array, 'u32', 4)],
  },
  {
    name: 'bare',
    schema: undefined,
    stride: 4,
    fixed: true,
    columns: [typed('', Float32Array, 'f32', 0)],
  },
  {
    name: 'bare vectors',
    schema: vec4f,
    stride: 16,
    fixed: true,
    columns: [typed('', Float32Array, 'f32', ...words(0, 4))],
  },
  {
    name: 'named',
    schema: struct({ pos: vec3f.from('x', 'y', 'z'), tag: u32 }),
    stride: 16,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('y', Float32Array, 'f32', 4),
      typed('z', Float32Array, 'f32', 8),
      typed('tag', Uint32Array, 'u32', 12),
    ],
  },
  {
    name: 'padded',
    schema: struct({ pos: vec2f.from('x', 'y'), tag: i32 }),
    stride: 16,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('y', Float32Array, 'f32', 4),
      typed('tag', Int32Array, 'i32', 8),
    ],
  },
  {
    name: 'matrices',
    schema: struct({ matrix: mat4x4f, tint: vec3f }),
    stride: 80,
    columns: [
      typed('matrix', Float32Array, 'f32', ...words(0, 16)),
      typed('tint', Float32Array, 'f32', ...words(64, 3)),
    ],
  },
  {
    name: 'three by three',
    schema: struct({ m: mat3x3f, id: u32 }),
    stride: 64,
    columns: [
      // Three columns of three, each at a multiple of 16.
      typed('m', Float32Array, 'f32', ...words(0, 3), ...words(16, 3), ...words(32, 3)),
      typed('id', Uint32Array, 'u32', 48),
    ],
  },
  {
    name: 'arrays',
    schema: struct({ weights: array(f32, 3), bone: u32 }),
    stride: 16,
    columns: [typed('weights', Float32Array, 'f32', ...words(0, 3)), typed('bone', Uint16Array, 'u32', 12)],
  },
  {
    name: 'shared',
    schema: undefined,
    stride: 12,
    columns: [
      shared('x', Float32Array, 'f32', 0),
      shared('y', Float64Array, 'f32', 4),
      shared('n', Int32Array, 'i32', 8),
    ],
  },
  {
    name: 'halves',
    schema: struct({ uv: vec2h.from('u', 'v'), w: f16, id: u32 }),
    stride: 12,
    columns: [
      typed('u', Float32Array, 'f16', 0),
      typed('v', Float64Array, 'f16', 2),
      typed('w', Float32Array, 'f16', 4),
      typed('id', Uint32Array, 'u32', 8),
    ],
  },
  {
    name: 'nested',
    schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), m: vec2f.from('m.0', 'm.1') }),
    stride: 16,
    columns: [
      typed('pos.x', Float32Array, 'f32', 0),
      typed('pos.y', Float32Array, 'f32', 4),
      typed('m.0', Float32Array, 'f32', 8),
      typed('m.1', Float32Array, 'f32', 12),
    ],
    component: () => ({ pos: {}, m: [[], []] }),
  },
  {
    name: 'objects',
    schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), n: u32 }),
    stride: 16,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['pos.x'], () => ({ pos: {} }), 0),
      entries('', 'f32', ['pos.y'], () => ({ pos: {} }), 4),
      entries('', 'u32', ['n'], () => ({ pos: {} }), 8),
    ],
    component: () => [],
  },
  {
    name: 'tagged objects',
    // The type tags say it: f32 at 0, i32 at 4, u32 at 8.
    schema: undefined,
    stride: 12,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['x'], () => ({}), 0),
      entries('', 'i32', ['n'], () => ({}), 4),
      entries('', 'u32', ['aim'], () => ({}), 8),
    ],
    component: () => aos({ x: f32Tag(), n: i16Tag(), aim: refTag() }),
  },
  {
    name: 'small arrays',
    schema: struct({ v: vec3f, w: vec2f }),
    stride: 32,
    fixed: true,
    oneWay: true,
    columns: [
      entries('v', 'f32', ['0', '1', '2'], () => [], ...words(0, 3)),
      entries('w', 'f32', ['0', '1'], () => new Float32Array(2), ...words(16, 2)),
    ],
  },
  {
    name: 'rows',
    schema: undefined,
    stride: 16,
    fixed: true,
    sealed: true,
    // Uploaded as they lie, padding and all.
    columns: [typed('u32', Uint32Array, 'u32', ...words(0, 4))],
    component: (slots) => createHeap({ bytes: 8 << 20 }).rows(struct({ pos: vec3f, n: u32 }), slots - 1),
  },
  {
    name: 'heap',
    schema: undefined,
    stride: 12,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('y', Float32Array, 'f32', 4),
      typed('n', Uint32Array, 'u32', 8),
    ],
    // Capacity is the highest id.
    component: (slots) => createHeap({ bytes: 8 << 20 }).columns({ x: f32, y: f32, n: u32 }, slots - 1),
  },
]

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
    const alone = spec.fixed && spec.columns[0].name === ''
    this.component = spec.component?.(room) ?? (alone ? spec.columns[0].make(room) : {})
    for (let i = 0; i < spec.columns.length; i++) {
      const found = this.#at(i)
      this.#columns.push(undefined as never)
      // A store of the heap has its columns; in the others nothing that holds numbers is there yet.
      if (ArrayBuffer.isView(found) || alone) this.#open(i, found)
      else this.#assign(i, spec.columns[i].make(room))
    }
  }

  /** Entities that every column has room for: ids 0 … slots − 1. */
  get slots(): number {
    return Math.min(...this.#columns.map(({ slots }) => slots))
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
    this.spec.columns.forEach(({ as, offsets }, i) => {
      const column = this.#columns[i]
      for (let k = 0; k < offsets.length; k++) {
        const at = entity * offsets.length + k
        const value = column.get(at) ?? 0
        if (as === 'f16') row.setUint16(offsets[k], nearestHalf(value), true)
        else if (column.bits !== undefined) row.setUint32(offsets[k], column.bits[at] ?? 0, true)
        else if (as === 'f32') row.setFloat32(offsets[k], value, true)
        else row.setInt32(offsets[k], value, true)
      }
    })
    return new Uint8Array(row.buffer)
  }

  /** A row with some numbers written anew, as a device might: such that each fits its column. @param row as it is on the device */
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

  /** Puts longer columns in place of the columns, with the same numbers. @param only this one of the typed ones alone */
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

  #at(i: number): object {
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
