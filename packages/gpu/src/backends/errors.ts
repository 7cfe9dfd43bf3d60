import { defineError, type ErrorClass } from '@memkit/core'

/**
 * The device has no memory for a buffer. May come late, through `buffer.allocationError`.
 *
 * What to do: destroy buffers that you no longer use (`gpu.leaks()` lists those alive), then create it again.
 */
export const AllocationFailed: ErrorClass<{
  code: 'AllocationFailed'
  label: string
  /** Bytes asked for. */
  requested: number
  detail?: string
}> = defineError(
  'AllocationFailed',
  ({ label, requested, detail = '' }) =>
    `No memory for '${label}' (${requested} bytes)${detail === '' ? '' : `: ${detail}`}. ` +
    'Destroy buffers that you no longer use (gpu.leaks() lists those alive), then create it again.',
)
export type AllocationFailed = InstanceType<typeof AllocationFailed>

/**
 * A backend was given to a second MkGpu.
 *
 * What to do: make one backend per MkGpu; a device may have several.
 */
export const BackendInUse: ErrorClass<{ code: 'BackendInUse'; backend: string }> = defineError(
  'BackendInUse',
  ({ backend }) =>
    `This ${backend} backend already serves an MkGpu. Make one backend per MkGpu; a device may have several.`,
)
export type BackendInUse = InstanceType<typeof BackendInUse>

/**
 * The device refused a call as invalid. In debug mode it names the call and the buffers.
 *
 * What to do: this is a bug, in memkit or in calls made beside it. Run with
 * `new MkGpu(backend, { debug: true })`, which names the call and the buffer, and report it.
 */
export const ValidationFailed: ErrorClass<{
  code: 'ValidationFailed'
  /** The call, `''` when unknown. */
  operation: string
  /** Label of the buffer, `''` when unknown. */
  label: string
  /** What the device said. */
  detail: string
}> = defineError(
  'ValidationFailed',
  ({ operation, label, detail }) =>
    `${operation === '' ? 'A call' : operation}${label === '' ? '' : ` on '${label}'`} was refused by the device: ${detail}` +
    (operation === '' ? ' (new MkGpu(backend, { debug: true }) names the call and the buffer)' : ''),
)
export type ValidationFailed = InstanceType<typeof ValidationFailed>

/**
 * The backend doesn't have what only another kind of backend has.
 *
 * What to do: use `buffer.native`, which every backend has, or a device of the `expected` backend.
 */
export const WrongBackend: ErrorClass<{
  code: 'WrongBackend'
  expected: string
  actual: string
  what: string
}> = defineError(
  'WrongBackend',
  ({ what, expected, actual }) =>
    `${what} exists on the ${expected} backend, and this is ${actual}. Use buffer.native there.`,
)
export type WrongBackend = InstanceType<typeof WrongBackend>
