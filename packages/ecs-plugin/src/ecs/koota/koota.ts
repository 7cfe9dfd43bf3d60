import { $modifier, getStore, type Entity, type Trait, type World } from 'koota'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from '../ecs.ts'
import { NewKeys } from '../new-keys.ts'
import { blankStore } from '../trait.ts'
import { indexMask, KootaListener } from './listener.ts'
import { hearsEverything } from './probe.ts'
import { entityIndexOf, KootaSubscription, tableOf, untilReset } from './subscriptions.ts'
import { readTerms, type Combined } from './terms.ts'
import { followWrites, isTracked } from './writes.ts'

/** The entity index of a dead entity: no live entity has it. */
const deadIndex = 2 ** 20

/** Implements {@link EcsWorld} for koota. Only this folder touches koota's internals (0.6). */
export class KootaWorld implements EcsWorld {
  readonly indexMask: number = indexMask
  readonly #world: World
  /** Follows the world. Undefined where this koota doesn't call it: then subscriptions do. */
  readonly #listener: KootaListener | undefined
  /** Traits that `forEachNewComponent` has not visited yet. */
  #traits: NewKeys<Trait>
  #table: object
  #warnedOfTracking = false

  constructor(world: World, debug: boolean) {
    this.#world = world
    this.#traits = new NewKeys(world.traits)
    this.#table = tableOf(world)
    if (hearsEverything()) this.#listener = new KootaListener(world)
    else if (debug)
      console.warn(
        '[memkit] This version of koota does not report changes as 0.6.6 does (or there is no room for another world to test it), so memkit ' +
          'subscribes to a query for each flagged trait and GPU query. When a subscriber of yours throws, memkit finds the change a frame later.',
      )
  }

  entityIndexOf(entity: number): number {
    // Not an entity id at all: the caller refuses it.
    if (!Number.isInteger(entity)) return entity
    return this.#world.has(entity as Entity) ? entityIndexOf(entity as Entity) : deadIndex
  }

  storeOf(component: object): object {
    const { traits } = this.#world
    return traits.has(component as Trait) ? getStore(this.#world, component as Trait) : blankStore(component)
  }

  operationOf(term: object): QueryOperation | undefined {
    if (!($modifier in term)) return undefined
    const { modifiers = [], traits, type } = term as Combined
    return { type: type.charAt(0).toUpperCase() + type.slice(1), terms: [...traits, ...modifiers] }
  }

  forEachComponent(visit: (component: object) => void): void {
    for (const trait of this.#world.traits) visit(trait)
  }

  forEachNewComponent(visit: (component: object) => void): void {
    // `reset` empties the set of traits and makes a new table of entities.
    if (tableOf(this.#world) !== this.#table) this.#traits = new NewKeys(this.#world.traits)
    this.#table = tableOf(this.#world)
    for (let trait = this.#traits.next(); trait; trait = this.#traits.next()) visit(trait)
  }

  isRegistered(component: object): boolean {
    return this.#world.traits.has(component as Trait)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    if (this.#listener !== undefined) return this.#listener.watch(terms, listener)
    return new KootaSubscription(this.#world, readTerms(terms).terms, listener)
  }

  watchWrites(component: object, wrote: (index: number) => void): WriteWatch {
    const trait = component as Trait
    if (this.#listener === undefined) {
      const stop = this.#world.onChange(trait, (entity) => wrote(entityIndexOf(entity)))
      return untilReset(this.#world, stop)
    }
    if (isTracked(trait) && !this.#warnedOfTracking) {
      this.#warnedOfTracking = true
      console.warn(
        "[memkit] A trait made with a function is flagged with changes: 'marked' or direction: 'download' or 'both', so koota tracks its changes: " +
          "updateEach compares its objects and is slower, and queries with Changed list what it changes. Flag it with changes: 'detect', or use columns.",
      )
    }
    return followWrites(this.#world, trait, this.#listener.instanceOf(trait), wrote)
  }
}
