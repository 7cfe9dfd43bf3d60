import { describe, expect, it } from 'vitest'
import { DeviceLost, DummyBackend, MkBufferUsage, MkGpu, MkMemoryType, OutOfRange } from '@memkit/gpu'
import type { DummyBuffer, DummyOptions, MkDeviceBuffer } from '@memkit/gpu'
import { Timeline } from '../src/queue/timeline.ts'
import { thrownBy } from '@memkit/testing/thrown-by'

const BOTH = MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST

/** A Dummy that counts how many completion signals are out. */
class CountingDummy extends DummyBackend {
  signals = 0
  override signal(serial: number): void {
    this.signals++
    super.signal(serial)
  }
}

function setUp(options: DummyOptions = {}): {
  backend: CountingDummy
  gpu: MkGpu<CountingDummy>
  buffer: MkDeviceBuffer<CountingDummy>
  work: () => number
} {
  const backend = new CountingDummy(options)
  const gpu = new MkGpu(backend)
  const buffer = gpu.createDeviceBuffer(4, BOTH)
  const work = (): number => {
    gpu.write(buffer, 0, new ArrayBuffer(4))
    return gpu.submit()
  }
  return { backend, gpu, buffer, work }
}

describe('serials', () => {
  it('increase by one with each non-empty submit', () => {
    const { gpu, work } = setUp()
    expect([gpu.submit(), work(), gpu.submit(), gpu.submit(), work()]).toEqual([0, 1, 1, 1, 2])
    expect(gpu.serial).toBe(2)
    expect(gpu.calls.submits).toBe(0) // writes need none
  })

  it('complete when the device has really finished', async () => {
    const { backend, gpu, work } = setUp({ transferDelayUs: Infinity })
    const serial = work()
    const fence = gpu.fence()
    expect(fence).toMatchObject({ serial, isComplete: false })
    expect(gpu.completedSerial).toBe(0)
    let done = false
    const waited = fence.done.then(() => (done = true))
    await Promise.resolve()
    expect(done).toBe(false)
    backend.finish()
    await waited
    expect(fence.isComplete).toBe(true)
    expect(gpu.completedSerial).toBe(serial)
  })

  it('complete by themselves after the delay', async () => {
    const { gpu, buffer, work } = setUp({ transferDelayUs: 100 })
    work()
    gpu.write(buffer, 0, new Uint32Array([5]).buffer)
    expect(buffer.native.words[0]).toBe(0)
    await gpu.waitIdle()
    expect(buffer.native.words[0]).toBe(5)
    expect(gpu.completedSerial).toBe(2)
  })

  it('keep one signal outstanding, whatever the number of transfers', async () => {
    const { backend, gpu, work } = setUp({ transferDelayUs: Infinity })
    work()
    void gpu.whenCompleted(1)
    for (let i = 1; i < 1000; i++) work()
    const done = gpu.whenCompleted(1000)
    expect(backend.signals).toBe(1)
    backend.finish() // tells of serial 1, which makes it ask for 1000
    await done
    expect(gpu.completedSerial).toBe(1000)
    expect(backend.signals).toBe(2)
  })

  it('ask the device for nothing while they are neither waited for nor looked at', async () => {
    const { backend, gpu, work } = setUp({ transferDelayUs: 1 })
    for (let i = 0; i < 100; i++) work()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(backend.signals).toBe(0)
    expect([gpu.completedSerial, backend.signals]).toEqual([0, 1]) // the first look asks
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([gpu.completedSerial, backend.signals]).toEqual([100, 1])
    work()
    const fence = gpu.fence()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([fence.isComplete, backend.signals]).toEqual([true, 2])
    expect(gpu.completedSerial).toBe(101)
    expect(backend.signals).toBe(2) // nothing more to know
  })

  it('remember a look at newer work while an answer is on its way', () => {
    const { backend, gpu, work } = setUp({ transferDelayUs: Infinity })
    work()
    expect(gpu.completedSerial).toBe(0) // asks about 1
    work()
    expect(gpu.completedSerial).toBe(0) // about 2, once 1 is answered
    backend.finish()
    expect([gpu.completedSerial, backend.signals]).toEqual([2, 2])
  })

  it('resolve waiting promises in order', async () => {
    const { backend, gpu, work } = setUp({ transferDelayUs: Infinity })
    const order: number[] = []
    const wait = (serial: number): Promise<number> => gpu.whenCompleted(serial).then(() => order.push(serial))
    const waits = [wait(work())]
    waits.push(...[work(), work()].reverse().map(wait))
    await Promise.resolve()
    expect(order).toEqual([])
    backend.finish()
    await Promise.all(waits)
    // Two signals: one for serial 1, one for all that came since, who wake in the order in which they waited.
    expect(order).toEqual([1, 3, 2])
  })

  it("can't be waited for before they are handed out", () => {
    const { gpu, work } = setUp()
    work()
    for (const serial of [2, -1, 0.5, NaN]) thrownBy(OutOfRange, () => gpu.whenCompleted(serial))
  })

  it('never complete on a device that hangs, while everything else works', async () => {
    const { backend, gpu, buffer } = setUp({ faults: { neverComplete: true } })
    const source = gpu.stagingBufferWithData(new Uint32Array([3]))
    for (let i = 0; i < 10; i++) gpu.transfer(source, buffer)
    expect(gpu).toMatchObject({ serial: 10, completedSerial: 0 })
    expect(buffer.native.words[0]).toBe(3)
    expect(backend.signals).toBe(1)
  })
})

describe('a lost device', () => {
  it('rejects pending work, completes no serial, and refuses new work', async () => {
    const { backend, gpu, buffer, work } = setUp({ transferDelayUs: Infinity })
    const serial = work()
    const fence = gpu.fence()
    const transfer = gpu.transfer(buffer, gpu.createDeviceBuffer(4, BOTH))
    const read = gpu.read(buffer)
    backend.lose('the cable')
    await expect(transfer.done).rejects.toBeInstanceOf(DeviceLost)
    await expect(fence.done).rejects.toMatchObject({ code: 'DeviceLost', reason: 'unknown' })
    await expect(read).rejects.toBeInstanceOf(DeviceLost)
    expect(await gpu.lost).toEqual({ reason: 'unknown', message: 'the cable' })
    expect(gpu.isLost).toBe(true)
    expect(gpu.completedSerial).toBeLessThan(serial)
    expect(transfer.isComplete).toBe(false)
    for (const act of [
      () => gpu.write(buffer, 0, new ArrayBuffer(4)),
      () => gpu.createDeviceBuffer(4, BOTH),
      () => gpu.createStagingBuffer(4),
      () => gpu.submit(),
      () => gpu.waitIdle(),
      () => gpu.transfer(buffer, buffer),
    ])
      thrownBy(DeviceLost, act)
    await expect(gpu.read(buffer)).rejects.toBeInstanceOf(DeviceLost)
    await expect(gpu.whenCompleted(serial)).rejects.toBeInstanceOf(DeviceLost)
    expect(await gpu.prepareScatter()).toBe(false)
    buffer.destroy()
    gpu.destroy()
  })

  it('completes no serial by a report that arrives after the loss', () => {
    const signals: number[] = []
    const timeline = new Timeline({ signal: (serial) => void signals.push(serial) })
    timeline.unissued = true
    expect([timeline.issue(), timeline.completed, ...signals]).toEqual([1, 0, 1])
    timeline.lose({ reason: 'unknown', message: 'gone' })
    timeline.complete(1)
    expect(timeline.completed).toBe(0)
  })

  it('accepts calls and does nothing until the loss is known', () => {
    const { backend, gpu, buffer, work } = setUp()
    backend.lose()
    expect(gpu.isLost).toBe(false)
    const serial = work()
    gpu.copy(buffer, 0, gpu.createDeviceBuffer(4, BOTH), 0, 4)
    gpu.submit()
    expect(gpu.completedSerial).toBeLessThan(serial)
  })

  it('throws nothing and rejects pending work, whichever call loses it', async () => {
    const program = (backend: DummyBackend): { gpu: MkGpu; pending: Promise<unknown>[] } => {
      const gpu = new MkGpu(backend)
      const device = gpu.createDeviceBuffer(8, BOTH)
      const staging = gpu.stagingBufferWithData(new Uint32Array([1, 2]))
      const transfer = gpu.transfer(staging, device)
      gpu.write(device, 0, new ArrayBuffer(8))
      const read = gpu.read(device)
      staging.destroy()
      return { gpu, pending: [transfer.done, read, gpu.waitIdle()] }
    }
    const whole = new DummyBackend({ transferDelayUs: Infinity })
    program(whole)
    const calls = whole.callCount
    expect(calls).toBeGreaterThan(8)
    for (let k = 1; k <= calls; k++) {
      const { gpu, pending } = program(
        new DummyBackend({ transferDelayUs: Infinity, faults: { loseAtCall: k } }),
      )
      for (const promise of pending) await expect(promise).rejects.toBeInstanceOf(DeviceLost)
      expect((await gpu.lost).message).toContain(`call ${k}`)
      gpu.destroy()
    }
  })

  it('rejects a pending map with DeviceLost, even when the gpu is destroyed before the device answers', async () => {
    // Chromium and Dawn answer some time after they have said that they are lost.
    class SlowToAnswer extends DummyBackend {
      override map(buffer: DummyBuffer): Promise<void> {
        super.map(buffer).catch(() => undefined)
        return new Promise(() => {})
      }
    }
    const backend = new SlowToAnswer()
    const gpu = new MkGpu(backend)
    const mapped = gpu.createStagingBuffer(4, { memory: MkMemoryType.HostCached }).map()
    backend.lose()
    await gpu.lost
    gpu.destroy()
    await expect(mapped).rejects.toBeInstanceOf(DeviceLost)
  })

  it('settles a buffer that was created too late', async () => {
    const { backend, gpu } = setUp()
    backend.lose()
    const buffer = gpu.createDeviceBuffer(4, BOTH)
    expect(await buffer.allocationError).toBeInstanceOf(DeviceLost)
  })
})

describe('destroy', () => {
  it('destroys every buffer, rejects pending work, and may be called again', async () => {
    const { gpu, buffer, work } = setUp({ transferDelayUs: Infinity })
    work()
    const idle = gpu.waitIdle()
    gpu.copy(buffer, 0, gpu.createDeviceBuffer(4, BOTH), 0, 4)
    gpu.destroy()
    gpu.destroy()
    expect(buffer.destroyed).toBe(true)
    expect(gpu.leaks()).toEqual([])
    expect(gpu.stats.buffers.bytes).toBe(0)
    await expect(idle).rejects.toMatchObject({ code: 'DeviceLost', reason: 'destroyed' })
    expect((await gpu.lost).reason).toBe('destroyed')
    thrownBy(DeviceLost, () => work())
  })
})
