import { defineError, isWhole, type ErrorClass } from '@memkit/core'

/**
 * A number that isn't whole, or is outside the allowed range. Nothing was called.
 *
 * What to do: pass a whole number from `min` to `max`, or make the buffer larger.
 */
export const OutOfRange: ErrorClass<{
  code: 'OutOfRange'
  /** The argument's name. */
  what: string
  value: number
  min: number
  max: number
  where?: string
}> = defineError(
  'OutOfRange',
  ({ what, value, min, max, where = '' }) =>
    `${what}${where === '' ? '' : ` ${where}`} must be a whole number from ${min} to ${max}, not ${String(value)}.`,
)
export type OutOfRange = InstanceType<typeof OutOfRange>

/**
 * An offset or a size that must be a multiple of some number.
 *
 * What to do: pass a multiple of `multipleOf`. Only a range that ends with its destination may have any size.
 */
export const MisalignedCopy: ErrorClass<{
  code: 'MisalignedCopy'
  /** The argument's name. */
  what: string
  value: number
  multipleOf: number
  hint?: string
}> = defineError(
  'MisalignedCopy',
  ({ what, value, multipleOf, hint = '' }) =>
    `${what} is ${value}; it must be a multiple of ${multipleOf}.${hint === '' ? '' : ` ${hint}`}`,
)
export type MisalignedCopy = InstanceType<typeof MisalignedCopy>

/**
 * A buffer, or a bound range, above the device's limit. Nothing was called.
 *
 * What to do: split the data over several buffers, or request the device with a higher `limit`.
 */
export const BufferTooLarge: ErrorClass<{
  code: 'BufferTooLarge'
  /** Bytes asked for. */
  requested: number
  /** Bytes allowed. */
  max: number
  label: string
  /** The limit's name. */
  limit: string
}> = defineError(
  'BufferTooLarge',
  ({ label, requested, max, limit }) =>
    `'${label}' would need ${requested} bytes, and ${limit} of this device is ${max}. ` +
    'Split the data over several buffers, or request the device with a higher limit.',
)
export type BufferTooLarge = InstanceType<typeof BufferTooLarge>

/** Rounds up to whole words, which copies and storage bindings need. */
export function allocatedSize(size: number): number {
  return Math.ceil(size / 4) * 4
}

export function requireWhole(what: string, value: number, min: number, max: number, where = ''): void {
  if (!isWhole(value, min, max)) throw new OutOfRange({ what, value, min, max, where })
}

export function requireWords(what: string, value: number, hint: string = ''): void {
  if (value % 4 !== 0) throw new MisalignedCopy({ what, value, multipleOf: 4, hint })
}

/** Checks that `size` bytes from `offset` on lie within a buffer. */
export function requireRange(
  within: { readonly size: number; readonly label: string },
  offset: number,
  size: number,
  offsetName: string = 'offset',
): void {
  if (!isWhole(offset, 0, within.size))
    requireWhole(offsetName, offset, 0, within.size, `in '${within.label}'`)
  const rest = within.size - offset
  if (!isWhole(size, 0, rest)) requireWhole('size', size, 0, rest, `from byte ${offset} of '${within.label}'`)
}

/** Checks that `count` units from `start` on lie within the `total` that `of` names. */
export function requireFit(
  what: string,
  start: number,
  count: number,
  total: number,
  of: string,
  unit: string = 'bytes',
): void {
  const max = total - count
  if (isWhole(start, 0, max)) return
  const where = `of ${count} ${unit} among the ${total} of ${of}`
  throw new OutOfRange({ what, value: start, min: 0, max: Math.max(0, max), where })
}

/** Checks the size of a buffer to be made. @param max the device's `maxBufferSize` */
export function requireBufferSize(size: number, max: number, label: string): void {
  if (!Number.isInteger(size) || size < 1)
    throw new OutOfRange({ what: 'size', value: size, min: 1, max, where: `of '${label}', in bytes` })
  if (allocatedSize(size) > max)
    throw new BufferTooLarge({ label, requested: size, max, limit: 'maxBufferSize' })
}

export function requireLimit(label: string, requested: number, max: number, limit: string): void {
  if (requested > max) throw new BufferTooLarge({ label, requested, max, limit })
}
