import {
  $internal,
  addComponent,
  addEntity,
  createRelation,
  createWorld,
  Not,
  observe,
  onAdd,
  onRemove,
  onSet,
  Or,
  query,
  registerComponent,
  removeComponent,
  removeEntity,
  resetWorld,
  set,
} from 'bitecs'
import type { InternalWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced, type GpuQuery, type MkOptions, type MkSync, type Synced } from '../src/index.ts'

const open: MkSync<object>[] = []
afterEach(() => {
  for (const mk of open.splice(0)) mk.dispose()
  vi.restoreAllMocks()
})

async function attach(world: object, options: MkOptions = {}): Promise<MkSync<object>> {
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), ...options })
  open.push(mk)
  return mk
}

function frame(mk: MkSync<object>): void {
  mk.beginFrame()
  mk.endFrame()
}

type Values = Synced & { x: Float32Array }

function thing(options: object = {}): Values {
  return GpuSynced({ x: new Float32Array(64) }, { label: 'Thing', capacity: 8, ...options })
}

/** What the device has of each entity: undefined for one without a row. */
async function onDevice(
  mk: MkSync<object>,
  component: Values,
  entities: number[],
): Promise<(number | undefined)[]> {
  const buffer = mk.buffer(component)
  const found = new Float32Array(await buffer.read())
  return entities.map((entity) => {
    const row = buffer.rowOf(entity)
    return row < 0 ? undefined : found[row]
  })
}

async function listed(list: GpuQuery): Promise<number[]> {
  if (list.count === 0) return []
  return [...new Uint32Array(await list.indices.read())].sort((a, b) => a - b)
}

function spawn(world: object, component: Values, x: number): number {
  const entity = addEntity(world)
  component.x[entity] = x
  addComponent(world, entity, component)
  return entity
}

describe.each(['entity', 'packed'] as const)('rows: %s', (rows) => {
  it('finds entities in the next frame when throwing observers hid as many entering as leaving ones', async () => {
    const Thing = thing({ rows, changes: 'marked' })
    const world = createWorld()
    const angry = new Set<string>()
    const throwFor = (what: string) => (entity: number) => {
      if (angry.delete(`${what} ${entity}`)) throw new Error('mine')
    }
    // The user's come first.
    observe(world, onAdd(Thing), throwFor('add'))
    observe(world, onRemove(Thing), throwFor('remove'))
    const mk = await attach(world)
    const all = mk.query([Thing])
    const [a, c] = [spawn(world, Thing, 1), spawn(world, Thing, 3)]
    frame(mk)
    const b = addEntity(world)
    Thing.x[b] = 2
    angry.add(`add ${b}`).add(`remove ${a}`)
    expect(() => addComponent(world, b, Thing)).toThrowError('mine')
    expect(() => removeComponent(world, a, Thing)).toThrowError('mine')
    frame(mk)
    expect(await onDevice(mk, Thing, [a, b, c])).toEqual([undefined, 2, 3])
    expect(all.count).toBe(2)
  })
})

it.each([
  ['Not', (A: object, B: object) => [A, Not(B)]],
  ['Or', (A: object, B: object) => [Or(A, B)]],
  ['two components', (A: object, B: object) => [A, B]],
])('notices in a GPU query of %s what throwing observers hide from other observers', async (_, termsOf) => {
  const [A, B] = [{}, {}]
  const world = createWorld()
  let angry = false
  for (const hook of [onAdd(A), onRemove(A), onAdd(B), onRemove(B)])
    observe(world, hook, () => {
      if (angry) throw new Error('mine')
    })
  const mk = await attach(world)
  const list = mk.query(termsOf(A, B))
  const entities = [1, 2, 3, 4].map(() => addEntity(world))
  const attempt = (run: () => void): void => expect(run).toThrowError('mine')
  addComponent(world, entities[0], A)
  addComponent(world, entities[1], A)
  addComponent(world, entities[1], B)
  frame(mk)
  angry = true
  attempt(() => addComponent(world, entities[0], B))
  attempt(() => removeComponent(world, entities[1], B))
  attempt(() => addComponent(world, entities[2], A))
  attempt(() => addComponent(world, entities[3], B))
  frame(mk)
  // By now 0 has both, 1 and 2 have A, 3 has B.
  const wanted = { Not: [1, 2], Or: [0, 1, 2, 3], 'two components': [0] }[_ as 'Not' | 'Or']
  expect(await listed(list)).toEqual(wanted.map((i) => entities[i]))
})

it('marks a value set through bitECS when an observer of onSet throws', async () => {
  const Thing = thing({ changes: 'marked' })
  const world = createWorld()
  observe(world, onSet(Thing), (entity: number, { x }: { x: number }) => {
    Thing.x[entity] = x
    throw new Error('mine')
  })
  const mk = await attach(world)
  const entity = spawn(world, Thing, 1)
  frame(mk)
  expect(() => addComponent(world, entity, set(Thing, { x: 7 }))).toThrowError('mine')
  frame(mk)
  expect(await onDevice(mk, Thing, [entity])).toEqual([7])
})

describe('an observer that changes what it observes', () => {
  it('removes the component, restores it, or adds it to a dying entity: the device holds the result', async () => {
    const Thing = thing({ changes: 'marked' })
    const Other = thing({ label: 'Other' })
    const world = createWorld()
    const shy = new Set<number>()
    const clinging = new Set<number>()
    const dying = new Set<number>()
    observe(
      world,
      onAdd(Thing),
      (entity) => void (shy.delete(entity) && removeComponent(world, entity, Thing)),
    )
    observe(world, onRemove(Thing), (entity) => {
      if (clinging.delete(entity)) addComponent(world, entity, Thing)
      if (dying.delete(entity)) addComponent(world, entity, Other)
    })
    const mk = await attach(world)
    const lists = [mk.query([Thing]), mk.query([Other]), mk.query([Thing, Not(Other)])]
    const [a, b, c] = [1, 2, 3].map((x) => spawn(world, Thing, x))
    frame(mk)
    shy.add(4)
    expect(spawn(world, Thing, 4)).toBe(4)
    clinging.add(a)
    removeComponent(world, a, Thing)
    dying.add(b)
    removeEntity(world, b)
    frame(mk)
    expect(await onDevice(mk, Thing, [a, b, c, 4])).toEqual([1, undefined, 3, undefined])
    expect(await onDevice(mk, Other, [b])).toEqual([undefined])
    expect(await Promise.all(lists.map(listed))).toEqual([[a, c], [], [a, c]])
    // The id is given out again: the row is that of its next owner.
    const next = spawn(world, Thing, 5)
    Other.x[next] = 6
    addComponent(world, next, Other)
    frame(mk)
    expect(next).toBe(b)
    expect(await onDevice(mk, Thing, [next])).toEqual([5])
    expect(await onDevice(mk, Other, [next])).toEqual([6])
    expect(await Promise.all(lists.map(listed))).toEqual([[a, next, c].sort((x, y) => x - y), [next], [a, c]])
  })
})

describe.each(['entity', 'packed'] as const)('%s rows', (rows) => {
  it.each(['detect', 'marked', 'all'] as const)(
    "uploads entities that come and go in memkit's listeners a frame later (%s)",
    async (changes) => {
      const Thing = thing({ rows, changes })
      const Tag = {}
      const world = createWorld()
      const backend = new DummyBackend()
      const mk = await attach(world, { gpu: new MkGpu(backend) })
      const lists = [mk.query([Thing]), mk.query([Thing, Tag]), mk.query([Thing, Not(Tag)])]
      const alive: number[] = []
      let x = 0
      const churn = (): void => {
        if (alive.length >= 50) return
        alive.push(spawn(world, Thing, ++x))
        addComponent(world, spawnInto(alive), Tag)
        removeEntity(world, alive.splice(alive.length >> 1, 1)[0])
        const left = alive[0]
        removeComponent(world, left, Thing)
        addComponent(world, left, Thing)
      }
      const spawnInto = (list: number[]): number => {
        const entity = spawn(world, Thing, ++x)
        list.push(entity)
        return entity
      }
      const heard = new Set<string>()
      for (const event of ['reallocated', 'warning', 'lost', 'restored', 'frame'] as const)
        mk.on(event, () => {
          heard.add(event)
          churn()
        })
      for (let i = 0; i < 6; i++) spawnInto(alive)
      // A hole in the values is warned of in the middle of a stage.
      Thing.x[alive[0]] = NaN
      frame(mk)
      for (let i = 0; i < 4; i++) spawnInto(alive)
      frame(mk)
      // An open frame that is abandoned is warned of in the middle of beginFrame.
      mk.beginFrame()
      frame(mk)
      backend.lose()
      await new Promise((resolve) => setTimeout(resolve))
      frame(mk)
      await mk.restore(new MkGpu(new DummyBackend()))
      for (let i = 0; i < 3; i++) frame(mk)
      expect([...heard].sort()).toEqual(['frame', 'lost', 'reallocated', 'restored', 'warning'])
      // What came in the last `frame` event goes up with the next one, in which nothing comes.
      while (alive.length < 50) spawnInto(alive)
      frame(mk)
      expect(await onDevice(mk, Thing, alive)).toEqual(alive.map((entity) => Thing.x[entity]))
      const tagged = [...query(world, [Thing, Tag])].sort((p, q) => p - q)
      const all = [...alive].sort((p, q) => p - q)
      expect(await Promise.all(lists.map(listed))).toEqual([
        all,
        tagged,
        all.filter((entity) => !tagged.includes(entity)),
      ])
    },
  )
})

describe('components that are registered', () => {
  it('are found in the same frame after a reset, even when their number is the same', async () => {
    const world = createWorld()
    const [A, B] = [thing({ label: 'A' }), thing({ label: 'B' })]
    spawn(world, A, 1)
    const mk = await attach(world)
    frame(mk)
    mk.beginFrame()
    resetWorld(world)
    const entity = spawn(world, B, 5)
    mk.endFrame()
    expect(mk.synced().map(({ label }) => label)).toEqual(['A', 'B'])
    expect(await onDevice(mk, B, [entity])).toEqual([5])
  })

  it('are inspected once each, regardless of their number', async () => {
    const world = createWorld()
    const looks: number[] = []
    // Whether a component is flagged or one of a pair is asked of every component that is looked at.
    const watched = (i: number): object =>
      new Proxy(
        {},
        {
          get: (target, key, receiver) => {
            if (key === Symbol.for('bitecs-isPairComponent')) looks.push(i)
            return Reflect.get(target, key, receiver) as unknown
          },
        },
      )
    for (let i = 0; i < 300; i++) registerComponent(world, watched(i))
    const mk = await attach(world)
    frame(mk)
    looks.length = 0
    frame(mk)
    expect(looks).toEqual([])
    registerComponent(world, watched(300))
    frame(mk)
    expect(looks).toEqual([300])
    // Three for each target of a relation.
    const ChildOf = createRelation()
    const [child, parent] = [addEntity(world), addEntity(world)]
    looks.length = 0
    addComponent(world, child, ChildOf(parent))
    frame(mk)
    expect(looks).toEqual([])
  })

  it('are found when they are flagged later, including the first ones', async () => {
    const world = createWorld()
    const Late = { x: new Float32Array(64) }
    const entity = addEntity(world)
    addComponent(world, entity, Late)
    const mk = await attach(world)
    frame(mk)
    expect(mk.synced()).toEqual([])
    const Flagged = GpuSynced(Late, { label: 'Late' })
    // Never registered: not this world's.
    thing({ label: 'Elsewhere' })
    Late.x[entity] = 4
    frame(mk)
    expect(mk.synced().map(({ label }) => label)).toEqual(['Late'])
    expect(await onDevice(mk, Flagged as never, [entity])).toEqual([4])
  })

  it('lose their entities in bitECS and in memkit when they are registered again', async () => {
    const world = createWorld()
    const Thing = thing()
    const mk = await attach(world)
    const [a, b] = [spawn(world, Thing, 1), spawn(world, Thing, 2)]
    frame(mk)
    registerComponent(world, Thing)
    addComponent(world, b, Thing)
    frame(mk)
    expect(await onDevice(mk, Thing, [a, b])).toEqual([undefined, 2])
  })
})

describe('an attached world', () => {
  /** All that bitECS holds by itself, by identity and in order. */
  function held(world: object): unknown {
    const { queries, notQueries, queriesHashMap, dirtyQueries, componentMap } = (world as InternalWorld)[
      $internal
    ]
    return {
      sets: [queries, notQueries],
      queries: [...queries],
      notQueries: [...notQueries],
      hashes: [...queriesHashMap.keys()],
      dirty: [...dirtyQueries],
      components: [...componentMap.values()].map((data) => [
        data.queries,
        [...data.queries],
        data.setObservable,
      ]),
    }
  }

  it('is unchanged after dispose, through any number of attachments of two worlds in turn', async () => {
    const Thing = thing({ changes: 'marked' })
    const worlds = [createWorld(), createWorld()]
    const Tag = {}
    for (const world of worlds) {
      query(world, [Thing, Not(Tag)])
      query(world, [Tag])
      query(world, [Not(Thing)])
    }
    const before = worlds.map(held)
    for (let i = 0; i < 5; i++) {
      const syncs = [await attach(worlds[0]), await attach(worlds[1])]
      const lists = syncs.map((mk) => [mk.query([Thing, Not(Tag)]), mk.query([Not(Thing)]), mk.query([Tag])])
      const entities = worlds.map((world) => spawn(world, Thing, i))
      for (const mk of syncs) frame(mk)
      expect(await Promise.all(syncs.map((mk, w) => onDevice(mk, Thing, [entities[w]])))).toEqual([[i], [i]])
      lists[0][0].dispose()
      lists[0][1].dispose()
      syncs[i % 2].dispose()
      syncs[1 - (i % 2)].dispose()
      worlds.forEach((world, w) => {
        removeEntity(world, entities[w])
        query(world, [Thing, Not(Tag)])
      })
      expect(worlds.map(held)).toEqual(before)
      for (const [w, world] of worlds.entries()) {
        const { sets } = held(world) as { sets: unknown[] }
        sets.forEach((one, s) => expect(one).toBe((before[w] as { sets: unknown[] }).sets[s]))
      }
    }
  })

  it('keeps no query and no observer of memkit, and commits removals when the user queries', async () => {
    const Thing = thing({ changes: 'marked' })
    const world = createWorld()
    spawn(world, Thing, 1)
    const mk = await attach(world)
    mk.query([Thing])
    const { queriesHashMap, dirtyQueries } = (world as InternalWorld)[$internal]
    expect(queriesHashMap.size).toBe(0)
    query(world, [Thing])
    removeEntity(world, 1)
    frame(mk)
    expect(dirtyQueries.size).toBe(1)
    query(world, [Thing])
    expect(dirtyQueries.size).toBe(0)
  })

  it('can be attached in the middle of an event: no observer is called twice', async () => {
    const [A, B] = [{}, {}]
    const world = createWorld()
    const mk = await attach(world)
    const heard: string[] = []
    let list: GpuQuery | undefined
    observe(world, onRemove(A), (entity) => {
      heard.push(`first ${entity}`)
      list ??= mk.query([A, Not(B)])
    })
    observe(world, onRemove(A, Not(B)), (entity) => void heard.push(`second ${entity}`))
    const [a, b] = [addEntity(world), addEntity(world)]
    for (const entity of [a, b]) addComponent(world, entity, A)
    removeComponent(world, a, A)
    expect(heard).toEqual([`first ${a}`, `second ${a}`])
    frame(mk)
    expect(await listed(list!)).toEqual([b])
  })

  it.each(['a query', 'a sync'])(
    'can be detached in the middle of an event: no observer is called twice (%s)',
    async (kind) => {
      const Thing = thing()
      const world = createWorld()
      const mk = await attach(world, { components: kind === 'a sync' ? [Thing] : [] })
      const heard: number[] = []
      observe(world, onRemove(Thing), (entity) => {
        heard.push(entity)
        // Called again for what it does itself, it would never end.
        if (heard.length > 1) throw new Error('again')
        if (kind === 'a sync') mk.dispose()
        else mk.query([Thing]).dispose()
      })
      const entity = spawn(world, Thing, 1)
      removeComponent(world, entity, Thing)
      expect(heard).toEqual([entity])
    },
  )
})
