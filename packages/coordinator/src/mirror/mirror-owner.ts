import type { Heap } from '@memkit/core'
import type { BufferSource } from './mirror-buffer.ts'
import type { FlushRecorder } from '../flush/flush-recorder.ts'
import type { FlushScratch } from '../flush/scratch.ts'
import type { OverflowHeaps } from './overflow-heaps.ts'

/** What a mirror needs of the coordinator. */
export interface MirrorOwner<M> extends BufferSource {
  readonly heap: Heap
  readonly overflow: OverflowHeaps
  /** Memory of a flush. */
  readonly scratch: FlushScratch
  /** While a recording runs. */
  readonly recorder: FlushRecorder | undefined
  reallocated(mirror: M): void
  forget(mirror: M): void
}
