import { describe, expect, it } from 'vitest'
import { BackendInUse, DummyBackend, InjectedFault, MkBufferUsage, MkGpu, MkMemoryType } from '@memkit/gpu'
import { DummyBackend as DummyAlone } from '@memkit/gpu/dummy'
import { thrownBy } from '@memkit/testing/thrown-by'
import { uploadMesh, vertices } from './upload-mesh.ts'

const { TRANSFER_DST, TRANSFER_SRC, VERTEX } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

describe('DummyBackend', () => {
  it('runs the quick start as written', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.stagingBufferWithData(vertices)
    const device = gpu.createDeviceBuffer(vertices.byteLength, VERTEX | TRANSFER_DST)
    const transfer = gpu.transfer(staging, device)
    await transfer.done
    expect(transfer.isComplete).toBe(true)
    expect(new Float32Array(device.native.bytes.buffer)).toEqual(vertices)
  })

  it('runs a generic upload, also by itself', async () => {
    const gpu = new MkGpu(new DummyAlone())
    expect(new Float32Array(await gpu.read(uploadMesh(gpu, vertices)))).toEqual(vertices)
  })

  it('serves one MkGpu', () => {
    const backend = new DummyBackend()
    const gpu = new MkGpu(backend)
    expect(gpu.backend).toBe(backend)
    thrownBy(BackendInUse, () => new MkGpu(backend))
  })

  it('counts its calls as a device would', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const a = gpu.createDeviceBuffer(16, BOTH)
    const b = gpu.createDeviceBuffer(16, BOTH)
    gpu.write(a, 0, new ArrayBuffer(16))
    gpu.write(a, 4, new ArrayBuffer(8))
    gpu.copy(a, 0, b, 0, 16)
    gpu.submit()
    expect(gpu.calls).toEqual({
      writes: 2,
      copies: 1,
      dispatches: 0,
      submits: 1,
      buffersCreated: 2,
      bytesWritten: 24,
    })
  })

  it('holds the old bytes until the work is done', () => {
    const backend = new DummyBackend({ transferDelayUs: Infinity })
    const gpu = new MkGpu(backend)
    const a = gpu.createDeviceBuffer(4, BOTH)
    const b = gpu.createDeviceBuffer(4, BOTH)
    gpu.write(a, 0, new Uint32Array([1]).buffer)
    gpu.transfer(a, b)
    gpu.write(a, 0, new Uint32Array([2]).buffer)
    expect([a.native.words[0], b.native.words[0]]).toEqual([0, 0])
    expect(backend.inFlight).toBeGreaterThan(0)
    backend.finish()
    expect([a.native.words[0], b.native.words[0]]).toEqual([2, 1]) // in queue order
    expect(backend.inFlight).toBe(0)
  })

  it('copies big ranges and small ones alike', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const size = 256 << 10 // above the size up to which it copies word by word
    const source = Uint32Array.from({ length: size / 4 }, (_, i) => i * 2654435761)
    const a = gpu.createDeviceBuffer(size, BOTH)
    const b = gpu.createDeviceBuffer(size, BOTH)
    gpu.write(a, 0, source.buffer)
    gpu.copy(a, 8, b, 4, size - 8)
    gpu.copy(a, 0, b, 0, 4)
    expect(new Uint32Array(await gpu.read(a))).toEqual(source)
    const moved = new Uint32Array(source.length)
    moved.set(source.subarray(2), 1)
    moved[0] = source[0]
    expect(new Uint32Array(await gpu.read(b))).toEqual(moved)
    // The same array again with other contents: nothing of the first time is kept.
    source.fill(7)
    gpu.write(a, 0, source.buffer)
    expect(new Uint32Array(await gpu.read(a))).toEqual(source)
  })

  it('reads a source that grew meanwhile', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const buffer = gpu.createDeviceBuffer(8, BOTH)
    // Resizable buffers are newer than the library that TypeScript compiles this against.
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: object,
    ) => ArrayBuffer & {
      resize(size: number): void
    }
    const growing = new Resizable(4, { maxByteLength: 8 })
    gpu.write(buffer, 0, growing)
    growing.resize(8)
    new Uint32Array(growing).set([1, 2])
    gpu.write(buffer, 0, growing)
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([1, 2])
  })
})

describe('faults of the Dummy backend', () => {
  it('fail only the call they name', async () => {
    const backend = new DummyBackend({ faults: { failCalls: [2] } })
    const gpu = new MkGpu(backend)
    const buffer = gpu.createDeviceBuffer(4, BOTH)
    const source = new Uint32Array([6]).buffer
    expect(thrownBy(InjectedFault, () => gpu.write(buffer, 0, source))).toMatchObject({
      call: 'write',
      index: 2,
    })
    expect(buffer.native.words[0]).toBe(0)
    gpu.write(buffer, 0, source)
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([6])
  })

  it('lose nothing at submit: the next submit takes what was recorded', async () => {
    const backend = new DummyBackend()
    const gpu = new MkGpu(backend)
    const source = gpu.stagingBufferWithData(new Uint32Array([8]))
    const buffer = gpu.createDeviceBuffer(4, BOTH)
    gpu.copy(source, 0, buffer, 0, 4)
    backend.faults.failCalls = [backend.callCount + 1]
    expect(thrownBy(InjectedFault, () => gpu.submit()).call).toBe('submit')
    gpu.submit()
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([8])
  })

  it('delay completion', async () => {
    const backend = new DummyBackend({ faults: { completionDelayMs: 1 } })
    const gpu = new MkGpu(backend)
    const buffer = gpu.createDeviceBuffer(4, BOTH)
    gpu.write(buffer, 0, new Uint32Array([1]).buffer)
    const fence = gpu.fence()
    expect(buffer.native.words[0]).toBe(1) // done, but not said
    expect(fence.isComplete).toBe(false)
    await fence.done
    expect(fence.isComplete).toBe(true)
  })

  it('leave no memory for the buffers they name', async () => {
    const backend = new DummyBackend({ faults: { outOfMemoryAt: [2] } })
    const gpu = new MkGpu(backend)
    const buffers = [1, 2, 3].map(() => gpu.createDeviceBuffer(4, BOTH))
    const settled = await Promise.all(buffers.map((buffer) => buffer.allocationError))
    expect(settled.map((error) => error?.code)).toEqual([undefined, 'AllocationFailed', undefined])
    expect(await gpu.stagingBufferWithData(new Uint8Array(4)).allocationError).toBeUndefined()
  })
})

describe('a size that no process can allocate', () => {
  const huge = 2 ** 45
  const backend = (outOfMemory: 'late' | 'throw') =>
    new DummyBackend({ maxBufferSize: 2 ** 50, faults: { outOfMemory } })

  it('is out of memory, late or at once as requested, instead of a RangeError', async () => {
    const late = new MkGpu(backend('late')).createDeviceBuffer(huge, BOTH, { label: 'huge' })
    expect(await late.allocationError).toMatchObject({
      code: 'AllocationFailed',
      label: 'huge',
      requested: huge,
    })
    const gpu = new MkGpu(backend('throw'))
    expect(() => gpu.createDeviceBuffer(huge, BOTH)).toThrow(
      expect.objectContaining({ code: 'AllocationFailed' }),
    )
    expect(gpu.leaks()).toEqual([])
  })

  it('is out of memory at once for a buffer that starts mapped', () => {
    const gpu = new MkGpu(backend('late'))
    expect(() => gpu.createStagingBuffer(huge, { mapped: true })).toThrow(
      expect.objectContaining({ code: 'AllocationFailed', requested: huge }),
    )
    expect(gpu.leaks()).toEqual([])
  })
})

describe('hazards', () => {
  it('reports writing a mapped buffer that is in flight', () => {
    const backend = new DummyBackend({ simulateDeviceLocal: false, transferDelayUs: Infinity })
    const gpu = new MkGpu(backend)
    const seen: string[] = []
    gpu.onError((error) => seen.push(`${error.code}: ${error.message}`))
    const source = gpu.createStagingBuffer(4, { memory: MkMemoryType.Unified, mapped: true, label: 'ring' })
    const target = gpu.createDeviceBuffer(4, BOTH)
    source.write(new Uint32Array([1]))
    gpu.transfer(source, target)
    backend.finish()
    expect(seen).toEqual([])
    gpu.transfer(source, target)
    source.write(new Uint32Array([2])) // the copy may not have read it yet
    backend.finish()
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatch(/^HazardDetected: 'ring' was written while a copy from it was in flight/)
  })

  it('reports copying from a mapped buffer in the backend', () => {
    const backend = new DummyBackend()
    const gpu = new MkGpu(backend)
    const seen: string[] = []
    const stop = gpu.onError((error) => seen.push(error.message))
    const source = gpu.createStagingBuffer(4, { mapped: true, label: 'still mapped' })
    source.write(new Uint32Array([1]))
    const target = gpu.createDeviceBuffer(4, BOTH)
    // Past MkGpu, which would have refused it.
    backend.copy(source.native, 0, target.native, 0, 4)
    backend.submit()
    expect(seen).toEqual([expect.stringContaining("'still mapped' is mapped")])
    expect(target.native.words[0]).toBe(0)
    stop()
  })

  it('calls the other listeners when one throws', () => {
    const backend = new DummyBackend()
    const gpu = new MkGpu(backend)
    const heard: unknown[] = []
    const original = console.error
    console.error = (thrown: unknown) => heard.push(thrown)
    try {
      gpu.onError(() => {
        throw new Error('of the listener')
      })
      gpu.onError((error) => heard.push(error.code))
      const buffer = gpu.createDeviceBuffer(4, BOTH)
      const { native } = buffer
      buffer.destroy()
      backend.copy(native, 0, gpu.createDeviceBuffer(4, BOTH).native, 0, 4)
      backend.submit()
    } finally {
      console.error = original
    }
    expect(heard).toEqual([expect.objectContaining({ message: 'of the listener' }), 'HazardDetected'])
  })
})
