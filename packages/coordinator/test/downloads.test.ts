import { beforeEach, describe, expect, it } from 'vitest'
import { MkCoordinator, type Mirror } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

/** A device whose work is done when `finish` is called: readbacks stay under way as long as we like. */
let backend: DummyBackend
let co: MkCoordinator
beforeEach(() => {
  backend = new DummyBackend({ transferDelayUs: Infinity })
  co = new MkCoordinator(backend, { calibrate: false })
  return () => co.dispose()
})

const settle = async (): Promise<void> => {
  backend.finish()
  await new Promise((resolve) => setTimeout(resolve, 0))
}

/** Stands for a shader that writes one row of one word. */
function shade(mirror: Mirror, row: number, value: number): void {
  co.gpu.write(mirror.buffer, row * 4, new Uint32Array([value]).buffer, 0, 4)
}

const idle = (): void => void frame(co, () => {})

describe('a mirror whose rows the device owns', () => {
  it('receives rows at least a frame after the device wrote them, and reports which arrived', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'download' })
    shade(mirror, 2, 22)
    idle()
    idle()
    expect(mirror.view(Uint32Array)[2]).toBe(0)
    expect(mirror.arrivedFrame).toBe(0)
    await settle()
    idle()
    expect([...mirror.view(Uint32Array)]).toEqual([0, 0, 22, 0])
    expect(mirror.arrived?.count).toBe(4)
    expect(mirror.arrivedFrame).toBe(2)
  })

  it('never has more than three pending readbacks, and reuses their buffers', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'download' })
    let copies = 0
    for (let i = 0; i < 10; i++) copies += frame(co, () => {}).copies
    expect(copies).toBe(3)
    await settle()
    const before = co.gpu.calls.buffersCreated
    for (let i = 0; i < 20; i++) {
      idle()
      await settle()
    }
    expect(co.gpu.calls.buffersCreated).toBe(before)
    expect(mirror.arrivedFrame).toBeGreaterThan(20)
  })

  it('keeps what the device wrote on a new device on which nothing had to go up first', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'download' })
    mirror.used = 0
    backend.lose()
    backend = new DummyBackend()
    await co.restore(backend)
    idle()
    mirror.used = 4
    shade(mirror, 3, 33)
    frame(co, () => mirror.mark(1))
    expect([...new Uint32Array(await co.download(mirror.buffer))]).toEqual([0, 0, 0, 33])
  })

  it('makes no calls while downloads are paused', () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    mirror.downloads = false
    expect(frame(co, () => {}).apiCalls).toBe(0)
  })

  it('prefers a row the CPU changed over earlier readbacks, and later readbacks over that row', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    shade(mirror, 1, 1)
    idle() // readback a: row 1 is 1
    frame(co, () => mirror.write(1, new Uint32Array([2]))) // uploaded; readback b: row 1 is 2
    await settle()
    shade(mirror, 1, 3)
    co.beginFrame() // takes a and b
    expect(mirror.view(Uint32Array)[1]).toBe(2)
    mirror.write(3, new Uint32Array([30])) // dirty while a readback is under way
    co.endFrame() // readback c: row 1 is 3, row 3 is 30
    await settle()
    idle()
    expect([...mirror.view(Uint32Array)]).toEqual([0, 3, 0, 30])
  })

  it('ignores a row in a readback that began before its upload', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    shade(mirror, 0, 7)
    shade(mirror, 1, 8)
    idle() // readback a
    mirror.downloads = false
    frame(co, () => mirror.write(1, new Uint32Array([100])))
    await settle()
    idle()
    expect([...mirror.view(Uint32Array)]).toEqual([7, 100, 0, 0])
    expect(mirror.arrived?.has(0)).toBe(true)
    expect(mirror.arrived?.has(1)).toBe(false)
  })

  it('keeps what the CPU wrote when a row is dirty as its readback arrives', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    shade(mirror, 1, 8)
    idle()
    mirror.write(1, new Uint32Array([100]))
    await settle()
    idle()
    expect(mirror.view(Uint32Array)[1]).toBe(100)
  })

  it('grows on the device: the copy is submitted before the first write', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    mirror.downloads = false
    shade(mirror, 0, 7)
    await settle()
    const report = frame(co, () => {
      mirror.grow(5)
      mirror.write(1, new Uint32Array([100]))
    })
    expect(report).toMatchObject({ copies: 1, submits: 1, writes: 1, rowsChanged: 1, reallocations: 1 })
    const reading = co.download(mirror.buffer)
    await settle()
    expect([...new Uint32Array(await reading)]).toEqual([7, 100, 0, 0, 0, 0, 0, 0])
  })

  it('uploads rows that were dirty when it grew together with the growth', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    mirror.downloads = false
    shade(mirror, 0, 7)
    await settle()
    frame(co, () => {
      mirror.write(1, new Uint32Array([100]))
      mirror.grow(5)
      mirror.write(4, new Uint32Array([400]))
    })
    const reading = co.download(mirror.buffer)
    await settle()
    expect([...new Uint32Array(await reading)]).toEqual([7, 100, 0, 0, 400, 0, 0, 0])
  })

  it.each(['auto', 'full', 'runs'] as const)(
    'keeps what the device wrote between two dirty rows (%s)',
    async (strategy) => {
      const eager = new MkCoordinator(new DummyBackend(), { calibrate: false, strategy })
      const mirror = eager.createMirror({ rows: 8, stride: 4, direction: 'both' })
      mirror.downloads = false
      frame(eager, () => mirror.markAll())
      eager.gpu.write(mirror.buffer, 3 * 4, new Uint32Array([33]).buffer, 0, 4)
      // To upload the clean row between would be cheaper than a second call.
      frame(eager, () => {
        mirror.write(2, new Uint32Array([2]))
        mirror.write(4, new Uint32Array([4]))
      })
      expect([...new Uint32Array(await eager.download(mirror.buffer))]).toEqual([0, 0, 2, 33, 4, 0, 0, 0])
      eager.dispose()
    },
  )

  it('keeps pending readbacks when it grows', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, direction: 'both' })
    shade(mirror, 0, 7)
    idle()
    mirror.grow(100)
    mirror.write(99, new Uint32Array([9]))
    await settle()
    idle()
    await settle()
    idle()
    expect(mirror.view(Uint32Array)[0]).toBe(7)
    expect(mirror.view(Uint32Array)[99]).toBe(9)
  })
})

describe('download', () => {
  it('takes any offset and size, several at a time', async () => {
    const buffer = co.uploadSlice(Uint8Array.from({ length: 103 }, (_, i) => i))
    const ranges = [
      [0, 103],
      [1, 5],
      [97, 6],
      [3, 0],
      [100, 3],
    ]
    const reading = ranges.map(([offset, size]) => co.download(buffer, offset, size))
    await settle()
    for (const [k, [offset, size]] of ranges.entries())
      expect([...new Uint8Array(await reading[k])]).toEqual(
        Array.from({ length: size }, (_, i) => offset + i),
      )
  })

  it('rejects with DeviceLost when the device is lost meanwhile', async () => {
    const buffer = co.uploadSlice(new Uint32Array(16))
    const reading = [co.download(buffer), co.download(buffer, 4, 8)]
    backend.lose()
    for (const promise of reading) await expect(promise).rejects.toMatchObject({ code: 'DeviceLost' })
  })

  it.each([
    [-1, 4],
    [0, 65],
    [64, 1],
    [0.5, 4],
    [0, NaN],
  ])('refuses %s … + %s', async (offset, size) => {
    const buffer = co.uploadSlice(new Uint32Array(16))
    await expect(co.download(buffer, offset, size)).rejects.toMatchObject({ code: 'OutOfRange' })
  })
})

describe('a device without memory', () => {
  const values = (mirror: Mirror): number[] => [...mirror.view(Uint32Array)]
  const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
  beforeEach(() => {
    backend = new DummyBackend()
    co = new MkCoordinator(backend, { calibrate: false, strategy: 'runs' })
    return () => co.dispose()
  })
  /** The next buffers that are made have none. */
  const starve = (outOfMemory: 'late' | 'throw', count = 1): void => {
    const next = backend.calls.buffersCreated + 1
    backend.faults = { outOfMemory, outOfMemoryAt: Array.from({ length: count }, (_, i) => next + i) }
  }

  it('reads nothing back from a grown buffer that turns out to have no memory', async () => {
    const mirror = co.createMirror({ rows: 2, stride: 4, direction: 'both' })
    frame(co, () => mirror.write(1, new Uint32Array([11])))
    await tick()
    starve('late')
    // More than the readback buffers at hand can take.
    frame(co, () => mirror.grow(2000))
    await tick()
    await tick()
    idle()
    expect(values(mirror).slice(0, 3)).toEqual([0, 11, 0])
  })

  it('gets the bigger buffer later, and copies the old rows before writing new ones', async () => {
    const mirror = co.createMirror({ rows: 2, stride: 4, direction: 'both' })
    mirror.downloads = false
    frame(co, () => mirror.write(0, new Uint32Array([1])))
    shade(mirror, 1, 22)
    await tick()
    starve('late')
    frame(co, () => mirror.grow(3))
    await tick()
    await tick()
    expect(mirror.buffer.size).toBe(8)
    frame(co, () => mirror.write(0, new Uint32Array([100])))
    await tick()
    // Asked for, and not in use before the device has confirmed it.
    expect(mirror.buffer.size).toBe(8)
    frame(co, () => {})
    expect(mirror.buffer.size).toBe(16)
    idle()
    expect([...new Uint32Array(await co.download(mirror.buffer))]).toEqual([100, 22, 0, 0])
  })

  it('still uploads the whole frame when the readback buffer has none, and reads the rows back in a later frame', async () => {
    const mirror = co.createMirror({ rows: 2, stride: 4, direction: 'both' })
    await tick()
    starve('throw')
    const report = frame(co, () => mirror.write(0, new Uint32Array([5])))
    expect(report).toMatchObject({ writes: 1, copies: 0 })
    expect(mirror.dirty.isEmpty).toBe(true)
    shade(mirror, 1, 6)
    idle()
    await tick()
    idle()
    expect(values(mirror)).toEqual([5, 6])
  })

  it('reads nothing back through a buffer whose source had no memory', async () => {
    const slow = new DummyBackend({ answerDelayUs: Infinity })
    const other = new MkCoordinator(slow, { calibrate: false })
    const mirror = other.createMirror({ rows: 2, stride: 4, direction: 'both' })
    const seen: number[] = []
    const run = async (): Promise<void> => {
      frame(other, () => void seen.push(...values(mirror).slice(0, 2)))
      await tick()
    }
    mirror.write(0, new Uint32Array([5]))
    mirror.write(1, new Uint32Array([6]))
    await run()
    slow.answer()
    slow.faults = { outOfMemoryAt: [slow.calls.buffersCreated + 1] }
    mirror.grow(4)
    await run()
    mirror.grow(8)
    await run()
    const read = other.download(mirror.buffer)
    await tick()
    slow.answer()
    await expect(read).rejects.toMatchObject({ code: 'AllocationFailed' })
    for (let i = 0; i < 5; i++) {
      await run()
      slow.answer()
    }
    other.dispose()
    expect(seen).toEqual(seen.map((_, i) => 5 + (i % 2)))
  })
})
