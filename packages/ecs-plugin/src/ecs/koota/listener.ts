import { $internal, createQuery, IsExcluded } from 'koota'
import type { Entity, QueryInstance, QueryParameter, Trait, TraitInstance, World } from 'koota'
import type { MembershipListener, MembershipWatch } from './ecs.ts'
import { EntityMask } from './entity-mask.ts'
import { readTerms } from './koota-terms.ts'
import type { KootaTerms } from './koota-terms.ts'
import { SetHead } from './set-head.ts'

/** Bits of an entity that are its id. */
export const idMask: number = 2 ** 20 - 1

/**
 * Hears of every change of one world of koota, and lets koota keep nothing for it: no query, no subscriber.
 *
 * It leans on this, which koota 0.6.4 to 0.6.6 do; `koota-probe.ts` tries it:
 *
 * 1. Where a trait is added to an entity or taken away, koota sets or clears the entity's bit in `entityMasks`, then walks through the
 *    trait's `queries`, and of each calls `toRemove.remove`, `check`, and where that says true `add(entity)`.
 * 2. Where an entity's targets of a relation change, it does so with the relation's `relationQueries`. There it checks by itself, and a
 *    query without generations matches.
 * 3. A destroyed entity loses its traits one by one, as in 1: all but those whose adding a subscriber has cut short by throwing, for koota
 *    has not noted in `entityTraits` that the entity has them.
 * 4. `entityIndex.dense[0 … aliveCount)` are those that live, and `sparse` says where. `reset` replaces the index.
 *
 * What an event means is read from the bits, and read again when a frame is staged: who was changed by a subscriber in the middle of
 * koota's own work is then seen as it is.
 */
export class KootaListener {
  readonly #world: World
  readonly #traits = new Map<Trait, ListenedTrait>()
  #index: object

  constructor(world: World) {
    this.#world = world
    this.#index = this.index
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    if (this.#index !== this.index) this.#traits.clear()
    this.#index = this.index
    return new KootaWatch(this, this.#world, readTerms(terms), listener)
  }

  /** Another one after `reset`. */
  get index(): World[typeof $internal]['entityIndex'] {
    return this.#world[$internal].entityIndex
  }

  instanceOf(trait: Trait): TraitInstance {
    const { traitInstances } = this.#world[$internal]
    // Registers it.
    if (traitInstances[trait.id] === undefined) this.#world.onAdd(trait, () => {})()
    return traitInstances[trait.id] as TraitInstance
  }

  /** @param byTarget also when its targets change, for a relation */
  hear(trait: Trait, watch: KootaWatch, byTarget: boolean): void {
    let listened = this.#traits.get(trait)
    if (listened === undefined)
      this.#traits.set(trait, (listened = new ListenedTrait(this.instanceOf(trait))))
    listened.add(watch, byTarget)
  }

  ignore(trait: Trait, watch: KootaWatch): void {
    const listened = this.#traits.get(trait)
    if (listened?.remove(watch) === true) this.#traits.delete(trait)
  }
}

/** One trait, and who wants to hear of it. */
class ListenedTrait {
  readonly #instance: TraitInstance
  readonly #watches: KootaWatch[] = []
  readonly #query: QueryInstance
  readonly #head: SetHead<'queries', QueryInstance>
  #targets: SetHead<'relationQueries', QueryInstance> | undefined

  constructor(instance: TraitInstance) {
    this.#instance = instance
    this.#query = queryLike({
      check: () => true,
      add: (entity) => {
        for (let i = 0; i < this.#watches.length; i++) this.#watches[i].heard(entity)
      },
    })
    this.#head = new SetHead(instance, 'queries', this.#query)
  }

  add(watch: KootaWatch, byTarget: boolean): void {
    this.#watches.push(watch)
    if (byTarget) this.#targets ??= new SetHead(this.#instance, 'relationQueries', this.#query)
  }

  /** @returns whether that was the last one */
  remove(watch: KootaWatch): boolean {
    const at = this.#watches.indexOf(watch)
    if (at < 0) return false
    this.#watches.splice(at, 1)
    if (this.#watches.length > 0) return false
    this.#head.leave()
    this.#targets?.leave()
    return true
  }
}

/** What koota takes for a query. It keeps no entity, and asks for nothing else than what is here. */
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

/** Who matches one query. */
class KootaWatch implements MembershipWatch {
  readonly #listener: MembershipListener
  readonly #koota: KootaListener
  readonly #world: World
  readonly #index: World[typeof $internal]['entityIndex']
  readonly #terms: KootaTerms
  readonly #mask: EntityMask
  readonly #heard: readonly Trait[]
  /** Rows of entities that koota will not tell the death of. */
  readonly #torn = new Set<number>()
  readonly #stops: (() => void)[] = []

  constructor(koota: KootaListener, world: World, terms: KootaTerms, listener: MembershipListener) {
    this.#koota = koota
    this.#world = world
    this.#listener = listener
    this.#index = koota.index
    this.#terms = terms
    const bits = (traits: readonly Trait[]): TraitInstance[] => traits.map((trait) => koota.instanceOf(trait))
    const { all, none, any, pairs, byQuery } = terms
    const excluded = [...none, IsExcluded]
    const wanted = { all: bits(all), none: bits(excluded), any: bits(any) }
    this.#mask = new EntityMask(world[$internal].entityMasks, wanted, true)
    this.#heard = [...new Set<Trait>([...all, ...excluded, ...any])]
    const relations = new Set<Trait>(pairs.map(({ relation }) => relation[$internal].trait))
    for (const trait of this.#heard) koota.hear(trait, this, relations.has(trait))
    if (byQuery) this.#hearOfTargets()
  }

  get intact(): boolean {
    return this.#koota.index === this.#index
  }

  heard(entity: Entity): void {
    const row = entity & idMask
    if (this.#matches(entity)) this.#listener.enter(row)
    else this.#listener.leave(row)
  }

  has(row: number): boolean {
    const entity = this.#entityAt(row)
    if (entity === undefined || !this.#matches(entity)) return false
    if (this.#isTorn(entity)) this.#torn.add(row)
    return true
  }

  recall(): void {
    for (const row of this.#torn) {
      const entity = this.#entityAt(row)
      if (entity === undefined || !this.#matches(entity)) this.#listener.leave(row)
      else if (this.#isTorn(entity)) continue
      this.#torn.delete(row)
    }
  }

  scan(visit: (row: number) => void): void {
    const { dense, aliveCount } = this.#index
    for (let i = 0; i < aliveCount; i++) if (this.#matches(dense[i])) visit(dense[i] & idMask)
  }

  stop(): void {
    for (const trait of this.#heard) this.#koota.ignore(trait, this)
    for (const stop of this.#stops.splice(0)) stop()
  }

  #matches(entity: Entity): boolean {
    if (!this.#mask.matches(entity & idMask)) return false
    const { pairs } = this.#terms
    for (let i = 0; i < pairs.length; i++) if (!entity.has(pairs[i])) return false
    return true
  }

  #entityAt(row: number): Entity | undefined {
    const { dense, sparse, aliveCount } = this.#index
    const at = sparse[row]
    return at < aliveCount && (dense[at] & idMask) === row ? dense[at] : undefined
  }

  #isTorn(entity: Entity): boolean {
    const traits = this.#world[$internal].entityTraits.get(entity)
    for (let i = 0; i < this.#heard.length; i++) {
      const trait = this.#heard[i]
      if (traits?.has(trait) !== true && entity.has(trait)) return true
    }
    return false
  }

  /** A pair with a query follows who matches that: koota tells only a real query, whose subscribers may throw before ours. */
  #hearOfTargets(): void {
    const query = createQuery(...(this.#terms.terms as readonly QueryParameter[]))
    const heard = (entity: Entity): void => this.heard(entity)
    this.#stops.push(this.#world.onQueryAdd(query, heard), this.#world.onQueryRemove(query, heard))
  }
}
