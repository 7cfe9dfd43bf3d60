import { DirtyRows, type Heap } from '@memkit/core'
import type { Membership, MembershipChanges } from '../ecs/membership.ts'
import { MovingBlock } from './moving-block.ts'
import type { PackedRows } from './packed-rows.ts'
import type { RowKeeper, RowListener, RowMap } from './row-map.ts'

/**
 * The rows of another component, its owner: an entity that has both components has the row that it has
 * there. Rows whose entity lacks this one are left out of the mask, and hold zeros.
 *
 * The owner is staged first. What happens to its rows is told at once (`rowTaken`, `rowLeft`); then this
 * component's own membership says who has it.
 */
export class SharedRows implements RowMap, RowListener, MembershipChanges {
  readonly members: Membership
  keeper!: RowKeeper
  /** Rows that there is room for here: the owner hands out no more. */
  room = 0
  /** The owner makes room; nothing is wanted from here. */
  readonly wanted = 0
  mask: DirtyRows = new DirtyRows(0)
  readonly #owner: PackedRows
  readonly #maskBlock: MovingBlock
  readonly #tableBlock: MovingBlock
  /** A copy of the owner's, where kernels read it. */
  #table: Uint32Array = new Uint32Array(0)

  constructor(owner: PackedRows, members: Membership, label: string) {
    this.#owner = owner
    this.members = members
    this.#maskBlock = new MovingBlock(`${label}: rows that it has`)
    this.#tableBlock = new MovingBlock(`${label}: row table`)
  }

  get rows(): number {
    return this.#owner.rows
  }

  get table(): number {
    return this.#tableBlock.offset
  }

  rowOf(entity: number): number {
    const row = this.#owner.rowOf(entity)
    return row >= 0 && this.mask.has(row) ? row : -1
  }

  entityOf(row: number): number {
    return this.mask.has(row) ? this.#owner.entityOf(row) : -1
  }

  refresh(): void {}

  place(heap: Heap, capacity: number): void {
    this.mask = this.#maskBlock.moveSet(this.mask, heap, capacity)
    this.#table = this.#tableBlock.moveTable(this.#owner.entities(), heap, capacity)
    if (this.room === 0) this.#owner.listeners.push(this)
    this.room = capacity
  }

  apply(): void {
    this.members.apply(this)
  }

  entered(entity: number): void {
    const row = this.#owner.rowOf(entity)
    // One that waits for memory is told of by `rowTaken`.
    if (row >= 0) this.#enter(row)
  }

  left(entity: number): void {
    const row = this.#owner.rowOf(entity)
    if (row >= 0) this.rowLeft(row)
  }

  rowTaken(row: number, entity: number, from: number): void {
    this.#table[row] = entity
    if (from < 0) {
      // Before `update`, so that it may say too much: `left` then takes it back.
      if (this.members.alive.has(entity)) this.#enter(row)
    } else if (this.mask.has(from)) {
      this.mask.set(row)
      this.keeper.rowMoved(from, row)
    } else this.rowLeft(row)
  }

  rowLeft(row: number): void {
    if (!this.mask.has(row)) return
    this.mask.unset(row)
    this.keeper.rowLeft(row)
  }

  dispose(): void {
    this.members.dispose()
    const { listeners } = this.#owner
    const index = listeners.indexOf(this)
    if (index >= 0) listeners.splice(index, 1)
    this.#maskBlock.free()
    this.#tableBlock.free()
  }

  #enter(row: number): void {
    this.mask.set(row)
    this.keeper.rowEntered(row)
  }
}
