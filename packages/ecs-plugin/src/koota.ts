import { $internal, $modifier, $relation, $relationPair, createQuery, getStore, unpackEntity } from 'koota'
import type { Entity, Modifier, QueryParameter, Trait, World } from 'koota'
import { attachWorld } from './attach.ts'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from './ecs.ts'
import { InvalidOption, NotAWorld, UnsupportedTerm } from './errors.ts'
import type { MkOptions } from './mk-options.ts'
import type { MkSync } from './mk-sync.ts'
import { blankStore, isTrait } from './trait.ts'

/** Ids have 20 bits; the generation and the world's number are above them. */
const idMask = 2 ** 20 - 1
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
 * @throws NotAWorld, WorldAlreadyAttached, NotAGpu, NotGpuSynced (in `components`), InvalidOption, and what `gpu` throws.
 *   The world is free again then.
 */
export async function attachKoota(world: World, options: MkOptions = {}): Promise<MkSync<World>> {
  if (typeof world !== 'object' || world === null || !($internal in world) || !('spawn' in world))
    throw new NotAWorld('attachKoota', 'a world of koota: the object that createWorld() returned.')
  if (!world.isInitialized)
    throw new NotAWorld('attachKoota', 'a world that is initialised: call world.init() before.')
  return attachWorld(world, new KootaWorld(world), options)
}

/** The koota side of {@link EcsWorld}. The only file that knows koota's edges (0.6). */
class KootaWorld implements EcsWorld {
  readonly idMask: number = idMask
  readonly #world: World
  #index: object
  #resets = 0

  constructor(world: World) {
    this.#world = world
    this.#index = indexOf(world)
  }

  // `reset` forgets all traits; as many may have come back since.
  get componentCount(): number {
    const index = indexOf(this.#world)
    if (index !== this.#index) this.#resets++
    this.#index = index
    return this.#resets * 2 ** 20 + this.#world.traits.size
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
    const { modifiers = [], traits, type } = term as Nested
    return { type: type.charAt(0).toUpperCase() + type.slice(1), terms: [...traits, ...modifiers] }
  }

  forEachComponent(visit: (component: object) => void): void {
    for (const trait of this.#world.traits) visit(trait)
  }

  // Removals are told at once.
  settle(): void {}

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    checkTerms(terms)
    const world = this.#world
    const query = createQuery(...(terms as readonly QueryParameter[]))
    const stopAdd = world.onQueryAdd(query, (entity) => listener.enter(idOf(entity)))
    const stopRemove = world.onQueryRemove(query, (entity) => listener.leave(idOf(entity)))
    const index = indexOf(world)
    return {
      // `reset` drops queries together with who subscribed to them, and starts with a new index of entities.
      get intact() {
        return indexOf(world) === index
      },
      // Of an id, the events of one generation end before those of the next begin, so the last one is right.
      has: () => undefined,
      scan: (visit) => {
        for (const entity of world.query(query)) visit(idOf(entity))
      },
      stop: () => {
        stopAdd()
        stopRemove()
      },
    }
  }

  watchWrites(component: object, wrote: (row: number) => void): WriteWatch {
    const world = this.#world
    const stop = world.onChange(component as Trait, (entity) => wrote(idOf(entity)))
    const index = indexOf(world)
    return {
      get intact() {
        return indexOf(world) === index
      },
      stop,
    }
  }
}

/** What koota's `Or` makes may hold further modifiers. */
type Nested = Modifier & { readonly modifiers?: readonly Modifier[] }

function idOf(entity: Entity): number {
  return unpackEntity(entity).entityId
}

function indexOf(world: World): object {
  return world[$internal].entityIndex
}

/** @throws UnsupportedTerm, InvalidOption */
function checkTerms(terms: readonly object[]): void {
  let required = 0
  for (const term of terms) {
    if ($modifier in term) {
      const modifier = term as Nested
      for (const { type } of [modifier, ...(modifier.modifiers ?? [])]) checkModifier(type)
      if (modifier.type !== 'not') required++
    } else if ($relation in term)
      throw new UnsupportedTerm(
        'relation',
        'name whom it leads to, for example ChildOf(parent), or all with ChildOf("*").',
      )
    else if ($relationPair in term || isTrait(term)) required++
    else
      throw new InvalidOption('terms', term, 'traits, and what koota made of them: Not, Or, relation pairs')
  }
  // Destroying an entity takes its traits away one by one; what lacks a trait then matches, and nothing ends that.
  if (required === 0)
    throw new UnsupportedTerm(
      'Not',
      'with nothing beside it, koota goes on listing entities that were destroyed. Add a trait that they have.',
    )
}

function checkModifier(type: string): void {
  const tracking = /^(added|removed|changed)-/u.exec(type)?.[1]
  if (tracking === undefined) return
  throw new UnsupportedTerm(
    tracking[0].toUpperCase() + tracking.slice(1),
    'koota empties such a query whenever somebody runs it, and tells nobody. Query the traits themselves.',
  )
}
