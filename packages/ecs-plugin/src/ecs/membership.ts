import { DirtyRows, trailingZeros } from '@memkit/core'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'
import { IndexList } from './index-list.ts'

const FIRST_CAPACITY = 1024

/**
 * Which entities of one world match a query, by entity index, and what changed since the last stage.
 *
 * The ECS calls `enter`, `remain` and `leave` in mid-operation, so they only set bits:
 *
 * 1. `enter(entity)`: `alive` +, `touched` +; `remain(entity)` the same where it was not alive
 * 2. `leave(entity)`: where it was alive, `alive` −, `touched` +
 * 3. `update` asks the ECS about each touched entity. What is touched from here on is for the next
 *    time: a listener may change the world while rows are staged.
 * 4. `apply` tells first of all that left, then of all that entered: also of one that left and came
 *    back, or whose id was recycled, in between. O(changes).
 */
export class Membership implements MembershipListener {
  /** Entities that match now. `EntityRows` moves the set to where kernels read; growing moves it away. */
  alive: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  /** How many they are. */
  count = 0
  /** One more than the highest index that ever matched. */
  end = 0
  /** `update` found changes that `apply` has not told of. */
  isChanged = false
  #touched: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  /** Touched before the last `update`, and not given to `apply` yet. */
  #questioned: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  #changed = false
  /** What `update` found out about those in `questioned`, for `apply`. */
  readonly #entered = new IndexList()
  readonly #left = new IndexList()
  #watch: MembershipWatch
  readonly #ecs: EcsWorld
  readonly #terms: readonly object[]

  /** Starts to watch, and takes in the entities that are there already. */
  constructor(ecs: EcsWorld, terms: readonly object[]) {
    this.#ecs = ecs
    this.#terms = terms
    this.#watch = ecs.watch(terms, this)
    this.#scan()
  }

  enter(entity: number): void {
    this.#touch(entity)
    this.#admit(entity)
  }

  remain(entity: number): void {
    if (!this.alive.has(entity)) this.enter(entity)
  }

  leave(entity: number): void {
    // Also said of those that do not match and never did.
    if (!this.alive.has(entity)) return
    this.#touch(entity)
    this.#dismiss(entity)
  }

  /** False when the ECS has stopped reporting: after `update`, all that are alive count as entered. */
  get intact(): boolean {
    return this.#watch.intact
  }

  /** Whether the entity has entered or left since the last `apply`. */
  isTouched(entity: number): boolean {
    return this.#touched.has(entity) || this.#questioned.has(entity)
  }

  /**
   * Brings `alive` up to date. Scans all entities again where the ECS has stopped reporting (a reset
   * world), or left one out because another observer threw first.
   * @returns whether it had to
   */
  update(): boolean {
    const deaf = !this.#watch.intact
    if (deaf) {
      this.#watch.stop()
      this.#watch = this.#ecs.watch(this.#terms, this)
      this.#scanAgain()
    }
    this.#watch.recall?.()
    if (this.#changed || this.isChanged) this.#askAboutTouched()
    const missed = this.#watch.missed?.(this.alive, this.count) ?? false
    if (missed) {
      this.#scanAgain()
      this.#askAboutTouched()
    }
    return deaf || missed
  }

  /** Tells `changes` what `update` found, each entity once, those that left first, and forgets it. */
  apply(changes: MembershipChanges): void {
    const { count: left, values: leftValues } = this.#left
    const { count: entered, values: enteredValues } = this.#entered
    for (let i = 0; i < left; i++) changes.left(leftValues[i])
    for (let i = 0; i < entered; i++) changes.entered(enteredValues[i])
    this.#left.count = this.#entered.count = 0
    this.#questioned.clear()
    this.isChanged = false
  }

  dispose(): void {
    this.#watch.stop()
  }

  /** Sorts touched entities, those of a stage that threw before it came to `apply` included. */
  #askAboutTouched(): void {
    const touched = this.#touched
    touched.or(this.#questioned)
    this.#touched = this.#questioned
    this.#touched.clear()
    this.#questioned = touched
    this.#left.count = this.#entered.count = 0
    const { words, summary } = touched
    // Bit by bit, because what enters and leaves is scattered.
    for (let s = 0; s < summary.length; s++)
      for (let someWords = summary[s]; someWords !== 0; someWords &= someWords - 1) {
        const word = (s << 5) + trailingZeros(someWords)
        for (let bits = words[word]; bits !== 0; bits &= bits - 1)
          this.#sort((word << 5) + trailingZeros(bits))
      }
    this.#changed = false
    this.isChanged = true
  }

  #sort(entity: number): void {
    if (this.#watch.has(entity) ?? this.alive.has(entity)) {
      this.#admit(entity)
      this.#entered.add(entity)
    } else {
      this.#dismiss(entity)
      this.#left.add(entity)
    }
  }

  #scan(): void {
    this.#watch.scan(
      (entity) => this.enter(entity),
      // The ECS may take the entity back without a word: `update` is to ask.
      (entity) => this.#touch(entity),
    )
  }

  #scanAgain(): void {
    this.#touched.or(this.alive)
    this.#changed = true
    this.alive.clear()
    this.count = 0
    this.#scan()
  }

  #touch(entity: number): void {
    if (entity >= this.alive.rows) this.#grow(entity + 1)
    this.#touched.set(entity)
    this.#changed = true
  }

  #admit(entity: number): void {
    if (this.alive.has(entity)) return
    if (entity >= this.end) this.end = entity + 1
    this.alive.set(entity)
    this.count++
  }

  #dismiss(entity: number): void {
    if (!this.alive.has(entity)) return
    this.alive.unset(entity)
    this.count--
  }

  #grow(entities: number): void {
    const capacity = Math.max(entities, this.alive.rows * 2)
    this.alive = grown(this.alive, capacity)
    this.#touched = grown(this.#touched, capacity)
    this.#questioned = grown(this.#questioned, capacity)
  }
}

/** Is told which entities entered or left. Neither method may throw. */
export interface MembershipChanges {
  /** The entity matches, and did not, or is another one with the same index now. */
  entered(entity: number): void
  /** The entity does not match any more, or never did. */
  left(entity: number): void
}

function grown(set: DirtyRows, capacity: number): DirtyRows {
  const bigger = new DirtyRows(capacity)
  bigger.copyFrom(set)
  return bigger
}
