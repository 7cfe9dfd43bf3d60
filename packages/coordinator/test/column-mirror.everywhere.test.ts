import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHeap, DirtyRows, pitchFor, type Heap } from '@memkit/core'
import { createColumnMirror, MkCoordinator, tableCosts, type Strategy } from '@memkit/coordinator'
import type { MkGpu } from '@memkit/gpu'
import { places } from '@memkit/testing/place'
import { integersFrom } from '@memkit/testing/random'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'
import { difference, Game } from './column-game.ts'
import { frame } from './device-bytes.ts'

// Cheap enough for each way to be the best one of some frames.
const costs = { ...tableCosts.dummy, scatterThread: 500, scatterDevice: 0, rowThreadFar: 1, rowDeviceFar: 0 }

describe.each(Object.entries(places))('a mirror of columns on %s', (_, { open }) => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await open())
  })
  afterEach(() => closeStrict(gpu))

  const modes = ['all', 'marked', 'detect'] as const
  const strategies: readonly Strategy[] = ['auto', 'full', 'runs', 'scatter']
  it.each(modes.flatMap((mode) => strategies.map((strategy) => [mode, strategy] as const)))(
    'has the bytes of the columns after every frame (%s, %s)',
    async (mode, strategy) => {
      for (let seed = 1; seed <= 4; seed++) {
        const random = integersFrom(seed * 7)
        const co = new MkCoordinator(gpu, { heapBytes: 8 << 20, strategy, costs, calibrate: false })
        await co.ready()
        const game = new Game(co, mode, random)
        for (let i = 0; i < 12; i++) {
          frame(co, () => {
            for (let k = 0; k < 3; k++) game.step()
            game.stage()
          })
          expect(await difference(co, game.mirror, game.arrays), `seed ${seed}, frame ${i}`).toBeUndefined()
        }
        co.dispose()
      }
    },
  )
})

/** Six columns of a store that lies in memory as the sections do on the device. */
function storeIn(heap: Heap, rows: number) {
  const pitch = pitchFor(rows)
  const block = heap.alloc(pitch * 6 * 4, 256, 'store')
  return Array.from(
    { length: 6 },
    (_, i) => new Float32Array(heap.buffer, block.offset + i * pitch * 4, pitch),
  )
}

describe('a mirror of the columns of a store', () => {
  const sixFloats = Array.from(
    { length: 6 },
    (_, i) => ({ name: `c${i}`, elementBytes: 4, arity: 1 }) as const,
  )

  async function started(changes: 'all' | 'marked' | 'detect') {
    const heap = createHeap({ bytes: 16 << 20 })
    const [{ open }] = Object.values(places)
    const gpu = await open()
    const co = new MkCoordinator(gpu, { heap, calibrate: false })
    await co.ready()
    const arrays = storeIn(heap, 5000)
    const mirror = createColumnMirror(co, { rows: 5000, columns: sixFloats, changes })
    arrays.forEach((array, i) => mirror.bind(i, array))
    arrays.forEach((array, i) => array.fill(i + 1))
    await mirror.buffer.allocationError
    return { gpu, co, mirror, arrays }
  }

  it('goes up in one write when everything moves, and costs nothing when nothing does', async () => {
    const { gpu, co, mirror, arrays } = await started('all')
    frame(co, () => mirror.markAll())
    const report = frame(co, () => mirror.markAll())
    expect(report).toMatchObject({ writes: 1, apiCalls: 1, dispatches: 0 })
    expect(report.mirrors[0]).toMatchObject({ strategy: 'full', rows: 5000 })
    expect(await difference(co, mirror, arrays)).toBeUndefined()
    expect(frame(co, () => {}).apiCalls).toBe(0)
    expect(co.stats.mirrorBytes).toBe(0)
    co.dispose()
    gpu.destroy()
  })

  it('uploads what the columns hold when the frame ends, of marked rows only', async () => {
    const { gpu, co, mirror, arrays } = await started('marked')
    frame(co, () => mirror.markAll())
    const marks = new DirtyRows(5000)
    marks.set(7)
    arrays[2][7] = 70
    arrays[2][900] = 71
    const report = frame(co, () => {
      mirror.markRows(marks)
      arrays[3][7] = 72
    })
    expect(report.rowsChanged).toBe(1)
    const held = new Float32Array(await co.download(mirror.buffer))
    const at = (column: number, row: number): number => held[mirror.sections[column].offset / 4 + row]
    expect([at(2, 7), at(3, 7), at(2, 900)]).toEqual([70, 72, 3])
    co.dispose()
    gpu.destroy()
  })

  it('finds the column that changed, and sends no other', async () => {
    const { gpu, co, mirror, arrays } = await started('detect')
    frame(co, () => mirror.detect())
    arrays[4].fill(9)
    const report = frame(co, () => mirror.detect())
    expect(report.bytesUploaded).toBeLessThan(1.1 * arrays[4].byteLength)
    expect(await difference(co, mirror, arrays)).toBeUndefined()
    expect(frame(co, () => mirror.detect()).apiCalls).toBe(0)
    co.dispose()
    gpu.destroy()
  })
})
