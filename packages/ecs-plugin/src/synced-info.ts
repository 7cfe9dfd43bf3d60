import type { Mirror } from '@memkit/coordinator'
import type { Changes, RowKind, SyncDirection, Synced } from './gpu-synced-options.ts'
import type { SyncedBuffer } from './synced-buffer.ts'

/** A component that a world syncs, and how. For tools. */
export interface SyncedInfo {
  readonly component: Synced
  readonly label: string
  readonly changes: Changes
  readonly rowKind: RowKind
  readonly direction: SyncDirection
  /** Entities that have a row or are to get one with the next stage. */
  readonly entities: number
  /** The same object that `mk.buffer(component)` gives. */
  readonly buffer: SyncedBuffer
  /** Where its rows lie on the CPU. Look, and do not write: its dirty rows are what goes up. */
  readonly mirror: Mirror
}
