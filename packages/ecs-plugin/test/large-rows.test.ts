import { array, f32, struct } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { expect, it } from 'vitest'
import { attachMk, GpuSynced, type RowKind } from '../src/index.ts'

const scalars = 1 << 20

it.each<[RowKind, number | undefined]>([
  ['entity', undefined],
  ['entity', 4],
  ['packed', undefined],
])(
  'uploads rows of 4 MiB and later changes (%s rows, capacity %s)',
  { timeout: 60_000 },
  async (rows, capacity) => {
    const schema = struct({ cells: array(f32, scalars) })
    const Chunk = GpuSynced(
      { cells: new Float32Array(4 * scalars) },
      { rows, schema, label: 'Chunk', ...(capacity === undefined ? {} : { capacity }) },
    )
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    const entities = [1, 2, 3].map(() => addEntity(world))
    for (const entity of entities) {
      addComponent(world, entity, Chunk)
      Chunk.cells.fill(entity, entity * scalars, (entity + 1) * scalars)
    }
    const frame = (): number => {
      mk.beginFrame()
      mk.endFrame()
      return mk.report.rowsChanged
    }
    expect(frame()).toBe(3)
    Chunk.cells[3 * scalars - 1] = 7
    expect(frame()).toBe(1)
    expect(frame()).toBe(0)
    const buffer = mk.buffer(Chunk)
    const values = new Float32Array(await buffer.read())
    for (const entity of entities) {
      const first = buffer.rowOf(entity) * scalars
      expect([values[first], values[first + scalars - 1]]).toEqual([entity, entity === 2 ? 7 : entity])
    }
    mk.dispose()
  },
)

it('refuses a row too large for the device with an error that names the component', async () => {
  const schema = struct({ cells: array(f32, scalars) })
  const Chunk = GpuSynced({ cells: new Float32Array(2 * scalars) }, { schema, label: 'Chunk' })
  const world = createWorld()
  const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 1 << 20 }))
  const mk = await attachMk(world, { gpu })
  expect(() => mk.buffer(Chunk)).toThrow(
    expect.objectContaining({ code: 'MirrorTooLarge', label: 'Chunk', requested: 4 << 20, max: 1 << 20 }),
  )
  mk.dispose()
})

it('refuses rows beyond what a heap holds with an error that names the component', async () => {
  const Wide = GpuSynced({ x: new Float32Array(4) }, { label: 'Wide', capacity: 900_000_000 })
  const capabilities = { maxStorageBufferBindingSize: 2 ** 33 }
  const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 2 ** 33, capabilities }))
  const mk = await attachMk(createWorld(), { gpu })
  expect(() => mk.buffer(Wide)).toThrow(
    expect.objectContaining({
      code: 'MirrorTooLarge',
      label: 'Wide',
      requested: 3_600_000_000,
      max: 3 * 2 ** 30,
    }),
  )
  mk.dispose()
})
