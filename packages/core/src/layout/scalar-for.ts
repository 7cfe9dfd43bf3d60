import { kindOfView } from '../memory/typed-array.ts'
import { defineError, type ErrorClass } from '../mk-error.ts'
import { f32, i32, u32 } from './numeric.ts'
import type { Scalar } from './types.ts'

/**
 * A column whose values have no WGSL type.
 *
 * What to do: use a typed array of 8 to 32 bits or floats, or an array of numbers; split 64-bit
 * integers into two 32-bit columns.
 */
export const ColumnNotSyncable: ErrorClass<{
  code: 'ColumnNotSyncable'
  column: string
  /** What was given, e.g. `'BigInt64Array'`. */
  kind: string
}> = defineError('ColumnNotSyncable', ({ column, kind }) => {
  const remedy = kind.startsWith('Big')
    ? 'WGSL has no 64-bit integers: use two 32-bit columns'
    : 'use a typed array of 8 to 32 bits or floats, or an array of numbers'
  return `${column === '' ? 'The column' : `Column ${column}`} is a ${kind}; ${remedy}.`
})
export type ColumnNotSyncable = InstanceType<typeof ColumnNotSyncable>

/**
 * WGSL scalar for a column: `f32` for floats of any size and for arrays of numbers, `i32` for signed
 * integers, `u32` for unsigned ones, else `never`.
 */
export type ScalarFor<A> = A extends { readonly [Symbol.toStringTag]: infer Kind }
  ? Kind extends `Float${string}`
    ? f32
    : Kind extends `Int${string}`
      ? i32
      : Kind extends `Uint${string}`
        ? u32
        : never
  : A extends readonly number[]
    ? f32
    : never

const BY_NAME: readonly [prefix: string, type: Scalar][] = [
  ['Float', f32],
  ['Int', i32],
  ['Uint', u32],
]

/**
 * Chooses the WGSL scalar for the values of a column; see {@link ScalarFor}.
 * @param name of the column, for the error
 * @throws {@link ColumnNotSyncable} for 64-bit integers, and for anything but an array
 */
export function scalarFor<const A>(column: A, name: string = ''): ScalarFor<A> {
  const kind = ArrayBuffer.isView(column) ? kindOfView(column) : typeof column
  const type = Array.isArray(column) ? f32 : BY_NAME.find(([prefix]) => kind.startsWith(prefix))?.[1]
  if (type === undefined) throw new ColumnNotSyncable({ column: name, kind })
  return type as ScalarFor<A>
}
