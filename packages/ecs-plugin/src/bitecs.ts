import { $internal, commitRemovals, noCommit, observe, onAdd, onRemove, onSet, query } from 'bitecs'
import type { InternalWorld, Query, QueryResult, QueryTerm, World } from 'bitecs'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from './ecs.ts'
import { UnsupportedTerm } from './errors.ts'

// bitECS marks the component of a relation pair with this symbol. Its name is not exported, its key is global.
const pairKey = Symbol.for('bitecs-isPairComponent')
// And this one a `Hierarchy` or `Cascade` term.
const hierarchyKey = Symbol.for('bitecs-hierarchyType')
// And these what `And`, `Or` and `Not` are made of.
const operationKey = Symbol.for('bitecs-opType')
const operandsKey = Symbol.for('bitecs-opTerms')

/** Whether this is a world of bitECS 0.4 that was not deleted. */
export function isWorld(value: unknown): value is World {
  return typeof value === 'object' && value !== null && $internal in value
}

/** The bitECS side of {@link EcsWorld}. The only file that touches bitECS's internals (0.4.0). */
export class BitEcsWorld implements EcsWorld {
  readonly #world: InternalWorld
  readonly #warn: (message: string) => void
  #warnedOfVersions = false

  /** @param warn called at most once, when entity ids turn out to be versioned */
  constructor(world: World, warn: (message: string) => void) {
    this.#world = world as InternalWorld
    this.#warn = warn
  }

  // `resetWorld` empties the map but keeps the counter, so the counter alone would miss what came back after a reset.
  get componentCount(): number {
    const context = this.#world[$internal]
    return context.componentCount + context.componentMap.size
  }

  rowOf(entity: number): number {
    const index = this.#world[$internal].entityIndex
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
    const { versioning, entityMask } = this.#world[$internal].entityIndex
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
    for (const component of this.#world[$internal].componentMap.keys())
      if (component[pairKey] !== true) visit(component as object)
  }

  settle(): void {
    commitRemovals(this.#world)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    const components = [...terms]
    for (const term of components)
      if (hierarchyKey in term)
        throw new UnsupportedTerm(
          'Hierarchy',
          'bitECS fires no observers when an entity changes its depth. Query the relation itself, for example ChildOf(parent).',
        )
    const ids = new RowIds(this)
    const stopAdd = observe(this.#world, onAdd(...components), (entity) => listener.enter(ids.rowOf(entity)))
    const stopRemove = observe(this.#world, onRemove(...components), (entity) =>
      listener.leave(ids.rowOf(entity)),
    )
    return new BitEcsWatch(ids, this.#world, this.#queryOf(components), () => {
      stopAdd()
      stopRemove()
    })
  }

  watchWrites(component: object, wrote: (row: number) => void): WriteWatch {
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

  /** bitECS's own record of a query, which it does not hand out: found by the list that `query` returns. */
  #queryOf(terms: QueryTerm[]): Query {
    const list = query(this.#world, terms, noCommit)
    for (const candidate of this.#world[$internal].queries) {
      const { dense } = candidate as { dense: QueryResult }
      // A buffered query makes a new view of the same memory at each look.
      if (dense === list || ('buffer' in dense && 'buffer' in list && dense.buffer === list.buffer))
        return candidate
    }
    throw new Error('bitECS has lost a query that was just registered.')
  }
}

/** Rows of entities, and of each row the entity that it was last asked for: ids may have versions. */
class RowIds {
  readonly #ecs: BitEcsWorld
  /** Of entities whose version is not 0. */
  readonly #ids = new Map<number, number>()

  constructor(ecs: BitEcsWorld) {
    this.#ecs = ecs
  }

  rowOf(entity: number): number {
    const row = this.#ecs.rowOf(entity)
    if (row !== entity) this.#ids.set(row, entity)
    else if (this.#ids.size > 0) this.#ids.delete(row)
    return row
  }

  idOf(row: number): number {
    return this.#ids.size === 0 ? row : (this.#ids.get(row) ?? row)
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
    return this.#world[$internal].queries.has(this.#query)
  }

  // Entities to be removed are listed until removals are committed.
  get size(): number | undefined {
    return this.#stopped ? undefined : this.#query.dense.length - this.#query.toRemove.dense.length
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
