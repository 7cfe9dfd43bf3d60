import { requireCapacity } from '../memory/bounds.ts'
import type { StoreOf } from './columns.ts'
import { InvalidSchema } from '../layout/errors.ts'
import { BITECS_NAMES, refuseNames } from './reserved-field.ts'
import { isRuntimeSized, namesColumns, strideOf } from '../layout/compose.ts'
import { asType } from '../layout/typegpu.ts'
import type { Converted, Struct, StructLike } from '../layout/types.ts'
import type { Block, LinearMemory } from '../memory/linear-memory.ts'
import { fieldOf, type StructFields } from './row-fields.ts'

/** What a store of rows has beside its fields; not enumerable, so that serializers skip it. */
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
 * A store of rows (array of structs) in linear memory, in the layout of the GPU, and a component of
 * bitECS. Each field is an accessor by entity id: `store.matrix(e)` returns a view, `store.mass(e)`
 * a number, and `store.mass.set(e, value)` writes it.
 */
export type Rows<S extends Struct = Struct> = (S extends Struct<infer F> ? StructFields<F> : never) &
  RowsMemory &
  StoreOf<S>

export interface RowsInfo extends Pick<RowsMemory, 'stride' | 'offset'> {
  readonly kind: 'rows'
  readonly struct: Struct
  readonly memory: LinearMemory
  /** All rows. Pass it to `memory.free` to free the store. */
  readonly block: Block
  /** Highest entity id; there is one row more, because ids start at 1. */
  readonly capacity: number
}

/** In the global registry, so that two copies of this module recognise each other's stores. */
const INFO: unique symbol = Symbol.for('@memkit/rows') as never

const TAKEN: readonly string[] = ['f32', 'i32', 'u32', 'stride', 'offset', ...BITECS_NAMES]

/** Makes a store of rows as `heap.rows` does, in any linear memory. */
export function createRows<const S extends StructLike>(
  memory: LinearMemory,
  schema: S,
  capacity: number,
  label: string = 'rows',
): Rows<Converted<S>> {
  const struct = asType(schema)
  if (struct.kind !== 'struct')
    throw new InvalidSchema({ schema: struct.type, reason: 'rows need a struct, whose fields have names' })
  const stride = strideOf(struct)
  refuseNames(struct, TAKEN)
  const refusal = (reason: string): Error => new InvalidSchema({ schema: struct.type, reason })
  if (isRuntimeSized(struct)) throw refusal('a row has a fixed size; give its last array a count')
  if (stride % 4 !== 0)
    throw refusal(`rows of ${stride} bytes cannot be copied one by one; use align(4, …) on a field`)
  if (namesColumns(struct)) throw refusal('from(…) names columns, and rows have none')
  requireCapacity(label, capacity, stride)
  const rows = capacity + 1
  const block = memory.alloc(rows * stride, Math.max(16, struct.align), label)
  const { buffer } = memory
  const { offset } = block
  const words = (rows * stride) / 4
  const f32 = new Float32Array(buffer, offset, words)
  const i32 = new Int32Array(buffer, offset, words)
  const u32 = new Uint32Array(buffer, offset, words)
  const views = { f32, i32, u32, u16: new Uint16Array(buffer, offset, words * 2), stride, rows }
  const info: RowsInfo = Object.freeze({ kind: 'rows', struct, memory, block, offset, stride, capacity })
  const store = {}
  const define = (key: PropertyKey, value: unknown): void => void Object.defineProperty(store, key, { value })
  for (const [key, value] of Object.entries({ f32, i32, u32, stride, offset })) define(key, value)
  for (const field of struct.fields) define(field.name, fieldOf(views, field.type, field.offset))
  define(INFO, info)
  return Object.freeze(store) as Rows<Converted<S>>
}

/** Returns what a store of rows was made of; `undefined` for anything else. */
export function rowsInfo(store: object): RowsInfo | undefined {
  return (store as { [INFO]?: RowsInfo })[INFO]
}
