import {
  addComponent,
  addEntity,
  createWorld,
  query,
  removeEntity,
  withVersioning,
  createEntityIndex,
} from 'bitecs'
import { RowOutOfRange } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'

/** A world of some hundred entities with gaps between them, and a component that takes only what is marked. */
async function game(options: object, isVersioned = false) {
  const random = integersFrom(5)
  const world = isVersioned ? createWorld(createEntityIndex(withVersioning(8))) : createWorld()
  const store = { x: new Float32Array(3000) }
  const Thing = GpuSynced(store, { label: 'Thing', changes: 'marked', ...options } as never)
  const Other = {}
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  let entities: number[] = []
  for (let i = 0; i < 1500; i++) {
    const entity = addEntity(world)
    if (random(3) > 0) addComponent(world, entity, Thing)
    if (random(2) > 0) addComponent(world, entity, Other)
    entities.push(entity)
  }
  const frame = () => {
    mk.beginFrame()
    return mk.endFrame()
  }
  frame()
  for (const entity of entities.filter((_, i) => i % 7 === 0)) removeEntity(world, entity)
  entities = entities.filter((_, i) => i % 7 !== 0)
  frame()
  return { Other, Thing, entities, frame, mk, random, store, world }
}

const layouts: readonly (readonly [string, object, boolean])[] = [
  ['entity rows', {}, false],
  ['packed rows', { rows: 'packed' }, false],
  ['columns', { layout: 'columns' }, false],
  ['entity rows, versioned ids', {}, true],
]

describe.each(layouts)('marks of a list, %s', (_, options, isVersioned) => {
  it('are those of its entities one by one', async () => {
    const [a, b] = [await game(options, isVersioned), await game(options, isVersioned)]
    for (let i = 0; i < 30; i++) {
      // Any order, some twice, some without the component or dead.
      const list = Array.from({ length: a.random(400) }, () => a.entities[a.random(a.entities.length)])
      list.push(a.random(1500), 0)
      a.mk.mark(a.Thing, i % 2 === 0 ? list : Uint32Array.from(list))
      for (const entity of list) b.mk.mark(b.Thing, entity)
      const rows = a.frame().rowsChanged
      expect(rows).toBe(b.frame().rowsChanged)
      if (list.length > 20) expect(rows).toBeGreaterThan(0)
    }
  })

  it('take what a query returns', async () => {
    const { Other, Thing, frame, mk, store, world } = await game(options, isVersioned)
    const found = query(world, [Thing, Other])
    for (const entity of found) store.x[entity & (isVersioned ? 0xff_ffff : -1)] = 5
    mk.mark(Thing, found)
    expect(frame().rowsChanged).toBe(found.length)
    mk.mark(Thing, [])
    expect(frame().rowsChanged).toBe(0)
  })

  it('take a range and all, as one by one', async () => {
    const [a, b] = [await game(options, isVersioned), await game(options, isVersioned)]
    for (let i = 0; i < 30; i++) {
      const [first, count] = [a.random(1600), a.random(1600)]
      a.mk.markRange(a.Thing, first, count)
      for (let entity = first; entity < first + count; entity++) b.mk.mark(b.Thing, entity)
      expect(a.frame().rowsChanged, `${first}, ${count}`).toBe(b.frame().rowsChanged)
    }
    a.mk.markAll(a.Thing)
    expect(a.frame().rowsChanged).toBe(query(a.world, [a.Thing]).length)
  })
})

it('refuses what cannot be an entity in a list, and marks all others', async () => {
  const { Thing, frame, mk, world } = await game({})
  const [first, second] = query(world, [Thing])
  for (const wrong of [-1, 1.5, Number.NaN, undefined as never]) {
    expect(() => mk.mark(Thing, [first, wrong, second])).toThrow(RowOutOfRange)
    expect(frame().rowsChanged).toBe(2)
  }
  for (const wrong of [undefined, null, {}, new Set([first]), 'list'])
    expect(() => mk.mark(Thing, wrong as never)).toThrow(RowOutOfRange)
  expect(frame().rowsChanged).toBe(0)
})

it('marks every component when none is named', async () => {
  const world = createWorld()
  const options = { changes: 'marked' } as const
  const A = GpuSynced({ x: new Float32Array(10) }, { label: 'A', ...options })
  const B = GpuSynced({ x: new Float32Array(10) }, { label: 'B', ...options })
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  for (const component of [A, B, B]) addComponent(world, addEntity(world), component)
  const frame = () => {
    mk.beginFrame()
    return mk.endFrame().rowsChanged
  }
  expect([frame(), frame()]).toEqual([3, 0])
  mk.markAll()
  expect([frame(), frame()]).toEqual([3, 0])
  mk.dispose()
  expect(() => mk.markAll()).toThrow(expect.objectContaining({ code: 'Disposed' }))
})
