import { describe, expect, it } from 'vitest'
import {
  AllocationFailed,
  BufferDestroyed,
  BufferTooLarge,
  DummyBackend,
  ForeignBuffer,
  MemoryUnsupported,
  MkBufferUsage,
  MkGpu,
  MkMemoryType,
  OutOfRange,
  UsageMissing,
  UsageUnsupported,
  usageNames,
} from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'

const { VERTEX, INDEX, STORAGE, INDIRECT, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage

describe('device buffers', () => {
  it('know their size, usage and memory type', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const buffer = gpu.createDeviceBuffer(6, INDEX | TRANSFER_DST, { label: 'triangle indices' })
    expect(buffer).toMatchObject({
      size: 6,
      allocatedSize: 8, // copies move words of 4 bytes
      usage: INDEX | TRANSFER_DST,
      memory: MkMemoryType.DeviceLocal,
      label: 'triangle indices',
      destroyed: false,
    })
    expect(buffer.native.bytes.byteLength).toBe(8)
    expect(await buffer.allocationError).toBeUndefined()
  })

  it('start as zeros', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const buffer = gpu.createDeviceBuffer(8, TRANSFER_SRC)
    expect([...new Uint8Array(await gpu.read(buffer))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  it.each([0, -4, 1.5, NaN, Infinity])('refuse %d bytes', (size) => {
    const gpu = new MkGpu(new DummyBackend())
    const error = thrownBy(OutOfRange, () => gpu.createDeviceBuffer(size, VERTEX))
    expect(error).toMatchObject({ code: 'OutOfRange', what: 'size', value: size, min: 1, max: 256 << 20 })
  })

  it('refuse a size above the limit before any call', () => {
    const backend = new DummyBackend({ maxBufferSize: 1024 })
    const gpu = new MkGpu(backend)
    const error = thrownBy(BufferTooLarge, () => gpu.createDeviceBuffer(1025, VERTEX, { label: 'terrain' }))
    expect(error).toMatchObject({
      code: 'BufferTooLarge',
      requested: 1025,
      max: 1024,
      limit: 'maxBufferSize',
    })
    expect(error.message).toContain("'terrain'")
    expect(backend.callCount).toBe(0)
    expect(gpu.leaks()).toEqual([])
    gpu.createDeviceBuffer(1024, VERTEX)
  })

  it('refuse invalid usages and those that the backend lacks', () => {
    const gpu = new MkGpu(
      new DummyBackend({ capabilities: { usages: VERTEX | INDEX | TRANSFER_DST, indexIsExclusive: true } }),
    )
    for (const usage of [0, -1, 0.5, 0x1 /* MAP_READ */, 0x200 /* QUERY_RESOLVE */])
      thrownBy(UsageUnsupported, () => gpu.createDeviceBuffer(4, usage))
    const lacking = thrownBy(UsageUnsupported, () => gpu.createDeviceBuffer(4, VERTEX | STORAGE | INDIRECT))
    expect(lacking).toMatchObject({ usage: STORAGE | INDIRECT, backend: 'dummy' })
    thrownBy(UsageUnsupported, () => gpu.createDeviceBuffer(4, VERTEX | INDEX))
    gpu.createDeviceBuffer(4, INDEX | TRANSFER_DST)
  })

  it('refuse memory types that the backend lacks or that are for staging', () => {
    const gpu = new MkGpu(new DummyBackend())
    const { HostVisible, Unified, DeviceLocal } = MkMemoryType
    const error = thrownBy(MemoryUnsupported, () =>
      gpu.createDeviceBuffer(4, VERTEX, { memory: HostVisible }),
    )
    expect(error).toMatchObject({ memory: HostVisible, supported: DeviceLocal })
    expect(error.message).toContain('createStagingBuffer')
    thrownBy(MemoryUnsupported, () => gpu.createDeviceBuffer(4, VERTEX, { memory: Unified }))
    thrownBy(MemoryUnsupported, () => gpu.createStagingBuffer(4, { memory: DeviceLocal }))

    const unified = new MkGpu(new DummyBackend({ simulateDeviceLocal: false }))
    expect(unified.createDeviceBuffer(4, VERTEX, { memory: Unified }).memory).toBe(Unified)
  })

  it('report missing memory, at once or late', async () => {
    const backend = new DummyBackend({ memoryBytes: 100 })
    const gpu = new MkGpu(backend)
    gpu.createDeviceBuffer(60, VERTEX)
    const late = gpu.createDeviceBuffer(60, VERTEX | TRANSFER_DST, { label: 'too much' })
    gpu.write(late, 0, new ArrayBuffer(60)) // may be used until it is known
    const error = await late.allocationError
    expect(error).toBeInstanceOf(AllocationFailed)
    expect(error).toMatchObject({ code: 'AllocationFailed', requested: 60, label: 'too much' })

    backend.faults.outOfMemory = 'throw'
    thrownBy(AllocationFailed, () => gpu.createDeviceBuffer(60, VERTEX))
    expect(gpu.leaks()).toHaveLength(2)
    late.destroy()
    expect(await gpu.createDeviceBuffer(40, VERTEX).allocationError).toBeUndefined()
  })

  it('are unusable after destroy, which may be called again', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const buffer = gpu.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST, { label: 'gone' })
    const other = gpu.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST)
    buffer.destroy()
    buffer.destroy()
    expect(buffer.destroyed).toBe(true)
    const error = thrownBy(BufferDestroyed, () => buffer.native)
    expect(error).toMatchObject({ code: 'BufferDestroyed', label: 'gone' })
    thrownBy(BufferDestroyed, () => gpu.write(buffer, 0, new ArrayBuffer(4)))
    thrownBy(BufferDestroyed, () => gpu.copy(buffer, 0, other, 0, 4))
    thrownBy(BufferDestroyed, () => gpu.copy(other, 0, buffer, 0, 4))
    thrownBy(BufferDestroyed, () => gpu.transfer(other, buffer))
    await expect(gpu.read(buffer)).rejects.toBeInstanceOf(BufferDestroyed)
  })

  it('still feed what was recorded when destroyed before submit', async () => {
    const backend = new DummyBackend()
    const gpu = new MkGpu(backend)
    const source = gpu.stagingBufferWithData(new Uint32Array([7]))
    const target = gpu.createDeviceBuffer(4, TRANSFER_DST | TRANSFER_SRC)
    gpu.copy(source, 0, target, 0, 4)
    source.destroy()
    expect(gpu.leaks().map((leak) => leak.label)).toEqual([target.label])
    gpu.submit()
    expect([...new Uint32Array(await gpu.read(target))]).toEqual([7])
  })

  it('are freed by the submit when destroyed after recording', () => {
    const gpu = new MkGpu(new DummyBackend())
    const [from, to] = [TRANSFER_SRC, TRANSFER_DST].map((usage) => gpu.createDeviceBuffer(8, usage))
    const { native } = from
    gpu.copy(from, 0, to, 0, 8)
    from.destroy()
    expect(native.destroyed).toBe(false)
    gpu.submit()
    expect(native.destroyed).toBe(true)
    // Of no recorded work any more, so it goes at once.
    const { native: other } = to
    to.destroy()
    expect(other.destroyed).toBe(true)
  })

  it('are refused by another gpu', () => {
    const here = new MkGpu(new DummyBackend())
    const there = new MkGpu(new DummyBackend())
    const foreign = there.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST, { label: 'not from here' })
    const own = here.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST)
    expect(thrownBy(ForeignBuffer, () => here.write(foreign, 0, new ArrayBuffer(4))).label).toBe(
      'not from here',
    )
    thrownBy(ForeignBuffer, () => here.copy(own, 0, foreign, 0, 4))
  })

  it('are refused for other usages than their own', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const bare = gpu.createDeviceBuffer(4, VERTEX, { label: 'bare' })
    const other = gpu.createDeviceBuffer(4, TRANSFER_SRC | TRANSFER_DST)
    const error = thrownBy(UsageMissing, () => gpu.write(bare, 0, new ArrayBuffer(4)))
    expect(error).toMatchObject({ code: 'UsageMissing', label: 'bare', needed: TRANSFER_DST, usage: VERTEX })
    expect(error.message).toContain('MkBufferUsage.TRANSFER_DST')
    expect(thrownBy(UsageMissing, () => gpu.transfer(other, bare)).needed).toBe(TRANSFER_DST)
    expect(thrownBy(UsageMissing, () => gpu.transfer(bare, other)).needed).toBe(TRANSFER_SRC)
    await expect(gpu.read(bare)).rejects.toMatchObject({ code: 'UsageMissing', needed: TRANSFER_SRC })
  })
})

describe('accounting', () => {
  it('lists live buffers, with label, size and kind', () => {
    const gpu = new MkGpu(new DummyBackend())
    const mesh = gpu.createDeviceBuffer(100, VERTEX, { label: 'mesh' })
    const staging = gpu.createStagingBuffer(8, { label: 'upload' })
    gpu.createDeviceBuffer(4, STORAGE).destroy()
    expect(gpu.leaks()).toEqual([
      { buffer: mesh, label: 'mesh', size: 100, usage: VERTEX, memory: 'DeviceLocal', kind: 'device' },
      {
        buffer: staging,
        label: 'upload',
        size: 8,
        usage: TRANSFER_SRC,
        memory: 'HostVisible',
        kind: 'staging',
      },
    ])
    staging.destroy()
    expect(gpu.leaks()).toHaveLength(1)
  })

  it('counts bytes and buffers, live and at peak, per usage and memory type', () => {
    const gpu = new MkGpu(new DummyBackend())
    const { stats } = gpu
    const mesh = gpu.createDeviceBuffer(100, VERTEX | TRANSFER_DST)
    gpu.createDeviceBuffer(28, VERTEX)
    gpu.createStagingBuffer(16)
    mesh.destroy()
    // Alive: 28 device + 16 staging. Peak: with the mesh's 100.
    expect(stats.buffers).toEqual({ buffers: 2, bytes: 44, peakBuffers: 3, peakBytes: 144 })
    expect(stats.byUsage.VERTEX).toEqual({ buffers: 1, bytes: 28, peakBuffers: 2, peakBytes: 128 })
    expect(stats.byUsage.TRANSFER_DST).toEqual({ buffers: 0, bytes: 0, peakBuffers: 1, peakBytes: 100 })
    expect(stats.byMemory.DeviceLocal.bytes).toBe(28)
    expect(stats.byMemory.HostVisible.bytes).toBe(16)
    expect(stats.calls.buffersCreated).toBe(3)
  })
})

describe('usageNames', () => {
  it('names flags', () => {
    expect(usageNames(VERTEX | TRANSFER_DST)).toBe('TRANSFER_DST | VERTEX')
    expect(usageNames(VERTEX | 0x1)).toBe('VERTEX | 0x1')
    expect(usageNames(0)).toBe('none')
  })
})
