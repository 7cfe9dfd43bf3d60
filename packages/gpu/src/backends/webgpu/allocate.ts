/// <reference types="@webgpu/types" preserve="true" />
import { messageOf } from '@memkit/core'
import { AllocationFailed } from '../errors.ts'
import type { Answer } from './error-scopes.ts'

/** Creates a buffer. @throws {@link AllocationFailed} when there is no CPU memory to map it */
export function allocate(
  device: GPUDevice,
  descriptor: GPUBufferDescriptor & { label: string },
): { buffer: GPUBuffer; answer: Answer } {
  const failed = (detail: string): AllocationFailed =>
    new AllocationFailed({ label: descriptor.label, requested: descriptor.size, detail })
  device.pushErrorScope('out-of-memory')
  let buffer: GPUBuffer | undefined
  let thrown: unknown
  try {
    buffer = device.createBuffer(descriptor)
  } catch (error) {
    thrown = error
  }
  const answer = device.popErrorScope().then(
    (error) => (error ? failed(error.message) : undefined),
    () => undefined,
  )
  if (buffer === undefined) throw failed(messageOf(thrown))
  return { buffer, answer }
}
