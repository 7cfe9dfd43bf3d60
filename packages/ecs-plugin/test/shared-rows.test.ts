import {
  addComponent,
  addEntity,
  createWorld,
  hasComponent,
  removeComponent,
  removeEntity,
  resetWorld,
} from 'bitecs'
import { createHeap } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced, type Changes, type MkOptions, type MkSync, type Synced } from '../src/index.ts'

const slots = 4096

async function setUp(changes: Changes = 'detect', options: MkOptions = {}, backend = new DummyBackend()) {
  const Place = GpuSynced(
    { id: new Uint32Array(slots) },
    { label: 'Place', rows: 'packed', changes, capacity: 8 },
  )
  const Tint = GpuSynced(
    { id: new Uint32Array(slots), more: new Uint32Array(slots) },
    { label: 'Tint', rowsOf: Place, changes },
  )
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(backend), ...options })
  const add = (entity: number, component: typeof Place | typeof Tint, value = entity): void => {
    component.id[entity] = value
    addComponent(world, entity, component)
    mk.mark(component, entity)
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  return { Place, Tint, world, mk, frame, add, backend }
}

/** What the device has in the rows of a component. */
async function words(mk: MkSync<object>, component: Synced): Promise<Uint32Array> {
  const { buffer } = mk.buffer(component)
  return new Uint32Array(await mk.coordinator.download(buffer))
}

/** Every row of the owner that an entity has, with what belongs there in both; rows of no entity are zeros in the second. */
async function check(
  { Place, Tint, world, mk }: Awaited<ReturnType<typeof setUp>>,
  alive: readonly number[],
): Promise<void> {
  const places = await words(mk, Place)
  const tints = await words(mk, Tint)
  const expected = new Uint32Array(tints.length)
  let count = 0
  for (const entity of alive) {
    if (!hasComponent(world, entity, Place)) continue
    count++
    const row = mk.buffer(Place).rowOf(entity)
    expect(row).toBeGreaterThanOrEqual(0)
    expect(places[row]).toBe(Place.id[entity])
    const tinted = hasComponent(world, entity, Tint)
    expect(mk.buffer(Tint).rowOf(entity)).toBe(tinted ? row : -1)
    expect(mk.buffer(Tint).entityOf(row)).toBe(tinted ? entity : -1)
    if (tinted) expected.set([Tint.id[entity], Tint.more[entity]], row * 2)
  }
  expect([mk.buffer(Place).rows, mk.buffer(Tint).rows]).toEqual([count, count])
  expect(tints).toEqual(expected)
}

describe('rows of another component', () => {
  it.each(['detect', 'marked', 'all'] as const)(
    "agree with the owner's in a random program (%s)",
    async (changes) => {
      const bench = await setUp(changes, { debug: true })
      const { Place, Tint, world, mk, frame, add } = bench
      const random = integersFrom(7)
      const alive: number[] = []
      for (let step = 0; step < 150; step++) {
        for (let i = 0; i < 8; i++) {
          const entity = alive[random(Math.max(1, alive.length))]
          const what = random(10)
          if (entity === undefined || what < 3) {
            const born = addEntity(world)
            alive.push(born)
            // Who is born may be one that died in the same frame.
            if (random(4) > 0) add(born, Place, 1000 + step * 8 + i)
            if (random(4) > 0) add(born, Tint, 5000 + step * 8 + i)
          } else if (what < 5) removeEntity(world, alive.splice(alive.indexOf(entity), 1)[0])
          else if (what < 6) removeComponent(world, entity, Tint)
          else if (what < 7) removeComponent(world, entity, Place)
          else if (what < 8) add(entity, Place, Place.id[entity])
          else add(entity, Tint, 9000 + step * 8 + i)
          if (entity !== undefined && alive.includes(entity) && hasComponent(world, entity, Tint)) {
            Tint.more[entity] = step
            mk.mark(Tint, entity)
          }
        }
        frame()
        await check(bench, alive)
      }
      expect(mk.buffer(Place).capacity).toBeGreaterThan(8)
      expect(mk.forgottenMarks(Tint) ?? 0).toBe(0)
      mk.dispose()
    },
  )

  it('have the capacity, the growth and the row table of the owner', async () => {
    const bench = await setUp()
    const { Place, Tint, world, mk, frame, add } = bench
    frame()
    const tint = mk.buffer(Tint)
    expect([tint.capacity, mk.buffer(Place).capacity]).toEqual([8, 8])
    const alive = Array.from({ length: 100 }, () => addEntity(world))
    for (const entity of alive) add(entity, Place)
    for (const entity of alive) if (entity % 2 === 0) add(entity, Tint)
    frame()
    await check(bench, alive)
    expect(tint.capacity).toBe(mk.buffer(Place).capacity)
    expect(tint.rowTable.buffer).toBe(mk.buffer(Place).rowTable.buffer)
    frame()
    expect([...new Uint32Array(await tint.rowTable.read())].sort((a, b) => a - b)).toEqual(alive)
    expect(new Uint32Array(tint.readCpu())).toEqual(new Uint32Array(await tint.read()))
    mk.dispose()
  })

  it('are shared by a component that comes late, and released by one world only', async () => {
    const bench = await setUp('detect', { components: [] })
    const { Place, Tint, world, mk, frame, add } = bench
    const alive = Array.from({ length: 50 }, () => addEntity(world))
    mk.buffer(Place)
    for (const entity of alive) add(entity, Place)
    for (const entity of alive.splice(5, 3)) removeEntity(world, entity)
    frame()
    for (const entity of alive) addComponent(world, entity, Tint)
    for (const entity of alive) Tint.id[entity] = entity + 1
    mk.buffer(Tint)
    frame()
    await check(bench, alive)
    resetWorld(world)
    const only = addEntity(world)
    add(only, Place)
    add(only, Tint)
    frame()
    await check(bench, [only])
    mk.dispose()
    const again = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    again.beginFrame()
    again.endFrame()
    await check({ ...bench, mk: again }, [only])
    again.dispose()
  })

  it('give the same list to queries with rowsOf of either', async () => {
    const { Place, Tint, world, mk, frame, add } = await setUp()
    const ofPlace = mk.query([Place, Tint], { rowsOf: Place })
    const ofTint = mk.query([Place, Tint], { rowsOf: Tint })
    const alive = Array.from({ length: 30 }, () => addEntity(world))
    for (const entity of alive) add(entity, Place)
    for (const entity of alive) if (entity % 3 > 0) add(entity, Tint)
    frame()
    for (const entity of alive.splice(4, 9)) removeEntity(world, entity)
    frame()
    const rows = (list: typeof ofPlace): Promise<Uint32Array> =>
      list.indices.read().then((bytes) => new Uint32Array(bytes).sort())
    expect(await rows(ofTint)).toEqual(await rows(ofPlace))
    const expected = alive.filter((e) => e % 3 > 0).map((e) => mk.buffer(Place).rowOf(e))
    expect([...(await rows(ofPlace))]).toEqual(expected.sort((a, b) => a - b))
    // Without naming it: who has no row there is not listed.
    const implied = mk.query([Place], { rowsOf: Tint })
    frame()
    expect(await rows(implied)).toEqual(await rows(ofPlace))
    mk.dispose()
  })

  it.each([1, 2])('wait together when buffer %i of the two has no memory', async (which) => {
    const bench = await setUp()
    const { Place, Tint, world, frame, add, backend, mk } = bench
    const alive = [1, 2].map(() => addEntity(world))
    for (const entity of alive) add(entity, Place)
    for (const entity of alive) add(entity, Tint)
    frame()
    backend.faults = { outOfMemory: 'throw', outOfMemoryAt: [mk.gpu.calls.buffersCreated + which] }
    const late = Array.from({ length: 10 }, () => addEntity(world))
    for (const entity of late) add(entity, Place)
    for (const entity of late) add(entity, Tint)
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrow(expect.objectContaining({ code: 'MirrorOutOfMemory' }))
    // Rows are handed out as far as both buffers have room.
    expect([mk.buffer(Place).rows, mk.buffer(Tint).rows]).toEqual([8, 8])
    frame()
    await check(bench, [...alive, ...late])
    mk.dispose()
  })

  it('live in their own heaps when the given one is full', async () => {
    const bench = await setUp('detect', { heap: createHeap({ bytes: 1 << 16 }) })
    const { Place, Tint, world, frame, add, mk } = bench
    const alive = Array.from({ length: 4000 }, () => addEntity(world))
    for (const entity of alive) add(entity, Place)
    for (const entity of alive) if (entity % 2 === 0) add(entity, Tint)
    frame()
    for (const entity of alive.splice(100, 300)) removeEntity(world, entity)
    frame()
    await check(bench, alive)
    mk.dispose()
  })

  it('are uploaded again after a lost device', async () => {
    const bench = await setUp()
    const { Place, Tint, world, frame, add, mk } = bench
    const alive = Array.from({ length: 20 }, () => addEntity(world))
    for (const entity of alive) add(entity, Place)
    for (const entity of alive) if (entity % 2 === 0) add(entity, Tint)
    frame()
    bench.backend.lose()
    await mk.restore(new MkGpu(new DummyBackend()))
    removeComponent(world, alive[1], Tint)
    frame()
    await check(bench, alive)
    mk.dispose()
  })
})
