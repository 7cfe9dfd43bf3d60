import { $internal, createQuery, unpackEntity, type Entity, type QueryParameter, type World } from 'koota'
import type { MembershipListener, MembershipWatch, WriteWatch } from '../ecs.ts'

/** koota's table of entities: `reset` makes another one. */
export function tableOf(world: World): World[typeof $internal]['entityIndex'] {
  return world[$internal].entityIndex
}

export function entityIndexOf(entity: Entity): number {
  return unpackEntity(entity).entityId
}

/** Watches a query by subscribing to it, for a koota that doesn't call the listener. */
export class KootaSubscription implements MembershipWatch {
  readonly #world: World
  readonly #table: object
  readonly #matching: () => readonly Entity[]
  readonly #stops: readonly (() => void)[]

  constructor(world: World, terms: readonly object[], listener: MembershipListener) {
    this.#world = world
    this.#table = tableOf(world)
    const query = createQuery(...(terms as readonly QueryParameter[]))
    this.#matching = () => world.query(query)
    this.#stops = [
      world.onQueryAdd(query, (entity) => listener.enter(entityIndexOf(entity))),
      world.onQueryRemove(query, (entity) => listener.leave(entityIndexOf(entity))),
    ]
  }

  // `reset` drops queries together with their subscribers, and makes a new table of entities.
  get intact(): boolean {
    return tableOf(this.#world) === this.#table
  }

  // Events of one generation of an id end before those of the next begin: the last one decides.
  has(): undefined {
    return undefined
  }

  // A user's subscriber may throw before ours is called, or undo the change first.
  missed(alive: { has(index: number): boolean }, count: number): boolean {
    const matching = this.#matching()
    if (matching.length !== count) return true
    for (let i = 0; i < matching.length; i++) if (!alive.has(entityIndexOf(matching[i]))) return true
    return false
  }

  scan(visit: (indices: Uint32Array, count: number) => void): void {
    const matching = Uint32Array.from(this.#matching(), entityIndexOf)
    visit(matching, matching.length)
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }
}

/** A subscription that `reset` drops. */
export function untilReset(world: World, stop: () => void): WriteWatch {
  const table = tableOf(world)
  return {
    stop,
    get intact() {
      return tableOf(world) === table
    },
  }
}
