/**
 * What the plugin needs from an ECS, and all of it. `bitecs.ts` and `koota.ts` implement it; another ECS is one more file
 * like them.
 *
 * Ids handed to `enter` and `leave` are row numbers: small, dense, non-negative integers (entity ids without a version).
 */
export interface EcsWorld {
  /**
   * The row number of an entity id: the id without its version, where the ECS has versions. Of an entity that is known to be dead a
   * number that no entity has, so that the row of whoever got its id is left alone.
   */
  rowOf(entity: number): number
  /** Bits of an entity id that are its row number, −1 for all: `rowOf(entity)` is `entity & idMask`. For other threads. */
  readonly idMask: number
  /** Where this world keeps the data of a component: the component itself, where it is its own store. Asked every frame. */
  storeOf(component: object): object
  /** A term that the ECS made of other terms, such as `Not(Hidden)`; undefined for any other. */
  operationOf(term: object): QueryOperation | undefined
  /** Calls `visit` for every component that the world has registered, relation pairs left out. */
  forEachComponent(visit: (component: object) => void): void
  /**
   * Calls `visit` for every component that was registered since the last call, relation pairs left out: for all of them at first, and after
   * a reset. Called in every frame, and costs what is new.
   */
  forEachNewComponent(visit: (component: object) => void): void
  /** Whether the world has registered that component, which is no relation pair. */
  isRegistered(component: object): boolean
  /** Makes removals final that the ECS has put off, where the next stage would not see them. Called before a stage looks at who is there. */
  settle(): void
  /**
   * Follows which entities match a query of the ECS (components, `Not`, `Or`, relation pairs), from now on. Entities
   * that match already are not replayed, `scan` lists them.
   * @throws UnsupportedTerm for terms that the ECS reports no changes of
   */
  watch(terms: readonly object[], listener: MembershipListener): MembershipWatch
  /** Follows values that are set through the ECS (bitECS: `set()`); left out where an ECS does not tell. `wrote` never throws. */
  watchWrites?(component: object, wrote: (row: number) => void): WriteWatch
}

/** A query term made of others. */
export interface QueryOperation {
  /** `'And'`, `'Or'`, `'Not'`, or the ECS's own word, capitalised. */
  readonly type: string
  readonly terms: readonly object[]
}

/** A subscription to values that are set. */
export interface WriteWatch {
  /** False once the ECS has silently stopped reporting: follow again. */
  readonly intact: boolean
  /** Ends the subscription. Idempotent. */
  stop(): void
}

/**
 * Called by the ECS in the middle of its own bookkeeping, so an implementation must never throw; and called more than
 * once for one change (`− −` for one removal, `+ − +` for a removal that was taken back), so it must be idempotent.
 * The last call for a row is the truth.
 */
export interface MembershipListener {
  /** The entity matches: it is a new one, or has matched before and stopped, maybe without a call. */
  enter(row: number): void
  /** The entity matches. Where it did before, it has done so all the time. */
  remain(row: number): void
  leave(row: number): void
}

/** One subscription to the ECS. */
export interface MembershipWatch {
  /** False once the ECS has silently stopped reporting (a reset world): watch again and `scan`. */
  readonly intact: boolean
  /**
   * Whether a report was lost: those that match now are not the `count` rows in `alive`. Left out where no report can be. Called in every
   * frame, after `has`.
   */
  missed?(alive: { has(row: number): boolean }, count: number): boolean
  /** Tells the listener of rows whose entity may have changed without a report. Called in every frame, before `has`. */
  recall?(): void
  /** Whether the entity of that row matches now; undefined where the ECS cannot tell, and the last call of the listener holds. */
  has(row: number): boolean | undefined
  /**
   * Calls `visit` for every entity that matches now, and `leaving` for those that do not any more but may come back without a call of
   * the listener, because the ECS has not let go of them yet.
   */
  scan(visit: (row: number) => void, leaving: (row: number) => void): void
  /** Ends the subscription. Idempotent. */
  stop(): void
}
