import { describe, expect, it } from 'vitest'
import {
  BufferTooLarge,
  DummyBackend,
  MisalignedCopy,
  MkBufferUsage,
  MkGpu,
  OutOfRange,
  OverlappingCopy,
  ScatterUnavailable,
  UsageMissing,
} from '@memkit/gpu'
import { checkScatter, everyNth } from './scatter-cases.ts'
import { thrownBy } from '@memkit/testing/thrown-by'

const { STORAGE, TRANSFER_DST, VERTEX } = MkBufferUsage

describe('scatter', () => {
  it.each([4, 8, 12, 16, 20, 48, 64])('moves rows of %d bytes', async (stride) => {
    const gpu = new MkGpu(new DummyBackend())
    await gpu.prepareScatter()
    await checkScatter(gpu, { stride, rows: 100, numbers: everyNth(100, 3) })
  })

  it('drops row numbers past the end', async () => {
    const gpu = new MkGpu(new DummyBackend())
    await gpu.prepareScatter()
    await checkScatter(gpu, { stride: 8, rows: 4, numbers: new Uint32Array([3, 4, 0xffffffff, 0]) })
  })

  it('is available only after it was prepared, and where the backend has it', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const dst = gpu.createDeviceBuffer(16, STORAGE)
    const payload = gpu.createDeviceBuffer(32, STORAGE)
    const job = { payload, stride: 4, count: 1, payloadOffset: 0, indexOffset: 16 }
    expect(gpu.scatterReady).toBe(false)
    expect(thrownBy(ScatterUnavailable, () => gpu.scatter(dst, job)).later).toBe(true)
    expect(await gpu.prepareScatter()).toBe(true)
    expect(gpu.scatterReady).toBe(true)
    gpu.scatter(dst, job)
    expect(gpu.calls.dispatches).toBe(1)

    const without = new MkGpu(new DummyBackend({ capabilities: { scatter: false } }))
    expect(await without.prepareScatter()).toBe(false)
    expect(without.scatterReady).toBe(false)
  })

  it('refuses what does not fit, and records nothing', async () => {
    const gpu = new MkGpu(new DummyBackend({ capabilities: { maxStorageBufferBindingSize: 1024 } }))
    await gpu.prepareScatter()
    const dst = gpu.createDeviceBuffer(64, STORAGE)
    const payload = gpu.createDeviceBuffer(64, STORAGE)
    const job = { payload, stride: 8, count: 4, payloadOffset: 0, indexOffset: 32 }
    thrownBy(MisalignedCopy, () => gpu.scatter(dst, { ...job, stride: 6 }))
    thrownBy(MisalignedCopy, () => gpu.scatter(dst, { ...job, payloadOffset: 2 }))
    thrownBy(MisalignedCopy, () => gpu.scatter(dst, { ...job, indexOffset: 2 }))
    thrownBy(MisalignedCopy, () => gpu.scatter(dst, { ...job, dstOffset: 2 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, stride: 0 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, stride: NaN }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, count: 9 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, count: -1 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, payloadOffset: 40 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, indexOffset: 52 }))
    thrownBy(OutOfRange, () => gpu.scatter(dst, { ...job, dstOffset: 68 }))
    thrownBy(OverlappingCopy, () => gpu.scatter(payload, job))
    thrownBy(UsageMissing, () => gpu.scatter(gpu.createDeviceBuffer(64, VERTEX), job))
    thrownBy(UsageMissing, () =>
      gpu.scatter(dst, { ...job, payload: gpu.createDeviceBuffer(64, TRANSFER_DST) }),
    )
    const big = gpu.createDeviceBuffer(1028, STORAGE)
    expect(thrownBy(BufferTooLarge, () => gpu.scatter(big, job))).toMatchObject({
      requested: 1028,
      max: 1024,
      limit: 'maxStorageBufferBindingSize',
    })
    gpu.scatter(dst, { ...job, count: 0 })
    expect(gpu.calls.dispatches).toBe(0)
    expect(gpu.submit()).toBe(0)
  })
})
