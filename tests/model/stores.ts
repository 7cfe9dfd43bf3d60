import {
  array,
  createHeap,
  f32,
  i32,
  mat3x3f,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec3f,
  vec4f,
} from '@memkit/ecs-plugin'
import type { Schema } from '@memkit/ecs-plugin'

/** What a column's numbers become in a row. */
type Scalar = 'f32' | 'i32' | 'u32'
type TypedColumn =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
type Column = TypedColumn | (number | undefined)[]

/** One column: how it is made for so many entities, and where its numbers go in a row. Written by hand, so that it is no echo of the layout code. */
interface ColumnSpec {
  /** Property of the component; empty when the component is the column. */
  readonly name: string
  readonly make: (slots: number) => Column
  readonly as: Scalar
  /** Byte in the row of each number that an entity has in the column. */
  readonly offsets: readonly number[]
}

interface StoreSpec {
  /** Undefined: the default schema. */
  readonly schema: Schema | undefined
  /** Bytes per row. */
  readonly stride: number
  readonly columns: readonly ColumnSpec[]
  /** Columns can be re-assigned: not where the component is its column. */
  readonly fixed?: boolean
  /** Makes the component itself, where it is more than its columns. */
  readonly component?: (slots: number) => object
}

type TypedKind = new (source: number | ArrayBuffer | SharedArrayBuffer) => TypedColumn

function typed(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  return { name, as, offsets, make: (slots) => new (Kind as TypedKind)(slots * offsets.length) }
}

function shared(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  // Browsers have shared memory in isolated pages only.
  const Memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer
  const make = (slots: number): Column => {
    const { BYTES_PER_ELEMENT } = Kind as typeof Float32Array
    return new (Kind as TypedKind)(new Memory(slots * offsets.length * BYTES_PER_ELEMENT))
  }
  return { name, as, offsets, make }
}

function plain(name: string, brand: string | undefined, as: Scalar, ...offsets: number[]): ColumnSpec {
  const make = (): Column => (brand === undefined ? [] : Object.assign([], { [Symbol.for(brand)]: true }))
  return { name, as, offsets, make }
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
    name: 'heap',
    schema: undefined,
    stride: 12,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('y', Float32Array, 'f32', 4),
      typed('n', Uint32Array, 'u32', 8),
    ],
    // Capacity is the highest id.
    component: (slots) => createHeap({ bytes: 1 << 20 }).columns({ x: f32, y: f32, n: u32 }, slots - 1),
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
  /** The bits of columns of 32-bit floats, so that no NaN loses any. */
  readonly #bits: (Uint32Array | undefined)[] = []

  constructor(spec: StoreSpec, slots: number) {
    this.spec = spec
    if (spec.component !== undefined) {
      this.component = spec.component(slots)
      spec.columns.forEach(({ name }, i) => this.#adopt(i, (this.component as Record<string, Column>)[name]))
    } else if (spec.fixed) {
      this.component = this.#adopt(0, spec.columns[0].make(slots))
    } else {
      this.component = {}
      spec.columns.forEach((_, i) => this.#assign(i, spec.columns[i].make(slots)))
    }
  }

  /** Entities that every column has room for: ids 0 … slots − 1. */
  get slots(): number {
    return Math.min(...this.#lengths())
  }

  /** Typed columns disagree in length. */
  get torn(): boolean {
    const [first, ...others] = this.#lengths().filter((length) => length !== Infinity)
    return others.some((length) => length !== first)
  }

  /** Writes all numbers of an entity, each another one. Past the end of a typed column that does nothing. */
  write(entity: number, seed: number): void {
    this.spec.columns.forEach(({ offsets }, i) => {
      for (let k = 0; k < offsets.length; k++) {
        const at = entity * offsets.length + k
        const hash = mixed(seed * 131 + i * 17 + k)
        const bits = this.#bits[i]
        const column = this.#columns[i]
        if (bits !== undefined && hash % 4 === 0) bits[at] = mixed(hash)
        else if (hash % 4 === 1) column[at] = edges[hash % edges.length]
        else column[at] = (hash >>> 8) / 16 - 2 ** 19
        // A hole, as a plain array has them where nothing was ever written.
        if (Array.isArray(column) && hash % 16 === 2) Reflect.deleteProperty(column, at)
      }
    })
  }

  /** What the row of an entity must be. */
  pack(entity: number): Uint8Array {
    const row = new DataView(new ArrayBuffer(this.spec.stride))
    this.spec.columns.forEach(({ as, offsets }, i) => {
      for (let k = 0; k < offsets.length; k++) {
        const at = entity * offsets.length + k
        const bits = this.#bits[i]
        const value = this.#columns[i][at] ?? 0
        if (bits !== undefined) row.setUint32(offsets[k], bits[at] ?? 0, true)
        else if (as === 'f32') row.setFloat32(offsets[k], value, true)
        else row.setInt32(offsets[k], value, true)
      }
    })
    return new Uint8Array(row.buffer)
  }

  /** Puts longer columns in place of the columns, with the same numbers. @param only this one of the typed ones alone */
  grow(slots: number, only?: number): void {
    if (this.spec.fixed) return
    const typedColumns = this.spec.columns.map((_, i) => i).filter((i) => !Array.isArray(this.#columns[i]))
    this.spec.columns.forEach((spec, i) => {
      if (only !== undefined && typedColumns[only % typedColumns.length] !== i) return
      const before = this.#columns[i]
      if (Array.isArray(before)) {
        this.#assign(i, Object.assign(spec.make(slots), before))
        return
      }
      const after = spec.make(Math.max(slots, before.length / spec.offsets.length))
      // Floats of 32 bits by their bits: a JavaScript number cannot carry every NaN.
      const bits = this.#bits[i]
      if (bits !== undefined) new Uint32Array((after as Float32Array).buffer).set(bits)
      else (after as TypedColumn).set(before)
      this.#assign(i, after)
    })
  }

  #lengths(): number[] {
    return this.#columns.map((column, i) =>
      Array.isArray(column) ? Infinity : Math.floor(column.length / this.spec.columns[i].offsets.length),
    )
  }

  #assign(i: number, column: Column): void {
    ;(this.component as Record<string, Column>)[this.spec.columns[i].name] = this.#adopt(i, column)
  }

  #adopt(i: number, column: Column): Column {
    this.#columns[i] = column
    this.#bits[i] =
      column instanceof Float32Array
        ? new Uint32Array(column.buffer as ArrayBuffer, column.byteOffset, column.length)
        : undefined
    return column
  }
}
