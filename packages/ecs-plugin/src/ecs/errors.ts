import { defineError, type ErrorClass } from '@memkit/core'

/**
 * `attachMk`, or an MkPlugin, got something that isn't a world of that ECS.
 *
 * What to do: pass the world that `createWorld()` of that ECS returned.
 */
export const NotAWorld: ErrorClass<{
  code: 'NotAWorld'
  /** What was called. */
  call: string
  needed: string
}> = defineError('NotAWorld', ({ call, needed }) => `${call} needs ${needed}`)
export type NotAWorld = InstanceType<typeof NotAWorld>

/**
 * The world of a sync was deleted.
 *
 * What to do: call `dispose()` of the sync (or the App) before `deleteWorld`. You can still call it
 * now.
 */
export const WorldDeleted: ErrorClass<{ code: 'WorldDeleted' }> = defineError(
  'WorldDeleted',
  () =>
    'The world of this sync was deleted. Call mk.dispose() (app.dispose() in an App) before deleteWorld(). You can still call it now.',
)
export type WorldDeleted = InstanceType<typeof WorldDeleted>

/**
 * A query has a term whose changes the ECS doesn't report.
 *
 * What to do: use other terms, as the message says.
 */
export const UnsupportedTerm: ErrorClass<{ code: 'UnsupportedTerm'; term: string; reason: string }> =
  defineError('UnsupportedTerm', ({ term, reason }) => `A ${term} term cannot be followed: ${reason}`)
export type UnsupportedTerm = InstanceType<typeof UnsupportedTerm>
