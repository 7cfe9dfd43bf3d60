import { requireCapacity } from './bounds.ts'
import { BITECS_NAMES } from './columns.ts'
import type { StoreOf } from './columns.ts'
import { InvalidSchema, ReservedField } from './errors.ts'
import { isRuntimeSized, strideOf } from './layout/compose.ts'
import { namesColumns } from './layout/sources.ts'
import { asType } from './layout/typegpu.ts'
import type { Converted, Fields, Struct, TypeGpuSchema, TypeLike } from './layout/types.ts'
import type { Block, LinearMemory } from './linear-memory.ts'
import { fieldOf, type RowViews, type StructFields } from './row-fields.ts'

/** What every store of rows has beside its fields. Not enumerable, so that serializers see no fields that are not there. */
export interface RowsMemory {
  /** All rows, from row 0 on, as 32-bit floats. */
  readonly f32: Float32Array<ArrayBuffer>
  /** The same bytes as signed integers. */
  readonly i32: Int32Array<ArrayBuffer>
  /** The same bytes as unsigned integers. */
  readonly u32: Uint32Array<ArrayBuffer>
  /** Bytes from one row to the next. */
  readonly stride: number
  /** Bytes from the start of the memory to row 0; a multiple of 16. */
  readonly offset: number
}

/**
 * A store of rows (array of structs) in linear memory, in the layout of the GPU, and a component of bitECS as it is. Each
 * field is an accessor by entity id: `store.matrix(e)` is a view, `store.mass(e)` and `store.mass.set(e, value)` a number.
 */
export type Rows<S extends Struct = Struct> = (S extends Struct<infer F> ? StructFields<F> : never) &
  RowsMemory &
  StoreOf<S>

export interface RowsInfo {
  readonly kind: 'rows'
  readonly struct: Struct
  readonly memory: LinearMemory
  /** All rows; give it to `memory.free` when the store is no longer used. */
  readonly block: Block
  /** Bytes from the start of the memory to row 0; a multiple of 16. */
  readonly offset: number
  /** Bytes from one row to the next. */
  readonly stride: number
  /** Highest entity id; there is one row more, for ids start at 1. */
  readonly capacity: number
}

/** Registered, so that two copies of this module recognise each other's stores. */
const INFO: unique symbol = Symbol.for('@memkit/rows') as never

const TAKEN: readonly string[] = ['f32', 'i32', 'u32', 'stride', 'offset', ...BITECS_NAMES]

/**
 * Makes a store of rows in linear memory, in the layout of the GPU: it is uploaded as it lies.
 *
 * @param schema a struct of fixed size: `struct(…)` or a struct of TypeGPU
 * @param capacity highest entity id
 * @param label shown in leak lists
 * @throws InvalidSize for a capacity that is no positive integer, or more than any heap holds
 * @throws ReservedField for a field named `f32`, `i32`, `u32`, `stride`, `offset`, `component` or `data`
 * @throws InvalidSchema for what is no struct, for a runtime-sized array, for `from`, for rows that are no multiple of 4 bytes
 * @throws HeapFull
 */
export function createRows<F extends Fields>(
  memory: LinearMemory,
  schema: Struct<F>,
  capacity: number,
  label?: string,
): Rows<Struct<F>>
export function createRows<S extends TypeGpuSchema & { readonly type: 'struct' }>(
  memory: LinearMemory,
  schema: S,
  capacity: number,
  label?: string,
): Rows<Converted<S>>
export function createRows(
  memory: LinearMemory,
  schema: TypeLike,
  capacity: number,
  label: string = 'rows',
): unknown {
  const struct = asType(schema)
  if (struct.kind !== 'struct')
    throw new InvalidSchema(struct.type, 'rows need a struct, so that their fields have names')
  checkRow(struct)
  const stride = strideOf(struct)
  requireCapacity(label, capacity, stride)
  const rows = capacity + 1
  const block = memory.alloc(rows * stride, Math.max(16, struct.align), label)
  const { buffer } = memory
  const { offset } = block
  const words = (rows * stride) / 4
  const views: RowViews = {
    f32: new Float32Array(buffer, offset, words),
    i32: new Int32Array(buffer, offset, words),
    u32: new Uint32Array(buffer, offset, words),
    u16: new Uint16Array(buffer, offset, words * 2),
    stride,
    rows,
  }
  const info: RowsInfo = Object.freeze({ kind: 'rows', struct, memory, block, offset, stride, capacity })
  const { f32, i32, u32 } = views
  const store = {}
  const define = (key: PropertyKey, value: unknown): void => void Object.defineProperty(store, key, { value })
  for (const [key, value] of Object.entries({ f32, i32, u32, stride, offset })) define(key, value)
  for (const field of struct.fields) define(field.name, fieldOf(views, field.type, field.offset))
  define(INFO, info)
  return Object.freeze(store)
}

/** What a store of rows was made of; `undefined` for anything else. */
export function rowsInfo(store: object): RowsInfo | undefined {
  return (store as { [INFO]?: RowsInfo })[INFO]
}

function checkRow(struct: Struct): void {
  for (const { name } of struct.fields) if (TAKEN.includes(name)) throw new ReservedField(name, TAKEN)
  if (isRuntimeSized(struct))
    throw new InvalidSchema(struct.type, 'a row has a fixed size; give its last array a count')
  const stride = strideOf(struct)
  if (stride % 4 !== 0) {
    throw new InvalidSchema(
      struct.type,
      `rows of ${stride} bytes cannot be copied one by one; use align(4, …) on a field`,
    )
  }
  if (namesColumns(struct)) {
    throw new InvalidSchema(struct.type, 'from(…) names columns, and rows have none')
  }
}
