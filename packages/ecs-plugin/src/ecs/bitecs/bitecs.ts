import { $internal, commitRemovals, observe, onSet } from 'bitecs'
import type { InternalWorld, Query, World } from 'bitecs'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from './ecs.ts'
import { BitEcsListener } from './bitecs-listener.ts'
import { hearsEverything } from './bitecs-probe.ts'
import { checkTerms } from './bitecs-terms.ts'
import { WorldDeleted } from './errors.ts'
import { NewKeys } from './new-keys.ts'
import { observeQuery } from './private-query.ts'
import { RowIds } from './row-ids.ts'

// bitECS marks the component of a relation pair with this symbol. Its name is not exported, its key is global.
const pairKey = Symbol.for('bitecs-isPairComponent')
// And these what `And`, `Or` and `Not` are made of.
const operationKey = Symbol.for('bitecs-opType')
const operandsKey = Symbol.for('bitecs-opTerms')

function isPair(component: object): boolean {
  return (component as { readonly [pairKey]?: boolean })[pairKey] === true
}

/** Whether this is a world of bitECS 0.4 that was not deleted. */
export function isWorld(value: unknown): value is World {
  return typeof value === 'object' && value !== null && $internal in value
}

/**
 * The bitECS side of {@link EcsWorld}. It alone touches bitECS's internals (0.4.0), with the files that it hands a part of this to:
 * `bitecs-listener.ts` hears of changes, `bitecs-probe.ts` finds out whether it does, `bitecs-terms.ts` reads queries.
 */
export class BitEcsWorld implements EcsWorld {
  readonly #world: InternalWorld
  readonly #warn: (message: string) => void
  #warnedOfVersions = false
  /** How the world is followed: by `observe` where this bitECS does not call the listener. */
  readonly #listener: BitEcsListener | undefined
  /** What `forEachNewComponent` has looked at. */
  #components: NewKeys<object>

  /**
   * @param warn called at most once, when entity ids turn out to be versioned; with `debug` also where the world has to be observed
   * @param listen whether to follow the world by a listener; found out where it is not given
   */
  constructor(
    world: World,
    warn: (message: string) => void,
    debug = false,
    listen: boolean = hearsEverything(),
  ) {
    this.#world = world as InternalWorld
    this.#warn = warn
    this.#components = new NewKeys(this.#context.componentMap)
    if (listen) this.#listener = new BitEcsListener(this.#world, (entity) => this.rowOf(entity))
    else if (debug)
      warn(
        'This version of bitECS does not report changes as 0.4.0 does, so memkit registers a query and two observers for each flagged ' +
          'component and GPU query: entities come and go more slowly, and an observer of yours that throws delays what memkit hears by a frame.',
      )
  }

  /** @throws WorldDeleted */
  get #context(): InternalWorld[typeof $internal] {
    const context = this.#world[$internal] as InternalWorld[typeof $internal] | undefined
    if (context === undefined) throw new WorldDeleted()
    return context
  }

  rowOf(entity: number): number {
    const index = this.#context.entityIndex
    if (!index.versioning) return entity
    if (!this.#warnedOfVersions) {
      this.#warnedOfVersions = true
      this.#warn(
        'This world uses versioned entity ids. Rows are ids without their version; bitECS 0.4.0 reports live versioned ' +
          'entities as dead, so prefer a world without withVersioning().',
      )
    }
    return entity & index.entityMask
  }

  get idMask(): number {
    const { versioning, entityMask } = this.#context.entityIndex
    return versioning ? entityMask : -1
  }

  storeOf(component: object): object {
    return component
  }

  operationOf(term: object): QueryOperation | undefined {
    if (!(operationKey in term && operandsKey in term)) return undefined
    return { type: term[operationKey] as string, terms: term[operandsKey] as object[] }
  }

  forEachComponent(visit: (component: object) => void): void {
    for (const component of this.#context.componentMap.keys())
      if (!isPair(component)) visit(component as object)
  }

  forEachNewComponent(visit: (component: object) => void): void {
    const { componentMap } = this.#context
    // `resetWorld` replaces the map; nothing takes a component out of it.
    if (!this.#components.areOf(componentMap)) this.#components = new NewKeys(componentMap)
    for (let component = this.#components.next(); component; component = this.#components.next())
      if (!isPair(component)) visit(component)
  }

  isRegistered(component: object): boolean {
    return this.#context.componentMap.has(component) && !isPair(component)
  }

  settle(): void {
    // Where nothing is observed, removals are the user's own to commit: when his observers hear of what depends on it.
    if (this.#listener === undefined) commitRemovals(this.#world)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    void this.#context
    const components = [...terms]
    checkTerms(components)
    if (this.#listener !== undefined) return this.#listener.watch(components, listener)
    const ids = new RowIds((entity) => this.rowOf(entity))
    const observed = observeQuery(
      this.#world,
      components,
      (entity) => listener.enter(ids.rowOf(entity)),
      (entity) => listener.leave(ids.rowOf(entity)),
    )
    return new BitEcsWatch(ids, this.#world, observed.query, () => observed.stop())
  }

  watchWrites(component: object, wrote: (row: number) => void): WriteWatch {
    if (this.#listener !== undefined) return this.#listener.watchWrites(component, wrote)
    const stop = observe(this.#world, onSet(component), (entity) => wrote(this.rowOf(entity)))
    const registered = (): unknown => this.#world[$internal].componentMap.get(component)
    const observed = registered()
    // `resetWorld` forgets components: one that comes back has observers of its own.
    return {
      get intact() {
        return registered() === observed
      },
      stop,
    }
  }
}

class BitEcsWatch implements MembershipWatch {
  readonly #ids: RowIds
  readonly #world: InternalWorld
  readonly #query: Query
  readonly #stop: () => void
  #stopped = false

  constructor(ids: RowIds, world: InternalWorld, query: Query, stop: () => void) {
    this.#ids = ids
    this.#world = world
    this.#query = query
    this.#stop = stop
  }

  // `resetWorld` replaces the set and `removeQuery` takes the query out of it. In both cases bitECS goes on holding our
  // observers without calling them for every removal.
  get intact(): boolean {
    return this.#stopped || this.#world[$internal].queries.has(this.#query)
  }

  // Compares all of them: one observer of the user's that throws may keep as many from entering as another keeps from leaving.
  missed(alive: { has(row: number): boolean }, count: number): boolean {
    if (this.#stopped) return false
    const { dense, toRemove } = this.#query
    // Entities to be removed are listed until removals are committed.
    if (dense.length - toRemove.dense.length !== count) return true
    for (let i = 0; i < dense.length; i++)
      if (!toRemove.has(dense[i]) && !alive.has(this.#ids.rowOf(dense[i]))) return true
    return false
  }

  // An entity that leaves a `Not` query and comes back before its removal is committed comes back without an event: the
  // observers have said that it left, and the query is right.
  has(row: number): boolean {
    const { toRemove } = this.#query
    const entity = this.#ids.idOf(row)
    return this.#query.has(entity) && (toRemove.dense.length === 0 || !toRemove.has(entity))
  }

  scan(visit: (row: number) => void, leaving: (row: number) => void): void {
    const { dense, toRemove } = this.#query
    // Removals are committed by the next `query()`: until then the entity is listed, and in `toRemove`.
    for (let i = 0; i < dense.length; i++) {
      const entity = dense[i]
      const row = this.#ids.rowOf(entity)
      if (toRemove.has(entity)) leaving(row)
      else visit(row)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#stop()
  }
}
