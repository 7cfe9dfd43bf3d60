import type { Block, Heap } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { Membership } from './membership.ts'
import type { RowKeeper, RowMap } from './row-map.ts'
import { SparseSet } from './sparse-set.ts'

/** Told of every row that has another entity than before. Must not throw. */
export interface RowListener {
  rowTaken(row: number, entity: number): void
}

/** Keeps rows of its own that are numbered as these. Must not throw. */
export interface RowSharer {
  /** An entity that had no row has this one now. */
  rowSeated(row: number, entity: number): void
  /** The entity of row `from` has row `to` now, and what is in the one is to be in the other. */
  rowMoved(from: number, to: number, entity: number): void
  /** The row belongs to no entity any more. */
  rowLeft(row: number): void
}

/**
 * Rows without gaps, as positions in a `SparseSet`: an entity that enters gets the next row, one that leaves is replaced by
 * the last. The table row → entity lies in the mirror's memory, where the kernels read it.
 */
export class PackedRows implements RowMap {
  readonly mask = undefined
  /** Whoever keeps something by row. */
  readonly listeners: RowListener[] = []
  /** Components with `rowsOf` this one. */
  readonly sharers: RowSharer[] = []
  readonly #set = new SparseSet()
  readonly #membership: Membership
  readonly #keeper: RowKeeper
  #capacity = 0
  /** Entities that found no row, because the device allows no more: they are looked for when there is room. */
  #waiting = false
  #heap: Heap | undefined
  #memory = -1
  #block: Block | undefined
  #table: Uint32Array = new Uint32Array(0)

  constructor(membership: Membership, keeper: RowKeeper) {
    this.#membership = membership
    this.#keeper = keeper
  }

  get rows(): number {
    return this.#set.size
  }

  get wanted(): number {
    return this.#membership.count
  }

  reachesBeyond(capacity: number): boolean {
    return this.wanted > capacity
  }

  get table(): number {
    return this.#block?.offset ?? -1
  }

  rowOf(entity: number): number {
    return this.#set.positionOf(entity)
  }

  entityOf(row: number): number {
    return this.#set.at(row)
  }

  /** The entities of all rows in use, by row: a view, until rows change. */
  entities(): Uint32Array {
    return this.#set.values()
  }

  fit(mirror: Mirror, capacity: number): void {
    if (mirror.memoryGeneration !== this.#memory) this.#moveTable(mirror)
    this.#capacity = capacity
  }

  settle(): void {
    if (this.#waiting && this.rows < this.#capacity) this.#seatWaiting()
  }

  entered(entity: number): void {
    let row = this.#set.positionOf(entity)
    if (row < 0) {
      if (this.rows >= this.#capacity) {
        this.#waiting = true
        return
      }
      row = this.#set.add(entity)
      this.#take(row, entity)
      for (let i = 0; i < this.sharers.length; i++) this.sharers[i].rowSeated(row, entity)
    }
    // A row that it had already counts as a new one: it left and came back, or its id was recycled, within a frame.
    this.#keeper.rowEntered(row)
  }

  left(entity: number): void {
    const row = this.#set.remove(entity)
    if (row < 0) return
    const vacated = this.#set.size
    if (row !== vacated) {
      this.#keeper.rowMoved(vacated, row)
      this.#take(row, this.#set.at(row))
      for (let i = 0; i < this.sharers.length; i++) this.sharers[i].rowMoved(vacated, row, this.#set.at(row))
    }
    this.#keeper.rowLeft(vacated)
    for (let i = 0; i < this.sharers.length; i++) this.sharers[i].rowLeft(vacated)
  }

  dispose(): void {
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#block = undefined
  }

  #take(row: number, entity: number): void {
    this.#table[row] = entity
    for (let i = 0; i < this.listeners.length; i++) this.listeners[i].rowTaken(row, entity)
  }

  #seatWaiting(): void {
    this.#waiting = false
    const { alive } = this.#membership
    for (let from = 0; alive.nextRun(from, 0); from = alive.runFirst + alive.runCount) {
      const end = alive.runFirst + alive.runCount
      for (let entity = alive.runFirst; entity < end; entity++)
        if (this.#set.positionOf(entity) < 0) this.entered(entity)
    }
  }

  /** A table with room for the mirror's rows, in the memory where it lies now. @throws HeapFull */
  #moveTable(mirror: Mirror): void {
    const { capacity, heap } = mirror
    const block = heap.alloc(capacity * 4, 16, `${mirror.label}: row table`)
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#heap = heap
    this.#memory = mirror.memoryGeneration
    this.#block = block
    this.#table = new Uint32Array(heap.buffer, block.offset, capacity)
    this.#table.set(this.#set.values())
  }
}
