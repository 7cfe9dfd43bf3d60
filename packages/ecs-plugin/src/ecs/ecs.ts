/**
 * Everything the plugin needs from an ECS. `bitecs/` and `koota/` implement it; another ECS is one
 * more folder like them.
 *
 * An *entity index* is an entity id without its version: a small, dense, non-negative integer. The
 * ECS reuses it for a new entity once the old one is dead.
 */
export interface EcsWorld {
  /**
   * The entity index of an entity id. For an entity that is known to be dead, an index that no
   * entity has: its old index may belong to another entity by now.
   */
  entityIndexOf(entity: number): number
  /** Other threads and marks of a list compute the entity index as `entity & indexMask`. −1: all bits. */
  readonly indexMask: number
  /** Returns where this world keeps a component's data: left out where that is always itself. */
  storeOf?(component: object): object
  /** Takes apart a term made from other terms, such as `Not(Hidden)`. Undefined for any other. */
  operationOf(term: object): QueryOperation | undefined
  /** Calls `visit` for every component that the world has registered, except relation pairs. */
  forEachComponent(visit: (component: object) => void): void
  /**
   * Does the same for components registered since the last call; for all at first and after a
   * reset. Called every frame, so only new components may cost time.
   */
  forEachNewComponent(visit: (component: object) => void): void
  /** Tells whether `forEachComponent` visits that component. */
  isRegistered(component: object): boolean
  /** Commits deferred removals at the start of each stage. Left out where stages see them anyway. */
  readonly settle?: (() => void) | undefined
  /**
   * Follows the entities that match an ECS query (components, `Not`, `Or`, relation pairs) from now
   * on. `scan` lists those that match already.
   * @throws {@link UnsupportedTerm} for terms whose changes the ECS doesn't report
   */
  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch
  /** Follows values that are set through the ECS (bitECS: `set()`). `wrote` never throws. */
  watchWrites(component: object, wrote: (index: number) => void): WriteWatch
}

/** A query term made from others. */
export interface QueryOperation {
  /** `'And'`, `'Or'`, `'Not'`, or the ECS's own word, capitalised. */
  readonly type: string
  readonly terms: readonly object[]
}

/** A subscription to values that are set through the ECS. */
export interface WriteWatch {
  /** False once the ECS has silently stopped reporting: subscribe again. */
  readonly intact: boolean
  /** Ends the subscription. Idempotent. */
  stop(): void
}

/**
 * Called by the ECS in the middle of its own bookkeeping: it must not throw, and must take several
 * calls for one change (`− −`; `+ − +` for a removal that was undone), of which the last is right.
 */
export interface MembershipListener {
  /** The entity matches now. It may be a new one, or have stopped matching without a call. */
  enter(index: number): void
  /** The entity matches. If it did before, it never stopped. */
  remain(index: number): void
  /** The entity doesn't match, or is dead. */
  leave(index: number): void
}

/** A subscription to the entities that match a query. */
export interface MembershipWatch {
  /** False once the ECS has silently stopped reporting (a reset world): watch again and `scan`. */
  readonly intact: boolean
  /**
   * Tells whether a report was lost: the entities that match now aren't the `count` ones in `alive`.
   * Left out where none can be lost. Called every frame, after `has`.
   */
  missed?(alive: { has(index: number): boolean }, count: number): boolean
  /** Reports entities that may have changed without a report. Called every frame, before `has`. */
  recall?(): void
  /** Tells whether the entity matches now. Undefined: the listener's last call decides. */
  has(index: number): boolean | undefined
  /**
   * Calls `visit` with every entity that matches now, `count` at a time in a list that is used again,
   * and `leaving` for those that no longer match but may return without a report, because the ECS
   * hasn't finished removing them.
   */
  scan(visit: (indices: Uint32Array, count: number) => void, leaving: (index: number) => void): void
  /** Ends the subscription. Idempotent. */
  stop(): void
}
