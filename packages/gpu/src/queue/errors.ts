import { defineError, type ErrorClass } from '@memkit/core'
import { usageNames } from '../backends/usage.ts'

/**
 * The device is gone: pending work will not finish, and this MkGpu cannot be used any more.
 *
 * What to do: make a new device and a new MkGpu, and upload again what the CPU still has. The
 * plugin does this by itself if you gave it a factory.
 */
export const DeviceLost: ErrorClass<{
  code: 'DeviceLost'
  /** `'destroyed'`: `destroy()` was called; `'unknown'`: it happened by itself. */
  reason: 'destroyed' | 'unknown'
  /** What the device says about it. */
  detail: string
}> = defineError(
  'DeviceLost',
  ({ reason, detail }) =>
    `The device is lost (${detail === '' ? reason : detail}). ` +
    'Make a new device and a new MkGpu, and upload again what the CPU still has.',
)
export type DeviceLost = InstanceType<typeof DeviceLost>

/**
 * A buffer used with an MkGpu that did not create it.
 *
 * What to do: use each buffer with the gpu that created it.
 */
export const ForeignBuffer: ErrorClass<{ code: 'ForeignBuffer'; label: string }> = defineError(
  'ForeignBuffer',
  ({ label }) => `'${label}' belongs to another MkGpu. Use it with the gpu that created it.`,
)
export type ForeignBuffer = InstanceType<typeof ForeignBuffer>

/**
 * An operation on a buffer that was created without the usage flag it needs.
 *
 * What to do: create the buffer with the flags that are `needed` too.
 */
export const UsageMissing: ErrorClass<{
  code: 'UsageMissing'
  label: string
  /** Flags the operation needs. */
  needed: number
  /** Flags the buffer has. */
  usage: number
  operation: string
}> = defineError(
  'UsageMissing',
  ({ operation, label, needed, usage }) =>
    `${operation} needs ${usageNames(needed)}, and '${label}' was created with ${usageNames(usage)}. ` +
    `Create it with MkBufferUsage.${usageNames(needed & ~usage)} too.`,
)
export type UsageMissing = InstanceType<typeof UsageMissing>

/**
 * A copy or scatter from a buffer to itself, which WebGPU refuses.
 *
 * What to do: copy through another buffer.
 */
export const OverlappingCopy: ErrorClass<{
  code: 'OverlappingCopy'
  label: string
  srcOffset: number
  dstOffset: number
  /** Bytes. */
  size: number
}> = defineError(
  'OverlappingCopy',
  ({ label, srcOffset, dstOffset, size }) =>
    `Cannot move ${size} bytes from ${srcOffset} to ${dstOffset} within '${label}': source and destination must be two buffers. ` +
    'Copy through another buffer.',
)
export type OverlappingCopy = InstanceType<typeof OverlappingCopy>

/**
 * A copy between an INDEX buffer and another kind of buffer, which WebGL2 cannot do.
 *
 * What to do: write the data to both buffers from the CPU, or read one back and write the other.
 * Where `gpu.capabilities.indexIsExclusive`, a readback buffer that has taken bytes of one kind
 * takes no others.
 */
export const CopyUnsupported: ErrorClass<{
  code: 'CopyUnsupported'
  backend: string
  /** Label of the source. */
  source: string
  /** Label of the destination. */
  destination: string
}> = defineError(
  'CopyUnsupported',
  ({ backend, source, destination }) =>
    `The ${backend} backend cannot copy from '${source}' to '${destination}': it keeps INDEX buffers apart from all others. ` +
    'Write the data to both buffers from the CPU.',
)
export type CopyUnsupported = InstanceType<typeof CopyUnsupported>

/**
 * `scatter` on a backend without it, or before it is ready.
 *
 * What to do: `await gpu.prepareScatter()` where `later`; otherwise use writes or copies.
 */
export const ScatterUnavailable: ErrorClass<{
  code: 'ScatterUnavailable'
  /** True when `await gpu.prepareScatter()` would make it available. */
  later: boolean
  backend: string
}> = defineError('ScatterUnavailable', ({ backend, later }) =>
  later
    ? `scatter of the ${backend} backend is not ready. await gpu.prepareScatter(), and use writes or copies until gpu.scatterReady.`
    : `The ${backend} backend has no scatter. Use writes or copies where gpu.capabilities.scatter is false.`,
)
export type ScatterUnavailable = InstanceType<typeof ScatterUnavailable>
