import { MkBufferUsage, type MkDeviceBuffer, type MkGpu, type MkGpuBackend } from '@memkit/gpu'

/** The block of the README that works with any backend. TRANSFER_SRC is added so that the tests can read it back. */
export function uploadMesh<B extends MkGpuBackend>(gpu: MkGpu<B>, vertices: Float32Array): MkDeviceBuffer<B> {
  const staging = gpu.stagingBufferWithData(vertices)
  const device = gpu.createDeviceBuffer(
    vertices.byteLength,
    MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC,
  )
  gpu.transfer(staging, device)
  return device
}

export const vertices = new Float32Array([0, 1, 0, 1, 0, 0])
