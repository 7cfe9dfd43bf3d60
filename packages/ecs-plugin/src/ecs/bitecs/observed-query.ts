import { $internal, observe, onAdd, type InternalWorld, type Query, type QueryTerm } from 'bitecs'
import type { MembershipListener, MembershipWatch } from '../ecs.ts'
import type { VersionedIds } from './versioned-ids.ts'

/**
 * Watches a query by observing it, for a bitECS that doesn't call the listener.
 *
 * A query that the user has registered is shared and stays theirs. Otherwise memkit registers a
 * private one, which isn't in the table that `query()` and `observe()` look in, so that users can't
 * depend on it and removing it affects nothing of theirs. (bitECS's own `removeQuery` can't tell
 * whose a query is, and leaves it in the lists of its components.)
 */
export class ObservedQuery implements MembershipWatch {
  readonly #world: InternalWorld
  readonly #ids: VersionedIds
  readonly #query: Query
  readonly #isPrivate: boolean
  readonly #stops: readonly (() => void)[]
  #stopped = false

  constructor(
    world: InternalWorld,
    terms: readonly QueryTerm[],
    ids: VersionedIds,
    listener: MembershipListener,
  ) {
    const context = world[$internal]
    const users = context.queriesHashMap
    const table = new Table(users)
    let stopAdd: () => void
    // Registering runs no user code.
    context.queriesHashMap = table
    try {
      stopAdd = observe(world, onAdd(...terms), (entity) => listener.enter(ids.indexOf(entity)))
    } finally {
      context.queriesHashMap = users
    }
    this.#world = world
    this.#ids = ids
    this.#query = table.found!
    this.#isPrivate = table.registered
    const stopRemove = this.#query.removeObservable.subscribe((entity) => listener.leave(ids.indexOf(entity)))
    this.#stops = [stopAdd, stopRemove]
  }

  // `resetWorld` replaces the set, and `removeQuery` removes the query from it. bitECS then keeps
  // our observers but doesn't call them for every removal.
  get intact(): boolean {
    return this.#stopped || this.#world[$internal].queries.has(this.#query)
  }

  // Compare all: throwing observers may keep as many entities from entering as from leaving.
  missed(alive: { has(index: number): boolean }, count: number): boolean {
    if (this.#stopped) return false
    const { dense, toRemove } = this.#query
    // Removed entities stay listed until removals are committed.
    if (dense.length - toRemove.dense.length !== count) return true
    return dense.some((entity) => !toRemove.has(entity) && !alive.has(this.#ids.indexOf(entity)))
  }

  // An entity that leaves a `Not` query and returns before its removal is committed returns without
  // an event: only the query is right.
  has(index: number): boolean {
    const entity = this.#ids.idOf(index)
    return this.#query.has(entity) && !this.#query.toRemove.has(entity)
  }

  scan(visit: (indices: Uint32Array, count: number) => void, leaving: (index: number) => void): void {
    const { dense, toRemove } = this.#query
    // The next `query()` commits removals. Until then the entity is listed, and also in `toRemove`.
    const here = dense.filter((entity) => !toRemove.has(entity))
    visit(
      Uint32Array.from(here, (entity) => this.#ids.indexOf(entity)),
      here.length,
    )
    for (const entity of toRemove.dense) leaving(this.#ids.indexOf(entity))
  }

  stop(): void {
    this.#stopped = true
    for (const stop of this.#stops) stop()
    if (!this.#isPrivate) return
    const context = this.#world[$internal]
    for (const set of [context.queries, context.notQueries, context.dirtyQueries]) set.delete(this.#query)
    for (const component of this.#query.allComponents)
      context.componentMap.get(component)?.queries.delete(this.#query)
  }
}

/** Shows the table of the user's queries, and notes what is registered without adding it. */
class Table extends Map<string, Query> {
  found: Query | undefined
  registered = false
  readonly #users: Map<string, Query>

  constructor(users: Map<string, Query>) {
    super()
    this.#users = users
  }

  override get(hash: string): Query | undefined {
    return (this.found = this.#users.get(hash))
  }

  override set(_hash: string, query: Query): this {
    this.found = query
    this.registered = true
    return this
  }
}
