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
 * Rows were asked for of a mirror that keeps none: a source makes them when they go up.
 *
 * What to do: read what the source reads; of a component, its columns or `mk.buffer(C).readCpu()`.
 */
export const MirrorKeepsNoRows: ErrorClass<{ code: 'MirrorKeepsNoRows'; label: string }> = defineError(
  'MirrorKeepsNoRows',
  ({ label }) =>
    `Mirror "${label}" keeps no rows: they are made when they go up. ` +
    `Read what they are made from; of a component, its columns or mk.buffer(C).readCpu().`,
)
export type MirrorKeepsNoRows = InstanceType<typeof MirrorKeepsNoRows>

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
