import { beforeEach, describe, expect, it } from 'vitest'
import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage, type MkDeviceBuffer } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage
const PIECES = 400
const BYTES = 1 << 20

let co: MkCoordinator
let backend: DummyBackend
let target: MkDeviceBuffer
beforeEach(async () => {
  backend = new DummyBackend()
  co = new MkCoordinator(backend, { calibrate: false })
  await co.ready()
  target = co.gpu.createDeviceBuffer(BYTES, STORAGE | TRANSFER_DST | TRANSFER_SRC, { label: 'mine' })
  await settled()
  return () => co.dispose()
})

/** The device has said what it has memory for. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve))
}

/** What a buffer is to hold: pieces as each had been written by itself. */
class Expected {
  readonly words = new Uint32Array(BYTES / 4)

  put(offset: number, view: Uint32Array): void {
    this.words.set(view, offset / 4)
  }

  async compare(buffer: MkDeviceBuffer = target): Promise<void> {
    const found = new Uint32Array(await co.download(buffer))
    expect(found.findIndex((word, i) => word !== this.words[i])).toBe(-1)
  }
}

const nothing: (i: number) => void = () => {}

/** Stages pieces of the same length to places with gaps, in a frame of its own. */
function stage(
  expected: Expected,
  { words = 4, placeOf = (i: number) => i * 64, between = nothing, value = 1, buffer = target },
) {
  return frame(co, () => {
    for (let i = 0; i < PIECES; i++) {
      const view = co.frameAlloc(Uint32Array, words).fill(value * 1000 + i)
      co.stageForUpload(view, { buffer, offset: placeOf(i) })
      expected.put(placeOf(i), view)
      between(i)
    }
  })
}

/** The first frame loads the code, the second asks for device memory; both write. */
async function warmUp(expected: Expected, buffer: MkDeviceBuffer = target): Promise<void> {
  await import('../src/frame/target-scatter.ts')
  for (const value of [8, 9]) {
    expect(stage(expected, { value, buffer })).toMatchObject({ writes: PIECES, dispatches: 0 })
    await settled()
  }
}

describe('many pieces that lie apart in a buffer', () => {
  it('are written one by one until the device has memory, then with two writes and a scatter', async () => {
    const expected = new Expected()
    await warmUp(expected)
    await expected.compare()
    expect(stage(expected, { value: 2 })).toMatchObject({ writes: 2, dispatches: 1, submits: 1 })
    await expected.compare()
  })

  it('go in any order', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const placeOf = (i: number): number => ((i * 171) % PIECES) * 128
    for (const value of [2, 3])
      expect(stage(expected, { value, placeOf })).toMatchObject({ writes: 2, dispatches: 1 })
    await expected.compare()
  })

  it('leave out memory between them that was not staged', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const between = (i: number): void => {
      if (i % 8 === 0) co.frameAlloc(Uint32Array, 4).fill(0xdead)
    }
    expect(stage(expected, { value: 2, between })).toMatchObject({ writes: 2, dispatches: 1 })
    await expected.compare()
  })

  it('are packed where they lie far apart in frame memory', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const between = (): void => void co.frameAlloc(Uint32Array, 8).fill(0xdead)
    expect(stage(expected, { value: 2, between })).toMatchObject({ writes: 1, dispatches: 1 })
    await expected.compare()
  })

  it('may have any whole number of words, at any word', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const report = frame(co, () => {
      for (let i = 0; i < PIECES; i++) {
        const view = co.frameAlloc(Uint32Array, 1 + (i % 7)).fill(i)
        const offset = i * 100 + 4 * (i % 11)
        co.stageForUpload(view, { buffer: target, offset })
        expected.put(offset, view)
      }
    })
    expect(report.dispatches).toBe(1)
    expect(report.writes).toBeLessThan(3)
    await expected.compare()
  })

  it('may be one view at two places', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const report = frame(co, () => {
      const view = co.frameAlloc(Uint32Array, 4).fill(5)
      for (let i = 0; i < PIECES; i++) {
        co.stageForUpload(view, { buffer: target, offset: i * 64 })
        expected.put(i * 64, view)
      }
    })
    expect(report).toMatchObject({ writes: 1, dispatches: 1 })
    await expected.compare()
  })

  it('share a payload where they go to several buffers', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const other = co.gpu.createDeviceBuffer(BYTES, STORAGE | TRANSFER_DST | TRANSFER_SRC)
    await settled()
    const there = new Expected()
    const report = frame(co, () => {
      for (let i = 0; i < 2 * PIECES; i++) {
        const view = co.frameAlloc(Uint32Array, 4).fill(i)
        const isOther = i % 2 === 1
        co.stageForUpload(view, { buffer: isOther ? other : target, offset: i * 64 })
        ;(isOther ? there : expected).put(i * 64, view)
      }
    })
    expect(report).toMatchObject({ dispatches: 2, submits: 1 })
    await expected.compare()
    await there.compare(other)
  })
})

describe('pieces are written where a scatter', () => {
  it('has no order to let the later of two win', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const placeOf = (i: number): number => Math.floor(i / 2) * 64 + (i % 2) * 8
    const report = stage(expected, { value: 2, placeOf })
    expect(report).toMatchObject({ writes: PIECES / 2, dispatches: 0 })
    await expected.compare()
  })

  it('may not bind the buffer', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const plain = co.gpu.createDeviceBuffer(BYTES, TRANSFER_DST | TRANSFER_SRC)
    await settled()
    const there = new Expected()
    expect(stage(there, { buffer: plain })).toMatchObject({ writes: PIECES, dispatches: 0 })
    await there.compare(plain)
  })

  it('would come behind what is recorded', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const copy = co.gpu.createDeviceBuffer(BYTES, TRANSFER_DST | TRANSFER_SRC)
    co.beginFrame()
    co.gpu.copy(target, 0, copy, 0, BYTES)
    for (let i = 0; i < PIECES; i++) {
      const view = co.frameAlloc(Uint32Array, 4).fill(i)
      co.stageForUpload(view, { buffer: target, offset: i * 64 })
      expected.put(i * 64, view)
    }
    expect(co.endFrame()).toMatchObject({ writes: PIECES, dispatches: 0 })
    // Writes act before a copy that was recorded in the frame.
    await expected.compare(copy)
  })

  it('costs more than a few writes', async () => {
    const expected = new Expected()
    await warmUp(expected)
    const report = frame(co, () => {
      for (let i = 0; i < 3; i++)
        co.stageForUpload(co.frameAlloc(Uint32Array, 4).fill(i), { buffer: target, offset: i * 64 })
    })
    expect(report).toMatchObject({ writes: 3, dispatches: 0 })
  })

  it('is not allowed by the strategy', async () => {
    const expected = new Expected()
    await warmUp(expected)
    co.strategy = 'runs'
    expect(stage(expected, { value: 2 })).toMatchObject({ writes: PIECES, dispatches: 0 })
    await expected.compare()
  })
})

it('goes on with a new device', async () => {
  const expected = new Expected()
  await warmUp(expected)
  stage(expected, { value: 2 })
  await co.restore(new DummyBackend())
  await co.ready()
  target = co.gpu.createDeviceBuffer(BYTES, STORAGE | TRANSFER_DST | TRANSFER_SRC)
  await settled()
  const there = new Expected()
  expect(stage(there, { buffer: target })).toMatchObject({ writes: PIECES, dispatches: 0 })
  await settled()
  expect(stage(there, { buffer: target, value: 2 })).toMatchObject({ writes: 2, dispatches: 1 })
  await there.compare()
})

it('leaves nothing on the device', async () => {
  const expected = new Expected()
  await warmUp(expected)
  stage(expected, { value: 2 })
  target.destroy()
  const { gpu } = co
  co.dispose()
  expect(gpu.leaks()).toEqual([])
})

describe('pieces that touch', () => {
  it('are written from frame memory where they lie there in the same order', async () => {
    const expected = new Expected()
    const { used } = co.heap.stats
    expect(stage(expected, { placeOf: (i) => i * 16 })).toMatchObject({ writes: 1, dispatches: 0 })
    // Packing takes scratch memory, and keeps it for frames to come.
    expect(co.heap.stats.used).toBe(used)
    await expected.compare()
  })

  it('are packed where they do not', async () => {
    const expected = new Expected()
    const placeOf = (i: number): number => (PIECES - 1 - i) * 16
    const { used } = co.heap.stats
    for (const value of [1, 2]) expect(stage(expected, { placeOf, value })).toMatchObject({ writes: 1 })
    expect(co.heap.stats.used).toBeGreaterThan(used)
    await expected.compare()
  })
})
