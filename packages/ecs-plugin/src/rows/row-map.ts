import type { DirtyRows, Heap } from '@memkit/core'
import type { Membership } from '../ecs/membership.ts'

/**
 * Who has which row of a synced buffer. The row of an entity is its own index (`EntityRows`), the next
 * free one (`PackedRows`), or the one that it has in another component (`SharedRows`).
 */
export interface RowMap {
  readonly members: Membership
  keeper: RowKeeper
  /** Rows in use: 0 … rows − 1. */
  readonly rows: number
  /** Rows that will be in use when all that were alive at the last `refresh` have one. */
  readonly wanted: number
  /** Called when `members.update` found changes. */
  refresh(): void
  /** Rows that held a living entity at the last `refresh`; undefined when all in use do. */
  readonly mask: DirtyRows | undefined
  /** Byte offset in the mirror's memory of the u32 table row → entity, −1 where row = entity. */
  readonly table: number
  /** Returns the row of an entity; −1 when it has none, or none yet. */
  rowOf(entity: number): number
  /** Returns the entity of a row in use, −1 for a row without one. */
  entityOf(row: number): number
  /** Moves mask and table into the mirror's heap, with room for `capacity` rows. @throws {@link HeapFull} */
  place(heap: Heap, capacity: number): void
  /** Takes rows from entities that left and gives the first `room` rows to those that entered. */
  apply(room: number): void
  dispose(): void
}

/** Keeps the rows themselves. Its methods must not throw. */
export interface RowKeeper {
  /** The row belongs to another entity now: take it from the columns, whether it differs or not. */
  rowEntered(row: number): void
  /** The same of the rows `first` … `end − 1` of a set. */
  rowsEntered(rows: DirtyRows, end: number, first: number): void
  /** The row belongs to no entity any more. */
  rowLeft(row: number): void
  /** The same of the rows 0 … `end − 1` of a set. */
  rowsLeft(rows: DirtyRows, end: number): void
  /** What is in row `from`, marks included, is to be in row `to` as well. */
  rowMoved(from: number, to: number): void
}

/** Keeps something by row beside the rows, such as a table. Its methods must not throw. */
export interface RowListener {
  /** The entity has this row now. @param from the row that it had before, −1 when it had none */
  rowTaken(row: number, entity: number, from: number): void
  /** The row belongs to no entity any more. */
  rowLeft?(row: number): void
}
