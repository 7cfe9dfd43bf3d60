import { requireCapacity } from '../memory/bounds.ts'
import { MAX_RESERVE_BYTES } from '../memory/reserve.ts'
import { InvalidSchema } from '../layout/errors.ts'
import { BITECS_NAMES, refuseNames } from './reserved-field.ts'
import { bytesPerRow, pitchFor, sectionsOf, type ColumnShape } from './sections.ts'
import { isRuntimeSized, namesColumns } from '../layout/compose.ts'
import { struct } from '../layout/struct.ts'
import type { Converted, Field, FieldLike, ScalarName, Struct } from '../layout/types.ts'
import type { Block, LinearMemory } from '../memory/linear-memory.ts'

/** Typed array for scalars on the CPU. It cannot compute in `f16`, so those columns hold `f32`. */
interface ArrayOfScalar {
  f32: Float32Array<ArrayBuffer>
  i32: Int32Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  f16: Float32Array<ArrayBuffer>
}

/** Scalar kind of a column's type; without recursion, which is too deep for the compiler here. */
type KindOf<T> = T extends { readonly scalar: infer N extends ScalarName }
  ? N
  : T extends { readonly element: { readonly scalar: infer N extends ScalarName } }
    ? N
    : T extends { readonly element: { readonly element: { readonly scalar: infer N extends ScalarName } } }
      ? N
      : never

/** The column that a field of that type has. */
export type ColumnArray<T> = ArrayOfScalar[KindOf<Converted<T>>]

/** What `createColumns` takes: name → type of the column. */
export interface ColumnsSpec {
  readonly [column: string]: FieldLike
}

/**
 * A store of columns in linear memory, and a component of bitECS: its only enumerable keys are the
 * columns. Entity `e` has its value in `store.x[e]`, or in `n` places from `store.pos[e * n]` on
 * where the field has `n` scalars. You may replace a column by another array, which then isn't in
 * the heap.
 */
export type Columns<S extends ColumnsSpec = ColumnsSpec> = {
  [K in keyof S & string]: ColumnArray<S[K]>
} & StoreOf<string extends keyof S ? Struct : Struct<{ readonly [K in keyof S & string]: Converted<S[K]> }>>

declare const structOf: unique symbol

/** Carries the struct of a store's rows. (A type alias, because `Columns` needs an index.) */
export type StoreOf<S extends Struct> = { readonly [structOf]: S }

/** One column, where it was made. */
export interface ColumnPlace {
  readonly name: string
  readonly scalar: ScalarName
  /** Scalars per entity, without padding: 1 for `f32`, 3 for `vec3f`, 9 for `mat3x3f`. */
  readonly arity: number
  /** Bytes from the start of the memory to entity 0; a multiple of 256. */
  readonly offset: number
}

export interface ColumnsInfo {
  readonly kind: 'columns'
  /** How its rows look on the GPU. */
  readonly struct: Struct
  readonly memory: LinearMemory
  /** All columns. Pass it to `memory.free` to free the store. */
  readonly block: Block
  /** Highest entity id; columns have one slot more, because ids start at 1. */
  readonly capacity: number
  /** Slots from one column to the next; see `pitchFor`. Those after `capacity` belong to no entity. */
  readonly pitch: number
  readonly columns: readonly ColumnPlace[]
}

const ARRAY = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, f16: Float32Array } as const

/** In the global registry, so that two copies of this module recognise each other's stores. */
const INFO: unique symbol = Symbol.for('@memkit/columns') as never

/** Columns start at multiples of this many bytes, as sections of buffers on a device do. */
const COLUMN_ALIGN = 256

/** Makes a store of columns as `heap.columns` does, in any linear memory. */
export function createColumns<const S extends ColumnsSpec>(
  memory: LinearMemory,
  spec: S,
  capacity: number,
  label: string = 'columns',
): Columns<S> {
  const schema: Struct = struct<ColumnsSpec>(spec)
  refuseNames(schema, BITECS_NAMES)
  const sections = sectionsOf(schema.fields.map(columnOf))
  const rowBytes = sections.reduce((sum, section) => sum + bytesPerRow(section), 0)
  requireCapacity(label, capacity, rowBytes)
  const rows = capacity + 1
  const pitch = pitchFor(rows)
  // More than any memory has is more than this one has.
  const block = memory.alloc(Math.min(pitch * rowBytes, MAX_RESERVE_BYTES), COLUMN_ALIGN, label)
  const store: Record<string, unknown> = {}
  const columns = sections.map(({ name, scalar, arity, start }): ColumnPlace => {
    const offset = block.offset + pitch * start
    store[name] = new ARRAY[scalar](memory.buffer, offset, rows * arity)
    return Object.freeze({ name, scalar, arity, offset })
  })
  Object.freeze(columns)
  const info: ColumnsInfo = { kind: 'columns', struct: schema, memory, block, capacity, pitch, columns }
  Object.defineProperty(store, INFO, { value: Object.freeze(info) })
  return store as Columns<S>
}

/** Returns what a store of columns was made of; `undefined` for anything else. */
export function columnsInfo(store: object): ColumnsInfo | undefined {
  return (store as { [INFO]?: ColumnsInfo })[INFO]
}

function columnOf({ name, type }: Field): Omit<ColumnPlace, 'offset'> & ColumnShape {
  const refusal = (reason: string): Error => new InvalidSchema({ schema: `${name}: ${type.type}`, reason })
  if (isRuntimeSized(type)) throw refusal('a column needs a fixed number of scalars')
  if (namesColumns(type)) throw refusal('from(…) names columns that exist; here the columns are made')
  let inner = type
  let count = 1
  for (; inner.kind === 'array'; inner = inner.element) count *= inner.count ?? 0
  if (inner.kind === 'struct') throw refusal('a column holds scalars of one kind; use heap.rows for structs')
  return { name, scalar: inner.scalar, arity: count * inner.components, elementBytes: 4 }
}
