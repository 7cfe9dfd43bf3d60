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
import { BitEcsWorld } from '../src/bitecs.ts'
import { Membership } from '../src/membership.ts'

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

describe.each([
  ['a listener', true],
  ['observers', false],
] as const)('Membership of a world that is followed by %s', (_, listen) => {
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

  it('takes in who is there, then follows who enters and leaves', () => {
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
    expect([membership.alive.has(first), membership.rows]).toEqual([false, second + 1])
  })

  it('keeps count, and looks at nobody afresh as long as it is told of everybody', () => {
    const Thing = {}
    const world = createWorld()
    const { membership } = watching(world, [Thing])
    const update = (): [afresh: boolean, count: number] => {
      const afresh = membership.update()
      membership.apply({ entered() {}, left() {} })
      return [afresh, membership.count]
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

  it('says once what bitECS says twice: a component and then its entity removed', () => {
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

  it('takes removed and added again within a frame for an entry', () => {
    const Thing = {}
    const world = createWorld()
    const { changes } = watching(world, [Thing])
    const entity = spawn(world, Thing)
    changes()
    removeComponent(world, entity, Thing)
    addComponent(world, entity, Thing)
    expect(changes()).toEqual({ entered: [entity], left: [] })
  })

  it('does not count an entity whose removal is not committed yet when it starts', () => {
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

  it('notices who was about to leave a Not query when it started, and came back', () => {
    const [Thing, Hidden] = [{}, {}]
    const world = createWorld()
    query(world, [Thing, Not(Hidden)])
    const entity = spawn(world, Thing, Hidden)
    const { membership, changes } = watching(world, [Thing, Not(Hidden)])
    expect([membership.alive.has(entity), membership.rows]).toEqual([false, 0])
    removeComponent(world, entity, Hidden)
    expect(changes()).toEqual({ entered: [entity], left: [] })
    expect([membership.alive.has(entity), membership.rows]).toEqual([true, entity + 1])
  })

  it('notices who comes back to a Not query before bitECS has committed the leaving, of which bitECS says nothing', () => {
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

  it('wants every one of its components', () => {
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

  it('notices that the world was reset, and looks at it afresh', () => {
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

  it('loses nobody when the query is removed, after which bitECS reports no removals', () => {
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

  it('follows a query of its own still after the user removed theirs of the same terms', () => {
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

  it('takes the version off versioned ids, and warns once', () => {
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
    membership.enter(ecs(world).rowOf(second))
    expect(membership.alive.has(first)).toBe(true)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('versioned')
  })

  it('follows who comes back to a Not query without an event, also where ids have versions', () => {
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

  it('is deaf after dispose', () => {
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
