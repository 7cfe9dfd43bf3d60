import { $internal, createQuery, IsExcluded } from 'koota'
import type { Entity, QueryInstance, QueryParameter, Trait, TraitInstance, World } from 'koota'
import { Audience, SetHead } from '../audience.ts'
import type { MembershipListener, MembershipWatch } from '../ecs.ts'
import { EntityMask } from '../entity-mask.ts'
import { inBatches } from '../index-batches.ts'
import { tableOf } from './subscriptions.ts'
import { readTerms, type KootaTerms } from './terms.ts'

/** Bits of an entity that are its entity index. */
export const indexMask: number = 2 ** 20 - 1

/**
 * Hears every change in one world of koota without making koota keep a query or a subscriber.
 *
 * It relies on what koota 0.6.4 to 0.6.6 do, and `probe.ts` tries it:
 *
 * 1. When a trait is added to an entity or removed, koota sets or clears the entity's bit in
 *    `entityMasks`, then walks the trait's `queries`. For each it calls `toRemove.remove`, `check`,
 *    and if that returns true `add(entity)`.
 * 2. When an entity's targets of a relation change, it walks the relation's `relationQueries` in
 *    the same way, but without `check`: a query without generations matches.
 * 3. A destroyed entity loses its traits one by one, as in 1. A trait is left out if a subscriber
 *    threw while it was added, because koota hasn't noted in `entityTraits` that the entity has it.
 * 4. `entityIndex.dense[0 … aliveCount)` are the live entities, and `sparse` tells their places.
 *    `reset` replaces that table.
 *
 * The bits tell what an event means. They are read again at the next stage, because a subscriber may
 * change an entity in the middle of an event.
 */
export class KootaListener {
  readonly #world: World
  readonly #traits = new Map<Trait, Audience<KootaWatch>>()
  #table: object

  constructor(world: World) {
    this.#world = world
    this.#table = tableOf(world)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    if (this.#table !== tableOf(this.#world)) this.#traits.clear()
    this.#table = tableOf(this.#world)
    return new KootaWatch(this, this.#world, readTerms(terms), listener)
  }

  instanceOf(trait: Trait): TraitInstance {
    const { traitInstances } = this.#world[$internal]
    // Registers it.
    if (traitInstances[trait.id] === undefined) this.#world.onAdd(trait, () => {})()
    return traitInstances[trait.id] as TraitInstance
  }

  hear(trait: Trait, watch: KootaWatch): void {
    let audience = this.#traits.get(trait)
    if (audience === undefined) {
      const instance = this.instanceOf(trait)
      audience = new Audience((watches) => {
        const query = toldOfChanges(watches)
        // Only a relation's trait is walked by the second one.
        return [new SetHead(instance, 'queries', query), new SetHead(instance, 'relationQueries', query)]
      })
      this.#traits.set(trait, audience)
    }
    audience.add(watch)
  }

  ignore(trait: Trait, watch: KootaWatch): void {
    if (this.#traits.get(trait)?.remove(watch) === true) this.#traits.delete(trait)
  }
}

function toldOfChanges(watches: readonly KootaWatch[]): QueryInstance {
  const add = (entity: Entity): void => {
    for (let i = 0; i < watches.length; i++) watches[i].heard(entity)
  }
  return queryLike({ check: () => true, add })
}

/** Makes something that koota takes for a query without entities, with the properties it reads. */
export function queryLike(answers: Partial<QueryInstance>): QueryInstance {
  return {
    toRemove: { remove() {} },
    traitInstances: { required: [], forbidden: [], or: [], all: [undefined] },
    staticBitmasks: [],
    generations: [],
    trackingGroups: [],
    cleanup: [],
    hasChangedModifiers: false,
    changedTraits: new Set(),
    remove() {},
    check: () => false,
    checkTracking: () => false,
    resetTrackingBitmasks() {},
    ...answers,
  } as unknown as QueryInstance
}

/** Watches the entities that match one query. */
class KootaWatch implements MembershipWatch {
  readonly #listener: MembershipListener
  readonly #koota: KootaListener
  readonly #world: World
  readonly #table: ReturnType<typeof tableOf>
  readonly #terms: KootaTerms
  readonly #mask: EntityMask
  readonly #heard: readonly Trait[]
  /** Entity indices whose death koota won't report. */
  readonly #torn = new Set<number>()
  readonly #stops: (() => void)[] = []

  constructor(koota: KootaListener, world: World, terms: KootaTerms, listener: MembershipListener) {
    this.#koota = koota
    this.#world = world
    this.#listener = listener
    this.#table = tableOf(world)
    this.#terms = terms
    const bits = (traits: readonly Trait[]): TraitInstance[] => traits.map((trait) => koota.instanceOf(trait))
    const { all, none, any, byQuery } = terms
    const excluded = [...none, IsExcluded]
    const wanted = { all: bits(all), none: bits(excluded), any: bits(any) }
    this.#mask = new EntityMask(world[$internal].entityMasks, wanted, true)
    this.#heard = [...new Set<Trait>([...all, ...excluded, ...any])]
    for (const trait of this.#heard) koota.hear(trait, this)
    if (byQuery) this.#hearOfTargets()
  }

  get intact(): boolean {
    return tableOf(this.#world) === this.#table
  }

  heard(entity: Entity): void {
    const index = entity & indexMask
    if (this.#matches(entity)) this.#listener.enter(index)
    else this.#listener.leave(index)
  }

  has(index: number): boolean {
    const entity = this.#entityAt(index)
    if (entity === undefined || !this.#matches(entity)) return false
    if (this.#isTorn(entity)) this.#torn.add(index)
    return true
  }

  recall(): void {
    for (const index of this.#torn) {
      const entity = this.#entityAt(index)
      if (entity === undefined || !this.#matches(entity)) this.#listener.leave(index)
      else if (this.#isTorn(entity)) continue
      this.#torn.delete(index)
    }
  }

  scan(visit: (indices: Uint32Array, count: number) => void): void {
    const { dense, aliveCount } = this.#table
    const fill = (indices: Uint32Array, from: number, to: number): number => {
      let count = 0
      for (let i = from; i < to; i++) {
        const entity = dense[i]
        if (!this.#matches(entity)) continue
        const index = entity & indexMask
        if (this.#isTorn(entity)) this.#torn.add(index)
        indices[count++] = index
      }
      return count
    }
    inBatches(aliveCount, fill, visit)
  }

  stop(): void {
    for (const trait of this.#heard) this.#koota.ignore(trait, this)
    for (const stop of this.#stops.splice(0)) stop()
  }

  #matches(entity: Entity): boolean {
    if (!this.#mask.matches(entity & indexMask)) return false
    const { pairs } = this.#terms
    for (let i = 0; i < pairs.length; i++) if (!entity.has(pairs[i])) return false
    return true
  }

  #entityAt(index: number): Entity | undefined {
    const { dense, sparse, aliveCount } = this.#table
    const at = sparse[index]
    return at < aliveCount && (dense[at] & indexMask) === index ? dense[at] : undefined
  }

  #isTorn(entity: Entity): boolean {
    const traits = this.#world[$internal].entityTraits.get(entity)
    for (let i = 0; i < this.#heard.length; i++) {
      const trait = this.#heard[i]
      if (traits?.has(trait) !== true && entity.has(trait)) return true
    }
    return false
  }

  /** Follows a pair whose target is a query, which koota reports to real queries only. */
  #hearOfTargets(): void {
    const query = createQuery(...(this.#terms.terms as readonly QueryParameter[]))
    const heard = (entity: Entity): void => this.heard(entity)
    this.#stops.push(this.#world.onQueryAdd(query, heard), this.#world.onQueryRemove(query, heard))
  }
}
