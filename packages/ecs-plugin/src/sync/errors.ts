import { defineError, type ErrorClass } from '@memkit/core'

/**
 * What was flagged with `GpuSynced` isn't a component: not an object.
 *
 * What to do: flag an object of columns: `GpuSynced({ x: new Float32Array(n) })`.
 */
export const NotAComponent: ErrorClass<{
  code: 'NotAComponent'
  /** What was flagged, as `typeof` tells it (`null` for null). */
  found: string
}> = defineError(
  'NotAComponent',
  ({ found }) =>
    `GpuSynced was given ${found}. A component is an object of columns, for example GpuSynced({ x: new Float32Array(n) }).`,
)
export type NotAComponent = InstanceType<typeof NotAComponent>

/**
 * A component was flagged a second time, with other options.
 *
 * What to do: flag a component once, where it is defined.
 */
export const AlreadyFlagged: ErrorClass<{
  code: 'AlreadyFlagged'
  component: string
  /** The option that differs. */
  option: string
}> = defineError(
  'AlreadyFlagged',
  ({ component, option }) =>
    `${component} was flagged with GpuSynced before, with another \`${option}\`. Flag a component once, where it is defined.`,
)
export type AlreadyFlagged = InstanceType<typeof AlreadyFlagged>

/**
 * A component that was never flagged was given to `buffer`, `mark` or `components`.
 *
 * What to do: flag it where it is defined: `const Position = GpuSynced({ x: new Float32Array(n) })`.
 */
export const NotGpuSynced: ErrorClass<{
  code: 'NotGpuSynced'
  /** The call that was given the component. */
  call: string
  columns: string
}> = defineError(
  'NotGpuSynced',
  ({ call, columns }) =>
    `${call} was given a component that is not flagged${columns}. Flag it where it is defined: ` +
    'const Position = GpuSynced({ x: new Float32Array(n) }).',
)
export type NotGpuSynced = InstanceType<typeof NotGpuSynced>

/**
 * A component with `layout: 'columns'` was asked for while the code for columns is still loading.
 * Frames leave the component out until it is there.
 *
 * What to do: flag the component before `attachMk`, which waits, or call `await loadColumns()` first.
 */
export const ColumnsLoading: ErrorClass<{ code: 'ColumnsLoading'; component: string }> = defineError(
  'ColumnsLoading',
  ({ component }) =>
    `The code for ${component} with layout: 'columns' is still loading. Flag the component before attachMk, which waits for it, or call ` +
    '`await loadColumns()` before you flag it.',
)
export type ColumnsLoading = InstanceType<typeof ColumnsLoading>

/**
 * A living entity has an id past the end of a typed-array column: bitECS dropped what was written there.
 * Every other row was staged; this one follows as soon as the column is long enough.
 *
 * What to do: give the columns at least `entity` + 1 slots.
 */
export const EntityBeyondColumn: ErrorClass<{
  code: 'EntityBeyondColumn'
  component: string
  column: string
  entity: number
  /** Entities that the column has room for: ids 0 … length − 1. */
  length: number
}> = defineError(
  'EntityBeyondColumn',
  ({ component, column, entity, length }) =>
    `Entity ${entity} has ${component}, but column "${column}" ends at id ${length - 1}: a typed array silently drops what is ` +
    `written past its end. Give the columns at least ${entity + 1} slots (ids start at 1, so n entities need n + 1). ` +
    'Every other row was staged; this one follows as soon as the column is long enough.',
)
export type EntityBeyondColumn = InstanceType<typeof EntityBeyondColumn>

/**
 * The world has a plugin already.
 *
 * What to do: use the MkSync that attachMk returned (`app.mk` in an App), or `dispose()` it first.
 */
export const WorldAlreadyAttached: ErrorClass<{ code: 'WorldAlreadyAttached' }> = defineError(
  'WorldAlreadyAttached',
  () =>
    'This world is attached already. Use the MkSync that attachMk returned (app.mk in an App), or dispose() it before attaching again.',
)
export type WorldAlreadyAttached = InstanceType<typeof WorldAlreadyAttached>

/**
 * `gpu` is nothing that a device can be made of.
 *
 * What to do: give a GPUDevice, a function that returns a promise of one, or an MkGpu; or leave `gpu` out.
 */
export const NotAGpu: ErrorClass<{
  code: 'NotAGpu'
  /** What was given, as `typeof` tells it. */
  found: string
}> = defineError(
  'NotAGpu',
  ({ found }) =>
    `Option \`gpu\` is ${found}. Give a GPUDevice, a function that returns a promise of one, or an MkGpu; leave it out to run ` +
    'without a GPU. (A GPUAdapter is not enough: gpu: () => webGpu() asks for adapter and device.)',
)
export type NotAGpu = InstanceType<typeof NotAGpu>
