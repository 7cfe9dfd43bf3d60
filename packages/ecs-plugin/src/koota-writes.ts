import { $internal } from 'koota'
import type { QueryInstance, Trait, TraitInstance, World } from 'koota'
import type { WriteWatch } from './ecs.ts'
import { idMask, queryLike } from './koota-listener.ts'
import { SetHead } from './set-head.ts'

type FastSet = Trait[typeof $internal]['fastSet']

/**
 * Hears of what `entity.set`, `entity.changed` and `updateEach` write, without koota noticing: a trait that has a subscriber of `onChange`
 * is compared with a copy by every `updateEach`, three times as slow and slower, and enters the user's `Changed` queries by it.
 *
 * 1. `set`, `changed`, and `updateEach` of a trait that the user has koota track, call `checkTracking` of each query in the trait's
 *    `trackingQueries`, before any subscriber. An entry there hears of it.
 * 2. Other calls of `updateEach` write by the trait's `fastSet`, whether the values differ or not, and nothing else does. In its place
 *    stands koota's own `fastSetWithChangeDetection`, which writes the same and says whether it differs.
 *
 * A trait that is made with a function holds objects, which are changed where they are: there nothing but koota's tracking can tell.
 */
export class KootaWrites implements WriteWatch {
  readonly #world: World
  readonly #index: object
  readonly #head: SetHead<'trackingQueries', QueryInstance>
  readonly #stopFast: () => void
  #stopped = false

  constructor(world: World, trait: Trait, instance: TraitInstance, wrote: (row: number) => void) {
    this.#world = world
    this.#index = world[$internal].entityIndex
    const query = queryLike({
      hasChangedModifiers: true,
      changedTraits: new Set([trait]),
      checkTracking: (_world, entity, event) => {
        if (event === 'change') wrote(entity & idMask)
        return false
      },
    })
    this.#head = new SetHead(instance, 'trackingQueries', query)
    this.#stopFast = isTracked(trait)
      ? world.onChange(trait, () => {})
      : followFastSet(trait, instance.store as object, wrote)
  }

  get intact(): boolean {
    return this.#world[$internal].entityIndex === this.#index
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#head.leave()
    this.#stopFast()
  }
}

/** Whether koota has to track the trait's changes for us. */
export function isTracked(trait: Trait): boolean {
  return trait[$internal].type === 'aos'
}

/** Traits of whose `updateEach` something is heard, and what by the store that each world has for them. */
const followed = new WeakMap<Trait, Map<object, (row: number) => void>>()

/** @returns ends it; with the last one the trait has its own `fastSet` back */
function followFastSet(trait: Trait, store: object, wrote: (row: number) => void): () => void {
  const stores = followed.get(trait) ?? replaceFastSet(trait)
  stores.set(store, wrote)
  return () => {
    if (stores.get(store) === wrote) stores.delete(store)
  }
}

function replaceFastSet(trait: Trait): Map<object, (row: number) => void> {
  const internals = trait[$internal]
  const { fastSet, fastSetWithChangeDetection } = internals
  const stores = new StoresOf(() => {
    followed.delete(trait)
    if (internals.fastSet === ours) internals.fastSet = fastSet
  })
  const ours: FastSet = (index, store, value) => {
    const wrote = stores.get(store as object)
    if (wrote === undefined) return fastSet(index, store, value)
    if (!fastSetWithChangeDetection(index, store, value)) return false
    wrote(index)
    return true
  }
  internals.fastSet = ours
  followed.set(trait, stores)
  return stores
}

/** Says when the last one has gone. */
class StoresOf extends Map<object, (row: number) => void> {
  readonly #empty: () => void

  constructor(empty: () => void) {
    super()
    this.#empty = empty
  }

  override delete(store: object): boolean {
    const had = super.delete(store)
    if (had && this.size === 0) this.#empty()
    return had
  }
}
