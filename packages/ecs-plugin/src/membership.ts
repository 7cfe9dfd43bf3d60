import { DirtyRows } from '@memkit/core'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'

const firstCapacity = 1024

/**
 * Which entities of one world have a component (and its `with` set), and what changed since the last stage.
 *
 * The ECS calls `enter` and `leave` in mid-operation, so they only set bits in memory of their own:
 *
 * 1. `enter(row)`: `alive` +, `touched` +
 * 2. `leave(row)`: `alive` −, `touched` +
 * 3. `update`: for every touched row, the ECS is asked whether it is alive.
 * 4. `apply`: first all touched rows that are not alive have left, then those that are alive have entered: also one that left and
 *    came back, or whose id was recycled, in between. O(changes). The journal is cleared.
 */
export class Membership implements MembershipListener {
  /** Rows that have the component now. */
  alive: DirtyRows = new DirtyRows(firstCapacity)
  /** One more than the highest row that was ever alive. */
  rows = 0
  #touched: DirtyRows = new DirtyRows(firstCapacity)
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
    if (row >= this.rows) this.rows = row + 1
    this.alive.set(row)
    this.#touched.set(row)
  }

  leave(row: number): void {
    if (row >= this.alive.rows) return
    this.alive.unset(row)
    this.#touched.set(row)
  }

  /** Whether the row has entered or left since the last `apply`. */
  isTouched(row: number): boolean {
    return this.#touched.has(row)
  }

  /**
   * Brings `alive` up to date. Where the ECS has stopped reporting (a reset world, a removed query) it watches again and looks at
   * every entity afresh.
   * @returns whether it had to
   */
  update(): boolean {
    const broken = !this.#watch.intact
    if (broken) {
      this.#watch.stop()
      this.#watch = this.#ecs.watch(this.#terms, this)
      this.#touched.or(this.alive)
      this.alive.clear()
      this.#scan()
    }
    const touched = this.#touched
    for (let from = 0; touched.nextRun(from, 0); from = touched.runFirst + touched.runCount) {
      const end = touched.runFirst + touched.runCount
      for (let row = touched.runFirst; row < end; row++) {
        const alive = this.#watch.has(row)
        if (alive === true) this.alive.set(row)
        else if (alive === false) this.alive.unset(row)
      }
    }
    return broken
  }

  /** Hands the changes since the last call to `changes`, each row once, those that left first, and forgets them. */
  apply(changes: MembershipChanges): void {
    const touched = this.#touched
    if (touched.isEmpty) return
    this.#tell(changes, false)
    this.#tell(changes, true)
    touched.clear()
  }

  #tell(changes: MembershipChanges, entered: boolean): void {
    const touched = this.#touched
    for (let from = 0; touched.nextRun(from, 0); from = touched.runFirst + touched.runCount) {
      const end = touched.runFirst + touched.runCount
      for (let row = touched.runFirst; row < end; row++) {
        if (this.alive.has(row) !== entered) continue
        if (entered) changes.entered(row)
        else changes.left(row)
      }
    }
  }

  dispose(): void {
    this.#watch.stop()
  }

  #scan(): void {
    this.#watch.scan((row) => this.enter(row))
  }

  #grow(rows: number): void {
    const capacity = Math.max(rows, this.alive.rows * 2)
    this.alive = grown(this.alive, capacity)
    this.#touched = grown(this.#touched, capacity)
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
