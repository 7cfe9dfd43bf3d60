import { $internal, createAdded, createChanged, createWorld, Not, Or, relation, trait, universe } from 'koota'
import type { Entity, QueryParameter, Trait, World } from 'koota'
import type { Schema } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { GpuSynced, type GpuQuery, type MkSync, type Synced } from '../src/index.ts'
import { attachKoota } from '../src/koota.ts'

const open: MkSync<object>[] = []
afterEach(() => {
  for (const mk of open.splice(0)) mk.dispose()
  universe.reset()
  vi.restoreAllMocks()
})

async function attach(world: World): Promise<MkSync<World>> {
  const mk = await attachKoota(world, { gpu: new MkGpu(new DummyBackend()) })
  open.push(mk)
  return mk
}

function frame(mk: MkSync<World>): number {
  mk.beginFrame()
  return mk.endFrame().rowsChanged
}

/** What the device has of each entity: undefined for one without a row. */
async function onDevice(
  mk: MkSync<World>,
  component: Synced<Schema>,
  entities: Entity[],
): Promise<(number | undefined)[]> {
  const buffer = mk.buffer(component)
  const found = new Float32Array(await buffer.read())
  return entities.map((entity) => (buffer.rowOf(entity) < 0 ? undefined : found[buffer.rowOf(entity)]))
}

async function listed(list: GpuQuery): Promise<number[]> {
  if (list.count === 0) return []
  return [...new Uint32Array(await list.indices.read())].sort((a, b) => a - b)
}

function ids(entities: readonly Entity[]): number[] {
  return entities.map((entity) => entity.id()).sort((a, b) => a - b)
}

describe.each(['entity', 'packed'] as const)('a subscriber of the user, with %s rows,', (rows) => {
  const setUp = async () => {
    const Position = GpuSynced(trait({ x: 0 }), { rows, changes: 'marked', label: 'Position' })
    const world = createWorld()
    // What happens next time, before memkit is told.
    const nothing: (entity: Entity) => void = () => {}
    const next = { added: nothing, removed: nothing }
    const once = (event: 'added' | 'removed') => (entity: Entity) => {
      const run = next[event]
      next[event] = () => {}
      run(entity)
    }
    world.onQueryAdd([Position], once('added'))
    world.onQueryRemove([Position], once('removed'))
    const mk = await attach(world)
    return { world, mk, next, Position, list: mk.query([Position]) }
  }
  const throws = (): never => {
    throw new Error('mine')
  }

  it('that throws once for an entering and a leaving entity: both are found in the next frame', async () => {
    const { world, mk, next, Position, list } = await setUp()
    const [a, c] = [1, 3].map((x) => world.spawn(Position({ x })))
    frame(mk)
    const b = world.spawn()
    next.added = throws
    expect(() => b.add(Position({ x: 2 }))).toThrowError('mine')
    next.removed = throws
    expect(() => a.remove(Position)).toThrowError('mine')
    frame(mk)
    // koota was kept from writing the value.
    expect((await onDevice(mk, Position, [a, b, c])).map((x) => x !== undefined)).toEqual([false, true, true])
    expect(await listed(list)).toEqual(ids([b, c]))
  })

  it('that throws for an entering entity whose death koota then hides: it is found, and so is the next owner of its id', async () => {
    const { world, mk, next, Position, list } = await setUp()
    const [a, b] = [world.spawn(), world.spawn()]
    for (const entity of [a, b]) {
      next.added = throws
      expect(() => entity.add(Position)).toThrowError('mine')
    }
    frame(mk)
    for (let i = 0; i < 3; i++) expect(frame(mk)).toBe(0)
    a.destroy()
    b.destroy()
    const heir = world.spawn(Position({ x: 7 }))
    frame(mk)
    const [gone] = [a, b].filter((entity) => entity.id() !== heir.id())
    expect(await onDevice(mk, Position, [gone, heir])).toEqual([undefined, 7])
    expect(await listed(list)).toEqual([heir.id()])
  })

  it('that removes the trait in onQueryAdd and restores it in onQueryRemove', async () => {
    const { world, mk, next, Position, list } = await setUp()
    const a = world.spawn(Position({ x: 1 }))
    frame(mk)
    next.added = (entity) => entity.remove(Position)
    const b = world.spawn(Position({ x: 2 }))
    next.removed = (entity) => entity.add(Position)
    a.remove(Position)
    expect([a.has(Position), b.has(Position)]).toEqual([true, false])
    frame(mk)
    expect((await onDevice(mk, Position, [a, b])).map((x) => x !== undefined)).toEqual([true, false])
    expect(await listed(list)).toEqual([a.id()])
    a.set(Position, { x: 5 })
    frame(mk)
    expect(await onDevice(mk, Position, [a])).toEqual([5])
  })

  it('that creates and destroys entities while it handles another', async () => {
    const { world, mk, next, Position, list } = await setUp()
    const [a, b] = [1, 2].map((x) => world.spawn(Position({ x })))
    frame(mk)
    let made: Entity | undefined
    next.added = () => a.destroy()
    next.removed = () => void (made = world.spawn(Position({ x: 4 })))
    const c = world.spawn(Position({ x: 3 }))
    frame(mk)
    expect(await onDevice(mk, Position, [b, c, made!])).toEqual([2, 3, 4])
    expect(await listed(list)).toEqual(ids([b, c, made!]))
  })
})

it("uploads entities that come and go in memkit's listeners a frame later", async () => {
  const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked', rows: 'packed', capacity: 8 })
  const Tag = trait()
  const world = createWorld()
  const backend = new DummyBackend()
  const mk = await attachKoota(world, { gpu: new MkGpu(backend) })
  open.push(mk)
  const lists = [mk.query([Position]), mk.query([Position, Not(Tag)])]
  let x = 0
  let quiet = false
  const heard = new Set<string>()
  for (const event of ['reallocated', 'warning', 'lost', 'restored', 'frame'] as const)
    mk.on(event, () => {
      if (quiet) return
      heard.add(event)
      const [first, second] = world.query(Position)
      second?.destroy()
      first?.remove(Position)
      world.spawn(Position({ x: ++x }), Tag)
      world.spawn(Position({ x: ++x }))
      first?.add(Position({ x: ++x }))
    })
  for (let i = 0; i < 7; i++) world.spawn(Position({ x: ++x }))
  frame(mk)
  // Abandoned: a warning.
  mk.beginFrame()
  for (let i = 0; i < 10; i++) world.spawn(Position({ x: ++x }))
  frame(mk)
  backend.lose()
  await new Promise((resolve) => setTimeout(resolve))
  await mk.restore(new MkGpu(new DummyBackend()))
  frame(mk)
  expect([...heard].sort()).toEqual(['frame', 'lost', 'reallocated', 'restored', 'warning'])
  // What the last event has brought goes up with the next frame, in which nothing comes.
  quiet = true
  frame(mk)
  const alive = [...world.query(Position)]
  expect(await onDevice(mk, Position, alive)).toEqual(alive.map((entity) => entity.get(Position)!.x))
  expect(await listed(lists[0])).toEqual(ids(alive))
  expect(await listed(lists[1])).toEqual(ids(world.query(Position, Not(Tag))))
})

describe('a random program', () => {
  it.each([1, 2, 3, 4, 5, 6])("is followed as koota's queries report it (%i)", async (seed) => {
    const random = integersFrom(seed)
    const traits = Array.from({ length: 4 }, () => trait({ x: 0 }))
    // Words of 31 bits.
    const crowd = seed % 2 === 0 ? [] : Array.from({ length: 40 }, () => trait())
    const [exclusive, many] = [relation({ exclusive: true }), relation({ autoDestroy: 'source' })]
    for (const one of traits) GpuSynced(one, { rows: random(2) ? 'packed' : 'entity' })
    const [a, b, c, d] = traits
    const world = createWorld()
    world.spawn(...crowd)
    let angry = 0
    for (const terms of [[a], [b, Not(c)], [d]])
      for (const hook of ['onQueryAdd', 'onQueryRemove'] as const)
        world[hook](terms, () => {
          if (angry > 0 && --angry === 0) throw new Error('mine')
        })
    // A value that koota was kept from writing is warned of.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const mk = await attach(world)
    const target = world.spawn()
    const queries: QueryParameter[][] = [
      [a],
      [a, Not(b)],
      [Or(b, c)],
      [c, d],
      [many('*')],
      [exclusive(target)],
      [many(target), Not(a)],
    ]
    const lists = queries.map((terms) => mk.query(terms))
    const matches = (entity: Entity, terms: readonly QueryParameter[]): boolean =>
      terms.every((term) => {
        const { type, traits: some = [] } = term as { type?: string; traits?: Trait[] }
        if (type === 'not') return !some.some((one) => entity.has(one))
        if (type === 'or') return some.some((one) => entity.has(one))
        return entity.has(term as Trait)
      })
    let entities: Entity[] = []
    const attempt = (run: () => void): void => {
      try {
        run()
      } catch (error) {
        // Finishes what was half destroyed.
        expect((error as Error).message).toBe('mine')
        angry = 0
      }
    }
    for (let step = 0; step < 300; step++) {
      if (random(4) === 0) angry = 1 + random(2)
      const one = traits[random(4)]
      const entity = entities[random(entities.length)] as Entity | undefined
      const what = random(9)
      if (entity === undefined || what < 2)
        attempt(() => {
          const made = world.spawn()
          entities.push(made)
          made.add(one({ x: step }))
          made.add(traits[random(4)]({ x: step }))
        })
      else if (what < 4) attempt(() => entity.add(one({ x: step })))
      else if (what < 6) attempt(() => entity.remove(one))
      else if (what === 6) {
        attempt(() => entity.destroy())
        if (world.has(entity)) attempt(() => entity.destroy())
      } else if (what === 7)
        attempt(() => entity.add(many(random(2) ? target : entities[random(entities.length)])))
      else attempt(() => (random(2) ? entity.add(exclusive(target)) : entity.remove(many('*'))))
      entities = entities.filter((other) => world.has(other))
      angry = 0
      if (step % 10 !== 0) continue
      frame(mk)
      for (const [i, terms] of queries.entries())
        expect(await listed(lists[i]), `query ${i}, step ${step}`).toEqual(
          ids(entities.filter((other) => matches(other, terms))),
        )
      for (const one of traits)
        expect(entities.map((other) => mk.buffer(one as never).rowOf(other) >= 0)).toEqual(
          entities.map((other) => other.has(one)),
        )
    }
  })
})

describe('koota', () => {
  it('does not track changes for memkit: Changed is empty, updateEach writes as usual, and rows are marked', async () => {
    const Position = GpuSynced(trait({ x: 0, y: 0 }), { changes: 'marked' })
    const Changed = createChanged()
    const [world, untouched] = [createWorld(), createWorld()]
    const entities = [1, 2, 3, 4].map((x) => world.spawn(Position({ x })))
    for (const x of [1, 2, 3, 4]) untouched.spawn(Position({ x }))
    const mk = await attach(world)
    frame(mk)
    for (const one of [world, untouched]) one.query(Position).updateEach(([position]) => (position.x += 1))
    // `Changed` of what `updateEach` writes that was never queried before: none, with memkit and without.
    expect(world.query(Changed(Position)).length).toBe(untouched.query(Changed(Position)).length)
    expect(world[$internal].trackedTraits.size).toBe(0)
    expect(frame(mk)).toBe(4)
    const found = new Float32Array(await mk.buffer(Position).read())
    expect(entities.map((entity) => found[entity.id() * 2])).toEqual([2, 3, 4, 5])
  })

  it('marks only what differs in updateEach, in every mode, in the world that owns the store', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked' })
    const [world, other] = [createWorld(), createWorld()]
    const fastSet = Position[$internal].fastSet
    for (const x of [1, 2, 3, 4]) [world, other].forEach((one) => one.spawn(Position({ x })))
    const [mk, elsewhere] = [await attach(world), await attach(other)]
    expect([frame(mk), frame(elsewhere)]).toEqual([4, 4])
    const rise = (changeDetection?: 'auto' | 'always' | 'never'): void =>
      void world.query(Position).updateEach(([position]) => {
        if (position.x > 2) position.x += 1
      }, changeDetection && { changeDetection })
    for (const mode of [undefined, 'auto', 'always', 'never'] as const) {
      rise(mode)
      expect([mode, frame(mk), frame(elsewhere)]).toEqual([mode, 2, 0])
    }
    // Tracked by the user: koota tells, once each.
    const told: Entity[] = []
    const stop = world.onChange(Position, (entity) => told.push(entity))
    rise()
    expect([told.length, frame(mk)]).toEqual([2, 2])
    stop()
    mk.dispose()
    other.query(Position).updateEach(([position]) => (position.x = 9))
    expect(frame(elsewhere)).toBe(4)
    elsewhere.dispose()
    expect(Position[$internal].fastSet).toBe(fastSet)
  })

  it('reports set() when a subscriber of the user throws', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked' })
    const world = createWorld()
    world.onChange(Position, () => {
      throw new Error('mine')
    })
    const entity = world.spawn(Position)
    const mk = await attach(world)
    frame(mk)
    expect(() => entity.set(Position, { x: 3 })).toThrowError('mine')
    frame(mk)
    expect(await onDevice(mk, Position, [entity])).toEqual([3])
  })

  it('has to track a trait of objects, which warns once', async () => {
    const said = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const { f32, struct } = await import('@memkit/core')
    const schema = struct({ x: f32 })
    const [Body, Head] = [0, 1].map(() =>
      GpuSynced(
        trait(() => ({ x: 0 })),
        { schema, changes: 'marked' },
      ),
    )
    const world = createWorld()
    const entity = world.spawn(Body({ x: 1 }), Head({ x: 1 }))
    const mk = await attach(world)
    frame(mk)
    expect(said.mock.calls.flat().join()).toMatch(/made with a function/)
    expect(said).toHaveBeenCalledTimes(1)
    world.query(Body).updateEach(([body]) => (body.x = 2))
    expect(frame(mk)).toBe(1)
    expect(await onDevice(mk, Body, [entity])).toEqual([2])
    mk.dispose()
    expect(world[$internal].trackedTraits.size).toBe(0)
  })

  it('is unchanged after dispose', async () => {
    const [A, B] = [GpuSynced(trait({ x: 0 }), { changes: 'marked' }), trait()]
    const Friend = relation()
    const world = createWorld()
    world.query(A, Not(B))
    const Added = createAdded()
    world.query(Added(A))
    world.query(Friend('*'))
    const held = (): unknown =>
      world[$internal].traitInstances.flatMap((instance) => {
        if (instance === undefined) return []
        const { queries, trackingQueries, relationQueries, addSubscriptions, removeSubscriptions } = instance
        return [queries, trackingQueries, relationQueries, addSubscriptions, removeSubscriptions].map(
          (one) => [...one],
        )
      })
    const before = held()
    for (let i = 0; i < 3; i++) {
      const mk = await attach(world)
      const entity = world.spawn(A, B, Friend(world.spawn()))
      mk.query([A, Not(B)])
      mk.query([Friend('*'), A])
      frame(mk)
      mk.dispose()
      entity.destroy()
      expect(held()).toEqual(before)
    }
  })
})
