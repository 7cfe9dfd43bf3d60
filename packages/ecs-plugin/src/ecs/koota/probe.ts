import { createWorld, Not, relation, trait, type World } from 'koota'
import { attempt, Probe } from '../probe.ts'
import { KootaListener } from './listener.ts'
import { followWrites } from './writes.ts'

/** What the listener must hear: `B` has `base`, `N` has it without `a`, `A` has `a`, `P` the pair. */
const expected = 'N+2 B+2 N-2 A+2 set2 set2 N+2 A-2 N-2 A+2 P+2 P-2 P+2 P-2 B-2'

let found: boolean | undefined

/**
 * Tells whether this koota calls the listener as 0.6 does. Tries it once. koota has 16 worlds at
 * most: where none is left, the next attach tries again.
 */
export function hearsEverything(): boolean {
  found ??= tried()
  return found === true
}

function tried(): boolean | undefined {
  let world: World
  try {
    world = createWorld()
  } catch {
    return undefined
  }
  try {
    return heard(world) === expected
  } catch {
    return false
  } finally {
    world.destroy()
  }
}

function heard(world: World): string {
  const [base, a, leadsTo] = [trait(), trait({ x: 0 }), relation()]
  const probe = new Probe()
  const koota = new KootaListener(world)
  const target = world.spawn()
  // Subscribers of a user who was there first.
  const stops = [world.onQueryAdd([a], probe.throws), world.onQueryRemove([a], probe.throws)]
  const watches = [
    koota.watch([base, Not(a)], probe.listener('N')),
    koota.watch([a], probe.listener('A')),
    koota.watch([base], probe.listener('B')),
    koota.watch([leadsTo(target)], probe.listener('P')),
    followWrites(world, a, koota.instanceOf(a), probe.wrote),
  ]
  const entity = world.spawn(base)
  attempt(() => entity.add(a))
  entity.set(a, { x: 1 })
  world.query(base, a).updateEach(([value]) => (value.x = 2))
  attempt(() => entity.remove(a))
  attempt(() => entity.add(a))
  entity.add(leadsTo(target))
  entity.remove(leadsTo(target))
  entity.add(leadsTo(target))
  target.destroy()
  entity.destroy()
  for (const watch of watches) watch.stop()
  world.spawn(base)
  for (const stop of stops) stop()
  return probe.log.join(' ')
}
