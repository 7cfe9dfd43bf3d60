import { describe, expect, it } from 'vitest'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { uploadMesh, vertices } from './upload-mesh.ts'

describe('DummyBackend', () => {
  it('runs the quick start as written', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.stagingBufferWithData(vertices)
    const device = gpu.createDeviceBuffer(
      vertices.byteLength,
      MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST,
    )
    const transfer = gpu.transfer(staging, device)
    await transfer.done
    expect(transfer.isComplete).toBe(true)
    expect(new Float32Array(device.native.bytes.buffer)).toEqual(vertices)
  })

  it('runs a generic upload', async () => {
    const gpu = new MkGpu(new DummyBackend())
    expect(new Float32Array(await gpu.read(uploadMesh(gpu, vertices)))).toEqual(vertices)
  })
})
