import { defineError, type ErrorClass } from '@memkit/core'
import { OutOfRange } from '../buffers/bounds.ts'

/**
 * A pool or a sub-allocator would hold more than `maxBytes`. Nothing was created.
 *
 * What to do: raise `maxBytes`, release what you no longer use, or await `gpu.waitIdle()`.
 */
export const PoolFull: ErrorClass<{
  code: 'PoolFull'
  /** Label of the pool. */
  pool: string
  /** Bytes asked for, as the pool would hold them. */
  requested: number
  /** Bytes it holds, none of which could be let go. */
  held: number
  /** Bytes it may hold. */
  maxBytes: number
  /** Bytes that were released and wait for the device to finish with them. */
  waiting: number
}> = defineError(
  'PoolFull',
  ({ pool, requested, held, maxBytes, waiting }) =>
    `${pool} holds ${held} of at most ${maxBytes} bytes, and ${requested} more are needed ` +
    `(${waiting} bytes wait for the device). Raise maxBytes, release what you no longer use, or await gpu.waitIdle().`,
)
export type PoolFull = InstanceType<typeof PoolFull>

/**
 * A buffer was released to a pool that didn't hand it out, or twice. Nothing was changed.
 *
 * What to do: release each buffer once, to the pool that acquired it, and drop it then.
 */
export const NotFromPool: ErrorClass<{
  code: 'NotFromPool'
  label: string
  /** Label of the pool. */
  pool: string
}> = defineError(
  'NotFromPool',
  ({ label, pool }) =>
    `'${label}' is not in use from ${pool}: release each buffer once, to the pool that acquired it, and drop it then.`,
)
export type NotFromPool = InstanceType<typeof NotFromPool>

/** @throws {@link OutOfRange} for a limit that isn't 0 or more */
export function requireMaxBytes(maxBytes: number, label: string): void {
  if (!(maxBytes >= 0))
    throw new OutOfRange({ what: 'maxBytes', value: maxBytes, min: 0, max: Infinity, where: `of '${label}'` })
}
