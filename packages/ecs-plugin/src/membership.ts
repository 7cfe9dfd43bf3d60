import { DirtyRows } from '@memkit/core'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'

const firstCapacity = 1024

/**
 * Which entities of one world have a component (and its `with` set), and what changed since the last stage.
 *
 * The ECS calls `enter` and `leave` in mid-operation, so they only set bits in memory of their own; `apply` brings the
 * changes to the mask that the kernels read, in O(changes).
 *
 * 1. `enter(row)`: `alive` +, `entered` +, `touched` +
 * 2. `leave(row)`: `alive` −, `touched` +. `entered` stays: leaving and entering again within a frame is an entry.
 * 3. `apply`: first all touched rows that are not alive have left, then all entered rows that are alive have entered; both
 *    journals are cleared.
 */
export class Membership implements MembershipListener {
  /** Rows that have the component now. */
  alive: DirtyRows = new DirtyRows(firstCapacity)
  /** One more than the highest row that was ever alive. */
  rows = 0
  #entered: DirtyRows = new DirtyRows(firstCapacity)
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
    this.#entered.set(row)
    this.#touched.set(row)
  }

  leave(row: number): void {
    if (row >= this.alive.rows) return
    this.alive.unset(row)
    this.#touched.set(row)
  }

  /**
   * Watches again and looks at every entity afresh, if the ECS has stopped reporting (a reset world, a removed query).
   * @returns whether it had to
   */
  heal(): boolean {
    if (this.#watch.intact) return false
    this.#watch.stop()
    this.#watch = this.#ecs.watch(this.#terms, this)
    this.#touched.or(this.alive)
    this.alive.clear()
    this.#scan()
    return true
  }

  /** Hands the changes since the last call to `changes`, each row once, those that left first, and forgets them. */
  apply(changes: MembershipChanges): void {
    const touched = this.#touched
    if (touched.isEmpty) return
    const { alive } = this
    for (let from = 0; touched.nextRun(from, 0); from = touched.runFirst + touched.runCount) {
      const end = touched.runFirst + touched.runCount
      for (let row = touched.runFirst; row < end; row++) if (!alive.has(row)) changes.left(row)
    }
    const entered = this.#entered
    for (let from = 0; entered.nextRun(from, 0); from = entered.runFirst + entered.runCount) {
      const end = entered.runFirst + entered.runCount
      for (let row = entered.runFirst; row < end; row++) if (alive.has(row)) changes.entered(row)
    }
    touched.clear()
    entered.clear()
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
    this.#entered = grown(this.#entered, capacity)
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
