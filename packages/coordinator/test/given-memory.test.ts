import { expect, it } from 'vitest'
import { createHeap, f32, struct, vec3f } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

const Body = struct({ position: vec3f, mass: f32 })

async function started(strategy: 'auto' | 'full' | 'runs' | 'scatter' = 'auto') {
  const heap = createHeap({ bytes: 1 << 20 })
  const co = new MkCoordinator(new DummyBackend(), { heap, strategy, calibrate: false })
  await co.ready()
  const store = heap.rows(Body, 999)
  const before = heap.stats.used
  const memory = { heap, offset: store.offset }
  const mirror = co.createMirror({ rows: 1000, stride: store.stride, memory })
  return { heap, co, store, memory, mirror, before }
}

it.each(['auto', 'full', 'runs', 'scatter'] as const)(
  'mirrors the rows of a store without a copy, so that writing rows writes the mirror (%s)',
  async (strategy) => {
    const { co, store, mirror } = await started(strategy)
    expect(mirror.offset).toBe(store.offset)
    frame(co, () => mirror.markAll())
    store.mass.set(7, 1.5)
    store.mass.set(900, 2.5)
    const report = frame(co, () => (mirror.mark(7), mirror.mark(900)))
    expect(report.rowsChanged).toBe(2)
    expect(await firstDifference(co, mirror)).toBe(-1)
    const bytes = await co.download(mirror.buffer, 900 * 16 + 12, 4)
    expect(new Float32Array(bytes)[0]).toBe(2.5)
    co.dispose()
  },
)

it('costs only its dirty rows, and frees exactly what it took', async () => {
  const { heap, co, store, mirror, before } = await started()
  // 32 words of bits and one of their summary, and what the heap adds to a block: nowhere near 16 000 bytes of rows.
  expect(heap.stats.used - before).toBeLessThan(512)
  store.mass.set(3, 4)
  // A heap that is not the coordinator's, and rows that are gathered there.
  const other = new MkCoordinator(new DummyBackend(), { strategy: 'scatter', calibrate: false })
  await other.ready()
  const there = other.createMirror({ rows: 1000, stride: 16, memory: { heap, offset: store.offset } })
  expect(frame(other, () => there.mark(3)).mirrors[0].strategy).toBe('scatter')
  there.destroy()
  other.dispose()
  mirror.destroy()
  expect(heap.stats.used).toBe(before)
  expect(store.mass(3)).toBe(4)
  co.dispose()
})

it('refuses to grow beyond the memory it was given, and changes nothing', async () => {
  const { co, store, mirror } = await started()
  expect(() => mirror.grow(1001)).toThrow(expect.objectContaining({ code: 'InvalidSize', max: 1000 }))
  mirror.grow(1000)
  mirror.isolate(64)
  expect(mirror).toMatchObject({ capacity: 1000, generation: 1, offset: store.offset })
  store.mass.set(1, 1)
  frame(co, () => mirror.mark(1))
  expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})

it('refuses rows past the end of the heap, between two words, or past the limit of the device', async () => {
  const { heap, co, memory } = await started()
  const used = heap.stats.used
  for (const offset of [-16, memory.offset + 2, heap.bytes - 16, Number.NaN])
    expect(() => co.createMirror({ rows: 1000, stride: 16, memory: { heap, offset } })).toThrow(
      expect.objectContaining({ code: 'InvalidConfig', option: 'memory.offset' }),
    )
  expect(() => co.createMirror({ rows: 1000, stride: 16, memory, direction: 'both' })).toThrow(
    expect.objectContaining({ code: 'InvalidConfig', option: 'direction' }),
  )
  expect(heap.stats.used).toBe(used)
  co.dispose()
})

it('uploads everything again from the same memory after a loss', async () => {
  const { co, store, mirror } = await started()
  for (let row = 0; row < 1000; row++) store.mass.set(row, row)
  frame(co, () => mirror.markAll())
  const { backend } = co.gpu
  if (!(backend instanceof DummyBackend)) throw new Error('another backend')
  backend.lose()
  await co.gpu.lost
  store.mass.set(5, -5)
  await co.restore(new DummyBackend())
  frame(co, () => mirror.mark(5))
  expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})
