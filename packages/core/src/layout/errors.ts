import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * A type that cannot be built, or that cannot be used in that place.
 *
 * What to do: change the type as the message says.
 */
export const InvalidSchema: ErrorClass<{
  code: 'InvalidSchema'
  /** The type, as far as it is known. */
  schema: string
  reason: string
}> = defineError('InvalidSchema', ({ schema, reason }) => `${schema}: ${reason}.`)
export type InvalidSchema = InstanceType<typeof InvalidSchema>

/**
 * An array whose count isn't a positive integer, or that is too big.
 *
 * What to do: give it 1 to `max` elements; leave the count out for a runtime-sized array.
 */
export const InvalidArrayCount: ErrorClass<{
  code: 'InvalidArrayCount'
  element: string
  count: number
  max: number
}> = defineError(
  'InvalidArrayCount',
  ({ element, count, max }) =>
    `An array of ${element} has 1 to ${max} elements, not ${count}; leave the count out for a runtime-sized array.`,
)
export type InvalidArrayCount = InstanceType<typeof InvalidArrayCount>

/**
 * A runtime-sized array anywhere but in the last field of the outermost struct.
 *
 * What to do: give it a count, or make it the last field.
 */
export const RuntimeArrayNotLast: ErrorClass<{ code: 'RuntimeArrayNotLast'; field: string; reason: string }> =
  defineError(
    'RuntimeArrayNotLast',
    ({ field, reason }) =>
      `${field} is runtime-sized, and ${reason}: such an array can only be the last field of the outermost struct. Give it a count, or move it.`,
  )
export type RuntimeArrayNotLast = InstanceType<typeof RuntimeArrayNotLast>

/**
 * An `align` or `size` that WGSL does not allow for that field.
 *
 * What to do: pass what `allowed` says.
 */
export const InvalidAttribute: ErrorClass<{
  code: 'InvalidAttribute'
  field: string
  attribute: 'align' | 'size'
  /** Bytes that were asked for. */
  bytes: number
  allowed: string
}> = defineError(
  'InvalidAttribute',
  ({ field, attribute, bytes, allowed }) => `@${attribute}(${bytes}) of field ${field} must be ${allowed}.`,
)
export type InvalidAttribute = InstanceType<typeof InvalidAttribute>

/**
 * `from` with more or fewer columns than the type has scalars.
 *
 * What to do: name one column per scalar, `expected` of them.
 */
export const WrongColumnCount: ErrorClass<{
  code: 'WrongColumnCount'
  type: string
  expected: number
  given: number
}> = defineError(
  'WrongColumnCount',
  ({ type, expected, given }) =>
    `${type}.from(…) takes the names of ${expected} column${expected === 1 ? '' : 's'}, not ${given}.`,
)
export type WrongColumnCount = InstanceType<typeof WrongColumnCount>
