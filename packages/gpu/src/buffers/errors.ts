import { defineError, type ErrorClass } from '@memkit/core'
import { usageNames, memoryNames } from '../backends/usage.ts'

/**
 * A buffer was used after its `destroy()`.
 *
 * What to do: create a new buffer, or destroy this one later.
 */
export const BufferDestroyed: ErrorClass<{ code: 'BufferDestroyed'; label: string }> = defineError(
  'BufferDestroyed',
  ({ label }) => `'${label}' was destroyed. Create a new buffer, or destroy it later.`,
)
export type BufferDestroyed = InstanceType<typeof BufferDestroyed>

/**
 * The backend cannot create a buffer with these usage flags, or with this combination of them.
 *
 * What to do: check `gpu.capabilities.usages` first, and use another kind of buffer.
 */
export const UsageUnsupported: ErrorClass<{
  code: 'UsageUnsupported'
  /** Flags asked for. */
  usage: number
  /** Flags the backend has. */
  supported: number
  backend: string
  why?: string
}> = defineError(
  'UsageUnsupported',
  ({ backend, usage, supported, why = '' }) =>
    `The ${backend} backend cannot create a buffer for ${usageNames(usage)}` +
    `${why === '' ? `: it has ${usageNames(supported)}` : `: ${why}`}. Check gpu.capabilities.usages first.`,
)
export type UsageUnsupported = InstanceType<typeof UsageUnsupported>

/**
 * The backend doesn't have this memory type, or this kind of buffer cannot be in it.
 *
 * What to do: choose one of the `supported` types; `gpu.capabilities.memoryTypes` lists those of the device.
 */
export const MemoryUnsupported: ErrorClass<{
  code: 'MemoryUnsupported'
  memory: number
  /** Memory flags that would do. */
  supported: number
  what: string
  hint?: string
}> = defineError(
  'MemoryUnsupported',
  ({ what, memory, supported, hint = '' }) =>
    `${what} cannot be in ${memoryNames(memory)} memory here; it can be in ${memoryNames(supported)}.` +
    (hint === '' ? '' : ` ${hint}`),
)
export type MemoryUnsupported = InstanceType<typeof MemoryUnsupported>

/**
 * The device cannot map the buffer.
 *
 * What to do: do what the message says; memory for the CPU to read is HostCached, to write HostVisible.
 */
export const NotMappable: ErrorClass<{ code: 'NotMappable'; label: string; why: string }> = defineError(
  'NotMappable',
  ({ label, why }) => `'${label}' cannot be mapped: ${why}`,
)
export type NotMappable = InstanceType<typeof NotMappable>

/**
 * `map()` was called on a buffer that is mapped already, or about to be.
 *
 * What to do: use the bytes that are mapped, or `unmap()` first.
 */
export const AlreadyMapped: ErrorClass<{ code: 'AlreadyMapped'; label: string; state: string }> = defineError(
  'AlreadyMapped',
  ({ label, state }) => `'${label}' is ${state} already. Use its bytes, or unmap() it first.`,
)
export type AlreadyMapped = InstanceType<typeof AlreadyMapped>

/**
 * The bytes of a buffer were accessed while it wasn't mapped.
 *
 * What to do: `await buffer.map()` first.
 */
export const NotMapped: ErrorClass<{ code: 'NotMapped'; label: string; state: string; operation: string }> =
  defineError(
    'NotMapped',
    ({ operation, label, state }) =>
      `${operation} needs '${label}' mapped, and it is ${state}. await buffer.map() first.`,
  )
export type NotMapped = InstanceType<typeof NotMapped>

/**
 * The device was to use a mapped buffer.
 *
 * What to do: call its `unmap()` first.
 */
export const BufferMapped: ErrorClass<{ code: 'BufferMapped'; label: string; operation: string }> =
  defineError(
    'BufferMapped',
    ({ operation, label }) =>
      `${operation} cannot use '${label}' while it is mapped. Call its unmap() first.`,
  )
export type BufferMapped = InstanceType<typeof BufferMapped>

/**
 * Recorded work still needs the buffer.
 *
 * What to do: call `gpu.submit()` first.
 */
export const BufferInUse: ErrorClass<{ code: 'BufferInUse'; label: string; why: string }> = defineError(
  'BufferInUse',
  ({ label, why }) => `'${label}' is in use: ${why}`,
)
export type BufferInUse = InstanceType<typeof BufferInUse>
