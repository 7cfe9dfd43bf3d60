import type { DirtyRows, Heap } from '@memkit/core'
import type { Membership } from '../ecs/membership.ts'
import { MovingBlock } from './moving-block.ts'
import type { RowKeeper, RowMap } from './row-map.ts'

/** Row = entity index. Row 0 and the rows of dead entities lie between the others. */
export class EntityRows implements RowMap {
  readonly table = -1
  readonly members: Membership
  keeper!: RowKeeper
  rows = 0
  wanted: number
  mask: DirtyRows
  readonly #block: MovingBlock

  constructor(members: Membership, label: string) {
    this.members = members
    this.wanted = members.end
    this.mask = members.alive
    this.#block = new MovingBlock(`${label}: rows that it has`)
  }

  refresh(): void {
    this.wanted = this.members.end
    // When the set grows in mid-stage, this one stays where kernels read it.
    this.mask = this.members.alive
  }

  rowOf(entity: number): number {
    // `has` is false for what can't be an index, but for a fraction, whose whole part it takes.
    return entity < this.rows && Number.isInteger(entity) && this.members.alive.has(entity) ? entity : -1
  }

  entityOf(row: number): number {
    return this.members.alive.has(row) ? row : -1
  }

  place(heap: Heap): void {
    const { members } = this
    const { alive } = members
    if (alive.buffer === heap.buffer) return
    this.mask = members.alive = this.#block.moveSet(alive, heap, alive.rows)
  }

  apply(room: number): void {
    const { keeper, members, rows } = this
    this.rows = Math.max(rows, Math.min(members.end, room))
    // Also those that found no row before, because the device allowed no more.
    if (this.rows > rows) keeper.rowsEntered(members.alive, this.rows, rows)
    keeper.rowsLeft(members.left, this.rows)
    keeper.rowsEntered(members.entered, this.rows, 0)
    members.applied()
  }

  dispose(): void {
    this.members.dispose()
    this.#block.free()
  }
}
