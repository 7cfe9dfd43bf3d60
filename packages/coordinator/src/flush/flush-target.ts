import type { DirtyRows, Heap } from '@memkit/core'
import type { MirrorBuffer } from '../mirror/mirror-buffer.ts'
import type { ColumnSources } from '../sections/column-sources.ts'

/** What a flush brings to the device: a set of dirty units, and where the bytes of each are. */
export interface FlushTarget {
  readonly label: string
  /** Bytes of a unit: a row of a mirror, a word of a column mirror. */
  readonly stride: number
  /** Units that reports count as a row. */
  readonly unitsPerRow: number
  readonly dirty: DirtyRows
  /** Everything goes up, whatever is dirty. */
  readonly isWhole: boolean
  /** The device buffer is new: everything must go up. */
  readonly fresh: boolean
  /** The device writes units, so a flush writes no clean one. */
  readonly deviceOwned: boolean
  /** Units that `full` covers; ever in use: what a new device buffer must get. */
  readonly rowsInUse: number
  readonly everUsed: number
  readonly device: MirrorBuffer
  /** The device buffer in use has room for some of the units only, or there is none. */
  readonly isCut: boolean
  /** A bigger device buffer is wanted than is in use. */
  readonly wantsBuffer: boolean
  /** Where bytes are read from: `offset` of the heap, or the user's columns. */
  readonly heap: Heap
  readonly offset: number
  readonly sources: ColumnSources | undefined
  /** Tries again, if it is time, after the device had no memory. */
  retryBuffer(): void
  /** Everything dirty was handed over. A full upload would have covered `fullRows` units. */
  uploaded(fullRows: number): void
}
