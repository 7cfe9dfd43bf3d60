import { defineError, type ErrorClass } from '@memkit/core'

/**
 * A field has a type without a vertex format.
 *
 * What to do: read the buffer as storage (`mk.buffer(component).wgsl(group, binding)`), or give the
 * field a scalar, vector or matrix type.
 */
export const NoVertexFormat: ErrorClass<{
  code: 'NoVertexFormat'
  component: string
  field: string
  type: string
  /** What to do beside reading it as storage. */
  remedy?: string
}> = defineError(
  'NoVertexFormat',
  ({ component, field, type, remedy = 'give the field a scalar, vector or matrix type' }) =>
    `Field "${field}" of ${component} is ${type}, which has no vertex format. Read the buffer as storage instead ` +
    `(mk.buffer(component).wgsl(group, binding)), or ${remedy}.`,
)
export type NoVertexFormat = InstanceType<typeof NoVertexFormat>

/**
 * A vertex buffer of the rows would exceed a limit of the device.
 *
 * What to do: read the buffer as storage, split the component in two, or request a higher limit
 * with the device (`requiredLimits`).
 */
export const VertexLimitExceeded: ErrorClass<{
  code: 'VertexLimitExceeded'
  component: string
  /** WebGPU's name of the limit. */
  limit: VertexLimit
  /** Locations up to that of the last attribute, bytes of a row, or vertex buffers. */
  requested: number
  max: number
}> = defineError('VertexLimitExceeded', ({ component, limit, requested, max }) => {
  const what = {
    maxVertexAttributes: `need ${requested} vertex attribute locations, but the device has ${max}`,
    maxVertexBufferArrayStride: `are ${requested} bytes each, but the device allows vertex strides up to ${max}`,
    maxVertexBuffers: `need ${requested} vertex buffers, one for each column, but the device has ${max}. Name the columns to draw from: vertexLayouts(0, ['x', 'y'])`,
  }
  return (
    `The rows of ${component} ${what[limit]} (${limit}). Read the buffer as storage instead (mk.buffer(component).wgsl(group, binding)), ` +
    'split the component in two, or request a higher limit in requiredLimits.'
  )
})
type VertexLimit = 'maxVertexAttributes' | 'maxVertexBufferArrayStride' | 'maxVertexBuffers'
export type VertexLimitExceeded = InstanceType<typeof VertexLimitExceeded>
