import { $internal, type Trait, type TraitInstance, type World } from 'koota'
import type { WriteWatch } from '../ecs.ts'
import { SetHead } from '../audience.ts'
import { indexMask, queryLike } from './listener.ts'
import { untilReset } from './subscriptions.ts'

type FastSet = Trait[typeof $internal]['fastSet']
type Wrote = (index: number) => void

/**
 * Hears what `entity.set`, `entity.changed` and `updateEach` write, without koota's tracking: once
 * a trait has an `onChange` subscriber, every `updateEach` compares it with a copy, takes three
 * times as long or more, and fills the user's `Changed` queries.
 *
 * 1. `set`, `changed`, and `updateEach` of a trait that the user tracks, call `checkTracking` of
 *    each query in the trait's `trackingQueries`, before any subscriber. One of ours stands there.
 * 2. Other calls of `updateEach`, and nothing else, write with the trait's `fastSet`. We replace it
 *    with koota's `fastSetWithChangeDetection`, which writes the same and says whether it differs.
 *
 * A trait that is made with a function holds objects that are changed in place: there we need
 * koota's tracking.
 */
export function followWrites(world: World, trait: Trait, instance: TraitInstance, wrote: Wrote): WriteWatch {
  const query = queryLike({
    hasChangedModifiers: true,
    changedTraits: new Set([trait]),
    checkTracking: (_world, entity, event) => {
      if (event === 'change') wrote(entity & indexMask)
      return false
    },
  })
  const head = new SetHead(instance, 'trackingQueries', query)
  const stopFast = isTracked(trait)
    ? world.onChange(trait, () => {})
    : followFastSet(trait, instance.store as object, wrote)
  let stopped = false
  return untilReset(world, () => {
    if (stopped) return
    stopped = true
    head.leave()
    stopFast()
  })
}

export function isTracked(trait: Trait): boolean {
  return trait[$internal].type === 'aos'
}

/** A trait whose `fastSet` is replaced, with the listeners of its stores: each world has one. */
interface Followed {
  readonly stores: Map<object, Wrote>
  readonly restore: () => void
}

const followed = new WeakMap<Trait, Followed>()

/** @returns stops it; the last one restores the trait's own `fastSet` */
function followFastSet(trait: Trait, store: object, wrote: Wrote): () => void {
  const { stores, restore } = followed.get(trait) ?? replaceFastSet(trait)
  stores.set(store, wrote)
  return () => {
    if (stores.get(store) !== wrote) return
    stores.delete(store)
    if (stores.size === 0) restore()
  }
}

function replaceFastSet(trait: Trait): Followed {
  const internals = trait[$internal]
  const { fastSet, fastSetWithChangeDetection } = internals
  const stores = new Map<object, Wrote>()
  const ours: FastSet = (index, store, value) => {
    const wrote = stores.get(store as object)
    if (wrote === undefined) return fastSet(index, store, value)
    if (!fastSetWithChangeDetection(index, store, value)) return false
    wrote(index)
    return true
  }
  const restore = (): void => {
    followed.delete(trait)
    if (internals.fastSet === ours) internals.fastSet = fastSet
  }
  internals.fastSet = ours
  const entry = { stores, restore }
  followed.set(trait, entry)
  return entry
}
