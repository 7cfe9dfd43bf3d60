import type { Mirror } from './mirror.ts'
import type { PlanStrategy } from './planner.ts'

/** What one mirror did in a frame. Reused from frame to frame. */
export interface MirrorReport {
  readonly mirror: Mirror
  readonly label: string
  readonly strategy: PlanStrategy
  /** Rows that were dirty. */
  readonly rows: number
  /** Bytes uploaded for it. */
  readonly bytes: number
}

/** What one frame did. One object, reused by every `endFrame`: copy what you keep. Times in milliseconds. */
export interface FrameReport {
  /** Number of the frame, from 1. */
  readonly frame: number
  /** Completes when everything of this frame (and before) has reached the device. */
  readonly serial: number
  /** The device was not there, so the frame did nothing: changes gather, and go up once a device is there again. */
  readonly lost: boolean
  /** Bytes of dirty rows plus bytes staged. */
  readonly bytesChanged: number
  /** Bytes handed to the device: gaps, padding and row numbers included. */
  readonly bytesUploaded: number
  readonly rowsChanged: number
  /** Calls to the device, by kind. */
  readonly writes: number
  readonly copies: number
  readonly dispatches: number
  readonly submits: number
  /** All calls to the device in this frame. */
  readonly apiCalls: number
  /** Device buffers that were replaced since the last report: mirrors and frame buffers. */
  readonly reallocations: number
  /** Frames abandoned by a `beginFrame` in an open frame since the last report. */
  readonly abandoned: number
  /** Bytes of this slot's arena in use, and the most that any slot ever used. */
  readonly arenaBytes: number
  readonly arenaHighWater: number
  /** Frames of the last `buffering` ones whose bytes the device has not finished with. */
  readonly slotsInFlight: number
  /** Pieces that did not fit: arena spill blocks and frame buffer spills. */
  readonly spills: number
  /** Set through `noteStageMs`, by whoever brings rows into mirrors. */
  readonly stageMs: number
  readonly flushMs: number
  readonly mirrors: readonly MirrorReport[]
}

/** The report as the coordinator fills it in. */
export type ReusedReport = { -readonly [K in keyof FrameReport]: FrameReport[K] }

/** A report of nothing. @param mirrors kept up to date by the flush */
export function createReport(mirrors: readonly MirrorReport[]): ReusedReport {
  return {
    frame: 0,
    serial: 0,
    lost: false,
    bytesChanged: 0,
    bytesUploaded: 0,
    rowsChanged: 0,
    writes: 0,
    copies: 0,
    dispatches: 0,
    submits: 0,
    apiCalls: 0,
    reallocations: 0,
    abandoned: 0,
    arenaBytes: 0,
    arenaHighWater: 0,
    slotsInFlight: 0,
    spills: 0,
    stageMs: 0,
    flushMs: 0,
    mirrors,
  }
}
