import { describe, expect, it } from 'vitest'
import { MkBufferUsage, MkGpu, WebGpuBackend } from '@memkit/gpu'
import { uploadMesh, vertices } from './upload-mesh.ts'

async function browserDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter()
  if (!adapter) throw new Error('this browser has no WebGPU adapter')
  return adapter.requestDevice()
}

describe('WebGpuBackend in a browser', () => {
  it('runs a generic upload', async () => {
    const gpu = new MkGpu(new WebGpuBackend(await browserDevice(), { owned: true }), { debug: true })
    expect(new Float32Array(await gpu.read(uploadMesh(gpu, vertices)))).toEqual(vertices)
    gpu.destroy()
  })

  it('has the usage bits of WebGPU', () => {
    expect(MkBufferUsage).toEqual({
      TRANSFER_SRC: GPUBufferUsage.COPY_SRC,
      TRANSFER_DST: GPUBufferUsage.COPY_DST,
      INDEX: GPUBufferUsage.INDEX,
      VERTEX: GPUBufferUsage.VERTEX,
      UNIFORM: GPUBufferUsage.UNIFORM,
      STORAGE: GPUBufferUsage.STORAGE,
      INDIRECT: GPUBufferUsage.INDIRECT,
    })
  })

  it('counts no serial as completed when the device was lost before', async () => {
    const device = await browserDevice()
    const gpu = new MkGpu(new WebGpuBackend(device))
    const buffer = gpu.createDeviceBuffer(16, MkBufferUsage.TRANSFER_DST)
    gpu.write(buffer, 0, new ArrayBuffer(16))
    const serial = gpu.submit()
    device.destroy()
    await expect(gpu.whenCompleted(serial)).rejects.toMatchObject({ code: 'DeviceLost', reason: 'destroyed' })
    await device.queue.onSubmittedWorkDone() // resolves for a lost device too
    expect(gpu.completedSerial).toBe(0)
    gpu.destroy()
  })
})
