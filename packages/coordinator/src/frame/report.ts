import type { AnyMirror } from '../mirror/any-mirror.ts'
import type { PlanStrategy } from '../flush/planner.ts'

/** What one mirror did in a frame. Reused from frame to frame. */
export interface MirrorReport {
  readonly mirror: AnyMirror
  readonly label: string
  readonly strategy: PlanStrategy
  /** Rows that were dirty. */
  readonly rows: number
  /** Bytes uploaded for it. */
  readonly bytes: number
}

/** What one frame did. `endFrame` reuses the object: copy what you keep. Times in milliseconds. */
export class FrameReport {
  /** Number of the frame, from 1. */
  readonly frame: number = 0
  /** Completes when everything of this frame (and before) has reached the device. */
  readonly serial: number = 0
  /** The device was lost, so the frame did nothing, and changes gather. */
  readonly lost: boolean = false
  /** Bytes of dirty rows plus bytes staged. */
  readonly bytesChanged: number = 0
  /** Bytes handed to the device: gaps, padding and row numbers included. */
  readonly bytesUploaded: number = 0
  readonly rowsChanged: number = 0
  /** Calls to the device, by kind. */
  readonly writes: number = 0
  readonly copies: number = 0
  readonly dispatches: number = 0
  readonly submits: number = 0
  /** All calls to the device in this frame. */
  readonly apiCalls: number = 0
  /** Device buffers that were replaced since the last report: mirrors and frame buffers. */
  readonly reallocations: number = 0
  /** Frames abandoned by a `beginFrame` in an open frame since the last report. */
  readonly abandoned: number = 0
  /** Bytes of this slot's arena in use, and the most that any slot ever used. */
  readonly arenaBytes: number = 0
  readonly arenaHighWater: number = 0
  /** Pieces that did not fit: arena spill blocks and frame buffer spills. */
  readonly spills: number = 0
  /** Set through `noteStageMs`, by what brings rows into mirrors. */
  readonly stageMs: number = 0
  readonly flushMs: number = 0
  readonly mirrors: readonly MirrorReport[]
  readonly #inFlight: () => number

  /** @internal */
  constructor(mirrors: readonly MirrorReport[], inFlight: () => number) {
    this.mirrors = mirrors
    this.#inFlight = inFlight
  }

  /**
   * Frames of the last `buffering` ones whose bytes the device is not known to have finished with, now.
   * The device is asked at each look: one look a frame keeps the number true.
   */
  get slotsInFlight(): number {
    return this.#inFlight()
  }
}
