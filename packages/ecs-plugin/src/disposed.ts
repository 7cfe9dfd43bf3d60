import { defineError, type ErrorClass } from '@memkit/core'

/**
 * Used after `dispose()`.
 *
 * What to do: attach the world again with attachMk, or make a new App.
 */
export const Disposed: ErrorClass<{
  code: 'Disposed'
  /** What was called. */
  call: string
}> = defineError(
  'Disposed',
  ({ call }) =>
    `${call} was called after dispose(). Attach the world again with attachMk (or make a new App).`,
)
export type Disposed = InstanceType<typeof Disposed>
