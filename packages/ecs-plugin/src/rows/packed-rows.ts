import type { Heap } from '@memkit/core'
import type { Membership, MembershipChanges } from '../ecs/membership.ts'
import { MovingBlock } from './moving-block.ts'
import type { RowKeeper, RowListener, RowMap } from './row-map.ts'
import { SparseSet } from './sparse-set.ts'

/**
 * Rows without gaps, as positions in a `SparseSet`: an entity that enters gets the next row, one that
 * leaves is replaced by the last. The table row → entity lies where kernels read it.
 */
export class PackedRows implements RowMap, MembershipChanges {
  readonly mask = undefined
  readonly members: Membership
  wanted: number
  keeper!: RowKeeper
  /** The table on the device, queries that list rows, components with `rowsOf` this one. */
  readonly listeners: RowListener[] = []
  readonly #set = new SparseSet()
  #room = 0
  /** Entities found no row, because the device allows no more. */
  #waiting = false
  readonly #block: MovingBlock
  #table: Uint32Array = new Uint32Array(0)

  constructor(members: Membership, label: string) {
    this.members = members
    this.wanted = members.count
    this.#block = new MovingBlock(`${label}: row table`)
  }

  get rows(): number {
    return this.#set.size
  }

  refresh(): void {
    this.wanted = this.members.count
  }

  get table(): number {
    return this.#block.offset
  }

  rowOf(entity: number): number {
    return this.#set.positionOf(entity)
  }

  entityOf(row: number): number {
    return this.#set.at(row)
  }

  /** The entities of all rows in use: a view, until rows change. */
  entities(): Uint32Array {
    return this.#set.values()
  }

  place(heap: Heap, capacity: number): void {
    this.#table = this.#block.moveTable(this.#set.values(), heap, capacity)
  }

  apply(room: number): void {
    this.#room = room
    this.members.apply(this)
    if (this.#waiting && this.rows < room) this.#seatWaiting()
  }

  entered(entity: number): void {
    let row = this.#set.positionOf(entity)
    if (row < 0) {
      if (this.rows >= this.#room) {
        this.#waiting = true
        return
      }
      row = this.#set.add(entity)
      this.#take(row, entity, -1)
    }
    // Also one that left and came back within a frame, or whose id was recycled.
    this.keeper.rowEntered(row)
  }

  left(entity: number): void {
    const row = this.#set.remove(entity)
    if (row < 0) return
    const vacated = this.#set.size
    if (row !== vacated) {
      this.keeper.rowMoved(vacated, row)
      this.#take(row, this.#set.at(row), vacated)
    }
    this.keeper.rowLeft(vacated)
    for (let i = 0; i < this.listeners.length; i++) this.listeners[i].rowLeft?.(vacated)
  }

  dispose(): void {
    this.members.dispose()
    this.#block.free()
  }

  #take(row: number, entity: number, from: number): void {
    this.#table[row] = entity
    for (let i = 0; i < this.listeners.length; i++) this.listeners[i].rowTaken(row, entity, from)
  }

  #seatWaiting(): void {
    this.#waiting = false
    const { alive, end } = this.members
    for (let entity = 0; entity < end; entity++)
      if (alive.has(entity) && this.#set.positionOf(entity) < 0) this.entered(entity)
  }
}
