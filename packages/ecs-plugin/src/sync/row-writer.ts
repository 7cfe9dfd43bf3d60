import type { ColumnPacker, DirtyRows } from '@memkit/core'
import type { SyncedOptions } from './gpu-synced-options.ts'

/** Brings columns into the rows of a mirror. */
export type RowWriter = Pick<ColumnPacker, 'bind' | 'pack' | 'diff' | 'holes' | 'reading' | 'dispose'>

/**
 * Whether rows may be read when they go up instead of when they are staged: rows by entity id that stay
 * when an entity goes, and a mode that does not compare. What is written without a mark may go up with its
 * neighbours.
 */
export function canFollowColumns({ changes, direction, onRemove, rows }: SyncedOptions): boolean {
  return changes !== 'detect' && direction === 'upload' && onRemove === 'keep' && rows === 'entity'
}

/** Sets rows 0 … `count` − 1 dirty, where the mask has them. @returns 0, for they aren't counted */
export function noteDirty(dirty: DirtyRows, count: number, mask: DirtyRows | undefined): number {
  if (mask === undefined) dirty.setRange(0, count)
  else dirty.or(mask, count)
  return 0
}
