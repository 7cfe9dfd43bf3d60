import { defineError, type ErrorClass } from '@memkit/core'

/**
 * A mirror's device buffer was asked for while there is none.
 *
 * What to do: wait for `'restored'` or `'reallocated'`; its rows are kept.
 */
export const MirrorHasNoBuffer: ErrorClass<{ code: 'MirrorHasNoBuffer'; label: string }> = defineError(
  'MirrorHasNoBuffer',
  ({ label }) =>
    `Mirror "${label}" has no device buffer now: the device is lost, or has no memory for it. ` +
    `Its rows are kept; wait for 'restored' or 'reallocated'.`,
)
export type MirrorHasNoBuffer = InstanceType<typeof MirrorHasNoBuffer>

/**
 * A mirror was used after `destroy()`.
 *
 * What to do: make a new one with `createMirror()`.
 */
export const MirrorDestroyed: ErrorClass<{ code: 'MirrorDestroyed'; label: string }> = defineError(
  'MirrorDestroyed',
  ({ label }) => `Mirror "${label}" was destroyed. Make a new one with createMirror().`,
)
export type MirrorDestroyed = InstanceType<typeof MirrorDestroyed>
