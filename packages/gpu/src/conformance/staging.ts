import type { StagingState } from '../staging-buffer.ts'
import { MkMemoryType } from '../usage.ts'
import { BOTH, equal, ok, onGpu, refused, rejected, sameBytes, words } from './bench.ts'
import type { ConformanceCase } from './bench.ts'

const { HostCached, Unified } = MkMemoryType

/** Buffers that the CPU sees: mapping, and what may not be done in which state. */
export const stagingCases: readonly ConformanceCase[] = [
  onGpu('a staging buffer made with data is the source of a transfer', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(16))
    equal(staging.state, 'unmapped', 'state')
    const device = gpu.createDeviceBuffer(64, BOTH)
    await gpu.transfer(staging, device).done
    sameBytes(await gpu.read(device), words(16), 'the device buffer')
  }),

  onGpu('a staging buffer goes from state to state', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(16)
    const states: StagingState[] = [staging.state]
    const map = staging.map()
    states.push(staging.state)
    await map
    states.push(staging.state)
    staging.unmap()
    states.push(staging.state)
    staging.destroy()
    states.push(staging.state)
    equal(states, ['unmapped', 'pending', 'mapped', 'unmapped', 'destroyed'], 'states')
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
    await staging.map()
    sameBytes(staging.bytes.slice().buffer, words(4), 'the mapped bytes')
    staging.write(words(1, 2), 8).unmap()
    const device = gpu.createDeviceBuffer(16, BOTH)
    gpu.transfer(staging, device)
    const expected = words(4)
    expected.set(words(1, 2), 2)
    sameBytes(await gpu.read(device), expected, 'the device buffer')
  }),

  onGpu('a transfer keeps the bytes of its time, whatever is mapped and written later', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(4, 1))
    const devices = [1, 2, 3].map(() => gpu.createDeviceBuffer(16, BOTH))
    for (let i = 0; i < 3; i++) {
      gpu.transfer(staging, devices[i])
      await staging.map()
      staging.write(words(4, i + 2)).unmap()
    }
    for (let i = 0; i < 3; i++) sameBytes(await gpu.read(devices[i]), words(4, i + 1), `transfer ${i}`)
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
    sameBytes(await gpu.read(device), new Uint8Array(16).fill(7), 'the device buffer')
  }),

  onGpu('a write past the end of a mapping is refused', async ({ gpu }) => {
    const staging = gpu.createStagingBuffer(8, { mapped: true })
    refused('OutOfRange', () => staging.write(new ArrayBuffer(12)), '12 bytes into 8')
    refused('OutOfRange', () => staging.write(new ArrayBuffer(4), 6), '4 bytes from 6 into 8')
    refused('OutOfRange', () => staging.flush(4, 8), 'flush past the end')
    staging.unmap()
  }),

  onGpu('HostCached memory shows what copies brought, each time anew', async ({ gpu }) => {
    const device = gpu.createDeviceBuffer(64, BOTH)
    const back = gpu.createStagingBuffer(64, { memory: HostCached })
    sameBytes((await back.map()).slice().buffer, new Uint8Array(64), 'before the first copy')
    back.unmap()
    for (let i = 1; i <= 3; i++) {
      gpu.write(device, 0, words(16, i).buffer)
      gpu.transfer(device, back)
      sameBytes((await back.map()).slice().buffer, words(16, i), `round ${i}`)
      back.unmap()
    }
    gpu.write(device, 0, words(16, 4).buffer)
    gpu.transfer(device, back, { srcOffset: 8, dstOffset: 16, size: 8 })
    const expected = words(16, 3)
    expected.set(words(16, 4).subarray(2, 4), 4)
    sameBytes((await back.map()).slice().buffer, expected, 'part of a fourth round')
  }),

  onGpu('HostCached memory takes writes, and copies from staging', async ({ gpu }) => {
    const back = gpu.createStagingBuffer(16, { memory: HostCached })
    gpu.write(back, 0, words(4, 1).buffer)
    gpu.transfer(gpu.stagingBufferWithData(words(1, 2)), back, { dstOffset: 8 })
    const expected = words(4, 1)
    expected.set(words(1, 2), 2)
    sameBytes((await back.map()).slice().buffer, expected, 'the mapped bytes')
  }),

  onGpu('a pending map can be called off', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(4))
    const map = staging.map()
    staging.unmap()
    await rejected('NotMappable', map, 'the map')
    equal(staging.state, 'unmapped', 'state')
    await staging.map()
    sameBytes(staging.bytes.slice().buffer, words(4), 'the mapped bytes')
    staging.unmap()
    const dying = staging.map()
    staging.destroy()
    await rejected('BufferDestroyed', dying, 'the map of a buffer that is destroyed')
  }),

  onGpu('a buffer that recorded work needs is not mapped', async ({ gpu }) => {
    const device = gpu.createDeviceBuffer(16, BOTH)
    const back = gpu.createStagingBuffer(16, { memory: HostCached })
    gpu.write(device, 0, words(4).buffer)
    gpu.copy(device, 0, back, 0, 16)
    await rejected('BufferInUse', back.map(), 'map before submit')
    gpu.submit()
    sameBytes((await back.map()).slice().buffer, words(4), 'the mapped bytes')
  }),

  onGpu('readback memory is not mapped for writing at creation', ({ gpu }) => {
    refused(
      'NotMappable',
      () => gpu.createStagingBuffer(16, { memory: HostCached, mapped: true }),
      'HostCached',
    )
  }),

  onGpu(
    'Unified memory stays mapped while the device uses it',
    async ({ gpu }) => {
      const staging = gpu.createStagingBuffer(16, { memory: Unified, mapped: true })
      const device = gpu.createDeviceBuffer(16, BOTH)
      staging.write(words(4, 1))
      await gpu.transfer(staging, device).done
      sameBytes(await gpu.read(device), words(4, 1), 'the device buffer')
      gpu.write(device, 0, words(4, 2).buffer)
      await gpu.transfer(device, staging).done
      sameBytes(staging.bytes.slice().buffer, words(4, 2), 'the mapped bytes')
    },
    'unifiedMemory',
  ),
]
