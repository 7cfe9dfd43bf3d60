import { DirtyRows } from '@memkit/core'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'

const firstCapacity = 1024

/**
 * Which entities of one world have a component (and its `with` set), and what changed since the last stage.
 *
 * The ECS calls `enter`, `remain` and `leave` in mid-operation, so they only set bits in memory of their own:
 *
 * 1. `enter(row)`: `alive` +, `touched` +; `remain(row)` the same where the row was not alive
 * 2. `leave(row)`: where the row was alive, `alive` −, `touched` +
 * 3. `update`: the touched rows become those in question, and for each the ECS is asked whether it is alive. What is touched from here on
 *    is for the next time: a listener of the user's may change the world while rows are staged.
 * 4. `apply`: of the rows in question first all that are not alive have left, then those that are alive have entered: also one that left
 *    and came back, or whose id was recycled, in between. O(changes). There are none in question any more.
 */
export class Membership implements MembershipListener {
  /** Rows that have the component now. */
  alive: DirtyRows = new DirtyRows(firstCapacity)
  /** How many they are. Kept, because counting them costs as much as there are. */
  count = 0
  /** One more than the highest row that was ever alive. */
  rows = 0
  /** Changed since the last `update`. */
  #touched: DirtyRows = new DirtyRows(firstCapacity)
  /** Changed before it, and not yet given to `apply`. */
  #questioned: DirtyRows = new DirtyRows(firstCapacity)
  /** What `update` has found, for `apply`. */
  #entered: Uint32Array = new Uint32Array(64)
  #enteredCount = 0
  #left: Uint32Array = new Uint32Array(64)
  #leftCount = 0
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

  /** Rows that this journal can hold without growing. */
  get capacity(): number {
    return this.alive.rows
  }

  enter(row: number): void {
    if (row >= this.alive.rows) this.#grow(row + 1)
    this.#admit(row)
    this.#touched.set(row)
  }

  remain(row: number): void {
    if (!this.alive.has(row)) this.enter(row)
  }

  leave(row: number): void {
    // Also said of those that do not match and never did.
    if (!this.alive.has(row)) return
    this.#dismiss(row)
    this.#touched.set(row)
  }

  /** False when the ECS has stopped reporting: who is alive is known again after `update`, and counts as entered then. */
  get intact(): boolean {
    return this.#watch.intact
  }

  /** Whether the row has entered or left since the last `apply`. */
  isTouched(row: number): boolean {
    return this.#touched.has(row) || this.#questioned.has(row)
  }

  /**
   * Brings `alive` up to date. Where the ECS has stopped reporting (a reset world) it watches again and looks at every entity afresh;
   * also where it left one out, because an observer of the user's threw before it came to ours.
   * @returns whether it had to
   */
  update(): boolean {
    const deaf = !this.#watch.intact
    if (deaf) {
      this.#watch.stop()
      this.#watch = this.#ecs.watch(this.#terms, this)
      this.#lookAfresh()
    }
    this.#watch.recall?.()
    this.#sortOut()
    const missed = this.#watch.missed?.(this.alive, this.count) ?? false
    if (missed) {
      this.#lookAfresh()
      this.#sortOut()
    }
    return deaf || missed
  }

  #lookAfresh(): void {
    this.#touched.or(this.alive)
    this.alive.clear()
    this.count = 0
    this.#scan()
  }

  /** Hands what changed between the last two calls of `update` to `changes`, each row once, those that left first, and forgets it. */
  apply(changes: MembershipChanges): void {
    for (let i = 0; i < this.#leftCount; i++) changes.left(this.#left[i])
    for (let i = 0; i < this.#enteredCount; i++) changes.entered(this.#entered[i])
    this.#leftCount = this.#enteredCount = 0
    this.#questioned.clear()
  }

  /** Asks the ECS about every touched row, and lists those that are alive and those that are not. */
  #sortOut(): void {
    this.#leftCount = this.#enteredCount = 0
    const touched = this.#touched
    // Left over where the last stage threw before it came to `apply`.
    if (!this.#questioned.isEmpty) touched.or(this.#questioned)
    this.#touched = this.#questioned
    this.#touched.clear()
    this.#questioned = touched
    const { words, summary } = touched
    // Plainly: for every row in touched. Bit by bit, because what enters and leaves is scattered.
    for (let s = 0; s < summary.length; s++)
      for (let someWords = summary[s]; someWords !== 0; someWords &= someWords - 1) {
        const word = (s << 5) + lowestBit(someWords)
        for (let someRows = words[word]; someRows !== 0; someRows &= someRows - 1)
          this.#sort((word << 5) + lowestBit(someRows))
      }
  }

  #sort(row: number): void {
    const alive = this.#watch.has(row) ?? this.alive.has(row)
    if (alive) {
      this.#admit(row)
      if (this.#enteredCount === this.#entered.length) this.#entered = longer(this.#entered)
      this.#entered[this.#enteredCount++] = row
    } else {
      this.#dismiss(row)
      if (this.#leftCount === this.#left.length) this.#left = longer(this.#left)
      this.#left[this.#leftCount++] = row
    }
  }

  dispose(): void {
    this.#watch.stop()
  }

  #scan(): void {
    this.#watch.scan(
      (row) => this.enter(row),
      (row) => this.#askAbout(row),
    )
  }

  #admit(row: number): void {
    if (this.alive.has(row)) return
    if (row >= this.rows) this.rows = row + 1
    this.alive.set(row)
    this.count++
  }

  #dismiss(row: number): void {
    if (!this.alive.has(row)) return
    this.alive.unset(row)
    this.count--
  }

  /** The ECS may take the entity back without a word: `update` is to ask. */
  #askAbout(row: number): void {
    if (row >= this.alive.rows) this.#grow(row + 1)
    this.#touched.set(row)
  }

  #grow(rows: number): void {
    const capacity = Math.max(rows, this.alive.rows * 2)
    this.alive = grown(this.alive, capacity)
    this.#touched = grown(this.#touched, capacity)
    this.#questioned = grown(this.#questioned, capacity)
  }
}

/** Who is told of rows that entered or left. Neither may throw. */
export interface MembershipChanges {
  /** The row is alive, and was not, or is another entity's now. */
  entered(row: number): void
  /** The row is not alive any more. May be said of a row that was never seen alive. */
  left(row: number): void
}

function grown(rows: DirtyRows, capacity: number): DirtyRows {
  const bigger = new DirtyRows(capacity)
  bigger.copyFrom(rows)
  return bigger
}

function longer(list: Uint32Array): Uint32Array {
  const copy = new Uint32Array(list.length * 2)
  copy.set(list)
  return copy
}

/** Number of the lowest bit that is set in a word that is not 0. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}
