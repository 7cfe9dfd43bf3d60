import { defineError, type ErrorClass } from '@memkit/core'

/**
 * A component asked for the sync of a world outside of an `<MkProvider>`.
 *
 * What to do: render the component inside of `<MkProvider world={world}>`, which may be outside of a
 * `<Canvas>`, too.
 */
export const NoMkProvider: ErrorClass<{
  code: 'NoMkProvider'
  /** The hook that was called. */
  hook: string
}> = defineError(
  'NoMkProvider',
  ({ hook }) =>
    `A component uses ${hook} and isn't inside of <MkProvider>. ` +
    'Render it inside of <MkProvider world={world}>.',
)
export type NoMkProvider = InstanceType<typeof NoMkProvider>
