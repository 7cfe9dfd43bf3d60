import { MkMemoryType } from '../backends/usage.ts'
import { BOTH, bufferOf, patched, words } from './content.ts'
import { equal, holds, ok, refused, rejected, sameBytes } from './expectations.ts'
import { needing, onGpu, type ConformanceCase } from './harness.ts'

const { HostCached, Unified } = MkMemoryType

/** Buffers that the CPU sees: mapping, and what may not be done in which state. */
export const stagingCases: readonly ConformanceCase[] = [
  onGpu('a staging buffer made with data is the source of a transfer', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(16))
    equal(staging.state, 'unmapped', 'state')
    const device = gpu.createDeviceBuffer(64, BOTH)
    await gpu.transfer(staging, device).done
    await holds(gpu, device, words(16), 'the device buffer')
  }),

  onGpu('a staging buffer goes from state to state', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(16)
    equal(staging.state, 'unmapped', 'state at first')
    const map = staging.map()
    equal(staging.state, 'pending', 'state after map()')
    await map
    equal(staging.state, 'mapped', 'state after map() has resolved')
    equal(staging.unmap().state, 'unmapped', 'state after unmap()')
    staging.destroy()
    equal(staging.state, 'destroyed', 'state after destroy()')
    equal(gpu.createStagingBuffer(16, { mapped: true }).state, 'mapped', 'state when made mapped')
  }),

  onGpu('what is illegal in a state is refused', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(16)
    const device = gpu.createDeviceBuffer(16, BOTH)
    refused('NotMapped', () => staging.write(new ArrayBuffer(4)), 'write while unmapped')
    refused('NotMapped', () => staging.bytes, 'bytes while unmapped')
    refused('NotMapped', () => staging.flush(), 'flush while unmapped')
    refused('NotMapped', () => staging.unmap(), 'unmap while unmapped')
    const map = staging.map()
    refused('NotMapped', () => staging.bytes, 'bytes while pending')
    refused('BufferMapped', () => gpu.transfer(staging, device), 'transfer while pending')
    await rejected('AlreadyMapped', staging.map(), 'map while pending')
    await map
    await rejected('AlreadyMapped', staging.map(), 'map while mapped')
    refused('BufferMapped', () => gpu.transfer(staging, device), 'transfer while mapped')
    staging.unmap()
    gpu.transfer(staging, device)
    staging.destroy()
    refused('BufferDestroyed', () => staging.unmap(), 'unmap when destroyed')
    await rejected('BufferDestroyed', staging.map(), 'map when destroyed')
  }),

  onGpu('mapping again shows what was written before', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(4))
    sameBytes(await staging.map(), words(4), 'the mapped bytes')
    staging.write(words(1, 2), 8).unmap()
    const device = gpu.createDeviceBuffer(16, BOTH)
    gpu.transfer(staging, device)
    await holds(gpu, device, patched(words(4), 2, words(1, 2)), 'the device buffer')
  }),

  onGpu('a transfer keeps the bytes of its time, whatever is mapped and written later', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(4, 1))
    const devices = [1, 2, 3].map(() => gpu.createDeviceBuffer(16, BOTH))
    for (let i = 0; i < 3; i++) {
      gpu.transfer(staging, devices[i])
      await staging.map()
      staging.write(words(4, i + 2)).unmap()
    }
    for (let i = 0; i < 3; i++) await holds(gpu, devices[i], words(4, i + 1), `transfer ${i}`)
  }),

  onGpu('mapped bytes are one ArrayBuffer until unmap, and none after it', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(16)
    await staging.map()
    const { bytes } = staging
    ok(staging.bytes === bytes, 'bytes is the same view each time')
    bytes.fill(7)
    staging.flush(4, 8).unmap()
    equal(bytes.length, 0, 'bytes that were kept')
    const device = gpu.createDeviceBuffer(16, BOTH)
    gpu.transfer(staging, device)
    await holds(gpu, device, new Uint8Array(16).fill(7), 'the device buffer')
  }),

  onGpu('a write past the end of a mapping is refused', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(8, { mapped: true })
    refused('OutOfRange', () => staging.write(new ArrayBuffer(12)), '12 bytes into 8')
    refused('OutOfRange', () => staging.write(new ArrayBuffer(4), 6), '4 bytes from 6 into 8')
    refused('OutOfRange', () => staging.flush(4, 8), 'flush past the end')
    staging.unmap()
  }),

  onGpu('HostCached memory shows what copies brought, each time', async ({ gpu }) => {
    const device = gpu.createDeviceBuffer(64, BOTH)
    const back = gpu.createStagingBuffer(64, { memory: HostCached })
    sameBytes(await back.map(), new Uint8Array(64), 'before the first copy')
    back.unmap()
    for (let i = 1; i <= 3; i++) {
      gpu.write(device, 0, words(16, i).buffer)
      gpu.transfer(device, back)
      sameBytes(await back.map(), words(16, i), `round ${i}`)
      back.unmap()
    }
    gpu.write(device, 0, words(16, 4).buffer)
    gpu.transfer(device, back, { srcOffset: 8, dstOffset: 16, size: 8 })
    const expected = patched(words(16, 3), 4, words(16, 4).subarray(2, 4))
    sameBytes(await back.map(), expected, 'part of a fourth round')
  }),

  onGpu('HostCached memory takes writes, and copies from staging', async ({ gpu }) => {
    const back = gpu.createStagingBuffer(16, { memory: HostCached })
    gpu.write(back, 0, words(4, 1).buffer)
    gpu.transfer(gpu.stagingBufferWithData(words(1, 2)), back, { dstOffset: 8 })
    sameBytes(await back.map(), patched(words(4, 1), 2, words(1, 2)), 'the mapped bytes')
  }),

  onGpu('a pending map can be called off', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(4))
    const map = staging.map()
    staging.unmap()
    await rejected('NotMappable', map, 'the map')
    equal(staging.state, 'unmapped', 'state')
    sameBytes(await staging.map(), words(4), 'the mapped bytes')
    staging.unmap()
    const dying = staging.map()
    staging.destroy()
    await rejected('BufferDestroyed', dying, 'the map of a buffer that is destroyed')
  }),

  onGpu('a buffer that recorded work needs is not mapped', async ({ gpu }) => {
    const device = bufferOf(gpu, words(4))
    const back = gpu.createStagingBuffer(16, { memory: HostCached })
    gpu.copy(device, 0, back, 0, 16)
    await rejected('BufferInUse', back.map(), 'map before submit')
    gpu.submit()
    sameBytes(await back.map(), words(4), 'the mapped bytes')
  }),

  onGpu('readback memory is not mapped for writing at creation', ({ gpu }) => {
    const mapped = { memory: HostCached, mapped: true }
    refused('NotMappable', () => gpu.createStagingBuffer(16, mapped), 'HostCached')
  }),

  needing('unifiedMemory', 'Unified memory stays mapped while the device uses it', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(16, { memory: Unified, mapped: true })
    const device = gpu.createDeviceBuffer(16, BOTH)
    staging.write(words(4, 1))
    await gpu.transfer(staging, device).done
    await holds(gpu, device, words(4, 1), 'the device buffer')
    gpu.write(device, 0, words(4, 2).buffer)
    await gpu.transfer(device, staging).done
    sameBytes(staging.bytes, words(4, 2), 'the mapped bytes')
  }),
]
