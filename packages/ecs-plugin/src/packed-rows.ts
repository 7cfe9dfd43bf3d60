import type { Block, Heap } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { Membership } from './membership.ts'
import type { RowKeeper, RowMap } from './row-map.ts'

const firstCapacity = 1024

/**
 * Rows without gaps: an entity that enters gets the next row, one that leaves is replaced by the last.
 *
 *     rows   0 1 2 3 4        leave(b)     rows   0 1 2 3
 *            a b c d e        ────────→           a e c d
 *
 * The table row → entity lies in the mirror's memory, where the kernels read it.
 */
export class PackedRows implements RowMap {
  readonly mask = undefined
  rows = 0
  /** Counts every change of the table, so that its image on the device is brought up to date only when needed. */
  version = 0
  readonly #membership: Membership
  readonly #keeper: RowKeeper
  #rowOf: Int32Array = new Int32Array(firstCapacity).fill(-1)
  #entityOf: Uint32Array = new Uint32Array(firstCapacity)
  #capacity = 0
  /** Entities that found no row, because the device allows no more: they are looked for when there is room. */
  #waiting = false
  #heap: Heap | undefined
  #memory = -1
  #block: Block | undefined
  #table: Uint32Array = new Uint32Array(0)
  /** Told of every row whose entity changed; row = −1: of an entity that lost its row. */
  onMove: ((entity: number, row: number) => void) | undefined

  constructor(membership: Membership, keeper: RowKeeper) {
    this.#membership = membership
    this.#keeper = keeper
  }

  get wanted(): number {
    return this.#membership.alive.count
  }

  get table(): number {
    return this.#block?.offset ?? -1
  }

  rowOf(entity: number): number {
    return entity < this.#rowOf.length ? this.#rowOf[entity] : -1
  }

  entityOf(row: number): number {
    return this.#entityOf[row]
  }

  fit(mirror: Mirror, capacity: number): void {
    if (mirror.memoryGeneration !== this.#memory || capacity > this.#table.length)
      this.#moveTable(mirror, capacity)
    this.#capacity = capacity
    const { rows } = this.#membership
    if (rows > this.#rowOf.length) {
      const longer = new Int32Array(Math.max(rows, this.#rowOf.length * 2)).fill(-1)
      longer.set(this.#rowOf)
      this.#rowOf = longer
    }
    if (this.#waiting && this.rows < capacity) this.#seatWaiting()
  }

  entered(entity: number): void {
    const row = this.rowOf(entity)
    if (row >= 0) {
      // It left and came back, or its id was recycled, within a frame: the row is as good as a new one.
      this.#keeper.rowEntered(row)
    } else if (this.rows < this.#capacity) this.#seat(entity, this.rows++)
    else this.#waiting = true
  }

  left(entity: number): void {
    const row = this.rowOf(entity)
    if (row < 0) return
    const last = --this.rows
    this.#rowOf[entity] = -1
    this.onMove?.(entity, -1)
    if (row !== last) {
      const moved = this.#entityOf[last]
      this.#keeper.rowMoved(last, row)
      this.#place(moved, row)
    }
    this.#keeper.rowLeft(last)
  }

  dispose(): void {
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#block = undefined
  }

  #seat(entity: number, row: number): void {
    this.#place(entity, row)
    this.#keeper.rowEntered(row)
  }

  #place(entity: number, row: number): void {
    if (row >= this.#entityOf.length) {
      const longer = new Uint32Array(this.#entityOf.length * 2)
      longer.set(this.#entityOf)
      this.#entityOf = longer
    }
    this.#rowOf[entity] = row
    this.#entityOf[row] = entity
    this.#table[row] = entity
    this.version++
    this.onMove?.(entity, row)
  }

  #seatWaiting(): void {
    this.#waiting = false
    const { alive } = this.#membership
    for (let from = 0; alive.nextRun(from, 0); from = alive.runFirst + alive.runCount) {
      const { runFirst, runCount } = alive
      for (let entity = runFirst; entity < runFirst + runCount; entity++)
        if (this.#rowOf[entity] < 0) this.entered(entity)
    }
  }

  /** A table with room for `capacity` rows, in the memory where the mirror lies now. @throws HeapFull */
  #moveTable(mirror: Mirror, capacity: number): void {
    const { heap } = mirror
    const block = heap.alloc(capacity * 4, 16, `${mirror.label}: row table`)
    // The block of a private heap went with that heap.
    if (this.#block !== undefined && this.#heap === heap) heap.free(this.#block)
    this.#heap = heap
    this.#memory = mirror.memoryGeneration
    this.#block = block
    this.#table = new Uint32Array(heap.buffer, block.offset, capacity)
    this.#table.set(this.#entityOf.subarray(0, this.rows))
  }
}
