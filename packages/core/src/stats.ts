import type { BudgetStats } from './budget.ts'
import type { HeapStats } from './heap.ts'

/** What an MkAllocator did and holds. A snapshot; all sizes in bytes, as asked for. */
export interface AllocatorStats {
  /** Frames begun, and those of them that never ended. */
  readonly frames: number
  readonly abandonedFrames: number
  /** Allocations ever made and ever freed, in frames and beyond: every free counts, so `live` is their difference. */
  readonly allocs: number
  readonly frees: number
  readonly live: number
  readonly bytesAllocated: number
  readonly bytesFreed: number
  readonly bytesLive: number
  /** The most ever alive at once. */
  readonly peakBytes: number
  /** Frame memory alone, alignment included. */
  readonly arenaBytes: number
  readonly arenaHighWater: number
  readonly arenaCapacity: number
  readonly heap: HeapStats
  /** By tag. */
  readonly tags: readonly BudgetStats[]
}

/** What a frame took. */
export interface FrameMemoryReport {
  /** Number of the frame, from 1. */
  readonly frame: number
  /** Frame allocations made, those that were rewound included. */
  readonly allocCount: number
  /** Bytes of them, as asked for. */
  readonly bytes: number
  /** Bytes in use at the end of the frame, alignment included. */
  readonly arenaBytes: number
  /** The most bytes ever in use at once. */
  readonly arenaHighWater: number
  /** Spill blocks that the frame used. */
  readonly spills: number
}
