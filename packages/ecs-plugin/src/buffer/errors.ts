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
}> = defineError(
  'NoVertexFormat',
  ({ component, field, type }) =>
    `Field "${field}" of ${component} is ${type}, which has no vertex format. Read the buffer as storage instead ` +
    '(mk.buffer(component).wgsl(group, binding)), or give the field a scalar, vector or matrix type.',
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
  limit: 'maxVertexAttributes' | 'maxVertexBufferArrayStride'
  /** Locations up to that of the last attribute, or bytes of a row. */
  requested: number
  max: number
}> = defineError('VertexLimitExceeded', ({ component, limit, requested, max }) => {
  const what =
    limit === 'maxVertexAttributes'
      ? `need ${requested} vertex attribute locations, but the device has ${max}`
      : `are ${requested} bytes each, but the device allows vertex strides up to ${max}`
  return (
    `The rows of ${component} ${what} (${limit}). Read the buffer as storage instead (mk.buffer(component).wgsl(group, binding)), ` +
    'split the component in two, or request a higher limit in requiredLimits.'
  )
})
export type VertexLimitExceeded = InstanceType<typeof VertexLimitExceeded>
