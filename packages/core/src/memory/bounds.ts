import { defineError, type ErrorClass } from '../mk-error.ts'
import { MAX_RESERVE_BYTES } from './reserve.ts'

/**
 * A size, count or position that is negative, fractional, NaN or outside its range. Nothing was
 * changed.
 *
 * What to do: pass a whole number from `min` to `max`.
 */
export const InvalidSize: ErrorClass<{
  code: 'InvalidSize'
  /** What was given, e.g. `'heap.alloc: bytes'`. */
  what: string
  value: number
  min: number
  max: number
}> = defineError(
  'InvalidSize',
  ({ what, value, min, max }) =>
    `${what} must be a whole number from ${min} to ${max}, not ${String(value)}.`,
)
export type InvalidSize = InstanceType<typeof InvalidSize>

/**
 * An alignment that isn't a power of two, or above what the memory can align to. Nothing was
 * changed.
 *
 * What to do: pass a power of two from 1 to `max`.
 */
export const InvalidAlignment: ErrorClass<{
  code: 'InvalidAlignment'
  /** What was given, e.g. `'heap.alloc: align'`. */
  what: string
  value: number
  max: number
}> = defineError(
  'InvalidAlignment',
  ({ what, value, max }) => `${what} must be a power of two from 1 to ${max}, not ${String(value)}.`,
)
export type InvalidAlignment = InstanceType<typeof InvalidAlignment>

/**
 * A row that does not exist. Nothing was changed.
 *
 * What to do: name a row from 0 to `rows` − 1, or make room for more rows first.
 */
export const RowOutOfRange: ErrorClass<{ code: 'RowOutOfRange'; row: number; rows: number }> = defineError(
  'RowOutOfRange',
  ({ row, rows }) =>
    `Row ${row} does not exist: there are ${rows} rows, counted from 0. Make room for more rows first.`,
)
export type RowOutOfRange = InstanceType<typeof RowOutOfRange>

/**
 * A range of rows that is negative, fractional or passes the last row. Nothing was changed.
 *
 * What to do: name rows from 0 to `rows` − 1, or make room for more rows first.
 */
export const RowsOutOfRange: ErrorClass<{
  code: 'RowsOutOfRange'
  first: number
  count: number
  rows: number
}> = defineError(
  'RowsOutOfRange',
  ({ first, count, rows }) =>
    `A range of ${count} rows from row ${first} on does not lie within the ${rows} rows there are. Make room for more rows first.`,
)
export type RowsOutOfRange = InstanceType<typeof RowsOutOfRange>

/** Whether `value` is a whole number from `min` to `max`; false for NaN, strings and so on. */
export function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

/** Whether `value` is a power of two from 1 to `max`, which is at most 2³⁰. */
export function isPowerOfTwo(value: number, max: number): boolean {
  return isWhole(value, 1, max) && (value & (value - 1)) === 0
}

/** @throws {@link InvalidSize} for `what` when `value` isn't a whole number from `min` to `max` */
export function requireSize(what: string, value: number, min: number, max: number): void {
  if (!isWhole(value, min, max)) throw new InvalidSize({ what, value, min, max })
}

/** @throws {@link InvalidSize} when the largest heap can't hold `bytes` for each entity 0 … capacity */
export function requireCapacity(label: string, capacity: number, bytes: number): void {
  const max = Math.floor(MAX_RESERVE_BYTES / bytes) - 1
  requireSize(`${label}: capacity`, capacity, 1, Math.max(1, max))
}

/** @throws {@link InvalidAlignment} when `value` isn't a power of two from 1 to `max`, at most 2³⁰ */
export function requireAlignment(what: string, value: number, max: number): void {
  if (!isPowerOfTwo(value, max)) throw new InvalidAlignment({ what, value, max })
}

/** @throws {@link RowOutOfRange} when `row` isn't one of `rows` rows */
export function requireRow(row: number, rows: number): void {
  if (!isWhole(row, 0, rows - 1)) throw new RowOutOfRange({ row, rows })
}
