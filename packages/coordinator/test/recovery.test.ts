import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MkCoordinator } from '@memkit/coordinator'
import type { CoordinatorWarning, DeviceLease, DeviceUnavailable } from '@memkit/coordinator'
import { Recovery } from '../src/device/recovery.ts'

/** A recovery whose factory and owner do as they are told, on a clock that only `pass` moves. */
function setUp(factory: () => Promise<DummyBackend>, use = async (): Promise<void> => undefined) {
  const told: DeviceUnavailable[] = []
  const used: DeviceLease[] = []
  const recovery = new Recovery(factory, {
    use: async (lease) => {
      used.push(lease)
      await use()
    },
    failing: (error) => void told.push(error),
  })
  return { recovery, told, used }
}

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds)

describe('a device that does not come', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is requested at once, then after pauses that double up to ten seconds', async () => {
    const times: number[] = []
    const start = performance.now()
    const { recovery, used } = setUp(async () => {
      times.push(performance.now() - start)
      if (times.length < 11) throw new Error('not yet')
      return new DummyBackend()
    })
    recovery.start()
    await pass(60_000)
    // 0, + 100, + 200, + 400 … + 6 400, then + 10 000 each.
    expect(times).toEqual([0, 100, 300, 700, 1500, 3100, 6300, 12_700, 22_700, 32_700, 42_700])
    expect(used).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is requested again when it cannot be used, with the cause reported after 1, 2, 4, 8 tries', async () => {
    const cause = new TypeError('x is not a function')
    const { recovery, used, told } = setUp(
      async () => new DummyBackend(),
      async () => {
        throw cause
      },
    )
    recovery.start()
    await pass(20_000)
    expect(used).toHaveLength(8)
    expect(told.map(({ tries }) => tries)).toEqual([1, 2, 4, 8])
    expect(told[0]).toMatchObject({ code: 'DeviceUnavailable', cause })
    expect(told[0].message).toContain('TypeError: x is not a function')
    recovery.dispose()
  })

  it.each(['stop', 'dispose'] as const)(
    'leaves no timer after %s, while the factory is pending or pausing',
    async (end) => {
      for (const answer of ['before', 'after']) {
        let refuse: (error: Error) => void = () => {}
        const { recovery, told } = setUp(() => new Promise((_, reject) => void (refuse = reject)))
        recovery.start()
        if (answer === 'before') refuse(new Error('no'))
        await pass(0)
        told.length = 0
        recovery[end]()
        refuse(new Error('no'))
        await pass(0)
        expect([vi.getTimerCount(), told]).toEqual([0, []])
      }
    },
  )

  it('is released when it arrives after dispose', async () => {
    let give: (backend: DummyBackend) => void = () => {}
    const { recovery, used } = setUp(() => new Promise((resolve) => void (give = resolve)))
    recovery.start()
    recovery.stop()
    const late = new DummyBackend()
    const destroy = vi.spyOn(late, 'destroy')
    give(late)
    await pass(0)
    expect(used).toEqual([])
    expect(destroy).toHaveBeenCalledTimes(1)
  })
})

describe('a device that is lost as soon as it is there', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is requested with a pause that carries over to the next loss, until one lives for ten seconds', async () => {
    let made: DummyBackend[] = []
    let dies = true
    const co = new MkCoordinator(new DummyBackend(), {
      calibrate: false,
      recover: async () => {
        const backend = new DummyBackend()
        made.push(backend)
        if (dies) queueMicrotask(() => queueMicrotask(() => backend.lose()))
        return backend
      },
    })
    ;(co.gpu.backend as DummyBackend).lose()
    await pass(2000)
    // At 0, 100, 300, 700 and 1 500 ms.
    expect(made).toHaveLength(5)
    dies = false
    await pass(2000)
    expect([made.length, co.isLost]).toEqual([6, false])
    await pass(10_000)
    made[5].lose()
    await pass(0)
    // At once again.
    expect([made.length, co.isLost]).toEqual([7, false])
    co.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a new device', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([1, 2, 3])(
    'is retried when its buffer %i has no memory, and frames report that there is no device',
    async (at) => {
      const backends: DummyBackend[] = []
      const warnings: CoordinatorWarning[] = []
      const co = new MkCoordinator(new DummyBackend(), {
        calibrate: false,
        frameBuffers: 'per-slot',
        recover: async () => {
          const scarce = backends.length < 3
          const backend = new DummyBackend(
            scarce ? { faults: { outOfMemory: 'throw', outOfMemoryAt: [at] } } : {},
          )
          backends.push(backend)
          destroyed.push(vi.spyOn(backend, 'destroy'))
          return backend
        },
      })
      const destroyed: { readonly mock: { readonly calls: unknown[] } }[] = []
      const events: string[] = []
      co.on('warning', (warning) => warnings.push(warning))
      co.on('lost', () => events.push('lost'))
      co.on('restored', () => events.push('restored'))
      const mirror = co.createMirror({ rows: 4, stride: 4 })
      ;(co.gpu.backend as DummyBackend).lose()
      await pass(50)
      co.beginFrame()
      mirror.write(0, new Uint32Array([7]))
      expect(co.endFrame()).toMatchObject({ lost: true, apiCalls: 0 })
      expect(co.isLost).toBe(true)
      expect(warnings[0].error).toMatchObject({
        code: 'DeviceUnavailable',
        tries: 1,
        cause: expect.objectContaining({ code: 'AllocationFailed' }) as unknown,
      })
      await pass(1000)
      expect(events).toEqual(['lost', 'restored'])
      expect(backends).toHaveLength(4)
      co.beginFrame()
      expect(co.endFrame()).toMatchObject({ lost: false })
      const read = co.download(mirror.buffer)
      await pass(10)
      expect(new Uint32Array(await read)[0]).toBe(7)
      // Those that could not be used are given back, and the last one when it is over.
      expect(destroyed.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1, 0])
      co.dispose()
      expect(destroyed.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1, 1])
    },
  )
})

it('does not report a device as lost that was replaced by hand and destroyed', async () => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  const events: string[] = []
  co.on('lost', () => events.push('lost'))
  co.on('restored', () => events.push('restored'))
  const before = co.gpu
  await co.restore(new DummyBackend())
  await before.lost
  await Promise.resolve()
  expect(events).toEqual(['restored'])
  expect(co.isLost).toBe(false)
  co.dispose()
})

it('leaves nothing on a borrowed device that was replaced by hand', async () => {
  const lent = new MkGpu(new DummyBackend())
  const co = new MkCoordinator(lent, { calibrate: false, strategy: 'scatter' })
  await co.ready()
  const mirror = co.createMirror({ rows: 64, stride: 16 })
  co.beginFrame()
  mirror.markAll()
  co.stageForUpload(co.frameAlloc(Uint8Array, 100_000))
  co.endFrame()
  await co.restore(new DummyBackend())
  expect(lent.leaks()).toEqual([])
  expect(lent.isLost).toBe(false)
  co.dispose()
  lent.destroy()
})

it.each(['restore', 'dispose'] as const)(
  'lets a listener %s in the middle of a frame, when a mirror gets the buffer it waited for',
  async (act) => {
    const backend = new DummyBackend()
    const [lent, other] = [new MkGpu(backend), new MkGpu(new DummyBackend())]
    const co = new MkCoordinator(lent, { calibrate: false })
    co.on('warning', () => undefined)
    const mirrors = (['upload', 'both'] as const).map((direction) =>
      co.createMirror({ rows: 16, stride: 4, direction }),
    )
    const frame = async (): Promise<void> => {
      co.beginFrame()
      for (const mirror of mirrors) mirror.write(0, new Uint32Array([7]))
      co.stageForUpload(co.frameAlloc(Uint32Array, 4))
      co.endFrame()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await frame()
    backend.faults = { outOfMemoryAt: [1, 2].map((next) => backend.calls.buffersCreated + next) }
    for (const mirror of mirrors) mirror.grow(32)
    await frame()
    let calls = 0
    co.on('reallocated', () => {
      if (calls++ > 0) return
      if (act === 'dispose') co.dispose()
      else void co.restore(other)
    })
    // Tried again in the frames 1, 2, 4 after the failure.
    for (let i = 0; i < 6; i++) if (calls === 0) await frame()
    expect(calls).toBeGreaterThan(0)
    expect(lent.leaks()).toEqual([])
    if (act === 'restore') {
      await frame()
      for (const mirror of mirrors)
        expect(new Uint32Array(await co.download(mirror.buffer, 0, 4))).toEqual(new Uint32Array([7]))
      co.dispose()
    }
    expect(other.leaks()).toEqual([])
    for (const gpu of [lent, other]) gpu.destroy()
  },
)
