import { $internal, observe, onAdd } from 'bitecs'
import type { InternalWorld, Query, QueryTerm, World } from 'bitecs'

/** A query of bitECS that memkit observes. */
export interface ObservedQuery {
  readonly query: Query
  /** Stops observing, and takes the query out of the world, unless it is the user's. Idempotent. */
  stop(): void
}

/**
 * Observes a query. One that the user has registered already is shared, and stays theirs. Any other is registered for memkit alone: it is left
 * out of the table in which `query()` and `observe()` look, so the user can't come to depend on it, and giving it back takes nothing from
 * them. (bitECS's own `removeQuery` can't tell whose a query is, and leaves it in the lists of its components.)
 */
export function observeQuery(
  world: World,
  terms: readonly QueryTerm[],
  enter: (entity: number) => void,
  leave: (entity: number) => void,
): ObservedQuery {
  const context = (world as InternalWorld)[$internal]
  const users = context.queriesHashMap
  const table = new Table(users)
  let stopAdd: () => void
  // Registering runs no code of the user's.
  context.queriesHashMap = table
  try {
    stopAdd = observe(world, onAdd(...terms), enter)
  } finally {
    context.queriesHashMap = users
  }
  const query = table.found!
  const stopRemove = query.removeObservable.subscribe(leave)
  return {
    query,
    stop() {
      stopAdd()
      stopRemove()
      if (!table.registered) return
      context.queries.delete(query)
      context.notQueries.delete(query)
      context.dirtyQueries.delete(query)
      for (const component of query.allComponents) context.componentMap.get(component)?.queries.delete(query)
    },
  }
}

/** The table of the user's queries while one of ours is looked up: shows them, and notes what is registered without taking it in. */
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
