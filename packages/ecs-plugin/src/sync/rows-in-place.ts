import { Heap, rowsInfo, shared } from '@memkit/core'
import type { DirtyRows, PackTarget, RowsInfo } from '@memkit/core'
import type { GivenRows } from '@memkit/coordinator'
import type { SyncedOptions } from './gpu-synced-options.ts'
import { canFollowColumns, noteDirty, type RowWriter } from './row-writer.ts'

/** Rows that are the mirror of one world's component as they lie. */
export interface InPlace {
  readonly rows: number
  readonly memory: GivenRows
}

/** Stores that are a mirror already: to another world, such a store is like any other. */
function mirrors(): WeakSet<object> {
  return shared('rows-in-place', () => new WeakSet<object>())
}

/**
 * Whether the rows of a store of `heap.rows` can be their own mirror, so that nothing is copied: for one
 * world, where rows can follow the columns.
 */
export function inPlace(store: object, component: object, options: SyncedOptions): InPlace | undefined {
  const info: RowsInfo | undefined = rowsInfo(store)
  if (info === undefined || store !== component || mirrors().has(store)) return undefined
  if (!canFollowColumns(options)) return undefined
  const { memory, offset, capacity } = info
  return memory instanceof Heap ? { rows: capacity + 1, memory: { heap: memory, offset } } : undefined
}

/** Stands in for a packer where the rows are the mirror: sets dirty what a packer would have packed. */
export class RowsInPlace implements RowWriter {
  readonly #store: object
  holes = 0
  readonly reading: number = -1

  constructor(store: object) {
    this.#store = store
    mirrors().add(store)
  }

  bind(): void {}

  /** Sets rows 0 … `count` − 1 dirty, where the mask has them. @returns 0, for they aren't counted */
  pack({ dirty }: PackTarget, _first: number, count: number, mask?: DirtyRows): number {
    return noteDirty(dirty, count, mask)
  }

  diff(): number {
    return 0
  }

  dispose(): void {
    mirrors().delete(this.#store)
  }
}
