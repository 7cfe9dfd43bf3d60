import { RowOutOfRange } from './errors.ts'
import { halfBits, halfValue } from './layout/half.ts'
import type {
  Atomic,
  Matrix,
  Scalar,
  ScalarName,
  Struct,
  Vector,
  WgslArray,
  WgslType,
} from './layout/types.ts'

/** Typed array that shows scalars as they lie in a row. Of `f16` it shows the bits (`halfBits`, `halfValue`). */
interface RowArrayOf {
  f32: Float32Array<ArrayBuffer>
  i32: Int32Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  f16: Uint16Array<ArrayBuffer>
}
export type RowArray = RowArrayOf[ScalarName]

/** Where a field lies, for loops that index by themselves: entity `e` starts at `array[first + e * step]`. */
export interface FieldCells<A extends RowArray = RowArray> {
  /** All rows, as the field's scalar kind. */
  readonly array: A
  /** Index in `array` of the field in row 0. */
  readonly first: number
  /** Elements of `array` from one row to the next. */
  readonly step: number
}

/**
 * A field with one scalar: `store.mass(e)` reads it, `store.mass.set(e, value)` writes it. Past the last row, reads are
 * `undefined` and writes do nothing, as in a typed array.
 */
export interface ScalarField<A extends RowArray = RowArray> extends FieldCells<A> {
  (entity: number): number
  set(entity: number, value: number): void
}

/**
 * A field with several scalars: `store.matrix(e)` is a view of them in entity `e`'s row, the same one each time; padding between
 * columns of a matrix or elements of an array shows in it (a `mat3x3f` has 12 numbers, of which every fourth is unused).
 *
 * The first call for an entity makes its view (about 100 bytes of garbage-collected memory); loops over very many entities
 * rather use `array`, `first` and `step`.
 */
export interface ViewField<A extends RowArray = RowArray> extends FieldCells<A> {
  /** @throws RowOutOfRange */
  (entity: number): A
}

/** What a struct in a row has: its fields by name. */
export type StructFields<F> = string extends keyof F
  ? { readonly [name: string]: unknown } // names that are not known at compile time
  : { readonly [K in keyof F]: FieldOf<F[K]> }

/** How a field of that type is reached: structs by field, arrays of structs by index and field, all else by entity. */
export type FieldOf<T> =
  T extends Scalar<infer N>
    ? ScalarField<RowArrayOf[N]>
    : T extends Atomic<infer N>
      ? ScalarField<RowArrayOf[N]>
      : T extends { readonly kind: 'vector' | 'matrix'; readonly scalar: infer N extends ScalarName }
        ? ViewField<RowArrayOf[N]>
        : T extends Struct<infer F>
          ? StructFields<F>
          : T extends WgslArray<infer E>
            ? FieldOfArray<E>
            : never

type FieldOfArray<E> = E extends { readonly kind: 'struct' }
  ? readonly FieldOf<E>[]
  : E extends WgslArray<infer Inner>
    ? FieldOfArray<Inner> extends ViewField
      ? FieldOfArray<Inner>
      : readonly FieldOfArray<Inner>[]
    : E extends { readonly scalar: infer N extends ScalarName }
      ? ViewField<RowArrayOf[N]>
      : never

/** The rows of a store: typed arrays over all of them, and their stride in bytes. */
export interface RowViews {
  readonly f32: Float32Array<ArrayBuffer>
  readonly i32: Int32Array<ArrayBuffer>
  readonly u32: Uint32Array<ArrayBuffer>
  readonly u16: Uint16Array<ArrayBuffer>
  readonly stride: number
  readonly rows: number
}

/**
 * The accessor of a field.
 *
 * @param offset bytes from the start of the row
 */
export function fieldOf(rows: RowViews, type: WgslType, offset: number): unknown {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      return scalarField(rows, type, offset)
    case 'struct':
      return structFields(rows, type, offset)
    case 'array': {
      if (!holdsStruct(type)) return viewField(rows, scalarOf(type), offset, type.size)
      const { element, stride } = type
      return Object.freeze(
        Array.from({ length: type.count ?? 0 }, (_, i) => fieldOf(rows, element, offset + i * stride)),
      )
    }
    default:
      return viewField(rows, type.scalar, offset, type.size)
  }
}

/** Fields of a struct that is nested in a row. */
function structFields(rows: RowViews, struct: Struct, offset: number): object {
  const fields: Record<string, unknown> = {}
  for (const field of struct.fields) fields[field.name] = fieldOf(rows, field.type, offset + field.offset)
  return Object.freeze(fields)
}

function holdsStruct(type: WgslType): boolean {
  return type.kind === 'array' ? holdsStruct(type.element) : type.kind === 'struct'
}

function scalarOf(type: WgslArray): ScalarName {
  const { element } = type
  if (element.kind === 'array') return scalarOf(element)
  return (element as Scalar | Vector | Matrix | Atomic).scalar
}

function scalarField(rows: RowViews, { scalar }: Scalar | Atomic, offset: number): ScalarField {
  const size = scalar === 'f16' ? 2 : 4
  return CELL[scalar](rows, offset / size, rows.stride / size)
}

// The same two lines four times, so that each kind of array has code of its own: shared code would see all kinds and be slower.
const CELL: Readonly<Record<ScalarName, (rows: RowViews, first: number, step: number) => ScalarField>> = {
  f32({ f32: array }, first, step) {
    const read = (entity: number): number => array[first + entity * step]
    const set = (entity: number, value: number): void => void (array[first + entity * step] = value)
    return withCells(read, { set, array, first, step })
  },
  i32({ i32: array }, first, step) {
    const read = (entity: number): number => array[first + entity * step]
    const set = (entity: number, value: number): void => void (array[first + entity * step] = value)
    return withCells(read, { set, array, first, step })
  },
  u32({ u32: array }, first, step) {
    const read = (entity: number): number => array[first + entity * step]
    const set = (entity: number, value: number): void => void (array[first + entity * step] = value)
    return withCells(read, { set, array, first, step })
  },
  f16({ u16: array }, first, step) {
    const read = (entity: number): number => halfValue(array[first + entity * step])
    const set = (entity: number, value: number): void => void (array[first + entity * step] = halfBits(value))
    return withCells(read, { set, array, first, step })
  },
}

function viewField(rows: RowViews, scalar: ScalarName, offset: number, bytes: number): ViewField {
  const size = scalar === 'f16' ? 2 : 4
  const array: RowArray = scalar === 'f16' ? rows.u16 : rows[scalar]
  const first = offset / size
  const step = rows.stride / size
  const length = bytes / size
  let views: RowArray[] | undefined
  const make = (entity: number): RowArray => {
    if (!(Number.isInteger(entity) && entity >= 0 && entity < rows.rows))
      throw new RowOutOfRange(entity, rows.rows)
    // As long as it will ever be: growing it by stores far apart would make it a slow dictionary.
    views ??= new Array<RowArray>(rows.rows)
    const start = first + entity * step
    return (views[entity] = array.subarray(start, start + length))
  }
  const view = (entity: number): RowArray => views?.[entity] ?? make(entity)
  return withCells(view, { array, first, step })
}

function withCells<F extends (entity: number) => unknown, C extends FieldCells>(read: F, cells: C): F & C {
  return Object.freeze(Object.assign(read, cells))
}
