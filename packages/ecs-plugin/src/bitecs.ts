import { $internal, observe, onAdd, onRemove, registerQuery } from 'bitecs'
import type { InternalWorld, Query, World } from 'bitecs'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'

// bitECS marks the component of a relation pair with this symbol. Its name is not exported, its key is global.
const pairKey = Symbol.for('bitecs-isPairComponent')

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

  forEachComponent(visit: (component: object) => void): void {
    for (const component of this.#world[$internal].componentMap.keys())
      if (component[pairKey] !== true) visit(component as object)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    const components = [...terms]
    const stopAdd = observe(this.#world, onAdd(...components), (entity) => listener.enter(this.rowOf(entity)))
    const stopRemove = observe(this.#world, onRemove(...components), (entity) =>
      listener.leave(this.rowOf(entity)),
    )
    // `observe` has made the query, or found the user's: `queryHash` is not exported, so look it up by its terms.
    return new BitEcsWatch(this, this.#world, this.#queryOf(components), () => {
      stopAdd()
      stopRemove()
    })
  }

  #queryOf(components: object[]): Query {
    for (const query of this.#world[$internal].queriesHashMap.values())
      if (sameTerms(query, components)) return query
    return registerQuery(this.#world, components)
  }
}

function sameTerms(query: Query, components: readonly object[]): boolean {
  const { allComponents, notComponents, orComponents } = query
  return (
    notComponents.length === 0 &&
    orComponents.length === 0 &&
    allComponents.length === components.length &&
    components.every((component) => allComponents.includes(component))
  )
}

class BitEcsWatch implements MembershipWatch {
  readonly #ecs: BitEcsWorld
  readonly #world: InternalWorld
  readonly #query: Query
  readonly #stop: () => void

  constructor(ecs: BitEcsWorld, world: InternalWorld, query: Query, stop: () => void) {
    this.#ecs = ecs
    this.#world = world
    this.#query = query
    this.#stop = stop
  }

  // `resetWorld` replaces the set and `removeQuery` takes the query out of it. In both cases bitECS goes on holding our
  // observers without calling them for every removal.
  get intact(): boolean {
    return this.#world[$internal].queries.has(this.#query)
  }

  scan(visit: (row: number) => void): void {
    const { dense, toRemove } = this.#query
    // Removals are committed by the next `query()`: until then the entity is listed, and in `toRemove`.
    for (let i = 0; i < dense.length; i++) {
      const entity = dense[i]
      if (!toRemove.has(entity)) visit(this.#ecs.rowOf(entity))
    }
  }

  stop(): void {
    this.#stop()
  }
}
