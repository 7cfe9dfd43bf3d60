import { $internal, entityExists, Prefab, registerComponent } from 'bitecs'
import type { ComponentData, InternalWorld, Query, QueryTerm, WorldContext } from 'bitecs'
import { emptySet, queryLike } from './bitecs-query-like.ts'
import { queryOf } from './bitecs-terms.ts'
import type { ListenedQuery } from './bitecs-terms.ts'
import type { MembershipListener, MembershipWatch, WriteWatch } from './ecs.ts'
import type { EntityMask } from './entity-mask.ts'
import { RowIds } from './row-ids.ts'
import { SetHead } from './set-head.ts'

/**
 * Hears of every change of one bitECS world, and lets bitECS keep nothing for it: no query, no observer.
 *
 * It leans on this, which bitECS 0.4.0 does; `bitecs-probe.ts` tries it:
 *
 * 1. `addComponent` sets the entity's bit in `entityMasks`, then walks through `componentMap.get(component).queries`; of each query whose
 *    `generations` and `orMasks` are empty and whose `toRemove.has` says true it calls `toRemove.remove(entity)`. Not for prefabs.
 * 2. `removeComponent` clears the bit, then calls `toRemove.remove(entity)` of each query in the same set, prefabs or not.
 * 3. `removeEntity` calls `has(entity)` of each query in `queries`, and only then clears all bits.
 * 4. `addEntity` walks through `notQueries` as `addComponent` does through its set.
 * 5. `addComponent(…, set(…))` calls `setObservable.notify(entity, data)` of the component.
 * 6. `entityIndex.dense[0 … aliveCount)` are those that live. Nothing but `resetWorld` replaces `componentMap` and `entityMasks`;
 *    nothing but `registerComponent` replaces a component's entry.
 *
 * So one object that looks like a query stands first in the set of each component: no observer of the user's that throws can keep an
 * event from it. What an event means is read from the bits, and read again when a frame is staged: who was changed by an observer in the
 * middle of bitECS's own work is then seen as it is.
 */
export class BitEcsListener {
  readonly #world: InternalWorld
  readonly #rowOf: (entity: number) => number
  #hearing: Hearing | undefined

  /** @param rowOf the id of an entity without its version */
  constructor(world: InternalWorld, rowOf: (entity: number) => number) {
    this.#world = world
    this.#rowOf = rowOf
  }

  watch(terms: readonly QueryTerm[], listener: MembershipListener): MembershipWatch {
    const hearing = this.#current()
    return new ListenerWatch(hearing, queryOf(terms, hearing.context.entityMasks, hearing.dataOf), listener)
  }

  watchWrites(component: object, wrote: (row: number) => void): WriteWatch {
    return new ListenerWrites(this.#current(), component, (entity) => wrote(this.#rowOf(entity)))
  }

  #current(): Hearing {
    if (this.#hearing?.intact !== true) this.#hearing = new Hearing(this.#world, this.#rowOf)
    return this.#hearing
  }
}

/** What is heard of a world until it is reset. */
class Hearing {
  readonly context: WorldContext
  readonly versioned: boolean
  readonly ids: RowIds
  readonly #world: InternalWorld
  readonly #map: WorldContext['componentMap']
  readonly #components = new Map<object, ListenedComponent>()
  readonly #watches: ListenerWatch[] = []
  #deaths: SetHead<'queries', Query> | undefined
  #births: SetHead<'notQueries', Query> | undefined
  readonly #born: ListenerWatch[] = []
  #componentCount = -1
  #intact = true
  #prefab: ComponentData | undefined

  constructor(world: InternalWorld, rowOf: (entity: number) => number) {
    this.#world = world
    this.context = world[$internal]
    this.#map = this.context.componentMap
    this.versioned = this.context.entityIndex.versioning
    this.ids = new RowIds(rowOf)
  }

  /** False after `resetWorld`, and where a component was registered once more. */
  get intact(): boolean {
    const { componentMap, componentCount } = this.#world[$internal]
    if (componentMap !== this.#map) return false
    if (componentCount !== this.#componentCount) {
      this.#componentCount = componentCount
      this.#prefab = componentMap.get(Prefab)
      for (const [component, { data }] of this.#components)
        if (componentMap.get(component) !== data) this.#intact = false
    }
    return this.#intact
  }

  readonly dataOf = (component: object): ComponentData =>
    this.#map.get(component) ?? registerComponent(this.#world, component)

  add(watch: ListenerWatch, { components, mask }: ListenedQuery): void {
    this.#deaths ??= new SetHead(this.context, 'queries', toldOfDeaths(this, this.#watches))
    this.#watches.push(watch)
    for (const component of components) {
      let listened = this.#components.get(component)
      if (listened === undefined)
        this.#components.set(component, (listened = new ListenedComponent(this.dataOf(component))))
      listened.watches.push(watch)
    }
    if (!mask.matchesNone) return
    this.#births ??= new SetHead(this.context, 'notQueries', toldOfChanges(this.#born))
    this.#born.push(watch)
  }

  remove(watch: ListenerWatch, { components }: ListenedQuery): void {
    takeOut(this.#watches, watch)
    takeOut(this.#born, watch)
    for (const component of components) {
      const listened = this.#components.get(component)
      if (listened === undefined) continue
      takeOut(listened.watches, watch)
      if (listened.watches.length > 0) continue
      listened.head.leave()
      this.#components.delete(component)
    }
    if (this.#born.length === 0) {
      this.#births?.leave()
      this.#births = undefined
    }
    if (this.#watches.length > 0) return
    this.#deaths?.leave()
    this.#deaths = undefined
  }

  rowOf(entity: number): number {
    return this.versioned ? this.ids.rowOf(entity) : entity
  }

  /** Whether the entity lives; undefined with versions, where bitECS 0.4.0 does not know. */
  isAlive(entity: number): boolean | undefined {
    return this.versioned ? undefined : entityExists(this.#world, entity)
  }

  /** As of the last look at `intact`: an entity may have become the first prefab since. */
  isPrefab(entity: number): boolean {
    if (this.#prefab === undefined) return false
    const { bitflag, generationId } = this.#prefab
    return (this.context.entityMasks[generationId][entity] & bitflag) !== 0
  }
}

/** One component, and who wants to hear of it. */
class ListenedComponent {
  readonly data: ComponentData
  readonly watches: ListenerWatch[] = []
  readonly head: SetHead<'queries', Query>

  constructor(data: ComponentData) {
    this.data = data
    this.head = new SetHead(data, 'queries', toldOfChanges(this.watches))
  }
}

/** A query that every entity matches and is about to leave: that it stays, bitECS says by `toRemove.remove`. */
function toldOfChanges(watches: readonly ListenerWatch[]): Query {
  const remove = (entity: number): void => {
    for (let i = 0; i < watches.length; i++) watches[i].heard(entity)
  }
  return queryLike({ toRemove: emptySet({ remove }) })
}

/** A query that is asked whether it has an entity that is about to die. */
function toldOfDeaths(hearing: Hearing, watches: readonly ListenerWatch[]): Query {
  const has = (entity: number): boolean => {
    const row = hearing.rowOf(entity)
    for (let i = 0; i < watches.length; i++) watches[i].died(row)
    return false
  }
  return queryLike({ has })
}

/** Who matches one query: exactly those that bitECS would list, were it asked to keep that query. */
class ListenerWatch implements MembershipWatch {
  readonly #hearing: Hearing
  readonly #query: ListenedQuery
  readonly #mask: EntityMask
  readonly #listener: MembershipListener
  #stopped = false

  constructor(hearing: Hearing, query: ListenedQuery, listener: MembershipListener) {
    this.#hearing = hearing
    this.#query = query
    this.#mask = query.mask
    this.#listener = listener
    hearing.add(this, query)
  }

  get intact(): boolean {
    return this.#hearing.intact
  }

  /** One of its components was added to that entity or removed from it. */
  heard(entity: number): void {
    const row = this.#hearing.rowOf(entity)
    if (this.#mask.matches(entity)) this.#listener.remain(row)
    else this.#listener.leave(row)
  }

  died(row: number): void {
    this.#listener.leave(row)
  }

  /**
   * Where the bits agree the last event holds: they may also be those of a prefab, of which bitECS tells queries nothing when components are
   * added, or of one whose removal an observer has cut short by throwing. Neither is listed by bitECS. And a prefab that a query listed
   * before it was one stays, whatever is added to it.
   */
  has(row: number): false | undefined {
    const hearing = this.#hearing
    const entity = hearing.versioned ? hearing.ids.idOf(row) : row
    if (!this.#mask.matches(entity)) return hearing.isPrefab(entity) ? undefined : false
    if (this.#mask.matchesNone && hearing.isAlive(entity) === false) return false
    return undefined
  }

  scan(visit: (row: number) => void): void {
    const hearing = this.#hearing
    if (!hearing.intact) return
    const { dense, aliveCount } = hearing.context.entityIndex
    for (let i = 0; i < aliveCount; i++) {
      const entity = dense[i]
      if (this.#mask.matches(entity) && !hearing.isPrefab(entity)) visit(hearing.rowOf(entity))
    }
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#hearing.remove(this, this.#query)
  }
}

/** What is set through bitECS, heard before the user's observers write it: none of them can throw before. */
class ListenerWrites implements WriteWatch {
  readonly #hearing: Hearing
  readonly #component: object
  readonly #data: ComponentData
  readonly #before: ComponentData['setObservable']
  readonly #ours: ComponentData['setObservable']
  #wrote: ((entity: number) => void) | undefined

  constructor(hearing: Hearing, component: object, wrote: (entity: number) => void) {
    this.#hearing = hearing
    this.#component = component
    this.#data = hearing.dataOf(component)
    this.#wrote = wrote
    const before = (this.#before = this.#data.setObservable)
    this.#data.setObservable = this.#ours = {
      subscribe: before.subscribe,
      notify: (entity, ...args) => {
        this.#wrote?.(entity)
        return before.notify(entity, ...args)
      },
    }
  }

  get intact(): boolean {
    return this.#hearing.intact && this.#hearing.dataOf(this.#component) === this.#data
  }

  stop(): void {
    this.#wrote = undefined
    if (this.#data.setObservable === this.#ours) this.#data.setObservable = this.#before
  }
}

function takeOut<T>(list: T[], one: T): void {
  const at = list.indexOf(one)
  if (at >= 0) list.splice(at, 1)
}
