import { expect, it } from 'vitest'
import { createHeap } from '@memkit/core'
import { MkCoordinator, type Mirror } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

/** A coordinator whose heap has no room for mirrors of a mebibyte. */
function started(): MkCoordinator {
  const heap = createHeap({ bytes: 1 << 20 })
  return new MkCoordinator(new DummyBackend(), { heap, frameArenaBytes: 4096, calibrate: false })
}

const rows = 1 << 16
const make = (co: MkCoordinator): Mirror => co.createMirror({ rows, stride: 16 })

it('shares a heap between mirrors, each keeping its rows, with every strategy', async () => {
  for (const strategy of ['full', 'runs', 'scatter'] as const) {
    const co = started()
    co.strategy = strategy
    await co.ready()
    const mirrors = Array.from({ length: 20 }, () => make(co))
    expect(new Set(mirrors.map(({ heap }) => heap)).size).toBe(1)
    expect(mirrors[0].heap).not.toBe(co.heap)
    for (let i = 0; i < 3; i++) {
      frame(co, () =>
        mirrors.forEach((mirror, m) => mirror.write(i * 999 + m, new Uint32Array([i, m, 3, 4]))),
      )
      for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
    }
    co.dispose()
  }
})

it('frees the memory of mirrors that grow or are destroyed, and hands it out zeroed', () => {
  const co = started()
  const first = make(co)
  const { heap } = first
  for (let i = 0; i < 300; i++) {
    const mirror = make(co)
    expect(mirror.heap).toBe(heap)
    expect(mirror.view(Uint32Array)[4 * i]).toBe(0)
    mirror.view(Uint32Array).fill(7)
    mirror.grow(2 * rows)
    expect(mirror.heap).toBe(heap)
    mirror.destroy()
  }
  expect(heap.stats.blocks).toBe(1)
  co.dispose()
})

it('moves an isolated mirror to another heap, and back when the first has room', async () => {
  const co = started()
  const mirror = make(co)
  const before = mirror.heap
  frame(co, () => mirror.write(5, new Uint32Array([1, 2, 3, 4])))
  mirror.isolate(1 << 20)
  expect([before, co.heap]).not.toContain(mirror.heap)
  expect(mirror.heap.stats.largestFree).toBeGreaterThan(1 << 20)
  expect(before.stats.blocks).toBe(0)
  frame(co, () => mirror.write(6, new Uint32Array([5, 6, 7, 8])))
  expect(await firstDifference(co, mirror)).toBe(-1)
  const second = mirror.heap
  mirror.isolate(1 << 20)
  expect(mirror.heap).toBe(before)
  expect(second.stats.blocks).toBe(0)
  co.dispose()
})

it('refuses what no heap can hold, by name, and changes nothing', () => {
  const capabilities = { maxStorageBufferBindingSize: 2 ** 34 }
  const backend = new DummyBackend({ maxBufferSize: 2 ** 34, capabilities })
  const co = new MkCoordinator(backend, { calibrate: false })
  expect(() => co.createMirror({ rows: 2 ** 24, stride: 256, label: 'Wide' })).toThrow(
    expect.objectContaining({ code: 'MirrorTooLarge', label: 'Wide', requested: 2 ** 32, max: 3 * 2 ** 30 }),
  )
  const mirror = co.createMirror({ rows: 4, stride: 256, label: 'Narrow' })
  expect(mirror.mostRows).toBe((3 * 2 ** 30) / 256)
  expect(() => mirror.grow(2 ** 24)).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
  expect(() => mirror.isolate(2 ** 32)).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
  expect([mirror.capacity, mirror.heap]).toEqual([4, co.heap])
  co.dispose()
})
