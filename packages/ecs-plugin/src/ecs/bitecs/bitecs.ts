import { $internal, commitRemovals, observe, onSet, type InternalWorld, type World } from 'bitecs'
import type { EcsWorld, MembershipListener, MembershipWatch, QueryOperation, WriteWatch } from '../ecs.ts'
import { BitEcsListener } from './listener.ts'
import { hearsEverything } from './probe.ts'
import { checkTerms, operationOf } from './terms.ts'
import { WorldDeleted } from '../errors.ts'
import { NewKeys } from '../new-keys.ts'
import { ObservedQuery } from './observed-query.ts'
import { VersionedIds } from './versioned-ids.ts'

// bitECS marks the component of a relation pair with this symbol, whose name it doesn't export.
const pairKey = Symbol.for('bitecs-isPairComponent')

function isPair(component: object): boolean {
  return (component as { readonly [pairKey]?: boolean })[pairKey] === true
}

/** Tells whether this is a world of bitECS 0.4 that wasn't deleted. */
export function isWorld(value: unknown): value is World {
  return typeof value === 'object' && value !== null && $internal in value
}

/**
 * Implements {@link EcsWorld} for bitECS. Only the files of this folder touch bitECS's internals
 * (0.4.0): `listener.ts` hears changes, `probe.ts` tests whether it does, `terms.ts` reads queries,
 * and `observed-query.ts` is the fallback.
 */
export class BitEcsWorld implements EcsWorld {
  readonly #world: InternalWorld
  readonly #warn: (message: string) => void
  #warnedOfVersions = false
  /** Follows the world. Undefined where this bitECS doesn't call it: then `observe` does. */
  readonly #listener: BitEcsListener | undefined
  /** Undefined with the listener: then users decide when removals are committed. */
  readonly settle: (() => void) | undefined
  /** Components that `forEachNewComponent` has not visited yet. */
  #components: NewKeys<object>

  /** @param listen whether to follow the world with a listener. Default: tested */
  constructor(
    world: World,
    warn: (message: string) => void,
    debug = false,
    listen: boolean = hearsEverything(),
  ) {
    this.#world = world as InternalWorld
    this.#warn = warn
    this.#components = new NewKeys(this.#context.componentMap)
    if (listen) {
      this.#listener = new BitEcsListener(this.#world, (entity) => this.entityIndexOf(entity))
      return
    }
    this.settle = () => commitRemovals(this.#world)
    if (debug)
      warn(
        'This version of bitECS does not report changes as 0.4.0 does, so memkit registers a query and two observers for each flagged ' +
          'component and GPU query. Adding and removing components is slower, and when an observer of yours throws, memkit finds the ' +
          'change a frame later.',
      )
  }

  get #context(): InternalWorld[typeof $internal] {
    const context = this.#world[$internal] as InternalWorld[typeof $internal] | undefined
    if (context === undefined) throw new WorldDeleted()
    return context
  }

  entityIndexOf(entity: number): number {
    const { entityMask, versioning } = this.#context.entityIndex
    if (!versioning) return entity
    if (!this.#warnedOfVersions) {
      this.#warnedOfVersions = true
      this.#warn(
        'This world uses versioned entity ids. Rows are ids without their version. bitECS 0.4.0 reports live versioned ' +
          'entities as dead, so prefer a world without withVersioning().',
      )
    }
    return entity & entityMask
  }

  get indexMask(): number {
    const { versioning, entityMask } = this.#context.entityIndex
    return versioning ? entityMask : -1
  }

  operationOf(term: object): QueryOperation | undefined {
    return operationOf(term)
  }

  forEachComponent(visit: (component: object) => void): void {
    for (const component of this.#context.componentMap.keys())
      if (!isPair(component)) visit(component as object)
  }

  forEachNewComponent(visit: (component: object) => void): void {
    const { componentMap } = this.#context
    // `resetWorld` replaces the map.
    if (!this.#components.areOf(componentMap)) this.#components = new NewKeys(componentMap)
    for (let component = this.#components.next(); component; component = this.#components.next())
      if (!isPair(component)) visit(component)
  }

  isRegistered(component: object): boolean {
    return this.#context.componentMap.has(component) && !isPair(component)
  }

  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch {
    const { versioning } = this.#context.entityIndex
    checkTerms(terms)
    if (this.#listener !== undefined) return this.#listener.watch(terms, listener)
    const ids = new VersionedIds(versioning, (entity) => this.entityIndexOf(entity))
    return new ObservedQuery(this.#world, terms, ids, listener)
  }

  watchWrites(component: object, wrote: (index: number) => void): WriteWatch {
    if (this.#listener !== undefined) return this.#listener.watchWrites(component, wrote)
    const stop = observe(this.#world, onSet(component), (entity) => wrote(this.entityIndexOf(entity)))
    const registered = (): unknown => this.#world[$internal].componentMap.get(component)
    const observed = registered()
    // `resetWorld` forgets components. One that comes back has new observers.
    return {
      get intact() {
        return registered() === observed
      },
      stop,
    }
  }
}
