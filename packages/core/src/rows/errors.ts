import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * A column layout that does not fit its row. Nothing was made.
 *
 * What to do: give each scalar a place of its own within the stride, as the message says.
 */
export const PackLayoutInvalid: ErrorClass<{
  code: 'PackLayoutInvalid'
  /** Index of the column; −1 when the stride itself is wrong. */
  column: number
  reason: string
}> = defineError(
  'PackLayoutInvalid',
  ({ column, reason }) => `${column < 0 ? 'Rows' : `Column ${column}`} cannot be packed: ${reason}`,
)
export type PackLayoutInvalid = InstanceType<typeof PackLayoutInvalid>

/**
 * A source column that cannot be read as numbers, or none at all. Nothing was packed.
 *
 * What to do: bind a typed array of 8 to 32 bits or floats, or an array of numbers, to every column.
 */
export const ColumnUnusable: ErrorClass<{ code: 'ColumnUnusable'; column: number; reason: string }> =
  defineError('ColumnUnusable', ({ column, reason }) => `Column ${column} cannot be read: ${reason}`)
export type ColumnUnusable = InstanceType<typeof ColumnUnusable>

/**
 * Memory for rows or kernels that lies in another buffer, past the end of its own, or at no multiple of 4.
 * Nothing was changed.
 *
 * What to do: place it as the message says; what kernels work on lies in the memory that they were made for.
 */
export const WrongMemory: ErrorClass<{ code: 'WrongMemory'; what: string; reason: string }> = defineError(
  'WrongMemory',
  ({ what, reason }) => `${what} cannot lie there: ${reason}`,
)
export type WrongMemory = InstanceType<typeof WrongMemory>

/**
 * A packer was used after `dispose()`: its memory may be in use by something else.
 *
 * What to do: make a new ColumnPacker.
 */
export const PackerDisposed: ErrorClass<{ code: 'PackerDisposed' }> = defineError(
  'PackerDisposed',
  () => 'This ColumnPacker was disposed of. Make a new one.',
)
export type PackerDisposed = InstanceType<typeof PackerDisposed>
