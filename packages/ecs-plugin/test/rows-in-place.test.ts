import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { createHeap, f32, struct, vec3f } from '@memkit/core'
import { GpuSynced, attachMk, type GpuSyncedOptions } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'

const Body = struct({ position: vec3f, mass: f32 })

async function game(options: Omit<GpuSyncedOptions, 'schema'>, capacity = 99, debug = false) {
  const heap = createHeap({ bytes: 4 << 20 })
  const store = heap.rows(Body, capacity)
  const flagged = GpuSynced(store, options)
  const world = createWorld()
  const attach = (of = world) => attachMk(of, { gpu: new MkGpu(new DummyBackend()), heap, debug })
  const mk = await attach()
  const spawn = (mass: number, of = world): number => {
    const entity = addEntity(of)
    addComponent(of, entity, flagged)
    store.mass.set(entity, mass)
    return entity
  }
  /** Masses of entities 0 … count − 1 as the device has them. */
  const masses = async (count: number, of = mk): Promise<number[]> => {
    const bytes = await of.coordinator.download(of.buffer(flagged).buffer, 0, count * 16)
    return Array.from({ length: count }, (_, row) => new Float32Array(bytes)[row * 4 + 3])
  }
  const frame = (of = mk) => (of.beginFrame(), of.stage(), of.endFrame())
  return { heap, store, flagged, world, mk, attach, spawn, masses, frame }
}

describe('rows of heap.rows are their own mirror', () => {
  it.each(['marked', 'all'] as const)('upload what was written, without a copy (%s)', async (changes) => {
    const { heap, store, flagged, mk, spawn, masses, frame } = await game({ changes, onRemove: 'keep' })
    const a = spawn(1)
    const b = spawn(2)
    const used = heap.stats.used
    frame()
    // Dirty rows for 100 rows, and nothing of the 1 600 bytes that a copy of them would take.
    expect(heap.stats.used - used).toBeLessThan(1600)
    expect(await masses(3)).toEqual([0, 1, 2])
    store.mass.set(b, 20)
    if (changes === 'marked') mk.mark(flagged, b)
    expect(frame().rowsChanged).toBe(changes === 'marked' ? 1 : 2)
    expect(await masses(3)).toEqual([0, 1, 20])
    expect(a).toBe(1)
    mk.dispose()
  })

  it('keep the values of a removed entity, and upload those of the next owner', async () => {
    const { world, mk, spawn, masses, frame } = await game({ changes: 'marked', onRemove: 'keep' })
    const a = spawn(1)
    spawn(2)
    frame()
    removeEntity(world, a)
    expect(frame().rowsChanged).toBe(0)
    expect(await masses(3)).toEqual([0, 1, 2])
    expect(spawn(3)).toBe(a)
    frame()
    expect(await masses(3)).toEqual([0, 3, 2])
    mk.dispose()
  })

  it('report an entity past the end of the store, and upload the others', async () => {
    const { mk, spawn, masses } = await game({ changes: 'marked', onRemove: 'keep' }, 2)
    spawn(1)
    spawn(2)
    spawn(3)
    mk.beginFrame()
    expect(() => mk.stage()).toThrow(expect.objectContaining({ code: 'EntityBeyondColumn', entity: 3 }))
    mk.endFrame()
    expect(await masses(3)).toEqual([0, 1, 2])
    mk.beginFrame()
    expect(() => mk.stage()).toThrow(expect.objectContaining({ code: 'EntityBeyondColumn' }))
    mk.endFrame()
    mk.dispose()
  })

  it('leave the store unchanged after dispose, so that it can be mirrored again', async () => {
    const { heap, store, mk, attach, spawn, masses, frame } = await game({ changes: 'all', onRemove: 'keep' })
    const used = heap.stats.used
    spawn(1)
    frame()
    mk.dispose()
    expect(store.mass(1)).toBe(1)
    const again = await attach()
    frame(again)
    expect(await masses(2, again)).toEqual([0, 1])
    again.dispose()
    expect(heap.stats.used).toBeLessThan(used)
  })
})

/** Bytes of the heap that the first frame of one entity takes. */
async function bytesOfFirstFrame(options: Omit<GpuSyncedOptions, 'schema'>, debug = false): Promise<number> {
  const { heap, mk, spawn, frame } = await game({ capacity: 5000, ...options }, 5000, debug)
  spawn(1)
  const used = heap.stats.used
  frame()
  const taken = heap.stats.used - used
  mk.dispose()
  return taken
}

describe('rows have a mirror of their own', () => {
  // 5 001 rows of 16 bytes.
  const COPY = 80_000
  it.each([
    ['where changes are found by comparing', { changes: 'detect', onRemove: 'keep' }],
    ['where removed rows are wiped', { changes: 'marked', onRemove: 'zero' }],
    ['where rows are packed', { changes: 'marked', onRemove: 'keep', rows: 'packed' }],
    ['where the device writes', { changes: 'marked', onRemove: 'keep', direction: 'both' }],
  ] as const)('%s', async (_, options) => {
    expect(await bytesOfFirstFrame(options)).toBeGreaterThan(COPY)
    expect(await bytesOfFirstFrame({ changes: 'marked', onRemove: 'keep' })).toBeLessThan(COPY)
  })

  it('in debug mode, to find forgotten marks', async () => {
    const { mk, store, flagged, spawn, frame } = await game({ changes: 'marked', onRemove: 'keep' }, 99, true)
    const a = spawn(1)
    frame()
    store.mass.set(a, 5)
    mk.on('warning', () => {})
    frame()
    expect(mk.forgottenMarks(flagged)).toBe(1)
    mk.dispose()
  })

  it('in a second world on the same store: each sees its own entities', async () => {
    const { mk, attach, spawn, masses, frame } = await game({ changes: 'marked', onRemove: 'keep' })
    const other = createWorld()
    spawn(1)
    frame()
    addEntity(other)
    const second = await attach(other)
    expect(spawn(2, other)).toBe(2)
    frame(second)
    expect(await masses(3, second)).toEqual([0, 0, 2])
    expect((await masses(2))[1]).toBe(1)
    second.dispose()
    mk.dispose()
  })
})
