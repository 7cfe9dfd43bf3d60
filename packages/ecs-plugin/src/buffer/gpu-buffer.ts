import type { MkCoordinator } from '@memkit/coordinator'
import { WrongBackend, type MkDeviceBuffer } from '@memkit/gpu'

/** Returns the `GPUBuffer` of a device buffer. @throws {@link WrongBackend} */
export function gpuBufferOf({ native }: MkDeviceBuffer, { gpu }: MkCoordinator): GPUBuffer {
  const { backend } = gpu.capabilities
  if (backend !== 'webgpu') throw new WrongBackend({ what: 'gpuBuffer', expected: 'webgpu', actual: backend })
  return native as GPUBuffer
}
