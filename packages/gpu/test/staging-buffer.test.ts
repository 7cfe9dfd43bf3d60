import { describe, expect, it } from 'vitest'
import {
  AlreadyMapped,
  BufferDestroyed,
  BufferInUse,
  BufferMapped,
  DeviceLost,
  DummyBackend,
  MkBufferUsage,
  MkGpu,
  MkMemoryType,
  NotMappable,
  NotMapped,
  OutOfRange,
} from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'

const { TRANSFER_DST, TRANSFER_SRC, VERTEX } = MkBufferUsage
const { HostCached, Unified } = MkMemoryType

describe('staging buffers', () => {
  it('are mapped, written, unmapped and transferred', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.createStagingBuffer(12)
    const device = gpu.createDeviceBuffer(12, TRANSFER_DST | TRANSFER_SRC)
    expect(staging.state).toBe('unmapped')
    const mapping = staging.map()
    expect(staging.state).toBe('pending')
    const bytes = await mapping
    expect(staging.state).toBe('mapped')
    expect(bytes.byteLength).toBe(12)
    staging.write(new Uint32Array([1, 2])).write(new Uint32Array([3]), 8)
    expect(staging.bytes).toBe(bytes)
    staging.flush().unmap()
    expect(staging.state).toBe('unmapped')
    gpu.transfer(staging, device)
    expect([...new Uint32Array(await gpu.read(device))]).toEqual([1, 2, 3])
  })

  it('may start mapped, and keep their bytes from one mapping to the next', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.createStagingBuffer(4, { mapped: true })
    staging.write(new Uint8Array([1, 2, 3, 4])).unmap()
    await staging.map()
    staging.write(new Uint8Array([9]), 2)
    expect([...staging.bytes]).toEqual([1, 2, 9, 4])
  })

  it('of any size hold data of that size', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.stagingBufferWithData(new Uint16Array([1, 2, 3]), { label: 'indices' })
    expect(staging).toMatchObject({ size: 6, allocatedSize: 8, label: 'indices', state: 'unmapped' })
    expect([...(await staging.map())]).toEqual([1, 0, 2, 0, 3, 0])
  })

  it('accept views of a part, and whole buffers', () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.createStagingBuffer(4, { mapped: true })
    staging.write(new Uint8Array([0, 1, 2, 3]).subarray(2))
    staging.write(new Uint8Array([7]).buffer, 3)
    expect([...staging.bytes]).toEqual([2, 3, 0, 7])
  })

  it('read bytes back in HostCached memory', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const device = gpu.createDeviceBuffer(8, TRANSFER_DST | TRANSFER_SRC)
    gpu.write(device, 0, new Uint32Array([5, 6]).buffer)
    const readback = gpu.createStagingBuffer(8, { memory: HostCached })
    gpu.transfer(device, readback)
    const bytes = await readback.map()
    expect([...new Uint32Array(bytes.buffer)]).toEqual([5, 6])
    readback.unmap()
    gpu.write(device, 0, new Uint32Array([7, 8]).buffer)
    gpu.transfer(device, readback)
    expect([...new Uint32Array((await readback.map()).buffer)]).toEqual([7, 8])
    thrownBy(NotMappable, () => gpu.createStagingBuffer(8, { memory: HostCached, mapped: true }))
  })

  it('detach mapped views on unmap', () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.createStagingBuffer(4, { mapped: true })
    const kept = staging.bytes
    staging.unmap()
    expect(kept.byteLength).toBe(0)
  })

  it("refuse calls that their state doesn't allow", async () => {
    const gpu = new MkGpu(new DummyBackend())
    const device = gpu.createDeviceBuffer(4, TRANSFER_DST | TRANSFER_SRC)
    const staging = gpu.createStagingBuffer(4, { label: 's' })
    const source = new Uint8Array(4)
    // unmapped
    expect(thrownBy(NotMapped, () => staging.write(source))).toMatchObject({ label: 's', state: 'unmapped' })
    thrownBy(NotMapped, () => staging.bytes)
    thrownBy(NotMapped, () => staging.flush())
    thrownBy(NotMapped, () => staging.unmap())
    // pending
    const mapping = staging.map()
    const again = staging.map()
    thrownBy(NotMapped, () => staging.bytes)
    thrownBy(BufferMapped, () => gpu.transfer(staging, device))
    await expect(again).rejects.toBeInstanceOf(AlreadyMapped)
    await mapping
    // mapped
    await expect(staging.map()).rejects.toMatchObject({ code: 'AlreadyMapped', state: 'mapped' })
    expect(thrownBy(BufferMapped, () => gpu.copy(staging, 0, device, 0, 4)).label).toBe('s')
    // destroyed
    staging.destroy()
    expect(staging.state).toBe('destroyed')
    await expect(staging.map()).rejects.toBeInstanceOf(BufferDestroyed)
    for (const act of [
      () => staging.bytes,
      () => staging.write(source),
      () => staging.flush(),
      () => staging.unmap(),
    ])
      thrownBy(BufferDestroyed, act)
  })

  it('refuse to be mapped while recorded work needs them', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.stagingBufferWithData(new Uint8Array([1, 2, 3, 4]))
    const device = gpu.createDeviceBuffer(4, TRANSFER_DST)
    gpu.copy(staging, 0, device, 0, 4)
    await expect(staging.map()).rejects.toBeInstanceOf(BufferInUse)
    gpu.submit()
    await staging.map()
  })

  it("refuse bytes that don't fit, and change nothing", () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.createStagingBuffer(8, { mapped: true })
    const error = thrownBy(OutOfRange, () => staging.write(new Uint8Array(5).fill(1), 4))
    expect(error).toMatchObject({ what: 'offset', value: 4, min: 0, max: 3 })
    thrownBy(OutOfRange, () => staging.write(new Uint8Array(9)))
    thrownBy(OutOfRange, () => staging.write(new Uint8Array(1), -1))
    thrownBy(OutOfRange, () => staging.write(new Uint8Array(1), NaN))
    thrownBy(OutOfRange, () => staging.flush(9))
    thrownBy(OutOfRange, () => staging.flush(4, 5))
    expect([...staging.bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('cancel a pending map by unmap and by destroy', async () => {
    const gpu = new MkGpu(new DummyBackend({ transferDelayUs: Infinity }))
    const staging = gpu.createStagingBuffer(4)
    const called = staging.map()
    staging.unmap()
    expect(staging.state).toBe('unmapped')
    await expect(called).rejects.toBeInstanceOf(NotMappable)
    const gone = staging.map()
    staging.destroy()
    await expect(gone).rejects.toBeInstanceOf(BufferDestroyed)
  })

  it('resolve only the new map after a map was cancelled', async () => {
    const backend = new DummyBackend({ transferDelayUs: Infinity })
    const gpu = new MkGpu(backend)
    const staging = gpu.createStagingBuffer(4)
    const first = staging.map()
    staging.unmap()
    const second = staging.map()
    await expect(first).rejects.toBeInstanceOf(NotMappable)
    expect(staging.state).toBe('pending')
    backend.finish()
    await second
    expect(staging.state).toBe('mapped')
  })

  it('reject a map that the device refuses, or is lost during', async () => {
    const backend = new DummyBackend({ faults: { failMapsAt: [1] }, transferDelayUs: Infinity })
    const gpu = new MkGpu(backend)
    const staging = gpu.createStagingBuffer(4)
    await expect(staging.map()).rejects.toBeInstanceOf(NotMappable)
    expect(staging.state).toBe('unmapped')
    const mapping = staging.map()
    backend.lose()
    await expect(mapping).rejects.toBeInstanceOf(DeviceLost)
    await expect(staging.map()).rejects.toBeInstanceOf(DeviceLost)
  })

  it("expose the device's own bytes while mapped in Unified memory", async () => {
    const backend = new DummyBackend({ simulateDeviceLocal: false, transferDelayUs: Infinity })
    const gpu = new MkGpu(backend)
    const unified = gpu.createStagingBuffer(4, { memory: Unified, mapped: true })
    const source = gpu.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST | VERTEX)
    gpu.write(source, 0, new Uint32Array([42]).buffer)
    gpu.transfer(source, unified) // allowed although mapped
    const words = new Uint32Array(unified.bytes.buffer)
    expect(words[0]).toBe(0) // too early: the old bytes
    backend.finish()
    expect(words[0]).toBe(42)
  })
})
