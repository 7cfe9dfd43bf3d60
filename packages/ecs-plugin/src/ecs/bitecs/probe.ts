import {
  addComponent,
  addEntity,
  addPrefab,
  createWorld,
  Not,
  observe,
  onAdd,
  onRemove,
  removeComponent,
  removeEntity,
  set,
} from 'bitecs'
import type { InternalWorld } from 'bitecs'
import { attempt, Probe } from '../probe.ts'
import { BitEcsListener } from './listener.ts'

/** What the listener must hear, in order: `C` has the component, `N` doesn't. */
const expected = 'N+1 C+1 N-1 set1 C-1 N+1 C+1 N-1 C-1 N+1 C+1 N-1 N+2 N-2 C-1'

/**
 * Tells whether this bitECS calls the listener as 0.4.0 does, in a fraction of a millisecond:
 * components come and go, an entity dies and its id is recycled, a prefab stays silent, and observers
 * throw.
 */
export function hearsEverything(): boolean {
  try {
    return heard() === expected
  } catch {
    return false
  }
}

function heard(): string {
  const component = {}
  const world = createWorld() as InternalWorld
  const probe = new Probe()
  const listener = new BitEcsListener(world, (entity) => entity)
  // Observers of a user who was there first.
  const stops = [onAdd(component), onRemove(component)].map((hook) => observe(world, hook, probe.throws))
  const watches = [
    listener.watch([component], probe.listener('C')),
    listener.watch([Not(component)], probe.listener('N')),
    listener.watchWrites(component, probe.wrote),
  ]
  const entity = addEntity(world)
  attempt(() => addComponent(world, entity, component))
  addComponent(world, entity, set(component, {}))
  attempt(() => removeComponent(world, entity, component))
  attempt(() => addComponent(world, entity, component))
  // The observer throws in the middle: the entity lives on, and dies with the second call.
  attempt(() => removeEntity(world, entity))
  attempt(() => removeEntity(world, entity))
  const next = addEntity(world)
  attempt(() => addComponent(world, next, component))
  const prefab = addPrefab(world)
  addComponent(world, prefab, component)
  removeEntity(world, prefab)
  for (const watch of watches.slice(1)) watch.stop()
  attempt(() => removeEntity(world, next))
  watches[0].stop()
  attempt(() => addComponent(world, addEntity(world), component))
  for (const stop of stops) stop()
  return next === entity ? probe.log.join(' ') : ''
}
