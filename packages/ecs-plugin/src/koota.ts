import { $internal, $modifier, getStore } from 'koota'
import type { Entity, Modifier, Trait, World } from 'koota'
import { attachWorld } from './attach.ts'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from './ecs.ts'
import { NotAWorld } from './errors.ts'
import { idMask, KootaListener } from './koota-listener.ts'
import { hearsEverything } from './koota-probe.ts'
import { ChangeSubscription, idOf, KootaSubscription } from './koota-subscriptions.ts'
import { checkTerms } from './koota-terms.ts'
import { isTracked, KootaWrites } from './koota-writes.ts'
import type { MkOptions } from './mk-options.ts'
import type { MkSync } from './mk-sync.ts'
import { NewKeys } from './new-keys.ts'
import { blankStore } from './trait.ts'

/** The row of an entity that is dead: one that no entity has. */
const nobody = 2 ** 20

/**
 * Attaches a world of koota to a GPU: what `attachMk` does for bitECS. Traits are flagged with the same `GpuSynced`, where they are
 * defined; rows are entity ids without world and generation (`entity.id()`).
 *
 * ```ts
 * const Position = GpuSynced(trait({ x: 0, y: 0 }), { label: 'Position' })
 * const mk = await attachKoota(world, { gpu: device })
 * ```
 *
 * In an App: `new MkPlugin({ gpu: device }, attachKoota)`.
 *
 * koota tracks changes for memkit in one case alone, because nothing else can tell: of a trait that is made with a function, flagged with
 * `changes: 'marked'` or direction `'download'` or `'both'`. Its `updateEach` is slower then, and `Changed` lists what it writes.
 *
 * @throws NotAWorld, WorldAlreadyAttached, NotAGpu, NotGpuSynced (in `components`), InvalidOption, and what `gpu` throws.
 *   The world is free again then.
 */
export async function attachKoota(world: World, options: MkOptions = {}): Promise<MkSync<World>> {
  if (typeof world !== 'object' || world === null || !($internal in world) || !('spawn' in world))
    throw new NotAWorld('attachKoota', 'a world of koota: the object that createWorld() returned.')
  if (!world.isInitialized)
    throw new NotAWorld('attachKoota', 'a world that is initialised: call world.init() before.')
  return attachWorld(world, new KootaWorld(world, options?.debug === true), options)
}

/** The koota side of {@link EcsWorld}. It alone knows koota's edges (0.6), with the files that it hands a part of this to. */
class KootaWorld implements EcsWorld {
  readonly idMask: number = idMask
  readonly #world: World
  /** How the world is followed: by subscribing to queries where this koota does not call the listener. */
  readonly #listener: KootaListener | undefined
  /** What `forEachNewComponent` has looked at, and when. */
  #traits: NewKeys<Trait>
  #index: object
  #saidTracked = false

  constructor(world: World, debug: boolean) {
    this.#world = world
    this.#traits = new NewKeys(world.traits)
    this.#index = indexOf(world)
    if (hearsEverything()) this.#listener = new KootaListener(world)
    else if (debug)
      console.warn(
        '[memkit] This version of koota does not report changes as 0.6.6 does (or there is no room for another world to try), so memkit ' +
          'subscribes to a query for each flagged trait and GPU query: what a subscriber of yours keeps from it by throwing is found a frame later.',
      )
  }

  rowOf(entity: number): number {
    // No entity at all: for the caller to refuse.
    if (!Number.isInteger(entity)) return entity
    return this.#world.has(entity as Entity) ? idOf(entity as Entity) : nobody
  }

  storeOf(component: object): object {
    const { traits } = this.#world
    return traits.has(component as Trait) ? getStore(this.#world, component as Trait) : blankStore(component)
  }

  operationOf(term: object): QueryOperation | undefined {
    if (!($modifier in term)) return undefined
    const { modifiers = [], traits, type } = term as Modifier & { readonly modifiers?: readonly Modifier[] }
    return { type: type.charAt(0).toUpperCase() + type.slice(1), terms: [...traits, ...modifiers] }
  }

  forEachComponent(visit: (component: object) => void): void {
    for (const trait of this.#world.traits) visit(trait)
  }

  forEachNewComponent(visit: (component: object) => void): void {
    // `reset` empties the set of traits and starts with a new index of entities.
    if (indexOf(this.#world) !== this.#index) this.#traits = new NewKeys(this.#world.traits)
    this.#index = indexOf(this.#world)
    for (let trait = this.#traits.next(); trait; trait = this.#traits.next()) visit(trait)
  }

  isRegistered(component: object): boolean {
    return this.#world.traits.has(component as Trait)
  }

  // Removals are told at once.
  settle(): void {}

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    checkTerms(terms)
    return this.#listener?.watch(terms, listener) ?? new KootaSubscription(this.#world, terms, listener)
  }

  watchWrites(component: object, wrote: (row: number) => void): WriteWatch {
    const trait = component as Trait
    if (this.#listener === undefined) return new ChangeSubscription(this.#world, trait, wrote)
    if (isTracked(trait)) this.#sayTracked()
    return new KootaWrites(this.#world, trait, this.#listener.instanceOf(trait), wrote)
  }

  #sayTracked(): void {
    if (this.#saidTracked) return
    this.#saidTracked = true
    console.warn(
      "[memkit] A trait that is made with a function is flagged with changes: 'marked' or direction: 'download' or 'both', so koota tracks its changes: " +
        "updateEach compares its objects and is slower, and queries with Changed list what it changes. Flag it with changes: 'detect', or make it of columns.",
    )
  }
}

function indexOf(world: World): object {
  return world[$internal].entityIndex
}
