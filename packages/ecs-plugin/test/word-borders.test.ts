import {
  addComponent,
  addEntity,
  addPrefab,
  createWorld,
  Not,
  Or,
  removeComponent,
  removeEntity,
} from 'bitecs'
import { describe, expect, it } from 'vitest'
import { BitEcsWorld } from '../src/ecs/bitecs/bitecs.ts'
import { Membership } from '../src/ecs/membership.ts'

/** Places in the two levels of a set: within a word, at the border of two, of 1 024, of the first capacity. */
const BORDERS = [1, 2, 31, 32, 33, 63, 64, 65, 1022, 1023, 1024, 1025, 2047, 2048, 4095, 4096, 5000]

function worldOf(entities: number): { world: object; ids: number[] } {
  const world = createWorld()
  return { world, ids: Array.from({ length: entities }, () => addEntity(world)) }
}

/** What a membership tells, as `EntityRows` takes it: as sets. */
function setsOf(membership: Membership): { entered: number[]; left: number[]; alive: number[] } {
  membership.update()
  const list = (set: Membership['alive']): number[] => {
    const found: number[] = []
    set.forEachRun(0, (first, count) => {
      for (let i = 0; i < count; i++) found.push(first + i)
    })
    return found
  }
  const sets = {
    entered: list(membership.entered),
    left: list(membership.left),
    alive: list(membership.alive),
  }
  expect(membership.count).toBe(sets.alive.length)
  expect(membership.isChanged).toBe(sets.entered.length + sets.left.length > 0)
  return sets
}

describe.each([
  ['a listener', true],
  ['observers', false],
] as const)('who enters and leaves, followed by %s', (_, listen) => {
  const follow = (world: object, terms: object[]): Membership =>
    new Membership(new BitEcsWorld(world, () => {}, false, listen), terms)

  it('is told of entities on both sides of the borders of words, whether they were there or come', () => {
    const Thing = {}
    const { world, ids } = worldOf(5000)
    const there = BORDERS.filter((_id, i) => i % 2 === 0)
    const later = BORDERS.filter((_id, i) => i % 2 === 1)
    for (const id of there) addComponent(world, ids[id - 1], Thing)
    const membership = follow(world, [Thing])
    expect(setsOf(membership)).toEqual({ entered: there, left: [], alive: there })
    membership.applied()
    for (const id of later) addComponent(world, id, Thing)
    for (const id of there) removeComponent(world, id, Thing)
    expect(setsOf(membership)).toEqual({ entered: later, left: there, alive: later })
    membership.applied()
    expect(setsOf(membership)).toEqual({ entered: [], left: [], alive: later })
    expect(membership.end).toBe(5001)
  })

  it('tells the same one by one, those that left first', () => {
    const Thing = {}
    const { world, ids } = worldOf(5000)
    for (const id of ids) addComponent(world, id, Thing)
    const membership = follow(world, [Thing])
    membership.update()
    membership.applied()
    for (const id of BORDERS) removeEntity(world, id)
    const born = BORDERS.map(() => addEntity(world))
    for (const id of born.slice(4)) addComponent(world, id, Thing)
    membership.update()
    const told: [string, number][] = []
    membership.apply({ entered: (id) => told.push(['entered', id]), left: (id) => told.push(['left', id]) })
    const sorted = (list: number[]): number[] => list.toSorted((a, b) => a - b)
    expect(told).toEqual([
      ...sorted(born.slice(0, 4)).map((id) => ['left', id]),
      ...sorted(born.slice(4)).map((id) => ['entered', id]),
    ])
    expect(membership.count).toBe(5000 - 4)
  })

  it('keeps what no apply took, and corrects it', () => {
    const Thing = {}
    const { world } = worldOf(100)
    const membership = follow(world, [Thing])
    for (const id of [31, 32, 64]) addComponent(world, id, Thing)
    expect(setsOf(membership).entered).toEqual([31, 32, 64])
    // A stage that threw between `update` and `apply`.
    removeComponent(world, 32, Thing)
    addComponent(world, 65, Thing)
    expect(setsOf(membership)).toEqual({ entered: [31, 64, 65], left: [32], alive: [31, 64, 65] })
    addComponent(world, 32, Thing)
    removeEntity(world, 64)
    expect(setsOf(membership)).toEqual({ entered: [31, 32, 65], left: [64], alive: [31, 32, 65] })
  })

  it('scans every entity of a world, prefabs apart, in batches of any length', () => {
    for (const entities of [0, 1, 1023, 1024, 1025, 3000]) {
      const [Thing, Other, Hidden] = [{}, {}, {}]
      const { world, ids } = worldOf(entities)
      const prefab = addPrefab(world)
      addComponent(world, prefab, Thing)
      ids.forEach((id, i) => {
        if (i % 3 !== 0) addComponent(world, id, Thing)
        if (i % 2 === 0) addComponent(world, id, Other)
        if (i % 5 === 0) addComponent(world, id, Hidden)
      })
      const matching = (keep: (i: number) => boolean): number[] => ids.filter((_id, i) => keep(i))
      const cases: [object[], (i: number) => boolean][] = [
        [[Thing], (i) => i % 3 !== 0],
        [[Thing, Not(Hidden)], (i) => i % 3 !== 0 && i % 5 !== 0],
        [[Or(Thing, Other)], (i) => i % 3 !== 0 || i % 2 === 0],
        [[Thing, Not(Thing)], () => false],
      ]
      for (const [terms, keep] of cases) {
        const { entered, alive } = setsOf(follow(world, terms))
        expect([entered, alive]).toEqual([matching(keep), matching(keep)])
      }
    }
  })

  it('scans components of two generations', () => {
    const { world, ids } = worldOf(70)
    const components = Array.from({ length: 40 }, () => ({}))
    for (const component of components) addComponent(world, ids[0], component)
    const [early, late] = [components[0], components[39]]
    for (const id of ids.slice(30)) addComponent(world, id, early)
    for (const id of ids.slice(60)) addComponent(world, id, late)
    expect(setsOf(follow(world, [early, late])).alive).toEqual([ids[0], ...ids.slice(60)])
    expect(setsOf(follow(world, [early, Not(late)])).alive).toEqual(ids.slice(30, 60))
  })
})
