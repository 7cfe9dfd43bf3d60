import type { DirtyRows } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { MembershipChanges } from './membership.ts'

/**
 * Which row of a synced buffer an entity has: its own id (`EntityRows`), or the next free one (`PackedRows`).
 * It is told of entities that leave, then of those that enter, and tells its `RowKeeper` what that means for rows.
 */
export interface RowMap extends MembershipChanges {
  /** Rows in use: 0 … rows − 1. */
  readonly rows: number
  /** Rows that will be in use when everything that is alive now has one. */
  readonly wanted: number
  /** Whether an entity that is alive now has no row, or would have none, among the first `capacity`. */
  reachesBeyond(capacity: number): boolean
  /** Rows that hold a living entity; undefined when all in use do. */
  readonly mask: DirtyRows | undefined
  /** Byte offset in the mirror's memory of the u32 table row → entity, −1 where row = entity. */
  readonly table: number
  /** The row of an entity, −1 when it has none. Entities that entered since the last stage have none yet. */
  rowOf(entity: number): number
  /** The entity of a row in use. */
  entityOf(row: number): number
  /** `capacity` rows of `mirror` may be handed out; its memory may be another one than before. */
  fit(mirror: Mirror, capacity: number): void
  /** After `apply`: gives rows that others have left to those who found none. */
  settle(): void
  dispose(): void
}

/** Who keeps the rows themselves. */
export interface RowKeeper {
  /** The row belongs to another entity now: take it from the columns, whether it differs or not. */
  rowEntered(row: number): void
  /** The row belongs to nobody any more. */
  rowLeft(row: number): void
  /** What is in row `from`, marks included, is to be in row `to` as well. */
  rowMoved(from: number, to: number): void
}
