import { ColumnNotSyncable } from '../errors.ts'
import { kindOfView } from '../typed-array.ts'
import { makeStruct } from './compose.ts'
import { f32, i32, u32 } from './numeric.ts'
import type { Scalar, Struct } from './types.ts'

/** WGSL scalar of a typed array, by the name of its kind. 64-bit integers have none. */
interface ScalarOfKind {
  Float16Array: f32
  Float32Array: f32
  Float64Array: f32
  Int8Array: i32
  Int16Array: i32
  Int32Array: i32
  Uint8Array: u32
  Uint8ClampedArray: u32
  Uint16Array: u32
  Uint32Array: u32
}

const SCALAR_OF_KIND: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['Float16Array', f32],
  ['Float32Array', f32],
  ['Float64Array', f32],
  ['Int8Array', i32],
  ['Int16Array', i32],
  ['Int32Array', i32],
  ['Uint8Array', u32],
  ['Uint8ClampedArray', u32],
  ['Uint16Array', u32],
  ['Uint32Array', u32],
] satisfies [keyof ScalarOfKind, Scalar][])

/** WGSL scalar for the values of a column: by the kind of a typed array; `f32` for a plain array of numbers; else `never`. */
export type ScalarFor<A> = A extends { readonly [Symbol.toStringTag]: infer K extends keyof ScalarOfKind }
  ? ScalarOfKind[K]
  : A extends readonly number[]
    ? f32
    : never

/** The schema of a component that was given none: a scalar for a bare column, else one field per column. */
export type DefaultSchema<C> = [ScalarFor<C>] extends [never]
  ? Struct<{ readonly [K in keyof C & string]: ScalarFor<C[K]> }>
  : ScalarFor<C>

/**
 * WGSL scalar for the values of a column: floats of any size → `f32`, signed integers → `i32`, unsigned → `u32`, a plain array → `f32`.
 *
 * @param name of the column, for the error
 * @throws ColumnNotSyncable for 64-bit integers and for what is no array
 */
export function scalarFor<const A>(column: A, name: string = ''): ScalarFor<A> {
  const scalar = Array.isArray(column) ? f32 : SCALAR_OF_KIND.get(kindOf(column))
  if (scalar === undefined) throw new ColumnNotSyncable(name, kindOf(column))
  return scalar as ScalarFor<A>
}

/**
 * The schema of a component that was given none: one field per column, in their order, named like them.
 *
 * @throws ColumnNotSyncable for 64-bit integers and for what is no array
 * @throws InvalidIdentifier for a column whose name WGSL does not allow as a field
 * @throws InvalidSchema when there is no column
 */
export function defaultSchema<C extends object>(columns: C, name?: string): DefaultSchema<C> {
  if (ArrayBuffer.isView(columns) || Array.isArray(columns))
    return scalarFor(columns, name) as DefaultSchema<C>
  const specs = Object.entries(columns).map(([field, column]) => ({
    name: field,
    type: scalarFor(column, field) as Scalar,
    align: 0,
    size: 0,
  }))
  return makeStruct(specs, name) as unknown as DefaultSchema<C>
}

/** `'Float32Array'` and so on; for other values, something to show. */
function kindOf(value: unknown): string {
  return ArrayBuffer.isView(value) ? kindOfView(value) : typeof value
}
