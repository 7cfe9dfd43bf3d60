import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  DeviceLost,
  MkBufferUsage,
  MkGpu,
  MkMemoryType,
  ValidationFailed,
  WebGpuBackend,
  webGpuDevice,
} from '@memkit/gpu'
import { checkScatter, everyNth } from './scatter-cases.ts'
import { uploadMesh, vertices } from './upload-mesh.ts'

const BOTH = MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST

describe('WebGpuBackend in a browser', () => {
  let gpu: MkGpu<WebGpuBackend>
  const errors: string[] = []
  beforeAll(async () => {
    gpu = new MkGpu(new WebGpuBackend(await webGpuDevice(), { owned: true }), { debug: true })
    gpu.onError((error) => errors.push(error.message))
    await gpu.prepareScatter()
    return () => gpu.destroy()
  })
  afterEach(() => expect(errors.splice(0)).toEqual([]))

  it('runs a generic upload', async () => {
    const mesh = uploadMesh(gpu, vertices)
    expect(new Float32Array(await gpu.read(mesh))).toEqual(vertices)
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

  it('names the adapter and the browser', () => {
    expect(gpu.capabilities.adapter).not.toBe('')
    expect(gpu.capabilities.runtime).toMatch(/^\w+\/\d/)
  })

  it('takes big writes whole, and accepts resizable memory', async () => {
    const size = (4 << 20) + 12
    const buffer = gpu.createDeviceBuffer(size, BOTH)
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer
    for (const source of [new ArrayBuffer(size), new Resizable(size, { maxByteLength: size * 2 })]) {
      const words = new Uint32Array(source).map((_, i) => i * 2654435761)
      new Uint32Array(source).set(words)
      gpu.write(buffer, 0, source)
      const actual = new Uint32Array(await gpu.read(buffer))
      expect(actual.findIndex((word, i) => word !== words[i])).toBe(-1)
    }
    buffer.destroy()
  })

  it('maps and reads back', async () => {
    const staging = gpu.createStagingBuffer(8, { mapped: true })
    const kept = staging.bytes
    staging.write(new Uint32Array([1, 2])).unmap()
    expect(kept.byteLength).toBe(0)
    await staging.map()
    staging.write(new Uint32Array([3]), 4).unmap()
    const readback = gpu.createStagingBuffer(8, { memory: MkMemoryType.HostCached })
    const transfer = gpu.transfer(staging, readback)
    expect(transfer.isComplete).toBe(false)
    await transfer.done
    expect(transfer.isComplete).toBe(true)
    expect([...new Uint32Array((await readback.map()).buffer)]).toEqual([1, 3])
  })

  it.each([4, 12, 16, 64])('scatters rows of %d bytes', async (stride) => {
    await checkScatter(gpu, { stride, rows: 500, numbers: everyNth(500, 3) })
  })

  it('scatters more rows than 65 535 workgroups take', async () => {
    const rows = 4_200_000
    await checkScatter(gpu, { stride: 4, rows, numbers: everyNth(rows, 1) })
  })
})

describe('a device in a browser', () => {
  it('reports its errors by name in debug mode', async () => {
    const gpu = new MkGpu(new WebGpuBackend(await webGpuDevice(), { owned: true }), { debug: true })
    const heard = new Promise<ValidationFailed>((resolve) =>
      gpu.onError((error) => error instanceof ValidationFailed && resolve(error)),
    )
    const buffer = gpu.createDeviceBuffer(16, BOTH, { label: 'camera' })
    gpu.backend.write(buffer.native, 14, new ArrayBuffer(4), 0, 4)
    expect(await heard).toMatchObject({ operation: 'write', label: 'camera' })
    gpu.destroy()
  })

  it('rejects pending work when it is lost, and completes no serial', async () => {
    const device = await webGpuDevice()
    const gpu = new MkGpu(new WebGpuBackend(device))
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    gpu.write(buffer, 0, new ArrayBuffer(16))
    const fence = gpu.fence()
    const read = gpu.read(buffer)
    const map = gpu.createStagingBuffer(16).map()
    device.destroy()
    gpu.write(buffer, 0, new ArrayBuffer(16)) // not known yet: nothing happens, nothing throws
    await expect(fence.done).rejects.toMatchObject({ code: 'DeviceLost', reason: 'destroyed' })
    await expect(read).rejects.toBeInstanceOf(DeviceLost)
    await expect(map).rejects.toBeInstanceOf(DeviceLost)
    await device.queue.onSubmittedWorkDone() // resolves for a lost device too
    expect(gpu.completedSerial).toBe(0)
    gpu.destroy()
  })
})
