import type { Heap } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { Listeners } from './events.ts'
import type { Mirror } from './mirror.ts'
import type { OverflowHeaps } from './overflow-heaps.ts'

/** What a mirror needs of its coordinator. */
export interface MirrorHost {
  /** The device in use now; another one after a loss. */
  readonly gpu: MkGpu
  readonly heap: Heap
  /** For what finds no room there. */
  readonly overflow: OverflowHeaps
  /** Number of the frame that is open, or was last. */
  readonly frame: number
  readonly isLost: boolean
  readonly listeners: Listeners
  /** Destroys the buffer when neither the device nor anyone's next frame can need it. */
  retire(buffer: MkDeviceBuffer): void
  /** The buffer is a mirror's: nobody else may stage into it. */
  adopt(buffer: MkDeviceBuffer, label: string): void
  disown(buffer: MkDeviceBuffer): void
  countReallocation(): void
  forget(mirror: Mirror): void
}
