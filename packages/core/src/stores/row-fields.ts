import { requireRow } from '../memory/bounds.ts'
import { halfBits, halfValue } from '../kernels/half-float.ts'
import { bytesOf, innermost } from '../layout/walk.ts'
import type { Atomic, Scalar, ScalarName, Struct, WgslArray, WgslType } from '../layout/types.ts'

/** Typed array that shows the scalars of a row; for `f16`, their bits (`halfBits`, `halfValue`). */
interface RowArrayOf {
  f32: Float32Array<ArrayBuffer>
  i32: Int32Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  f16: Uint16Array<ArrayBuffer>
}
export type RowArray = RowArrayOf[ScalarName]

/** Where a field lies: entity `e` starts at `array[first + e * step]`. */
export interface FieldCells<A extends RowArray = RowArray> {
  /** All rows, as the field's scalar kind. */
  readonly array: A
  /** Index in `array` of the field in row 0. */
  readonly first: number
  /** Elements of `array` from one row to the next. */
  readonly step: number
}

/**
 * A field with one scalar: `store.mass(e)` reads it, `store.mass.set(e, value)` writes it. Past the
 * last row, reads give `undefined` and writes do nothing, as in a typed array.
 */
export interface ScalarField<A extends RowArray = RowArray> extends FieldCells<A> {
  (entity: number): number
  set(entity: number, value: number): void
}

/**
 * A field with several scalars: `store.matrix(e)` is a view of them in entity `e`'s row, the same
 * one each time; padding between columns of a matrix or elements of an array shows in it (a
 * `mat3x3f` has 12 numbers, of which every fourth is unused).
 *
 * The first call for an entity makes its view (about 100 bytes of garbage-collected memory). In
 * loops over very many entities, use `array`, `first` and `step` instead.
 */
export interface ViewField<A extends RowArray = RowArray> extends FieldCells<A> {
  /** @throws {@link RowOutOfRange} when there is no such row */
  (entity: number): A
}

export type StructFields<F> = string extends keyof F
  ? { readonly [name: string]: unknown } // names that are not known at compile time
  : { readonly [K in keyof F]: FieldOf<F[K]> }

/** How to reach a field: structs by field, arrays of structs by index, the rest by entity. */
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

/** Makes the accessor of a field. @param offset bytes from the start of the row */
export function fieldOf(rows: RowViews, type: WgslType, offset: number): unknown {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      return CELL[type.scalar](rows, offset / bytesOf(type.scalar), rows.stride / bytesOf(type.scalar))
    case 'struct': {
      const fields = type.fields.map(({ name, type, offset: at }) => [name, fieldOf(rows, type, offset + at)])
      return Object.freeze(Object.fromEntries(fields))
    }
    case 'array': {
      const inner = innermost(type)
      if (inner.kind !== 'struct') return viewField(rows, inner.scalar, offset, type.size)
      const { element, stride, count: length = 0 } = type
      return Object.freeze(Array.from({ length }, (_, i) => fieldOf(rows, element, offset + i * stride)))
    }
    default:
      return viewField(rows, type.scalar, offset, type.size)
  }
}

// The same lines four times, so that each kind of array has its own code: shared code would see all
// kinds and be slower.
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
  const size = bytesOf(scalar)
  const array: RowArray = scalar === 'f16' ? rows.u16 : rows[scalar]
  const first = offset / size
  const step = rows.stride / size
  const length = bytes / size
  let views: RowArray[] | undefined
  const make = (entity: number): RowArray => {
    requireRow(entity, rows.rows)
    // At its full length: growing it by stores far apart would make it a slow dictionary.
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
