import {
  addComponent,
  addEntity,
  createEntityIndex,
  createWorld,
  Not,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
  withVersioning,
} from 'bitecs'
import { describe, expect, it } from 'vitest'
import { BitEcsWorld } from '../src/ecs/bitecs/bitecs.ts'
import { Membership } from '../src/ecs/membership.ts'

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

describe.each([
  ['a listener', true],
  ['observers', false],
] as const)('membership of a world followed by %s', (_, listen) => {
  const ecs = (world: object, warnings: string[] = []): BitEcsWorld =>
    new BitEcsWorld(world, (message) => warnings.push(message), false, listen)

  /** A membership of `Thing`, and what it says has changed, each time it is asked. */
  function watching(world: object, terms: object[], warnings: string[] = []) {
    const membership = new Membership(ecs(world, warnings), terms)
    const changes = (): { entered: number[]; left: number[] } => {
      membership.update()
      const seen = { entered: [] as number[], left: [] as number[] }
      membership.apply({ entered: (row) => seen.entered.push(row), left: (row) => seen.left.push(row) })
      expect(membership.count).toBe(membership.alive.count)
      return seen
    }
    return { membership, changes }
  }

  it('contains existing entities, then follows those that enter and leave', () => {
    const Thing = {}
    const world = createWorld()
    const first = spawn(world, Thing)
    const { membership, changes } = watching(world, [Thing])
    expect(changes()).toEqual({ entered: [first], left: [] })
    const second = spawn(world, Thing)
    expect(changes()).toEqual({ entered: [second], left: [] })
    removeComponent(world, first, Thing)
    removeEntity(world, second)
    expect(changes()).toEqual({ entered: [], left: [first, second] })
    expect(changes()).toEqual({ entered: [], left: [] })
    expect([membership.alive.has(first), membership.end]).toEqual([false, second + 1])
  })

  it('keeps count, and rescans nothing as long as it is told of every change', () => {
    const Thing = {}
    const world = createWorld()
    const { membership } = watching(world, [Thing])
    const update = (): [rescanned: boolean, count: number] => {
      const rescanned = membership.update()
      membership.apply({ entered() {}, left() {} })
      return [rescanned, membership.count]
    }
    const entities = Array.from({ length: 5 }, () => spawn(world, Thing))
    expect(update()).toEqual([false, 5])
    removeEntity(world, entities[1])
    removeComponent(world, entities[3], Thing)
    expect(update()).toEqual([false, 3])
    removeEntity(world, entities[0])
    spawn(world, Thing)
    expect(update()).toEqual([false, 3])
  })

  it('reports a removed component and then its removed entity once', () => {
    const Thing = {}
    const world = createWorld()
    const { changes } = watching(world, [Thing])
    const entity = spawn(world, Thing)
    changes()
    removeComponent(world, entity, Thing)
    removeEntity(world, entity)
    query(world, [Thing])
    expect(changes()).toEqual({ entered: [], left: [entity] })
  })

  it('treats removal and re-addition within a frame as an entry', () => {
    const Thing = {}
    const world = createWorld()
    const { changes } = watching(world, [Thing])
    const entity = spawn(world, Thing)
    changes()
    removeComponent(world, entity, Thing)
    addComponent(world, entity, Thing)
    expect(changes()).toEqual({ entered: [entity], left: [] })
  })

  it('excludes entities with an uncommitted removal when it starts', () => {
    const Thing = {}
    const world = createWorld()
    const gone = spawn(world, Thing)
    const here = spawn(world, Thing)
    query(world, [Thing])
    removeComponent(world, gone, Thing)
    const { membership, changes } = watching(world, [Thing])
    // Observed, it may come back without an event, so it is looked at, and found gone.
    expect(changes()).toEqual({ entered: [here], left: listen ? [] : [gone] })
    expect(membership.alive.has(gone)).toBe(false)
  })

  it('notices entities that were leaving a Not query when it started, and returned', () => {
    const [Thing, Hidden] = [{}, {}]
    const world = createWorld()
    query(world, [Thing, Not(Hidden)])
    const entity = spawn(world, Thing, Hidden)
    const { membership, changes } = watching(world, [Thing, Not(Hidden)])
    expect([membership.alive.has(entity), membership.end]).toEqual([false, 0])
    removeComponent(world, entity, Hidden)
    expect(changes()).toEqual({ entered: [entity], left: [] })
    expect([membership.alive.has(entity), membership.end]).toEqual([true, entity + 1])
  })

  it("notices entities that return to a Not query before bitECS commits their leaving, which bitECS doesn't report", () => {
    const [Thing, Hidden] = [{}, {}]
    const world = createWorld()
    const { changes } = watching(world, [Thing, Not(Hidden)])
    const entity = spawn(world, Thing)
    changes()
    addComponent(world, entity, Hidden)
    removeComponent(world, entity, Hidden)
    expect(query(world, [Thing, Not(Hidden)])).toEqual([entity])
    expect(changes()).toEqual({ entered: [entity], left: [] })
  })

  it('requires every one of its components', () => {
    const [Thing, Visible] = [{}, {}]
    const world = createWorld()
    const { changes } = watching(world, [Thing, Visible])
    const entity = spawn(world, Thing)
    expect(changes()).toEqual({ entered: [], left: [] })
    addComponent(world, entity, Visible)
    expect(changes()).toEqual({ entered: [entity], left: [] })
    removeComponent(world, entity, Visible)
    expect(changes()).toEqual({ entered: [], left: [entity] })
  })

  it('grows with the ids', () => {
    const Thing = {}
    const world = createWorld()
    const { membership, changes } = watching(world, [Thing])
    for (let i = 0; i < 5000; i++) spawn(world, Thing)
    expect(changes().entered).toHaveLength(5000)
    expect(membership.alive.count).toBe(5000)
  })

  it('notices a reset world and rescans it', () => {
    const Thing = {}
    const world = createWorld()
    const { membership, changes } = watching(world, [Thing])
    const [a, b] = [spawn(world, Thing), spawn(world, Thing)]
    changes()
    expect(membership.update()).toBe(false)
    resetWorld(world)
    expect(spawn(world, Thing)).toBe(a)
    expect(membership.update()).toBe(true)
    expect(changes()).toEqual({ entered: [a], left: [b] })
    // The new subscription works.
    removeEntity(world, a)
    expect(changes()).toEqual({ entered: [], left: [a] })
  })

  it('loses no entity when the query is removed, after which bitECS reports no removals', () => {
    const Thing = {}
    const world = createWorld()
    // The user's: memkit follows it, too.
    query(world, [Thing])
    const { membership, changes } = watching(world, [Thing])
    const [a, b] = [spawn(world, Thing), spawn(world, Thing)]
    changes()
    removeQuery(world, [Thing])
    removeEntity(world, a)
    // There is no query to remove with a listener, so only those are told of that have changed.
    expect(membership.update()).toBe(!listen)
    expect(changes()).toEqual({ entered: listen ? [] : [b], left: [a] })
  })

  it('keeps following its query after the user removed theirs of the same terms', () => {
    const Thing = {}
    const world = createWorld()
    const { membership, changes } = watching(world, [Thing])
    const [a] = [spawn(world, Thing), spawn(world, Thing)]
    changes()
    query(world, [Thing])
    removeQuery(world, [Thing])
    removeEntity(world, a)
    expect(membership.update()).toBe(false)
    expect(changes()).toEqual({ entered: [], left: [a] })
  })

  it('strips the version of versioned ids, and warns once', () => {
    const Thing = {}
    const world = createWorld(createEntityIndex(withVersioning(8)))
    const warnings: string[] = []
    const { membership } = watching(world, [Thing], warnings)
    const first = spawn(world, Thing)
    removeEntity(world, first)
    const second = addEntity(world)
    // Recycled: the same row, another version.
    expect([second, second & 0xffffff]).toEqual([first + (1 << 24), first])
    // bitECS 0.4.0 takes the live entity for dead, so it can only enter through the listener.
    membership.enter(ecs(world).entityIndexOf(second))
    expect(membership.alive.has(first)).toBe(true)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('versioned')
  })

  it('follows entities that return to a Not query without an event, also with versioned ids', () => {
    const [Thing, Hidden] = [{}, {}]
    const world = createWorld(createEntityIndex(withVersioning(8)))
    // Recycled: of version 1, and not taken for dead, since it is the last of all.
    removeEntity(world, addEntity(world))
    const { changes } = watching(world, [Thing, Not(Hidden)])
    const entity = spawn(world, Thing)
    expect(entity).toBeGreaterThan(0xffffff)
    expect(changes().entered).toEqual([1])
    addComponent(world, entity, Hidden)
    expect(changes().left).toEqual([1])
    // Before its removal is committed.
    removeComponent(world, entity, Hidden)
    expect(changes().entered).toEqual([1])
    addComponent(world, entity, Hidden)
    removeComponent(world, entity, Hidden)
    expect(changes().entered).toEqual([1])
  })

  it('ignores events after dispose', () => {
    const Thing = {}
    const world = createWorld()
    const { membership, changes } = watching(world, [Thing])
    const [a, b] = [spawn(world, Thing), spawn(world, Thing)]
    changes()
    membership.dispose()
    spawn(world, Thing)
    removeComponent(world, a, Thing)
    removeEntity(world, b)
    expect(changes()).toEqual({ entered: [], left: [] })
  })
})
