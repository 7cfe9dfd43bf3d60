import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { createHeap, f32, struct, u32 } from '@memkit/core'
import { GpuSynced, attachMk, type GpuSyncedOptions } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'

type Column = Float32Array | number[]

async function game(
  options: GpuSyncedOptions = {},
  attachOptions: { debug?: boolean; heapBytes?: number } = {},
) {
  const store: { hp: Column; id: Uint32Array } = { hp: new Float32Array(5000), id: new Uint32Array(5000) }
  const schema = struct({ hp: f32, id: u32 })
  const flagged = GpuSynced(store, {
    schema,
    changes: 'marked',
    onRemove: 'keep',
    capacity: 5000,
    ...options,
  })
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), ...attachOptions })
  await mk.coordinator.ready()
  const spawn = (hp: number): number => {
    const entity = addEntity(world)
    addComponent(world, entity, flagged)
    store.hp[entity] = hp
    store.id[entity] = entity
    return entity
  }
  const hps = async (count: number): Promise<number[]> => {
    const bytes = await mk.coordinator.download(mk.buffer(flagged).buffer, 0, count * 8)
    return Array.from({ length: count }, (_, row) => new Float32Array(bytes)[row * 2])
  }
  const frame = () => (mk.beginFrame(), mk.stage(), mk.endFrame())
  return { store, flagged, world, mk, spawn, hps, frame, mirror: () => mk.synced()[0].mirror }
}

const keepsRows = (mirror: object): boolean => (mirror as { keepsRows?: boolean }).keepsRows === true

describe('Rows of typed arrays are packed when they go up', () => {
  it.each(['marked', 'all'] as const)('from where the columns lie, without a copy (%s)', async (changes) => {
    const { store, flagged, mk, spawn, hps, frame, mirror } = await game({ changes })
    spawn(1)
    const b = spawn(2)
    frame()
    expect(keepsRows(mirror())).toBe(false)
    expect(mk.coordinator.stats.mirrorBytes).toBeLessThanOrEqual(4096)
    expect(await hps(3)).toEqual([0, 1, 2])
    store.hp[b] = 20
    if (changes === 'marked') mk.mark(flagged, b)
    expect(frame().rowsChanged).toBe(changes === 'marked' ? 1 : 2)
    expect(await hps(3)).toEqual([0, 1, 20])
    expect(new Float32Array(mk.buffer(flagged).readCpu())[2 * b]).toBe(20)
    mk.dispose()
  })

  it.each([
    ['where changes are found by comparing', { changes: 'detect' }],
    ['where removed rows are wiped', { onRemove: 'zero' }],
    ['where rows are packed', { rows: 'packed' }],
    ['where the device writes', { direction: 'both' }],
  ] as const)('but have a mirror %s', async (_, options) => {
    const { mk, spawn, frame, mirror } = await game(options)
    spawn(1)
    frame()
    expect(keepsRows(mirror())).toBe(true)
    mk.dispose()
  })

  it('but have a mirror in debug mode, to find forgotten marks', async () => {
    const { mk, store, flagged, spawn, frame, mirror } = await game({}, { debug: true })
    const a = spawn(1)
    frame()
    expect(keepsRows(mirror())).toBe(true)
    store.hp[a] = 5
    mk.on('warning', () => {})
    frame()
    expect(mk.forgottenMarks(flagged)).toBe(1)
    mk.dispose()
  })

  it('keep the values of a removed entity, and send those of the next owner', async () => {
    const { world, mk, spawn, hps, frame } = await game()
    const a = spawn(1)
    spawn(2)
    frame()
    removeEntity(world, a)
    expect(frame().rowsChanged).toBe(0)
    expect(await hps(3)).toEqual([0, 1, 2])
    expect(spawn(3)).toBe(a)
    frame()
    expect(await hps(3)).toEqual([0, 3, 2])
    mk.dispose()
  })

  it.each(['marked', 'all'] as const)(
    'are kept from then on when a column becomes a plain array (%s)',
    async (changes) => {
      const { store, flagged, mk, spawn, hps, frame, mirror } = await game({ changes })
      const [a, b] = [spawn(1), spawn(2)]
      frame()
      store.hp = [0, 10, 20]
      frame()
      expect(keepsRows(mirror())).toBe(true)
      expect(await hps(3)).toEqual([0, 10, 20])
      store.hp[b] = 30
      if (changes === 'marked') mk.mark(flagged, b)
      frame()
      expect(await hps(3)).toEqual([0, 10, 30])
      store.hp = new Float32Array(5000).fill(7)
      frame()
      expect((await hps(3)).slice(a)).toEqual([7, 7])
      mk.dispose()
    },
  )

  it('wait while a column is detached or columns disagree, and go up once they can be read', async () => {
    const { store, flagged, mk, spawn, hps, frame } = await game()
    const a = spawn(1)
    frame()
    store.hp[a] = 2
    mk.mark(flagged, a)
    mk.beginFrame()
    mk.stage()
    const { buffer } = store.hp as Float32Array
    structuredClone(buffer, { transfer: [buffer] })
    expect(mk.endFrame().bytesUploaded).toBe(0)
    expect(await hps(2)).toEqual([0, 1])
    mk.beginFrame()
    expect(() => mk.stage()).toThrow(expect.objectContaining({ code: 'ColumnDetached' }))
    mk.endFrame()
    store.hp = new Float32Array(40)
    mk.beginFrame()
    expect(() => mk.stage()).toThrow(expect.objectContaining({ code: 'ColumnLengthMismatch' }))
    mk.endFrame()
    store.hp = new Float32Array(5000).fill(4)
    frame()
    expect(await hps(2)).toEqual([0, 4])
    mk.dispose()
  })

  it('find their way through a heap that is full', async () => {
    const heap = createHeap({ bytes: 96 << 10 })
    const { mk, spawn, hps, frame } = await game({}, { heap } as object)
    for (let i = 1; i < 4000; i++) spawn(i)
    frame()
    expect(await hps(4000)).toEqual(Array.from({ length: 4000 }, (_, i) => i))
    mk.dispose()
  })
})
