import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeComponent, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced, type MkSync, type RowKind } from '../src/index.ts'

/** Rows of 4 bytes that the device allows. */
const most = 1024
const slots = 1200

const tooLarge = (label: string, rows: number): unknown =>
  expect.objectContaining({ code: 'MirrorTooLarge', label, requested: rows * 4, max: most * 4 })

function frame(mk: MkSync): void {
  mk.beginFrame()
  mk.endFrame()
}

/** A world whose device allows 1 024 rows of 4 bytes, with components of which `things` are one. */
async function start(rows: RowKind) {
  const gpu = new MkGpu(new DummyBackend({ maxBufferSize: most * 4 }))
  const world = createWorld()
  const options = { rows, capacity: 16, label: 'Thing' } as const
  const Thing = GpuSynced({ id: new Uint32Array(slots) }, options)
  const mk = await attachMk(world, { gpu })
  const things: number[] = []
  const spawn = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      Thing.id[entity] = entity + 5000
      things.push(entity)
    }
  }
  /** How many of the living have their value on the device; none that has a row may have another's. */
  const served = async (): Promise<number> => {
    const buffer = mk.buffer(Thing)
    const ids = new Uint32Array(await buffer.read())
    const found = things.filter((entity) => buffer.rowOf(entity) >= 0)
    for (const entity of found) expect(ids[buffer.rowOf(entity)]).toBe(entity + 5000)
    return found.length
  }
  return { gpu, mk, world, Thing, things, spawn, served }
}

describe.each<[RowKind, number]>([
  // Row 0 belongs to no entity where rows are entity ids.
  ['entity', most - 1],
  ['packed', most],
])('more entities than rows on the device, %s rows', (rows, fit) => {
  it('syncs as many as fit, in a buffer that grew as far as possible', async () => {
    const { mk, spawn, served, Thing } = await start(rows)
    spawn(1100)
    expect(() => frame(mk)).toThrow(tooLarge('Thing', rows === 'entity' ? 1101 : 1100))
    expect(mk.buffer(Thing).buffer.size).toBe(most * 4)
    expect(await served()).toBe(fit)
  })

  it('stops throwing in the frame in which all entities fit again', async () => {
    const { mk, world, spawn, served, things } = await start(rows)
    spawn(1100)
    expect(() => frame(mk)).toThrow(tooLarge('Thing', rows === 'entity' ? 1101 : 1100))
    for (const entity of things.splice(fit - 24)) removeEntity(world, entity)
    frame(mk)
    expect(await served()).toBe(fit - 24)
    frame(mk)
    expect(mk.report.rowsChanged).toBe(0)
    mk.dispose()
  })

  it('gives freed rows to waiting entities in the same frame', async () => {
    const { mk, world, spawn, served, things } = await start(rows)
    spawn(1100)
    expect(() => frame(mk)).toThrow(tooLarge('Thing', rows === 'entity' ? 1101 : 1100))
    // Those with the lowest ids: by entity id, the ones that wait lie beyond all the same.
    for (const entity of things.splice(0, 50)) removeEntity(world, entity)
    expect(() => frame(mk)).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
    expect(await served()).toBe(rows === 'entity' ? fit - 50 : fit)
    for (const entity of things.splice(0, 50)) removeEntity(world, entity)
    if (rows === 'packed') frame(mk)
    else expect(() => frame(mk)).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
    expect(await served()).toBe(rows === 'entity' ? fit - 100 : 1000)
    mk.dispose()
  })

  it('lists as many as fit in a query, and stops throwing as well', async () => {
    const { mk, world, things } = await start(rows)
    const Tag = {}
    const query = mk.query([Tag], { label: 'Tagged' })
    for (let i = 0; i < 1100; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, Tag)
      things.push(entity)
    }
    expect(() => frame(mk)).toThrow(tooLarge('Tagged', 1100))
    expect(query.count).toBe(most)
    const listed = async (): Promise<Set<number>> =>
      new Set(new Uint32Array(await query.indices.read()).subarray(0, query.count))
    expect((await listed()).size).toBe(most)
    for (const entity of things.splice(0, 50)) removeComponent(world, entity, Tag)
    expect(() => frame(mk)).toThrow(tooLarge('Tagged', 1050))
    expect(query.count).toBe(most)
    for (const entity of things.splice(0, 50)) removeComponent(world, entity, Tag)
    frame(mk)
    expect(await listed()).toEqual(new Set(things))
    mk.dispose()
  })
})

it('allows a query of more entities than the device allows', async () => {
  const { mk, world } = await start('packed')
  const Tag = {}
  for (let i = 0; i < 1100; i++) addComponent(world, addEntity(world), Tag)
  const query = mk.query([Tag], { label: 'Tagged' })
  expect(() => frame(mk)).toThrow(tooLarge('Tagged', 1100))
  expect(query.count).toBe(most)
  mk.dispose()
})

it('lists all existing rows in the row table', async () => {
  const { mk, world, Thing, things, spawn } = await start('packed')
  const table = mk.buffer(Thing).rowTable
  spawn(1100)
  expect(() => frame(mk)).toThrow(tooLarge('Thing', 1100))
  for (const entity of things.splice(0, 100)) removeEntity(world, entity)
  frame(mk)
  const entities = new Uint32Array(await table.read()).subarray(0, 1000)
  expect(new Set(entities)).toEqual(new Set(things))
  mk.dispose()
})

describe('rows of another component that are larger than its own', () => {
  it('gets as many rows from the owner as both have room for, and stops throwing', async () => {
    const world = createWorld()
    const Owner = GpuSynced({ id: new Uint32Array(slots) }, { rows: 'packed', capacity: 16, label: 'Owner' })
    const [x, y, z, w] = [0, 1, 2, 3].map(() => new Float32Array(slots))
    const Body = GpuSynced({ x, y, z, w }, { rowsOf: Owner, label: 'Body' })
    const gpu = new MkGpu(new DummyBackend({ maxBufferSize: most * 4 }))
    const mk = await attachMk(world, { gpu, components: [Owner, Body] })
    const entities = Array.from({ length: 300 }, () => addEntity(world))
    for (const entity of entities) {
      addComponent(world, entity, Owner)
      addComponent(world, entity, Body)
      Owner.id[entity] = Body.w[entity] = entity
    }
    expect(() => frame(mk)).toThrow(
      expect.objectContaining({ code: 'MirrorTooLarge', label: 'Body', requested: 300 * 16 }),
    )
    const seated = (): number => entities.filter((entity) => mk.buffer(Owner).rowOf(entity) >= 0).length
    expect(seated()).toBe(256)
    for (const entity of entities.splice(0, 60)) removeEntity(world, entity)
    frame(mk)
    expect(seated()).toBe(240)
    const ids = new Uint32Array(await mk.buffer(Owner).read())
    const body = mk.buffer(Body)
    const rows = new Float32Array(await body.read())
    for (const entity of entities) {
      expect(ids[mk.buffer(Owner).rowOf(entity)]).toBe(entity)
      expect(rows[body.rowOf(entity) * 4 + 3]).toBe(entity)
    }
    mk.dispose()
  })
})

it.each<[RowKind, number]>([
  ['entity', 900],
  ['entity', 1100],
  ['packed', 900],
  ['packed', 1100],
])(
  'syncs the rows that a device with fewer rows than the mirror allows (%s rows, %i entities)',
  async (rows, count) => {
    const world = createWorld()
    const Thing = GpuSynced({ id: new Uint32Array(slots) }, { rows, capacity: 1500, label: 'Thing' })
    const big = new MkGpu(new DummyBackend())
    const mk = await attachMk(world, { gpu: big })
    const warnings: string[] = []
    mk.on('warning', ({ code }) => void warnings.push(code))
    for (let i = 0; i < count; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      Thing.id[entity] = entity
    }
    frame(mk)
    big.destroy()
    await mk.restore(new MkGpu(new DummyBackend({ maxBufferSize: most * 4 })))
    for (let i = 0; i < 3; i++) frame(mk)
    // Said where entities lie beyond, and not because of room that none of them needs.
    expect(warnings).toEqual(count > most ? ['MirrorTooLarge'] : [])
    const buffer = mk.buffer(Thing)
    const ids = new Uint32Array(await mk.coordinator.download(buffer.buffer))
    expect(ids.length).toBe(most)
    for (let row = 0; row < Math.min(most, buffer.rows); row++)
      expect(ids[row]).toBe(rows === 'entity' ? row : buffer.entityOf(row))
    mk.dispose()
  },
)
