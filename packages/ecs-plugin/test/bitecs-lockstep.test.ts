import {
  addComponent,
  addEntity,
  addPrefab,
  createEntityIndex,
  createRelation,
  createWorld,
  getAllEntities,
  hasComponent,
  IsA,
  Not,
  observe,
  onAdd,
  onRemove,
  Or,
  Prefab,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
  set,
  withAutoRemoveSubject,
  withVersioning,
} from 'bitecs'
import { describe, expect, it } from 'vitest'
import { BitEcsWorld } from '../src/ecs/bitecs/bitecs.ts'
import { Membership } from '../src/ecs/membership.ts'

/** What a random life may contain beside entities and components. */
interface Life {
  readonly seed: number
  readonly versioned?: boolean
  /** An entity becomes a prefab, or stops being one, when it has components. */
  readonly latePrefabs?: boolean
  /** The user removes queries of the same terms. */
  readonly removedQueries?: boolean
  /** The user's observers throw. */
  readonly throwing?: boolean
}

const STEPS = 400
const A_FRAME_EVERY = 13

/** Three worlds with the same life: one by itself, one followed by a listener, one by observers. */
function live({ seed, versioned, latePrefabs, removedQueries, throwing }: Life): number {
  const random = randomFrom(seed)
  const components = Array.from({ length: 5 }, (_, i) => ({ i }))
  // With relations bitECS removes in the order of its queries, which decides the ids of those that come, and looks for subjects by queries.
  const related = !versioned && !latePrefabs
  // A subject whose removal is cut short when its target goes is half removed for good: bitECS does not find it again.
  const relation = throwing ? createRelation() : createRelation(withAutoRemoveSubject)
  // Bits of components in one word: 31.
  const crowd = random(2) === 0 ? [] : Array.from({ length: 40 }, () => ({}))
  const [a, b, c, d, e] = components
  // bitECS keeps listing an entity that got what a `Not` excludes while it was a prefab; the listener does until it reads its bits.
  const exclusive: object[][] = latePrefabs ? [] : [[a, Not(c)], [Not(a, d)], [c, Or(a, e), Not(d)]]
  const queries: object[][] = [
    [a],
    [b],
    [c],
    [a, b],
    [Or(b, d)],
    [relation('*') as object],
    [b, relation('*') as object],
    ...exclusive,
  ]
  const worlds = [0, 1, 2].map(() =>
    createWorld(createEntityIndex(versioned ? withVersioning(8) : undefined)),
  )
  const logs: string[][] = [[], [], []]
  // Whose observer throws next, each world in its turn: once in a step.
  let angry = -1
  const subscribe = (): void =>
    worlds.forEach((world, w) => {
      const hooks = [onAdd(a), onRemove(a), onAdd(b, c), onRemove(b), onAdd(Not(c)), onRemove(d), onAdd(d)]
      hooks.forEach((hook, i) =>
        observe(world, hook, (entity) => {
          logs[w].push(`${i} ${entity}`)
          // The first may also throw while an entity is made, after which bitECS has half of it: it is left out.
          if (angry !== i || i === 4) return
          angry = -1
          throw new Error('mine')
        }),
      )
    })
  for (const world of worlds)
    for (const one of crowd) {
      const entity = addEntity(world)
      addComponent(world, entity, one)
      removeEntity(world, entity)
    }
  if (random(2) === 0) subscribe()
  for (let i = 0; i < 10; i++) for (const world of worlds) addComponent(world, addEntity(world), a)
  const adapters = [true, false].map(
    (listen, i) => new BitEcsWorld(worlds[i + 1], () => undefined, false, listen),
  )
  const memberships = adapters.map((ecs) => queries.map((terms) => new Membership(ecs, terms)))
  // A removed query is scanned again, so that its entities enter again.
  let rescanned = false
  let frames = 0

  /** Does one thing in each world. @returns what it did in the first, which must be what it did in the others */
  const all = (run: (world: object) => unknown): unknown => {
    const thrower = angry
    const outcomes = worlds.map((world) => {
      angry = thrower
      try {
        return String(run(world))
      } catch (error) {
        // Cut short by an observer of the user's, it is done again: bitECS leaves an entity that is not removed alive.
        if ((error as Error).message !== 'mine') return `throws ${(error as Error).message}`
        try {
          return `again ${String(run(world))}`
        } catch (error) {
          return `throws again ${(error as Error).message}`
        }
      }
    })
    angry = -1
    agree(outcomes[1], outcomes[0], `seed ${seed}`)
    // The queries of observers decide what is thrown first, and which of the user's have seen an entity before it was a prefab.
    if (!throwing && !latePrefabs) agree(outcomes[2], outcomes[0], `seed ${seed}`)
    return outcomes[0]
  }
  const entities: number[] = []
  const spawn = (make: (world: object) => number = addEntity): number => {
    const entity = Number(all(make))
    if (!entities.includes(entity)) entities.push(entity)
    return entity
  }

  const frame = (): void => {
    frames++
    for (const ecs of adapters) ecs.settle?.()
    queries.forEach((terms, q) => {
      const [listened, observed] = memberships.map((side) => journal(side[q]))
      const at = `seed ${seed}, frame ${frames}, query ${q}`
      if (throwing) agree(listened.alive, matching(worlds[1], terms), at)
      else {
        agree(listened.alive, observed.alive, at)
        if (!rescanned) agree(listened.entered, observed.entered, at)
      }
    })
    rescanned = false
  }

  for (let step = 0; step < STEPS; step++) {
    const entity = entities[random(entities.length)] ?? 1
    const component = components[random(components.length)]
    if (throwing && random(3) === 0) angry = random(7)
    const what = random(17)
    if (step % A_FRAME_EVERY === 0) frame()
    if (what < 3) {
      const next = spawn()
      for (const one of [random(5), random(5)]) all((world) => addComponent(world, next, components[one]))
    } else if (what < 5) all((world) => addComponent(world, entity, component))
    else if (what < 7) all((world) => removeComponent(world, entity, component))
    else if (what === 7) {
      all((world) => removeComponent(world, entity, component))
      all((world) => addComponent(world, entity, component))
    } else if (what === 8) all((world) => removeEntity(world, entity))
    else if (what === 9) {
      all((world) => removeEntity(world, entity))
      const next = spawn()
      all((world) => addComponent(world, next, component))
    } else if (what === 10) {
      const terms = [[a], [b, c], [Not(d)], [Or(a, e)], [d, Not(b)], [component]][random(6)]
      // In its own frame: a query commits all removals, which decides what observers are told later.
      all((world) => [...query(world, terms)].sort((x, y) => x - y))
    } else if (what === 11 && random(8) === 0) {
      all((world) => resetWorld(world) && 'reset')
      entities.length = 0
      if (random(2) === 0) subscribe()
    } else if (what === 12 && related) {
      const target = entities[random(entities.length)] ?? 1
      if (target !== entity) all((world) => addComponent(world, entity, relation(target)))
    } else if (what === 13 && !throwing) {
      const next = spawn(addPrefab)
      all((world) => addComponent(world, next, component))
    } else if (what === 14 && related) {
      const next = spawn()
      if (entity !== next) all((world) => addComponent(world, next, IsA(entity)))
    } else if (what === 15) all((world) => addComponent(world, entity, set(component, {})))
    else if (what === 16 && random(4) === 0) {
      if (latePrefabs && random(2) === 0) all((world) => addComponent(world, entity, Prefab))
      else if (latePrefabs) all((world) => removeComponent(world, entity, Prefab))
      else if (removedQueries) {
        rescanned = true
        all((world) => removeQuery(world, [component]))
      }
    }
  }
  frame()
  // Every observer of the user's has heard the same, in the same order, as if memkit were not there.
  expect(logs[1], `seed ${seed}`).toEqual(logs[0])
  for (const side of memberships) for (const membership of side) membership.dispose()
  return frames
}

function journal(membership: Membership): { alive: number[]; entered: number[] } {
  membership.update()
  const entered: number[] = []
  membership.apply({ entered: (row) => entered.push(row), left: () => undefined })
  const alive: number[] = []
  for (let row = 0; row < membership.end; row++) if (membership.alive.has(row)) alive.push(row)
  agree(membership.count, alive.length, 'count')
  return { alive, entered: entered.sort((x, y) => x - y) }
}

/** `expect` takes as long as all the rest: it is called where there is something to say. */
function agree(found: unknown, wanted: unknown, at: string): void {
  if (String(found) !== String(wanted)) expect(found, at).toEqual(wanted)
}

/** Entities that match, by their components. */
function matching(world: object, terms: readonly object[]): number[] {
  const matches = (entity: number): boolean =>
    terms.every((term) => {
      const operator = Reflect.get(term, Symbol.for('bitecs-opType')) as string | undefined
      const operands = Reflect.get(term, Symbol.for('bitecs-opTerms')) as object[] | undefined
      const has = (component: object): boolean => hasComponent(world, entity, component)
      if (operands === undefined) return has(term)
      return operator === 'Not' ? !operands.some(has) : operands.some(has)
    })
  return [...getAllEntities(world)]
    .filter((entity) => matches(entity) && !hasComponent(world, entity, Prefab))
    .sort((x, y) => x - y)
}

/** @returns whole numbers below a bound, always the same ones */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** @returns how many frames were compared */
function lives(count: number, life: (seed: number) => Life): number {
  let frames = 0
  for (let seed = 1; seed <= count; seed++) frames += live(life(seed))
  return frames
}

describe('a listener and observers, in lockstep,', () => {
  it('agree on which entities are alive and have entered, without side effects for the user', () => {
    expect(lives(40, (seed) => ({ seed }))).toBeGreaterThan(1200)
  }, 60_000)

  it('agree when entities with components become prefabs', () => {
    expect(lives(30, (seed) => ({ seed: seed + 1000, latePrefabs: true }))).toBeGreaterThan(900)
  }, 60_000)

  it('agree on which entities are alive when the user removes queries', () => {
    expect(lives(30, (seed) => ({ seed: seed + 2000, removedQueries: true }))).toBeGreaterThan(900)
  }, 60_000)

  it('agree with versioned ids', () => {
    expect(lives(6, (seed) => ({ seed: seed + 3000, versioned: true }))).toBeGreaterThan(180)
  }, 60_000)
})

describe('a listener', () => {
  it("agrees with what entities have when the user's observers throw", () => {
    expect(lives(60, (seed) => ({ seed: seed + 4000, throwing: true }))).toBeGreaterThan(1800)
  }, 60_000)
})
