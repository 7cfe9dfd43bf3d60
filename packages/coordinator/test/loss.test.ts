import { describe, expect, it } from 'vitest'
import { MkCoordinator, type CoordinatorWarning, type Mirror, type Restored } from '@memkit/coordinator'
import { DummyBackend, MkGpu, type LossInfo } from '@memkit/gpu'
import { differs, firstDifference, frame } from './device-bytes.ts'

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('a lost device', () => {
  it('makes frames do nothing while dirty rows gather, and restore uploads everything again', async () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false })
    const losses: LossInfo[] = []
    const restored: Restored[] = []
    co.on('lost', (info) => losses.push(info))
    co.on('restored', (info) => restored.push(info))
    const mirror = co.createMirror({ rows: 100, stride: 4 })
    const slice = co.uploadSlice(new Uint32Array([1]))
    const own = co.gpu.createDeviceBuffer(64, 8, { label: 'my own' })
    frame(co, () => mirror.write(1, new Uint32Array([11])))

    backend.lose('pulled the plug')
    await later()
    const report = frame(co, () => {
      mirror.write(2, new Uint32Array([22]))
      co.stageForUpload(co.frameAlloc(Float32Array, 100))
    })
    expect(report).toMatchObject({ apiCalls: 0, rowsChanged: 0, bytesUploaded: 0 })
    expect(mirror.dirty.has(2)).toBe(true)
    expect(losses).toMatchObject([{ message: 'pulled the plug' }])
    expect(co.stats.lostFrames).toBe(1)
    await expect(co.download(slice)).rejects.toMatchObject({ code: 'DeviceLost' })

    const { generation } = mirror
    await co.restore(new DummyBackend())
    expect(mirror.generation).toBeGreaterThan(generation)
    expect(restored).toHaveLength(1)
    expect(restored[0].lost).toEqual([slice])
    expect(restored[0].others.map(({ label }) => label)).toEqual([own.label])
    const again = frame(co, () => {
      const staged = co.stageForUpload(co.frameAlloc(Uint32Array, 4).fill(5))
      expect(staged.buffer.destroyed).toBe(false)
    })
    expect(again.mirrors[0]).toMatchObject({ strategy: 'full', rows: 100 })
    expect(await firstDifference(co, mirror)).toBe(-1)
    expect(losses).toHaveLength(1)
    co.dispose()
  })

  it('is requested again with a back-off until the factory returns one', async () => {
    const backend = new DummyBackend()
    let asked = 0
    const co = new MkCoordinator(backend, {
      calibrate: false,
      recover: () => {
        asked++
        return asked < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(new DummyBackend())
      },
    })
    const mirror = co.createMirror({ rows: 10, stride: 4 })
    const back = new Promise<Restored>((resolve) => co.on('restored', resolve))
    backend.lose()
    await back
    expect(asked).toBe(3)
    frame(co, () => mirror.write(3, new Uint32Array([3])))
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
  })

  it('is destroyed when it arrives after dispose as a backend, and left to its owner as an MkGpu', async () => {
    class WatchedBackend extends DummyBackend {
      destroyed = false
      override destroy(): void {
        super.destroy()
        this.destroyed = true
      }
    }
    const owned = new WatchedBackend()
    const borrowed = new MkGpu(new DummyBackend())
    for (const late of [owned, borrowed]) {
      const backend = new DummyBackend()
      let give: (gpu: DummyBackend | MkGpu) => void = () => {}
      const asked = new Promise<void>((resolve) => {
        const recover = (): Promise<DummyBackend | MkGpu> => {
          resolve()
          return new Promise((arrive) => (give = arrive))
        }
        const co = new MkCoordinator(backend, { calibrate: false, recover })
        co.on('lost', () => queueMicrotask(() => co.dispose()))
      })
      backend.lose()
      await asked
      await later()
      give(late)
      await later()
    }
    expect(owned.destroyed).toBe(true)
    expect(borrowed.isLost).toBe(false)
    borrowed.destroy()
  })

  it('lets a mirror be created meanwhile, which works after restore', async () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false })
    backend.lose()
    await later()
    const mirror = co.createMirror({ rows: 10, stride: 4 })
    expect(() => mirror.buffer).toThrow(expect.objectContaining({ code: 'MirrorHasNoBuffer' }))
    mirror.grow(30)
    frame(co, () => mirror.write(29, new Uint32Array([1])))
    await co.restore(new DummyBackend())
    frame(co, () => {})
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
  })

  it('makes restore refuse another lost device, and accept the next one', async () => {
    const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
    const dead = new MkGpu(new DummyBackend())
    dead.destroy()
    await expect(co.restore(dead)).rejects.toMatchObject({ code: 'DeviceLost' })
    co.dispose()
  })

  it('leaves equal contents after restore, whichever call of a frame loses it', async () => {
    // One program of two frames with growth, all strategies and teleport takes this many calls:
    const calls = await program(undefined)
    expect(calls).toBeGreaterThan(10)
    for (let call = 1; call <= calls; call++) await program(call)
  })
})

/** Runs a program that loses its device at a call, restores it, and compares. Returns the calls it took. */
async function program(loseAt: number | undefined): Promise<number> {
  const backend = new DummyBackend()
  const co = new MkCoordinator(backend, { calibrate: false, strategy: 'scatter' })
  await co.ready()
  let lost = 0
  co.on('lost', () => lost++)
  const mirrors = [co.createMirror({ rows: 64, stride: 16 }), co.createMirror({ rows: 64, stride: 4 })]
  const start = backend.callCount
  if (loseAt !== undefined) backend.faults = { loseAtCall: start + loseAt }
  for (let i = 0; i < 4; i++) {
    co.beginFrame()
    for (const mirror of mirrors) {
      for (let row = i; row < mirror.capacity; row += 7) mirror.write(row, new Uint32Array([row + i * 100]))
    }
    co.stageForUpload(co.frameAlloc(Uint32Array, 16).fill(i))
    if (i === 2) mirrors[0].grow(65)
    co.endFrame()
    await later()
  }
  const calls = backend.callCount - start
  if (loseAt !== undefined) {
    expect(lost).toBe(1)
    await co.restore(new DummyBackend())
  }
  frame(co, () => {})
  for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
  return calls
}

describe('out of memory', () => {
  const values = (mirror: Mirror): Uint32Array => mirror.view(Uint32Array)

  it('that is reported late returns to the old buffer, keeps every row dirty, and warns once', async () => {
    // Room for the frame buffer, the scatter buffer, a mirror of 16 KiB and readbacks of it, but not for one of 32 KiB.
    const backend = new DummyBackend({ memoryBytes: (64 + 256 + 16 + 24) << 10 })
    const co = new MkCoordinator(backend, { calibrate: false })
    await co.ready()
    const warnings: CoordinatorWarning[] = []
    co.on('warning', (warning) => warnings.push(warning))
    const mirror = co.createMirror({ rows: 16, stride: 1024, label: 'Hungry' })
    frame(co, () => mirror.write(3, new Uint32Array([3])))
    const old = mirror.buffer

    frame(co, () => {
      mirror.grow(17)
      mirror.write(30, new Uint32Array([30]))
    })
    const { generation } = mirror
    expect(mirror.buffer).not.toBe(old)
    await later()
    await later()
    expect(mirror.buffer).toBe(old)
    expect(mirror).toMatchObject({ generation: generation + 1, capacity: 32 })
    // Rows 0 to 30 went to the buffer that is gone.
    expect(mirror.dirty.count).toBe(31)

    // Frame 3 tries again, in vain; frame 4 writes the rows that the old buffer has room for. The others wait.
    for (let i = 0; i < 2; i++) {
      mirror.write(5, new Uint32Array([50 + i]))
      frame(co, () => {})
      await later()
      await later()
    }
    expect(mirror.buffer).toBe(old)
    const device = new Uint8Array(await co.download(mirror.buffer))
    expect(differs(device, mirror.view(Uint8Array).subarray(0, 16 << 10))).toBe(-1)
    expect(mirror.dirty.has(5)).toBe(false)
    expect(mirror.dirty.has(30)).toBe(true)
    expect(warnings).toHaveLength(1)
    expect(warnings[0].error).toMatchObject({
      code: 'MirrorOutOfMemory',
      label: 'Hungry',
      requested: 32 << 10,
      kept: 16 << 10,
    })

    // On a device with more memory all of it goes up.
    await co.restore(new DummyBackend())
    frame(co, () => {})
    expect(mirror.buffer.size).toBe(32 << 10)
    expect(await firstDifference(co, mirror)).toBe(-1)
    expect(mirror.dirty.isEmpty).toBe(true)
    co.dispose()
  })

  it('that passes gets a bigger buffer with all rows within a few frames', async () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false })
    await co.ready()
    const mirror = co.createMirror({ rows: 16, stride: 4 })
    frame(co, () => {})
    backend.faults = { outOfMemoryAt: Array.from({ length: 6 }, (_, i) => i) }
    frame(co, () => {
      mirror.grow(17)
      mirror.write(30, new Uint32Array([30]))
    })
    for (let i = 0; i < 8; i++) {
      frame(co, () => values(mirror)[0]++)
      await later()
    }
    mirror.mark(0)
    frame(co, () => {})
    expect(mirror.buffer.size).toBe(128)
    expect(await firstDifference(co, mirror)).toBe(-1)
    expect(mirror.dirty.isEmpty).toBe(true)
    co.dispose()
  })

  it('that is known at once leaves the mirror unchanged', () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false })
    const mirror = co.createMirror({ rows: 16, stride: 4, label: 'Hungry' })
    mirror.mark(7)
    const { buffer, generation, memoryGeneration } = mirror
    backend.faults = { outOfMemory: 'throw', outOfMemoryAt: Array.from({ length: 100 }, (_, i) => i) }
    expect(() => mirror.grow(17)).toThrow(
      expect.objectContaining({ code: 'MirrorOutOfMemory', requested: 128, kept: 64 }),
    )
    expect(mirror).toMatchObject({ buffer, generation, memoryGeneration, capacity: 16 })
    expect(mirror.dirty.has(7)).toBe(true)
    co.dispose()
  })
})

describe('a device that hangs', () => {
  it('stops no frame, and memory stays bounded', () => {
    const backend = new DummyBackend({ faults: { neverComplete: true } })
    const co = new MkCoordinator(backend, { calibrate: false, frameBufferBytes: 256 })
    for (let i = 0; i < 2000; i++) {
      // Two pieces of 256: the second always spills, until the frame buffer has grown.
      const report = frame(co, () => {
        for (let k = 0; k <= i % 40; k++) co.stageForUpload(co.frameAlloc(Uint8Array, 256))
      })
      expect(report.slotsInFlight).toBe(Math.min(i + 1, 3))
    }
    expect(co.stats.deferredFrees).toBeLessThanOrEqual(256)
    expect(co.gpu.stats.buffers.buffers).toBeLessThanOrEqual(300)
    co.dispose()
  })
})

it('keeps rows dirty that a failed flush did not submit', async () => {
  const backend = new DummyBackend()
  const co = new MkCoordinator(backend, { calibrate: false, strategy: 'runs' })
  const mirrors = [co.createMirror({ rows: 64, stride: 16 }), co.createMirror({ rows: 64, stride: 16 })]
  co.beginFrame()
  for (const mirror of mirrors) mirror.write(5, new Uint32Array([5]))
  backend.faults = { failCalls: [backend.callCount + 2] }
  expect(() => co.endFrame()).toThrow()
  backend.faults = {}
  expect(mirrors[1].dirty.has(5)).toBe(true)
  frame(co, () => {})
  for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})
