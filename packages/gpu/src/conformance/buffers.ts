import { struct, f32, u32, vec3f, isPowerOfTwo } from '@memkit/core'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'
import { BOTH, bufferOf, bytes, words } from './content.ts'
import { equal, holds, ok, refused, rejected } from './expectations.ts'
import { needing, onGpu, starved, type ConformanceCase } from './harness.ts'

const { INDEX, INDIRECT, STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage

/** Creation, usages, limits, destruction. */
export const bufferCases: readonly ConformanceCase[] = [
  onGpu('capabilities agree with each other', ({ gpu }) => {
    const c = gpu.capabilities
    ok(c.backend !== '', 'the backend has a name')
    ok(c.maxBufferSize >= 1 << 20, 'a buffer can have a MiB')
    ok(isPowerOfTwo(c.uniformOffsetAlignment, 2 ** 30), 'uniformOffsetAlignment is a power of two')
    ok(isPowerOfTwo(c.storageOffsetAlignment, 2 ** 30), 'storageOffsetAlignment is a power of two')
    equal(c.usages & BOTH, BOTH, 'transfer usages')
    equal((c.usages & STORAGE) !== 0, c.storage, 'STORAGE among the usages')
    equal(c.maxStorageBufferBindingSize > 0, c.storage, 'a limit for storage bindings')
    equal((c.usages & INDIRECT) !== 0, c.indirect, 'INDIRECT among the usages')
    ok(c.storage || !c.scatter, 'scatter comes with storage')
    const always = MkMemoryType.DeviceLocal | MkMemoryType.HostVisible | MkMemoryType.HostCached
    equal(c.memoryTypes & always, always, 'memory types that every backend has')
    equal((c.memoryTypes & MkMemoryType.Unified) !== 0, c.unifiedMemory, 'Unified among the memory types')
  }),

  onGpu('a new buffer holds zeros', async ({ gpu }) => {
    for (const size of [4, 12, 1000, (1 << 16) + 4]) {
      const buffer = gpu.createDeviceBuffer(size, BOTH)
      await holds(gpu, buffer, new Uint8Array(size), `a new buffer of ${size} bytes`)
    }
  }),

  onGpu('a buffer has the size that was asked for, padded to words on the device', async ({ gpu }) => {
    for (const size of [1, 2, 3, 5, 4097]) {
      const buffer = gpu.createDeviceBuffer(size, BOTH)
      equal([buffer.size, buffer.allocatedSize], [size, Math.ceil(size / 4) * 4], 'sizes')
      gpu.write(buffer, 0, bytes(size).buffer)
      await holds(gpu, buffer, bytes(size), `a buffer of ${size} bytes`)
    }
  }),

  onGpu('every usage that is claimed can be created, every other is refused', async ({ gpu }) => {
    for (const usage of Object.values(MkBufferUsage)) {
      if (gpu.capabilities.usages & usage) {
        const buffer = bufferOf(gpu, words(4, usage), usage | BOTH)
        await holds(gpu, buffer, words(4, usage), `a buffer of usage ${usage}`)
      } else refused('UsageUnsupported', () => gpu.createDeviceBuffer(16, usage | BOTH), `usage ${usage}`)
    }
    for (const none of [0, 1, 2, 0x200, -1, 1.5, NaN])
      refused('UsageUnsupported', () => gpu.createDeviceBuffer(16, none), `usage ${none}`)
  }),

  onGpu('all roles but INDEX go together; INDEX with others unless it is exclusive', async ({ gpu }) => {
    const { usages, indexIsExclusive } = gpu.capabilities
    await holds(gpu, bufferOf(gpu, words(4), usages & ~INDEX), words(4), 'a buffer of all usages')
    if (indexIsExclusive)
      refused('UsageUnsupported', () => gpu.createDeviceBuffer(16, usages), 'INDEX with another role')
    else gpu.createDeviceBuffer(16, usages)
  }),

  onGpu('a buffer above maxBufferSize is refused before any call', ({ gpu }) => {
    const { maxBufferSize } = gpu.capabilities
    const { buffersCreated } = gpu.calls
    for (const size of [maxBufferSize + 4, maxBufferSize * 2])
      refused('BufferTooLarge', () => gpu.createDeviceBuffer(size, BOTH), `${size} bytes`)
    refused('BufferTooLarge', () => gpu.createStagingBuffer(maxBufferSize + 1), 'a staging buffer')
    equal(gpu.calls.buffersCreated, buffersCreated, 'buffers created')
    equal(gpu.leaks().length, 0, 'buffers alive')
  }),

  onGpu('sizes that are none are refused', ({ gpu }) => {
    for (const size of [0, -4, 1.5, NaN, Infinity]) {
      refused('OutOfRange', () => gpu.createDeviceBuffer(size, BOTH), `size ${size}`)
      refused('OutOfRange', () => gpu.createStagingBuffer(size), `staging size ${size}`)
    }
  }),

  onGpu('memory types that are claimed exist, others are refused', ({ gpu }) => {
    const { memoryTypes } = gpu.capabilities
    gpu.createStagingBuffer(16, { memory: MkMemoryType.HostVisible })
    gpu.createStagingBuffer(16, { memory: MkMemoryType.HostCached })
    gpu.createDeviceBuffer(16, BOTH, { memory: MkMemoryType.DeviceLocal })
    const unified = (): unknown => gpu.createDeviceBuffer(16, BOTH, { memory: MkMemoryType.Unified })
    if (memoryTypes & MkMemoryType.Unified) unified()
    else refused('MemoryUnsupported', unified, 'a Unified buffer')
    const mixedUp = (): unknown => gpu.createDeviceBuffer(16, BOTH, { memory: MkMemoryType.HostVisible })
    refused('MemoryUnsupported', mixedUp, 'a device buffer in HostVisible memory')
  }),

  onGpu('buffers of which there is memory say so', async ({ gpu }) => {
    const buffers = [4, 1 << 16, 2 << 20].map((size) => gpu.createDeviceBuffer(size, VERTEX))
    for (const buffer of buffers)
      equal(await buffer.allocationError, undefined, `error of ${buffer.size} bytes`)
    equal(new Set(buffers.map((buffer) => buffer.native)).size, 3, 'native buffers')
  }),

  onGpu('destroying twice is once, and using afterwards an error', async ({ gpu }) => {
    const [buffer, other] = [gpu.createDeviceBuffer(16, BOTH), gpu.createDeviceBuffer(16, BOTH)]
    buffer.destroy()
    buffer.destroy()
    refused('BufferDestroyed', () => buffer.native, 'native')
    refused('BufferDestroyed', () => gpu.write(buffer, 0, new ArrayBuffer(4)), 'write')
    refused('BufferDestroyed', () => gpu.copy(buffer, 0, other, 0, 4), 'copy from it')
    refused('BufferDestroyed', () => gpu.copy(other, 0, buffer, 0, 4), 'copy to it')
    await rejected('BufferDestroyed', gpu.read(buffer), 'read')
    ok(gpu.leaks().length === 1 && gpu.leaks()[0].buffer === other, 'only the other is alive')
  }),

  onGpu('the books know what is alive', ({ gpu }) => {
    const buffers = Array.from({ length: 100 }, () => gpu.createDeviceBuffer(64, VERTEX | TRANSFER_DST))
    equal([gpu.stats.buffers.buffers, gpu.stats.buffers.bytes], [100, 6400], 'alive')
    for (const buffer of buffers) buffer.destroy()
    equal([gpu.stats.buffers.buffers, gpu.stats.buffers.peakBytes], [0, 6400], 'alive, and at peak')
    equal(gpu.leaks(), [], 'leaks')
  }),

  onGpu('a buffer destroyed after work was handed over still serves it', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(1 << 14)), gpu.createDeviceBuffer(1 << 16, BOTH)]
    gpu.copy(src, 0, dst, 0, 1 << 16)
    gpu.submit()
    src.destroy()
    await holds(gpu, dst, words(1 << 14), 'the copy')
  }),

  onGpu('a buffer destroyed while recorded work needs it still serves it', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(16)), gpu.createDeviceBuffer(64, BOTH)]
    gpu.copy(src, 0, dst, 0, 64)
    src.destroy()
    await holds(gpu, dst, words(16), 'the copy')
  }),

  onGpu('buffers typed by content hold what their types say', async ({ gpu }) => {
    const vertices = gpu.vertexBuffer(new Float32Array([1, 2, 3]))
    vertices.write(new Float32Array([9]), 1)
    await holds(gpu, vertices, new Float32Array([1, 9, 3]), 'vertices')
    const indices = gpu.indexBuffer(new Uint16Array([1, 2, 3, 4, 5]))
    equal(indices.indexFormat, 'uint16', 'indexFormat')
    await holds(gpu, indices, new Uint16Array([1, 2, 3, 4, 5]), 'indices')
    const uniform = gpu.uniformBuffer(struct({ eye: vec3f, time: f32 }), { eye: [1, 2, 3] })
    uniform.write({ time: 4 })
    await holds(gpu, uniform, new Float32Array([1, 2, 3, 4]), 'a uniform')
  }),

  needing('storage', 'rows of a storage buffer come back as they were written', async ({ gpu }) => {
    const buffer = gpu.storageBuffer(struct({ pos: vec3f, id: u32 }), 8)
    const zeros = { pos: [0, 0, 0], id: 0 }
    const row = { pos: [1, 2, 3] as const, id: 4 }
    buffer.write(6, [row, { pos: [5, 6, 7], id: 8 }])
    equal(await buffer.read(5, 2), [zeros, row], 'rows 5 and 6')
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.capabilities
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize)
    refused('BufferTooLarge', () => gpu.storageBuffer(u32, limit / 4 + 1), 'rows above the limit')
  }),

  needing('indirect', 'draw arguments can be written and read', async ({ gpu }) => {
    const args = new Uint32Array([3, 100, 0, 0, 0])
    await holds(gpu, bufferOf(gpu, args, INDIRECT | BOTH), args, 'draw arguments')
  }),

  starved('a buffer without memory says so, and harms no other', async ({ gpu, poor }) => {
    const [before, back] = [bufferOf(gpu, words(4)), bufferOf(gpu, words(4, 2))]
    const none = poor(16)
    if (none !== undefined) {
      // It is not known yet: all of this is allowed, and does nothing.
      gpu.write(none, 0, words(4, 3).buffer)
      const [into, outOf] = [gpu.transfer(before, none), gpu.transfer(none, back)]
      equal((await none.allocationError)?.code, 'AllocationFailed', 'what the buffer says')
      await rejected('AllocationFailed', into.done, 'a transfer into it')
      await rejected('AllocationFailed', outOf.done, 'a transfer out of it')
      ok(into.isComplete && outOf.isComplete, 'the device is through with both')
      none.destroy()
    }
    await holds(gpu, before, words(4), 'the buffer before it')
    await holds(gpu, back, words(4, 2), 'what was to be overwritten from it')
    const after = gpu.createDeviceBuffer(16, BOTH)
    equal(await after.allocationError, undefined, 'what the next buffer says')
    await gpu.transfer(before, after).done
    await holds(gpu, after, words(4), 'the buffer after it')
    equal(gpu.leaks().length, 3, 'buffers alive')
  }),

  onGpu('usages that an operation needs are asked for', async ({ gpu }) => {
    const source = gpu.createDeviceBuffer(16, TRANSFER_SRC | VERTEX)
    const target = gpu.createDeviceBuffer(16, TRANSFER_DST | UNIFORM)
    refused('UsageMissing', () => gpu.write(source, 0, new ArrayBuffer(4)), 'write without TRANSFER_DST')
    refused('UsageMissing', () => gpu.copy(target, 0, target, 8, 4), 'copy without TRANSFER_SRC')
    refused('UsageMissing', () => gpu.copy(source, 0, source, 8, 4), 'copy without TRANSFER_DST')
    await rejected('UsageMissing', gpu.read(target), 'read without TRANSFER_SRC')
    gpu.transfer(source, target)
  }),
]
