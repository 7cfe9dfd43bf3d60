import { requireCapacity } from './bounds.ts'
import { InvalidSchema, ReservedField } from './errors.ts'
import { isRuntimeSized } from './layout/compose.ts'
import { namesColumns } from './layout/sources.ts'
import { struct } from './layout/struct.ts'
import type { Converted, Field, FieldLike, ScalarName, Struct } from './layout/types.ts'
import type { Block, LinearMemory } from './linear-memory.ts'

/** Typed array that holds scalars on the CPU. A CPU has no arithmetic for `f16`: such columns hold 32-bit floats. */
interface ArrayOfScalar {
  f32: Float32Array<ArrayBuffer>
  i32: Int32Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  f16: Float32Array<ArrayBuffer>
}

/** Scalar kind of a type that a column can have; written out, because recursion here is too deep for the compiler. */
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
 * A store of columns in linear memory, and a component of bitECS as it is: its only enumerable keys are the columns. Entity
 * `e` has its value in `store.x[e]`, or in the `n` places from `store.pos[e * n]` on where the field has `n` scalars. A column
 * may be replaced by another array; it is then no longer in the heap.
 */
export type Columns<S extends ColumnsSpec = ColumnsSpec> = {
  [K in keyof S & string]: ColumnArray<S[K]>
} & StoreOf<string extends keyof S ? Struct : Struct<{ readonly [K in keyof S & string]: Converted<S[K]> }>>

declare const structOf: unique symbol

/** What stores carry in their type alone: the struct of their rows on the GPU. (No interface, or `Columns` would have no index.) */
export type StoreOf<S extends Struct> = { readonly [structOf]: S }

/** One column, where it was made. */
export interface ColumnPlace {
  readonly name: string
  readonly scalar: ScalarName
  /** Scalars per entity: 1 for `f32`, 3 for `vec3f`, 9 for `mat3x3f`. There is no padding between them. */
  readonly arity: number
  /** Bytes from the start of the memory to entity 0; a multiple of 16. */
  readonly offset: number
}

export interface ColumnsInfo {
  readonly kind: 'columns'
  /** How its rows look on the GPU. */
  readonly struct: Struct
  readonly memory: LinearMemory
  /** All columns; give it to `memory.free` when the store is no longer used. */
  readonly block: Block
  /** Highest entity id; columns have one slot more, for ids start at 1. */
  readonly capacity: number
  readonly columns: readonly ColumnPlace[]
}

/** Registered, so that two copies of this module recognise each other's stores. */
const INFO: unique symbol = Symbol.for('@memkit/columns') as never

/** Field names that bitECS takes for something else: `component` is silently not added, `data` fires `onSet` on every add. */
export const BITECS_NAMES: readonly string[] = ['component', 'data']

/** Columns start at multiples of so many bytes, as SIMD wants them. */
const COLUMN_ALIGN = 16

/**
 * Makes a store of columns (structure of arrays) in linear memory: change detection reads such columns without a copy.
 *
 * @param spec name → type: scalars, vectors, matrices, fixed arrays of these; WGSL types or TypeGPU schemas
 * @param capacity highest entity id
 * @param label shown in leak lists
 * @throws InvalidSize for a capacity that is no positive integer, or more than any heap holds
 * @throws ReservedField for a column named `component` or `data`
 * @throws InvalidSchema for a struct or a runtime-sized array, or for a type with `from`
 * @throws HeapFull, and what `struct` throws
 */
export function createColumns<const S extends ColumnsSpec>(
  memory: LinearMemory,
  spec: S,
  capacity: number,
  label: string = 'columns',
): Columns<S> {
  const schema: Struct = struct<ColumnsSpec>(spec)
  const shapes = schema.fields.map(columnOf)
  let scalars = 0
  for (const { arity } of shapes) scalars += arity
  requireCapacity(label, capacity, scalars * 4)
  let bytes = 0
  const places = shapes.map((shape): ColumnPlace => {
    const offset = bytes
    bytes += Math.ceil(((capacity + 1) * shape.arity * 4) / COLUMN_ALIGN) * COLUMN_ALIGN
    return { ...shape, offset }
  })
  const block = memory.alloc(bytes, COLUMN_ALIGN, label)
  const columns = places.map((place) => Object.freeze({ ...place, offset: block.offset + place.offset }))
  const store: Record<string, unknown> = {}
  for (const { name, scalar, arity, offset } of columns) {
    store[name] = arrayOf(scalar, memory.buffer, offset, (capacity + 1) * arity)
  }
  const info: ColumnsInfo = Object.freeze({
    kind: 'columns',
    struct: schema,
    memory,
    block,
    capacity,
    columns: Object.freeze(columns),
  })
  Object.defineProperty(store, INFO, { value: info })
  return store as Columns<S>
}

/** What a store of columns was made of; `undefined` for anything else. */
export function columnsInfo(store: object): ColumnsInfo | undefined {
  return (store as { [INFO]?: ColumnsInfo })[INFO]
}

function columnOf({ name, type }: Field): Omit<ColumnPlace, 'offset'> {
  if (BITECS_NAMES.includes(name)) throw new ReservedField(name, BITECS_NAMES)
  const shown = `${name}: ${type.type}`
  if (isRuntimeSized(type)) throw new InvalidSchema(shown, 'a column needs a fixed number of scalars')
  if (namesColumns(type))
    throw new InvalidSchema(shown, 'from(…) names columns that exist; here the columns are made')
  let inner = type
  let count = 1
  for (; inner.kind === 'array'; inner = inner.element) count *= inner.count ?? 0
  if (inner.kind === 'struct') {
    throw new InvalidSchema(shown, 'a column holds scalars of one kind; use heap.rows for structs')
  }
  return { name, scalar: inner.scalar, arity: count * inner.components }
}

function arrayOf(
  scalar: ScalarName,
  buffer: ArrayBuffer,
  offset: number,
  length: number,
): ArrayOfScalar[ScalarName] {
  if (scalar === 'i32') return new Int32Array(buffer, offset, length)
  if (scalar === 'u32') return new Uint32Array(buffer, offset, length)
  return new Float32Array(buffer, offset, length)
}
