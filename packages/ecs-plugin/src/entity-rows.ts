import type { DirtyRows } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { Membership } from './membership.ts'
import type { RowKeeper, RowMap } from './row-map.ts'

/** Row = entity id. Row 0 and the rows of dead entities lie between the others. */
export class EntityRows implements RowMap {
  readonly table = -1
  rows = 0
  readonly #membership: Membership
  readonly #keeper: RowKeeper
  /** Entities that found no row, because the device allows no more: they are looked for when there is room. */
  #waiting = false

  constructor(membership: Membership, keeper: RowKeeper) {
    this.#membership = membership
    this.#keeper = keeper
  }

  get wanted(): number {
    return this.#membership.rows
  }

  reachesBeyond(capacity: number): boolean {
    return this.#membership.alive.nextRun(capacity, 0)
  }

  get mask(): DirtyRows {
    return this.#membership.alive
  }

  rowOf(entity: number): number {
    // `has` is false for what is no row number, but for a fraction, whose whole part it takes.
    return entity < this.rows && Number.isInteger(entity) && this.#membership.alive.has(entity) ? entity : -1
  }

  entityOf(row: number): number {
    return row
  }

  fit(_mirror: Mirror, capacity: number): void {
    const from = this.rows
    this.rows = Math.max(from, Math.min(this.#membership.rows, capacity))
    if (!this.#waiting || this.rows === from) return
    this.#waiting = false
    for (let entity = from; entity < this.#membership.rows; entity++)
      if (this.#membership.alive.has(entity)) this.entered(entity)
  }

  entered(entity: number): void {
    if (entity < this.rows) this.#keeper.rowEntered(entity)
    else this.#waiting = true
  }

  left(entity: number): void {
    if (entity < this.rows) this.#keeper.rowLeft(entity)
  }

  settle(): void {}

  dispose(): void {}
}
