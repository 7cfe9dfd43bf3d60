import { createWorld, Not, relation, trait } from 'koota'
import type { World } from 'koota'
import { KootaListener } from './koota-listener.ts'
import { KootaWrites } from './koota-writes.ts'
import { Recorder } from './recorder.ts'

/** What the listener must hear of these changes, in order: `B` has the trait `base`, `N` has it without `a`, `A` has `a`, `P` leads to the target. */
const expected = 'N+2 B+2 N-2 A+2 set2 set2 N+2 A-2 N-2 A+2 P+2 P-2 P+2 P-2 B-2'

let found: boolean | undefined

/**
 * Whether this koota calls the listener as 0.6 does: tried once, with a throw-away world. Where none is to be had, as koota has 16 at most,
 * it is tried with the next attach.
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
  const log: string[] = []
  const koota = new KootaListener(world)
  const target = world.spawn()
  const throws = (): never => {
    throw new Error('a subscriber threw')
  }
  // As a user's would who was there before.
  const stops = [world.onQueryAdd([a], throws), world.onQueryRemove([a], throws)]
  const watches = [
    koota.watch([base, Not(a)], new Recorder('N', log)),
    koota.watch([a], new Recorder('A', log)),
    koota.watch([base], new Recorder('B', log)),
    koota.watch([leadsTo(target)], new Recorder('P', log)),
    new KootaWrites(world, a, koota.instanceOf(a), (row) => log.push(`set${row}`)),
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
  return log.join(' ')
}

function attempt(run: () => void): void {
  try {
    run()
  } catch {
    // As expected.
  }
}
