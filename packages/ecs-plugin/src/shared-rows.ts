import { DirtyRows } from '@memkit/core'
import type { Block, Heap } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { Membership } from './membership.ts'
import type { PackedRows, RowSharer } from './packed-rows.ts'
import type { RowKeeper, RowMap } from './row-map.ts'

/**
 * The rows of another component, its owner: an entity that has both components has the row that it has there. Rows whose entity lacks this
 * one are not in the mask, and hold zeros.
 *
 * The owner is staged first. What happens to its rows is told at once (`rowSeated`, `rowMoved`, `rowLeft`); then this component's own
 * membership says who has it.
 */
export class SharedRows implements RowMap, RowSharer {
  /** Rows that there is room for here: the owner hands out no more. */
  room = 0
  /** The owner makes room; nothing is wanted from here. */
  readonly wanted = 0
  readonly #owner: PackedRows
  readonly #membership: Membership
  readonly #keeper: RowKeeper
  #mask: DirtyRows = new DirtyRows(1)
  #heap: Heap | undefined
  #memory = -1
  #block: Block | undefined
  /** The owner's table, copied: kernels read it in the memory of this component's mirror. */
  #table: Uint32Array = new Uint32Array(0)

  /** @param membership who has this component and its owner's */
  constructor(owner: PackedRows, membership: Membership, keeper: RowKeeper) {
    this.#owner = owner
    this.#membership = membership
    this.#keeper = keeper
  }

  get rows(): number {
    return this.#owner.rows
  }

  get mask(): DirtyRows {
    return this.#mask
  }

  get table(): number {
    return this.#block?.offset ?? -1
  }

  rowOf(entity: number): number {
    const row = this.#owner.rowOf(entity)
    return row >= 0 && this.#has(row) ? row : -1
  }

  entityOf(row: number): number {
    return this.#owner.entityOf(row)
  }

  /** The owner's rows are handed out as far as there is room here. */
  reachesBeyond(): boolean {
    return false
  }

  settle(): void {}

  /** @throws HeapFull */
  fit(mirror: Mirror): void {
    const { capacity } = mirror
    if (this.#mask.rows < capacity) {
      const mask = new DirtyRows(capacity)
      mask.copyFrom(this.#mask)
      this.#mask = mask
    }
    if (mirror.memoryGeneration !== this.#memory) this.#moveTable(mirror)
    if (this.room === 0) this.#owner.sharers.push(this)
    this.room = capacity
  }

  entered(entity: number): void {
    const row = this.#owner.rowOf(entity)
    // One that waits for memory is told of by `rowSeated`.
    if (row < 0) return
    this.#mask.set(row)
    this.#keeper.rowEntered(row)
  }

  left(entity: number): void {
    const row = this.#owner.rowOf(entity)
    if (row >= 0) this.rowLeft(row)
  }

  rowSeated(row: number, entity: number): void {
    this.#table[row] = entity
    // Before `update`, so that it may say too much: `left` then takes it back.
    if (!this.#membership.alive.has(entity)) return
    this.#mask.set(row)
    this.#keeper.rowEntered(row)
  }

  rowMoved(from: number, to: number, entity: number): void {
    this.#table[to] = entity
    if (!this.#has(from)) return this.rowLeft(to)
    this.#mask.set(to)
    this.#keeper.rowMoved(from, to)
  }

  rowLeft(row: number): void {
    if (!this.#has(row)) return
    this.#mask.unset(row)
    this.#keeper.rowLeft(row)
  }

  dispose(): void {
    const { sharers } = this.#owner
    const index = sharers.indexOf(this)
    if (index >= 0) sharers.splice(index, 1)
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#block = undefined
  }

  #has(row: number): boolean {
    return row < this.#mask.rows && this.#mask.has(row)
  }

  /** @throws HeapFull */
  #moveTable(mirror: Mirror): void {
    const { capacity, heap } = mirror
    const block = heap.alloc(capacity * 4, 16, `${mirror.label}: row table`)
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#heap = heap
    this.#memory = mirror.memoryGeneration
    this.#block = block
    this.#table = new Uint32Array(heap.buffer, block.offset, capacity)
    this.#table.set(this.#owner.entities().subarray(0, capacity))
  }
}
