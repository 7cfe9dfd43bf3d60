import { describe, expect, it } from 'vitest'
import { createHeap } from '@memkit/core'
import { MkCoordinator, type Mirror, type RowSource } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

const STRIDE = 16

/** Makes rows of four words: each is `value` of the row, and it counts how often it made rows. */
class Source implements RowSource {
  isReadable = true
  value = (row: number): number => row
  pieces = 0
  gathered = 0
  mirror!: Mirror

  packAt(place: number, first: number, count: number): void {
    this.pieces++
    for (let i = 0; i < count; i++) this.#put(place + i * STRIDE, first + i)
  }

  gather(place: number, numbers: number, count: number): void {
    this.gathered++
    let i = 0
    const list = new Uint32Array(this.mirror.heap.buffer, numbers, count)
    this.mirror.dirty.forEachRun(0, (first, length) => {
      for (let row = first; row < first + length; row++, i++) {
        list[i] = row
        this.#put(place + i * STRIDE, row)
      }
    })
  }

  #put(at: number, row: number): void {
    new Uint32Array(this.mirror.heap.buffer, at, 4).fill(this.value(row))
  }
}

async function started(strategy: 'auto' | 'full' | 'runs' | 'scatter', rows = 5000, heapBytes = 1 << 20) {
  const backend = new DummyBackend()
  const co = new MkCoordinator(backend, { strategy, calibrate: false, heapBytes, frameArenaBytes: 4096 })
  await co.ready()
  const source = new Source()
  const mirror = (source.mirror = co.createMirror({ rows, stride: STRIDE, source, label: 'Sourced' }))
  const firsts = async (): Promise<number[]> => {
    const words = new Uint32Array(await co.download(mirror.buffer))
    return Array.from({ length: mirror.capacity }, (_, row) => words[row * 4 + 3])
  }
  return { backend, co, source, mirror, firsts }
}

describe('A mirror with a source', () => {
  it.each(['auto', 'full', 'runs', 'scatter'] as const)(
    'sends up what the source makes of dirty rows, and keeps none of it (%s)',
    async (strategy) => {
      const { co, source, mirror, firsts } = await started(strategy)
      expect(mirror.keepsRows).toBe(false)
      expect(co.heap.stats.used).toBeLessThan(5000 * STRIDE)
      frame(co, () => mirror.markAll())
      expect(await firsts()).toEqual(Array.from({ length: 5000 }, (_, row) => row))
      source.value = (row) => row + 1_000_000
      const dirty = [3, 4, 77, 4000, 4999]
      const report = frame(co, () => dirty.forEach((row) => mirror.mark(row)))
      expect(report.rowsChanged).toBe(5)
      const found = await firsts()
      for (const row of dirty) expect(found[row]).toBe(row + 1_000_000)
      if (strategy === 'scatter') expect(found[5]).toBe(5)
      expect(mirror.dirty.isEmpty).toBe(true)
      co.dispose()
    },
  )

  it('makes a few rows at a time where the heap has no room for more', async () => {
    const { co, source, mirror, firsts } = await started('full', 5000, 64 << 10)
    // All that is left.
    for (let size = 64 << 10; size >= 64; size /= 2)
      try {
        for (;;) mirror.heap.alloc(size)
      } catch {
        // Smaller ones.
      }
    frame(co, () => mirror.markAll())
    expect(source.pieces).toBe(Math.ceil((5000 * STRIDE) / 4096))
    expect(await firsts()).toEqual(Array.from({ length: 5000 }, (_, row) => row))
    co.dispose()
  })

  it.each(['full', 'runs', 'scatter'] as const)(
    'keeps dirty what can not be read, and sends it when it can (%s)',
    async (strategy) => {
      const { co, source, mirror, firsts } = await started(strategy)
      source.isReadable = false
      const report = frame(co, () => (mirror.mark(7), mirror.mark(4000)))
      expect(report).toMatchObject({ rowsChanged: 0, bytesUploaded: 0 })
      expect(mirror.dirty.count).toBe(2)
      source.isReadable = true
      expect(frame(co, () => {}).rowsChanged).toBe(2)
      expect((await firsts())[4000]).toBe(4000)
      co.dispose()
    },
  )

  it('sends everything again on another device, after growth, and after it moved to another heap', async () => {
    const { backend, co, source, mirror, firsts } = await started('auto')
    mirror.used = 3000
    frame(co, () => mirror.markAll())
    source.value = (row) => row + 1
    mirror.grow(7000)
    frame(co, () => {})
    expect((await firsts()).slice(2999, 3001)).toEqual([3000, 0])
    const before = mirror.heap
    mirror.mark(2)
    mirror.isolate(4096)
    source.value = (row) => row + 2
    expect(mirror.heap).not.toBe(before)
    expect(frame(co, () => {}).rowsChanged).toBe(1)
    expect((await firsts()).slice(1, 3)).toEqual([2, 4])
    backend.lose()
    await co.gpu.lost
    await co.restore(new DummyBackend())
    expect(frame(co, () => {}).rowsChanged).toBe(3000)
    expect((await firsts()).slice(2999, 3001)).toEqual([3001, 0])
    co.dispose()
  })

  it('keeps its rows from then on when it is told to, all 0, with what was dirty', async () => {
    const { co, source, mirror } = await started('auto')
    mirror.mark(9)
    const { memoryGeneration } = mirror
    mirror.keepRows()
    expect(mirror.keepsRows).toBe(true)
    expect(mirror.memoryGeneration).toBeGreaterThan(memoryGeneration)
    expect(mirror.view(Uint32Array).every((word) => word === 0)).toBe(true)
    expect(mirror.dirty.count).toBe(1)
    frame(co, () => mirror.write(2, new Uint32Array([8])))
    expect(source.pieces + source.gathered).toBe(0)
    co.dispose()
  })

  it('leaves nothing in the heap', async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const co = new MkCoordinator(new DummyBackend(), { heap, calibrate: false })
    const { used } = heap.stats
    const source = new Source()
    source.mirror = co.createMirror({ rows: 500, stride: STRIDE, source })
    source.mirror.destroy()
    expect(heap.stats.used).toBe(used)
    co.dispose()
  })
})
