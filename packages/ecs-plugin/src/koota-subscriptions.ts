import { $internal, createQuery, unpackEntity } from 'koota'
import type { Entity, QueryParameter, Trait, World } from 'koota'
import type { MembershipListener, MembershipWatch, WriteWatch } from './ecs.ts'

export function idOf(entity: Entity): number {
  return unpackEntity(entity).entityId
}

/** Who matches a query, by subscribing to it: for a koota that does not call the listener. Needs nothing of koota's but its calls. */
export class KootaSubscription implements MembershipWatch {
  readonly #world: World
  readonly #index: object
  readonly #matching: () => readonly Entity[]
  readonly #stops: readonly (() => void)[]

  constructor(world: World, terms: readonly object[], listener: MembershipListener) {
    this.#world = world
    this.#index = world[$internal].entityIndex
    const query = createQuery(...(terms as readonly QueryParameter[]))
    this.#matching = () => world.query(query)
    this.#stops = [
      world.onQueryAdd(query, (entity) => listener.enter(idOf(entity))),
      world.onQueryRemove(query, (entity) => listener.leave(idOf(entity))),
    ]
  }

  // `reset` drops queries together with who subscribed to them, and starts with a new index of entities.
  get intact(): boolean {
    return this.#world[$internal].entityIndex === this.#index
  }

  // Of an id, the events of one generation end before those of the next begin: the last one holds, until `missed` has looked.
  has(): undefined {
    return undefined
  }

  // A subscriber of the user's may throw before ours is called, or undo what it is told of, so that ours is called too late.
  missed(alive: { has(row: number): boolean }, count: number): boolean {
    const matching = this.#matching()
    if (matching.length !== count) return true
    for (let i = 0; i < matching.length; i++) if (!alive.has(idOf(matching[i]))) return true
    return false
  }

  scan(visit: (row: number) => void): void {
    for (const entity of this.#matching()) visit(idOf(entity))
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }
}

/** What `set()` and `updateEach()` write, by having koota track it. */
export class ChangeSubscription implements WriteWatch {
  readonly #world: World
  readonly #index: object
  readonly stop: () => void

  constructor(world: World, trait: Trait, wrote: (row: number) => void) {
    this.#world = world
    this.#index = world[$internal].entityIndex
    this.stop = world.onChange(trait, (entity) => wrote(idOf(entity)))
  }

  get intact(): boolean {
    return this.#world[$internal].entityIndex === this.#index
  }
}
