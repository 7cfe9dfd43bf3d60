import { $internal, entityExists, Prefab, registerComponent } from 'bitecs'
import type { ComponentData, InternalWorld, Query, QueryTerm, WorldContext } from 'bitecs'
import { Audience, SetHead } from '../audience.ts'
import type { MembershipListener, MembershipWatch, WriteWatch } from '../ecs.ts'
import { EntityMask } from '../entity-mask.ts'
import { inBatches } from '../index-batches.ts'
import { emptySet, queryLike } from './query-like.ts'
import { queryOf, type ListenedQuery } from './terms.ts'
import { VersionedIds } from './versioned-ids.ts'

/**
 * Hears every change in one bitECS world without making bitECS keep a query or an observer for it.
 *
 * It relies on what bitECS 0.4.0 does, and `probe.ts` tries it:
 *
 * 1. `addComponent` sets the entity's bit in `entityMasks`, then walks
 *    `componentMap.get(component).queries`. A query that has `orMasks` and no `generations` doesn't
 *    match, so it is asked `has(entity)`, to take out an entity that matched before. Not for prefabs.
 * 2. `removeComponent` clears the bit, then walks the same set, also for prefabs.
 * 3. `removeEntity` calls `has(entity)` of each query in `queries`, and only then clears all bits.
 * 4. `addEntity` walks `notQueries`. A query without `orMasks` and `generations` matches: where its
 *    `toRemove.has` returns true, `toRemove.remove(entity)` is called.
 * 5. `addComponent(…, set(…))` calls `setObservable.notify(entity, data)` of the component.
 * 6. `entityIndex.dense[0 … aliveCount)` are the live entities. Only `resetWorld` replaces
 *    `componentMap` and `entityMasks`; only `registerComponent` replaces a component's entry.
 *
 * So one object that looks like a query stands first in the set of each component, where no user's
 * observer can keep an event from it by throwing. The bits tell what an event means. They are read
 * again at the next stage, because an observer may change an entity in the middle of an event.
 */
export class BitEcsListener {
  readonly #world: InternalWorld
  readonly #indexOf: (entity: number) => number
  #hearing: Hearing | undefined

  constructor(world: InternalWorld, indexOf: (entity: number) => number) {
    this.#world = world
    this.#indexOf = indexOf
  }

  watch(terms: readonly QueryTerm[], listener: MembershipListener): MembershipWatch {
    const hearing = this.#current()
    return new ListenerWatch(hearing, queryOf(terms, hearing.context.entityMasks, hearing.dataOf), listener)
  }

  /** Hears what is set before the user's observers, so that none of them can throw first. */
  watchWrites(component: object, wrote: (index: number) => void): WriteWatch {
    const hearing = this.#current()
    const data = hearing.follow(component)
    const before = data.setObservable
    let stopped = false
    const ours: typeof before = {
      subscribe: before.subscribe,
      notify: (entity, ...args) => {
        if (!stopped) wrote(this.#indexOf(entity))
        return before.notify(entity, ...args)
      },
    }
    data.setObservable = ours
    return {
      get intact() {
        return hearing.intact
      },
      stop() {
        stopped = true
        if (data.setObservable === ours) data.setObservable = before
      },
    }
  }

  #current(): Hearing {
    if (this.#hearing?.intact !== true) this.#hearing = new Hearing(this.#world, this.#indexOf)
    return this.#hearing
  }
}

/** Listens to a world until it is reset. */
class Hearing {
  readonly context: WorldContext
  readonly ids: VersionedIds
  readonly #world: InternalWorld
  readonly #map: WorldContext['componentMap']
  readonly #components = new Map<object, Audience<ListenerWatch>>()
  /** What bitECS keeps for each component that is listened to, or was. */
  readonly #followed = new Map<object, ComponentData>()
  readonly #deaths: Audience<ListenerWatch>
  /** For queries that an entity without components matches. */
  readonly #births: Audience<ListenerWatch>
  #componentCount = -1
  #intact = true
  /** As of the last read of `intact`: an entity may have become the first prefab since. */
  prefab: ComponentData | undefined

  constructor(world: InternalWorld, indexOf: (entity: number) => number) {
    const context = (this.context = world[$internal])
    this.#world = world
    this.#map = context.componentMap
    this.ids = new VersionedIds(context.entityIndex.versioning, indexOf)
    this.#deaths = new Audience((watches) => [
      new SetHead(context, 'queries', toldOfDeaths(this.ids, watches)),
    ])
    this.#births = new Audience((watches) => [new SetHead(context, 'notQueries', toldOfBirths(watches))])
  }

  /** False after `resetWorld`, and once a component was registered again. */
  get intact(): boolean {
    const { componentMap, componentCount } = this.#world[$internal]
    if (componentMap !== this.#map) return false
    if (componentCount !== this.#componentCount) {
      this.#componentCount = componentCount
      this.prefab = componentMap.get(Prefab)
      for (const [component, data] of this.#followed)
        if (componentMap.get(component) !== data) this.#intact = false
    }
    return this.#intact
  }

  readonly dataOf = (component: object): ComponentData =>
    this.#map.get(component) ?? registerComponent(this.#world, component)

  /** As `dataOf`; notices from now on when the component is registered again. */
  follow(component: object): ComponentData {
    const data = this.dataOf(component)
    this.#followed.set(component, data)
    return data
  }

  add(watch: ListenerWatch, { components, mask }: ListenedQuery): void {
    this.#deaths.add(watch)
    for (const component of components) this.#audienceOf(component).add(watch)
    if (mask.matchesNone) this.#births.add(watch)
  }

  remove(watch: ListenerWatch, { components }: ListenedQuery): void {
    this.#deaths.remove(watch)
    this.#births.remove(watch)
    for (const component of components)
      if (this.#components.get(component)?.remove(watch) === true) this.#components.delete(component)
  }

  /** Undefined with versions, where bitECS 0.4.0 doesn't know. */
  isAlive(entity: number): boolean | undefined {
    return this.ids.isVersioned ? undefined : entityExists(this.#world, entity)
  }

  isPrefab(entity: number): boolean {
    if (this.prefab === undefined) return false
    const { bitflag, generationId } = this.prefab
    return (this.context.entityMasks[generationId][entity] & bitflag) !== 0
  }

  #audienceOf(component: object): Audience<ListenerWatch> {
    let audience = this.#components.get(component)
    if (audience === undefined) {
      const data = this.follow(component)
      audience = new Audience((watches) => [new SetHead(data, 'queries', toldOfChanges(watches))])
      this.#components.set(component, audience)
    }
    return audience
  }
}

/** bitECS only counts its keys, for each event. They are counted three times as fast where they are names. */
const notEmpty: Query['orMasks'] = Object.fromEntries([['some', 1]])

/** A query that no entity matches: bitECS asks whether one did, which costs least. */
function toldOfChanges(watches: readonly ListenerWatch[]): Query {
  const has = (entity: number): boolean => {
    for (let i = 0; i < watches.length; i++) watches[i].heard(entity)
    return false
  }
  return queryLike({ has, orMasks: notEmpty })
}

/** A query that every entity is about to leave: bitECS calls `toRemove.remove` for one that stays. */
function toldOfBirths(watches: readonly ListenerWatch[]): Query {
  const remove = (entity: number): void => {
    for (let i = 0; i < watches.length; i++) watches[i].heard(entity)
  }
  return queryLike({ toRemove: emptySet({ remove }) })
}

/** A query that bitECS asks for an entity that is about to die. */
function toldOfDeaths(ids: VersionedIds, watches: readonly ListenerWatch[]): Query {
  const has = (entity: number): boolean => {
    const index = ids.indexOf(entity)
    for (let i = 0; i < watches.length; i++) watches[i].died(index)
    return false
  }
  return queryLike({ has })
}

/** Watches the entities that bitECS would list if it kept that query. */
class ListenerWatch implements MembershipWatch {
  readonly #hearing: Hearing
  readonly #query: ListenedQuery
  readonly #mask: EntityMask
  readonly #ids: VersionedIds
  readonly #listener: MembershipListener

  constructor(hearing: Hearing, query: ListenedQuery, listener: MembershipListener) {
    this.#hearing = hearing
    this.#query = query
    this.#mask = query.mask
    this.#ids = hearing.ids
    this.#listener = listener
    hearing.add(this, query)
  }

  get intact(): boolean {
    return this.#hearing.intact
  }

  /** A component of the query was added to that entity or removed from it. */
  heard(entity: number): void {
    const index = this.#ids.isVersioned ? this.#ids.indexOf(entity) : entity
    if (this.#mask.matches(entity)) this.#listener.remain(index)
    else this.#listener.leave(index)
  }

  died(index: number): void {
    this.#listener.leave(index)
  }

  /**
   * Where the bits match, the last event decides: a prefab, whose components bitECS adds without
   * telling queries, and an entity whose removal an observer cut short by throwing have the bits,
   * but bitECS doesn't list them. An entity that became a prefab while it was listed stays.
   */
  has(index: number): false | undefined {
    const hearing = this.#hearing
    const entity = hearing.ids.idOf(index)
    if (!this.#mask.matches(entity)) return hearing.isPrefab(entity) ? undefined : false
    if (this.#mask.matchesNone && hearing.isAlive(entity) === false) return false
    return undefined
  }

  scan(visit: (indices: Uint32Array, count: number) => void): void {
    const hearing = this.#hearing
    if (!hearing.intact) return
    const { context, ids, prefab } = hearing
    const { dense, aliveCount } = context.entityIndex
    const { wanted } = this.#query
    const none = prefab === undefined ? wanted.none : [...wanted.none, prefab]
    const mask = new EntityMask(context.entityMasks, { ...wanted, none })
    const fill = (indices: Uint32Array, from: number, to: number): number => {
      const count = mask.select(dense, from, to, indices)
      if (ids.isVersioned) for (let i = 0; i < count; i++) indices[i] = ids.indexOf(indices[i])
      return count
    }
    inBatches(aliveCount, fill, visit)
  }

  stop(): void {
    this.#hearing.remove(this, this.#query)
  }
}
