import { beforeEach, describe, expect, it } from 'vitest'
import { createHeap, struct, vec3f } from '@memkit/core'
import { MkCoordinator, MirrorTooLarge } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

describe('a mirror', () => {
  it('holds on the device what was written and marked, after endFrame', async () => {
    const co = new MkCoordinator(new DummyBackend())
    const mirror = co.createMirror({ rows: 100, stride: 16 })
    frame(co, () => {
      mirror.write(3, new Float32Array([1, 2, 3, 4]))
      mirror.view(Float32Array)[99 * 4] = 5
      mirror.mark(99)
    })
    const device = new Float32Array(await co.download(mirror.buffer))
    expect(device.slice(12, 16)).toEqual(new Float32Array([1, 2, 3, 4]))
    expect(device[99 * 4]).toBe(5)
    expect(mirror.dirty.isEmpty).toBe(true)
    co.dispose()
  })

  it('makes no calls when nothing is dirty', () => {
    const co = new MkCoordinator(new DummyBackend())
    co.createMirror({ rows: 100, stride: 16 })
    const report = frame(co, () => {})
    expect(report).toMatchObject({ apiCalls: 0, bytesUploaded: 0, rowsChanged: 0, serial: 0 })
    expect(report.mirrors).toMatchObject([{ strategy: 'none', rows: 0, bytes: 0 }])
    co.dispose()
  })

  it('grows by doubling, keeps its rows, and uploads them in full', async () => {
    const co = new MkCoordinator(new DummyBackend())
    const mirror = co.createMirror({ rows: 10, stride: 8, label: 'Growing' })
    const generations: number[] = []
    co.on('reallocated', ({ label, generation }) => label === 'Growing' && generations.push(generation))
    frame(co, () => mirror.write(9, new Uint32Array([7, 8])))
    const before = mirror.buffer
    const report = frame(co, () => {
      mirror.grow(11)
      mirror.used = 11
      mirror.write(10, new Uint32Array([9, 10]))
    })
    expect(mirror.capacity).toBe(20)
    expect(mirror.buffer).not.toBe(before)
    expect(generations).toEqual([2])
    expect(mirror.generation).toBe(2)
    expect(mirror.memoryGeneration).toBe(2)
    expect(report).toMatchObject({ reallocations: 1, rowsChanged: 11, copies: 0 })
    expect(report.mirrors[0]).toMatchObject({ strategy: 'full', rows: 11, bytes: 88 })
    const device = new Uint32Array(await co.download(mirror.buffer))
    expect([...device.slice(18, 22)]).toEqual([7, 8, 9, 10])
    co.dispose()
  })

  it('is unchanged when it would exceed the limit of the device', () => {
    const co = new MkCoordinator(new DummyBackend({ maxBufferSize: 1024 }))
    const mirror = co.createMirror({ rows: 10, stride: 64, label: 'Big' })
    mirror.mark(4)
    const { buffer, generation } = mirror
    expect(() => mirror.grow(17)).toThrow(MirrorTooLarge)
    try {
      mirror.grow(17)
    } catch (error) {
      expect(error).toMatchObject({ code: 'MirrorTooLarge', label: 'Big', requested: 17 * 64, max: 1024 })
    }
    expect(mirror).toMatchObject({ capacity: 10, generation, buffer })
    expect(mirror.dirty.has(4)).toBe(true)
    // Doubling would pass it, the rows asked for do not: as many as fit.
    mirror.grow(12)
    expect(mirror.capacity).toBe(16)
    co.dispose()
  })

  it('lives in an overflow heap when the heap is full', async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const co = new MkCoordinator(new DummyBackend(), { heap, frameArenaBytes: 4096 })
    const mirror = co.createMirror({ rows: 100_000, stride: 16 })
    expect(mirror.heap).not.toBe(heap)
    frame(co, () => mirror.write(99_999, new Uint32Array([1, 2, 3, 4])))
    expect(await firstDifference(co, mirror)).toBe(-1)
    mirror.grow(100_001)
    frame(co, () => mirror.write(199_999, new Uint32Array([5, 6, 7, 8])))
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
  })
})

it('writes every run, also those beyond the 256 that a plan remembers', async () => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false, strategy: 'runs' })
  // One call is worth 19 rows of 256 bytes on the Dummy: rows 40 apart are runs of their own.
  const mirror = co.createMirror({ rows: 20_000, stride: 256 })
  const words = mirror.view(Uint32Array)
  const report = frame(co, () => {
    for (let row = 0; row < 20_000; row += 40) {
      words.fill(row + 1, row * 64, row * 64 + 64)
      mirror.mark(row)
    }
  })
  expect(report.writes).toBe(500)
  expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})

describe('mirrors', () => {
  let co: MkCoordinator
  beforeEach(() => {
    co = new MkCoordinator(new DummyBackend(), { calibrate: false })
    return () => co.dispose()
  })

  it('take their stride from a schema', () => {
    const mirror = co.createMirror({ rows: 4, schema: struct({ at: vec3f }) })
    expect(mirror.stride).toBe(16)
  })

  it('take bytes of any kind and length up to the stride', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 8 })
    frame(co, () => {
      mirror.write(0, new Uint8Array([1, 2, 3]))
      mirror.write(1, new Float64Array([1.5]))
      mirror.write(2, new Uint16Array([1, 2]).buffer)
      mirror.write(3, new DataView(new ArrayBuffer(8), 4))
    })
    expect([...mirror.view(Uint8Array).subarray(0, 4)]).toEqual([1, 2, 3, 0])
    expect(mirror.view(Float64Array)[1]).toBe(1.5)
    expect(await firstDifference(co, mirror)).toBe(-1)
  })

  it('read zero where nothing was written, in memory that was used before', () => {
    const first = co.createMirror({ rows: 100, stride: 16 })
    first.view(Uint8Array).fill(255)
    first.destroy()
    const second = co.createMirror({ rows: 100, stride: 16 })
    expect(second.offset).toBe(first.offset)
    expect(second.view(Uint8Array).every((byte) => byte === 0)).toBe(true)
  })

  it('keep rows beyond `used` on the device, and copy them when they grow', async () => {
    const mirror = co.createMirror({ rows: 10, stride: 4 })
    frame(co, () => {
      mirror.view(Uint32Array).fill(7)
      mirror.markAll()
    })
    mirror.used = 2
    frame(co, () => mirror.markAll())
    expect(co.report.rowsChanged).toBe(2)
    frame(co, () => mirror.grow(11))
    expect(await firstDifference(co, mirror)).toBe(-1)
  })
})
