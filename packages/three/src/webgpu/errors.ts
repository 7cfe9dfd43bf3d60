import { defineError, type ErrorClass } from '@memkit/core'

/**
 * Shaders of three.js can't read memkit's buffers, because both aren't on one WebGPU device, or because
 * this version of three keeps its buffers elsewhere.
 *
 * What to do: make the renderer with memkit's device, `new WebGPURenderer({ device })`, and wait for
 * `renderer.init()`. Where that can't be, `SyncedMesh` with `gpu: threeGpu()` draws on any renderer.
 */
export const DeviceNotShared: ErrorClass<{
  code: 'DeviceNotShared'
  reason: string
  /** The versions of three in which sharing is tested. */
  tested: string
}> = defineError(
  'DeviceNotShared',
  ({ reason, tested }) =>
    `Shaders of three.js can't read memkit's buffers: ${reason}. Make the renderer with memkit's device, ` +
    'new WebGPURenderer({ device }), and wait for renderer.init(); or draw with SyncedMesh and gpu: threeGpu(). ' +
    `Sharing a device is tested in three ${tested}.`,
)
export type DeviceNotShared = InstanceType<typeof DeviceNotShared>

/**
 * Shaders of three.js can't read the rows of a component by entity: it is kept in columns, or its rows
 * are packed.
 *
 * What to do: flag the component with rows of its own, `GpuSynced(store)`, or draw it with `SyncedMesh`.
 */
export const RowsNotReadable: ErrorClass<{
  code: 'RowsNotReadable'
  component: string
  /** How the component is kept. */
  kept: string
}> = defineError(
  'RowsNotReadable',
  ({ component, kept }) =>
    `Shaders of three.js can't read ${component} by entity, because it is kept as ${kept}. ` +
    'Flag it with rows of its own, GpuSynced(store), or draw it with SyncedMesh.',
)
export type RowsNotReadable = InstanceType<typeof RowsNotReadable>

/**
 * A node asks for an attribute that the mesh doesn't have.
 *
 * What to do: name one of `attributes`, or add the attribute to the mesh.
 */
export const UnknownAttribute: ErrorClass<{
  code: 'UnknownAttribute'
  attribute: string
  /** The attributes that there are. */
  attributes: string
}> = defineError(
  'UnknownAttribute',
  ({ attribute, attributes }) =>
    `The mesh has no attribute '${attribute}'; it has ${attributes}. Name one of them, or add it to the mesh.`,
)
export type UnknownAttribute = InstanceType<typeof UnknownAttribute>
