import type { BackendAllocation, BackendBufferDescriptor, MkGpuBackend } from '../backends/backend.ts'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'
import { MkGpu } from '../gpu.ts'
import { BOTH, words } from './content.ts'
import { equal, fail, holds, ok, pause, refused, rejected, sameBytes, until } from './expectations.ts'
import { losing, onBackend, onGpu, type ConformanceCase } from './harness.ts'

const { TRANSFER_DST, TRANSFER_SRC, VERTEX } = MkBufferUsage
const { DeviceLocal, HostCached, HostVisible } = MkMemoryType
const MAPPED = { usage: TRANSFER_SRC, memory: HostVisible, mapped: true }

/** Makes a buffer of 32 bytes. */
function create(
  backend: MkGpuBackend,
  label: string,
  options: Partial<BackendBufferDescriptor> = {},
): BackendAllocation<object> {
  const plain = { size: 32, usage: BOTH, memory: DeviceLocal, label, mapped: false }
  return backend.createBuffer({ ...plain, ...options })
}

/** When things are done, and what becomes of them when the device is lost. */
export const serialCases: readonly ConformanceCase[] = [
  onGpu('serials go up by one, and only when something was handed over', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const other = gpu.createDeviceBuffer(16, BOTH)
    equal([gpu.serial, gpu.submit(), gpu.submit()], [0, 0, 0], 'serials before anything')
    gpu.write(buffer, 0, new ArrayBuffer(16))
    const { submits } = gpu.calls
    equal([gpu.submit(), gpu.submit()], [1, 1], 'serials of a write')
    equal(gpu.calls.submits, submits, 'submits: nothing was recorded')
    gpu.copy(buffer, 0, other, 0, 16)
    equal([gpu.submit(), gpu.serial], [2, 2], 'serials of a copy')
    equal(gpu.calls.submits, submits + 1, 'submits')
    await gpu.whenCompleted(2)
    ok(gpu.completedSerial === 2, 'serial 2 is complete')
  }),

  onGpu('a write completes by itself', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    gpu.write(buffer, 0, words(4).buffer)
    const fence = gpu.fence()
    await fence.done
    ok(fence.isComplete, 'the fence is complete')
  }),

  onGpu('a transfer says when it is done', async ({ gpu }) => {
    const transfer = gpu.transfer(gpu.stagingBufferWithData(words(4)), gpu.createDeviceBuffer(16, BOTH))
    await transfer.done
    ok(transfer.isComplete, 'the transfer is complete')
    equal(gpu.completedSerial >= transfer.serial, true, 'its serial too')
  }),

  onGpu('completion does not change within a task', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(1 << 20, BOTH)
    gpu.write(buffer, 0, new ArrayBuffer(1 << 20))
    const fence = gpu.fence()
    const first = fence.isComplete
    const end = performance.now() + 30
    while (performance.now() < end)
      if (fence.isComplete !== first) fail('it became complete before it was released')
    await until(() => fence.isComplete, 'completion without awaiting anything of the gpu')
  }),

  onGpu('many transfers in a row all complete, in order', async ({ gpu }) => {
    const device = gpu.createDeviceBuffer(16, BOTH)
    const order: number[] = []
    const all = Array.from({ length: 50 }, async (_, i) => {
      await gpu.transfer(gpu.stagingBufferWithData(words(4, i)), device).done
      order.push(i)
    })
    await Promise.all(all)
    equal(order, Array.from(order.keys()), 'order')
    await holds(gpu, device, words(4, 49), 'the last one')
  }),

  onGpu('serials that were not handed out cannot be waited for', ({ gpu }) => {
    for (const serial of [1, -1, 0.5, NaN])
      refused('OutOfRange', () => void gpu.whenCompleted(serial), `serial ${serial}`)
  }),

  onGpu('an idle gpu is idle', async ({ gpu }) => {
    await gpu.waitIdle()
    gpu.write(gpu.createDeviceBuffer(16, BOTH), 0, new ArrayBuffer(16))
    await gpu.waitIdle()
    equal(gpu.completedSerial, gpu.serial, 'completed serial')
  }),

  // The bare contract

  onBackend('a backend serves one MkGpu', (backend) => {
    refused('BackendInUse', () => new MkGpu(backend), 'a second one')
  }),

  onBackend('a signal comes back once, with its serial', async (backend, told) => {
    const { native } = create(backend, 'one')
    backend.write(native, 0, words(4).buffer, 0, 16)
    backend.signal(7)
    await until(() => told.completed.length > 0, 'the signal')
    backend.signal(8)
    await until(() => told.completed.length > 1, 'the second signal')
    await pause()
    equal(told.completed, [7, 8], 'serials reported')
    backend.destroyBuffer(native)
  }),

  onBackend('mapped memory goes through the bare contract and back', async (backend) => {
    const { native: source } = create(backend, 'source', MAPPED)
    const { native: device } = create(backend, 'device', { usage: BOTH | VERTEX })
    const { native: target } = create(backend, 'target', { usage: TRANSFER_DST, memory: HostCached })
    const mapped = backend.mappedRange(source)
    equal(mapped.byteLength, 32, 'bytes mapped')
    new Uint32Array(mapped).set(words(8))
    backend.unmap(source)
    equal(mapped.byteLength, 0, 'bytes mapped after unmap')
    backend.copy(source, 0, device, 0, 32)
    backend.copy(device, 8, target, 0, 24)
    backend.submit()
    await backend.map(target)
    sameBytes(backend.mappedRange(target).slice(0, 24), words(8).subarray(2), 'what came back')
    backend.unmap(target)
    for (const buffer of [source, device, target]) backend.destroyBuffer(buffer)
  }),

  onBackend('calls are counted', async (backend) => {
    const [a, b] = ['a', 'b'].map((label) => create(backend, label).native)
    backend.write(a, 0, new ArrayBuffer(16), 0, 16)
    backend.copy(a, 0, b, 0, 16)
    backend.submit()
    const { buffersCreated, writes, bytesWritten, copies, submits, dispatches } = backend.calls
    equal([buffersCreated, writes, bytesWritten, copies, submits, dispatches], [2, 1, 16, 1, 1, 0], 'calls')
    for (const buffer of [a, b]) backend.destroyBuffer(buffer)
  }),

  // Loss

  losing('a lost device is told of once, with a reason', async ({ gpu, lose }) => {
    await lose()
    const info = await gpu.lost
    ok(info.reason === 'destroyed' || info.reason === 'unknown', 'the reason is one of two')
    ok(gpu.isLost, 'isLost is true')
  }),

  losing('whatever would reach a lost device says so', async ({ gpu, lose }) => {
    const [a, b] = [gpu.createDeviceBuffer(16, BOTH), gpu.createDeviceBuffer(16, BOTH)]
    const staging = gpu.createStagingBuffer(16)
    await lose()
    await gpu.lost
    refused('DeviceLost', () => gpu.createDeviceBuffer(16, BOTH), 'createDeviceBuffer')
    refused('DeviceLost', () => gpu.createStagingBuffer(16), 'createStagingBuffer')
    refused('DeviceLost', () => gpu.write(a, 0, new ArrayBuffer(4)), 'write')
    refused('DeviceLost', () => gpu.copy(a, 0, b, 0, 4), 'copy')
    refused('DeviceLost', () => gpu.submit(), 'submit')
    await rejected('DeviceLost', gpu.read(a), 'read')
    await rejected('DeviceLost', staging.map(), 'map')
    equal(await gpu.prepareScatter(), false, 'prepareScatter')
    for (const buffer of [a, b, staging]) buffer.destroy()
    equal(gpu.leaks(), [], 'leaks')
  }),

  losing('what was pending when a device was lost rejects, and completes nothing', async ({ gpu, lose }) => {
    const buffer = gpu.createDeviceBuffer(1 << 20, BOTH)
    const back = gpu.createStagingBuffer(16, { memory: HostCached })
    await lose()
    // Not known yet, perhaps: nothing happens, nothing throws but DeviceLost.
    let pending: Promise<unknown>[] = []
    try {
      gpu.write(buffer, 0, new ArrayBuffer(16))
      pending = [gpu.fence().done, gpu.read(buffer), back.map()]
    } catch (error) {
      await rejected('DeviceLost', Promise.reject(error), 'a call after the loss')
    }
    for (const promise of pending) await rejected('DeviceLost', promise, 'what was pending')
    await gpu.lost
    equal(gpu.completedSerial, 0, 'completed serial')
  }),

  onBackend(
    'calls between a loss and the news of it do nothing',
    async (backend, told, lose) => {
      const [a, b] = ['a', 'b'].map((label) => create(backend, label).native)
      backend.copy(a, 0, b, 0, 16)
      await lose()
      backend.write(a, 0, new ArrayBuffer(16), 0, 16)
      backend.copy(a, 0, b, 0, 16)
      backend.submit()
      backend.signal(1)
      const late = create(backend, 'late')
      const mapped = create(backend, 'late and mapped', MAPPED)
      new Uint8Array(backend.mappedRange(mapped.native)).fill(1)
      backend.unmap(mapped.native)
      await until(() => told.lost.length > 0, 'the news')
      await Promise.all([late.error, mapped.error])
      await pause()
      equal([told.lost.length, told.completed.length], [1, 0], 'losses and completions reported')
      for (const buffer of [a, b, late.native, mapped.native]) backend.destroyBuffer(buffer)
      // What a lost device says of itself isn’t a complaint.
      told.errors.length = 0
    },
    'lose',
  ),

  onGpu('destroying a gpu destroys its buffers and rejects what is pending', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(1 << 16, BOTH)
    const staging = gpu.createStagingBuffer(16)
    gpu.copy(buffer, 0, gpu.createDeviceBuffer(16, BOTH), 0, 16)
    const map = staging.map()
    gpu.destroy()
    gpu.destroy()
    equal((await gpu.lost).reason, 'destroyed', 'reason')
    ok(buffer.destroyed && staging.destroyed, 'its buffers are destroyed')
    await rejected('BufferDestroyed', map, 'a pending map')
    refused('DeviceLost', () => gpu.createDeviceBuffer(16, VERTEX), 'createDeviceBuffer')
    equal(gpu.leaks(), [], 'leaks')
  }),
]
