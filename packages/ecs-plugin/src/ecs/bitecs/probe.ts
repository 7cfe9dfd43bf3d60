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
import { BitEcsListener } from './bitecs-listener.ts'
import { Recorder } from './recorder.ts'

/** What the listener must hear of these changes, in order: `C` has the component, `N` has not. */
const expected = 'N+1 C+1 N-1 set1 C-1 N+1 C+1 N-1 C-1 N+1 C+1 N-1 N+2 N-2 C-1'

/**
 * Whether this bitECS calls the listener as 0.4.0 does: tried with a throw-away world, in a fraction of a millisecond. Components come and go, an entity
 * dies and its id is given out again, a prefab stays silent, and the user's observers throw.
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
  const log: string[] = []
  const listener = new BitEcsListener(world, (entity) => entity)
  // As a user's would who was there before.
  const throws = (): never => {
    throw new Error('an observer threw')
  }
  const stops = [onAdd(component), onRemove(component)].map((hook) => observe(world, hook, throws))
  const watches = [
    listener.watch([component], new Recorder('C', log)),
    listener.watch([Not(component)], new Recorder('N', log)),
    listener.watchWrites(component, (row) => log.push(`set${row}`)),
  ]
  const entity = addEntity(world)
  attempt(() => addComponent(world, entity, component))
  addComponent(world, entity, set(component, {}))
  attempt(() => removeComponent(world, entity, component))
  attempt(() => addComponent(world, entity, component))
  // Its observer throws in the middle: it lives on, and goes when asked again.
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
  return next === entity ? log.join(' ') : ''
}

function attempt(run: () => void): void {
  try {
    run()
  } catch {
    // As expected.
  }
}
