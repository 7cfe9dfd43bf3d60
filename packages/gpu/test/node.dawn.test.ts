import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { uploadMesh, vertices } from './upload-mesh.ts'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage

describe('dawnGpu', () => {
  let gpu: MkGpu<WebGpuBackend>
  beforeAll(async () => {
    gpu = await dawnGpu({ debug: true })
  })
  afterAll(() => gpu.destroy())

  it('names the adapter', () => {
    expect(gpu.capabilities.adapter).not.toBe('')
  })

  it('runs a generic upload', async () => {
    expect(new Float32Array(await gpu.read(uploadMesh(gpu, vertices)))).toEqual(vertices)
  })

  it('scatters rows', async () => {
    expect(await gpu.prepareScatter()).toBe(true)
    const dst = gpu.createDeviceBuffer(4 * 12, STORAGE | TRANSFER_SRC)
    const payload = gpu.createDeviceBuffer(2 * 12 + 2 * 4, STORAGE | TRANSFER_DST)
    gpu.write(payload, 0, new Uint32Array([1, 2, 3, 4, 5, 6, 3, 1]).buffer)
    gpu.scatter(dst, { payload, stride: 12, count: 2, payloadOffset: 0, indexOffset: 24 })
    gpu.submit()
    expect([...new Uint32Array(await gpu.read(dst))]).toEqual([0, 0, 0, 4, 5, 6, 0, 0, 0, 1, 2, 3])
  })
})
