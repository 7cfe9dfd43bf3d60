import type { DirtyRows, Heap } from '@memkit/core'
import type { MkGpu } from '@memkit/gpu'
import type { DeviceSlice } from '../device/slice.ts'
import type { MirrorHistory } from '../history/mirror-history.ts'
import type { MirrorBuffer } from '../mirror/mirror-buffer.ts'

/** Takes bytes for a buffer: a device, or what records and then hands them to it. */
export type DeviceWriter = Pick<MkGpu, 'write'>

/** Where the bytes of a target come from that keeps none. Offsets and ends are bytes of its part of the buffer. */
export interface FlushSource {
  /** False while it can't be read: nothing goes up then, and all that is dirty stays so. */
  readonly isReadable: boolean
  /** Makes its bytes for each upload, which costs more than to copy them. */
  readonly isPacked: boolean
  write(to: DeviceWriter, slice: DeviceSlice, from: number, end: number): void
  /**
   * Writes all that is in use.
   * @param used rows
   * @param units that a full upload covers, dirty ones beyond included
   * @returns bytes written
   */
  writeFull(to: DeviceWriter, slice: DeviceSlice, used: number, units: number): number
  /** Copies the `count` dirty units side by side to `place` in a heap, and their numbers behind. */
  gather(dirty: DirtyRows, heap: Heap, place: number, count: number): void
}

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
  /** While `isWhole`: units that differ, and those that go up with them. */
  readonly wholeRows: number
  readonly wholeUnits: number
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
  /** Rows in use. */
  readonly used: number
  /** Where bytes are read from: `offset` of the heap, or a source. */
  readonly heap: Heap
  readonly offset: number
  readonly source: FlushSource | undefined
  /** Its previous rows, where they are kept. */
  readonly history: MirrorHistory | undefined
  /** Marks each unit in place of `isWhole`, where units can go up apart. */
  markEach(): void
  /** Tries again, if it is time, after the device had no memory. */
  retryBuffer(): void
  /** Everything dirty was handed over. A full upload would have covered `fullRows` units. */
  uploaded(fullRows: number): void
}
