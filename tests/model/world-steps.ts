import {
  addComponent,
  addEntity,
  addPrefab,
  getRelationTargets,
  IsA,
  observe,
  onSet,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
  setComponent,
  Wildcard,
} from 'bitecs'
import type { StepsOf } from './session.ts'
import type { Session } from './session.ts'
import { TARGET } from './session.ts'
import { MAX_ENTITIES, type Side } from './side.ts'
import { bitecsTerms, termsOf } from './terms.ts'

/** What happens to entities and to what they have. */
export const worldSteps: StepsOf<
  | 'spawn'
  | 'despawn'
  | 'add'
  | 'remove'
  | 'set'
  | 'relate'
  | 'prefab'
  | 'instance'
  | 'renewTarget'
  | 'look'
  | 'removeQuery'
  | 'reset'
> = {
  spawn: (session, { w, parts, seed, beyond }) => {
    const side = session.side(w)
    if (side.entities.length >= MAX_ENTITIES) return
    const entity = addEntity(side.world)
    side.entities.push(entity)
    session.look(side, entity)
    for (const [i, part] of session.parts.entries()) {
      if (((parts >> i) & 1) === 0) continue
      if (!canHave(session, side, entity, part)) continue
      addComponent(side.world, entity, part)
      session.look(side, entity)
    }
    const row = entity & side.mask
    for (const [i, store] of session.stores.entries())
      if (beyond !== 0 && !store.torn && store.slots <= row) session.grow(i, row * 2)
    writeAll(session, row, seed)
  },
  despawn: (session, { w, e }) => {
    const side = session.side(w)
    if (side.entities.length === 0) return
    const i = e % side.entities.length
    const entity = side.entities[i]
    if (!session.exists(side, entity)) return
    side.entities.splice(i, 1)
    removeEntity(side.world, entity)
    session.look(side, entity)
    // Those that were related to it.
    session.lookAtAll(side)
  },
  add: (session, { w, e, part }) => alter(session, w, e, part, addComponent),
  remove: (session, { w, e, part }) => alter(session, w, e, part, removeComponent),
  set: (session, { w, c, e, seed }) => {
    const side = session.side(w)
    const i = c % session.components.length
    const component = session.components[i]
    const entity = side.entities[e % side.entities.length]
    if (entity === undefined || !canHave(session, side, entity, component)) return
    const { changes, direction } = session.setup.components[i]
    const row = entity & side.mask
    const stop = observe(side.world, onSet(component), (_, value: number) => {
      session.stores[i].write(row, value)
    })
    setComponent(side.world, entity, component, seed)
    stop()
    session.look(side, entity)
    if (changes === 'marked' || direction === 'download') side.models[i].mark(row)
  },
  relate: (session, { w, e, to, undo }) => {
    const side = session.side(w)
    if (session.setup.versioned || side.entities.length === 0) return
    const entity = side.entities[e % side.entities.length]
    const target = [...side.entities, TARGET].at(to % (side.entities.length + 1))!
    const pair = session.relation(target)
    if (undo === 0) removeComponent(side.world, entity, pair)
    else addComponent(side.world, entity, pair)
    session.lookAtAll(side)
  },
  prefab: (session, { w, parts }) => {
    const side = session.side(w)
    if (session.setup.versioned) return
    if (side.prefabs.length === 3) {
      removeEntity(side.world, side.prefabs.shift()!)
      session.lookAtAll(side)
    }
    const prefab = addPrefab(side.world)
    side.prefabs.push(prefab)
    // A query lists a prefab that matched when it was made, before it was one, and no other.
    for (const { model, listed, follows } of side.queries) {
      listed.delete(prefab)
      if (follows && model.terms.every(({ op }) => op === 'not')) listed.add(prefab)
    }
    session.parts.forEach((part, i) => {
      // bitECS takes a prefab for an entity when a relation of its ends.
      if (((parts >> i) & 1) !== 0 && !session.isPair(part)) addComponent(side.world, prefab, part)
    })
  },
  instance: (session, { w, e, p, seed }) => {
    const side = session.side(w)
    if (side.entities.length === 0 || side.prefabs.length === 0) return
    const entity = side.entities[e % side.entities.length]
    const prefab = side.prefabs[p % side.prefabs.length]
    // bitECS cannot make another instance of one whose instance has died, nor of one more where it is an instance of such a one.
    const isBroken = (each: number): boolean =>
      getRelationTargets(side.world, each, Wildcard).some((to) => !session.exists(side, to))
    if (side.prefabs.some(isBroken)) return
    addComponent(side.world, entity, IsA(prefab))
    session.look(side, entity)
    writeAll(session, entity, seed)
  },
  renewTarget: (session, { w }) => {
    const side = session.side(w)
    if (session.setup.versioned) return
    removeEntity(side.world, TARGET)
    if (addEntity(side.world) !== TARGET) throw new Error('bitECS gave another id')
    session.lookAtAll(side)
  },
  look: (session, { w, q }) => {
    const { world } = session.side(w)
    query(world, bitecsTerms(termsOf(q, session.components, session.tags, session.pairs)))
  },
  removeQuery: (session, { w, c }) => {
    const { world, models } = session.side(w)
    const model = models[c % models.length]
    removeQuery(
      world,
      model.terms.flatMap(({ components }) => components),
    )
    // It is the user's own: the sync keeps no query.
  },
  reset: (session, { w }) => {
    const side = session.side(w)
    resetWorld(side.world)
    side.crowd = []
    side.prefabs = []
    // Followed again with the next stage: bitECS lists no prefab in a query that is made after it.
    for (const each of side.queries) each.follows = false
    // Ids are given out by another index from now on, which knows no versions.
    for (const entity of side.entities.splice(0)) session.look(side, entity)
    session.gather(side)
  },
}

/** Adds or removes a component or tag of a living entity. */
function alter(
  session: Session,
  w: number,
  e: number,
  part: number,
  change: (world: object, entity: number, component: object) => unknown,
): void {
  const side = session.side(w)
  if (side.entities.length === 0) return
  const entity = side.entities[e % side.entities.length]
  const named = session.parts[part % session.parts.length]
  if (!canHave(session, side, entity, named)) return
  change(side.world, entity, named)
  session.look(side, entity)
}

/** bitECS adds nothing to an entity that it takes for dead, nor a pair that points at one. */
function canHave(session: Session, side: Side, entity: number, part: object): boolean {
  return session.exists(side, entity) && (!session.isPair(part) || session.exists(side, TARGET))
}

/** Writes an entity's numbers in all stores, and marks it. */
function writeAll(session: Session, row: number, seed: number): void {
  session.stores.forEach((store, c) => store.write(row, seed + c))
  for (let c = 0; c < session.stores.length; c++) session.mark(c, row)
}
