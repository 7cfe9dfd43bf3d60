import type { MkCallCounts } from '@memkit/gpu'
import type { MirrorFlush } from '../flush/flush.ts'
import type { FrameSlots } from './frame-slots.ts'
import { FrameReport } from './report.ts'
import { FrameTrace } from './trace.ts'

/** What frames did: the report, totals over all frames, and the trace while one is recorded. */
export class FrameLog {
  /** Frames that were begun. */
  frame = 0
  /** What `noteStageMs` added since the last report. */
  stageMs = 0
  trace: FrameTrace | undefined
  /** Seconds that were given for the open frame, for recordings. */
  timeStep: number | undefined
  /** Sums over all frames, for `co.stats`. */
  readonly totals = { abandoned: 0, lostFrames: 0, bytesUploaded: 0, reallocations: 0, spills: 0 }
  readonly #slots: FrameSlots
  readonly #flush: MirrorFlush
  /** What users read, and the same object to write to. */
  readonly report: FrameReport
  readonly #report: { -readonly [K in keyof FrameReport]: FrameReport[K] }
  /** Counted since the last report. */
  #abandoned = 0
  #reallocations = 0
  #began = 0
  #flushBegan = 0
  /** The device's counts, and a copy from when the flush began. */
  #calls: Readonly<MkCallCounts> | undefined
  readonly #before = { writes: 0, copies: 0, dispatches: 0, submits: 0, bytesWritten: 0 }
  /** Handed over in steps of the open frame. */
  #stepRows = 0
  #stepBytes = 0
  /** What the frame staged. */
  #staged = 0
  #spills = 0

  constructor(slots: FrameSlots, flush: MirrorFlush) {
    this.#slots = slots
    this.#flush = flush
    this.#report = this.report = new FrameReport(flush.plans, () => slots.inFlight)
  }

  countAbandoned(): void {
    this.#abandoned++
    this.totals.abandoned++
  }

  countReallocation(): void {
    this.#reallocations++
    this.totals.reallocations++
  }

  startTrace(): FrameTrace {
    this.noteBegin()
    return (this.trace = new FrameTrace())
  }

  /** For the trace. */
  noteBegin(): void {
    this.#began = performance.now()
  }

  /** A frame begins: nothing of it was handed over yet. */
  begin(): void {
    this.#calls = undefined
    this.#stepRows = this.#stepBytes = 0
  }

  /** What was handed over just now belongs to a frame that is still open. */
  noteStep(): void {
    this.#stepRows += this.#flush.rows
    this.#stepBytes += this.#flush.bytes
  }

  beginFlush(calls: Readonly<MkCallCounts>): void {
    const { memory, targets, slot } = this.#slots
    this.#staged = memory.staged + targets.staged
    this.#spills = memory.spills + (slot.isUsed ? slot.arena.spills : 0)
    // A step was handed over in this frame: its calls count, too.
    if (this.#calls === calls) return
    this.#flushBegan = performance.now()
    this.#calls = calls
    const before = this.#before
    before.writes = calls.writes
    before.copies = calls.copies
    before.dispatches = calls.dispatches
    before.submits = calls.submits
    before.bytesWritten = calls.bytesWritten
  }

  /** Fills in the report. `handedOver`: all of the frame went to the device in use now. */
  endFlush(lost: boolean, handedOver: boolean): FrameReport {
    const report = this.#report
    const calls = this.#calls!
    const before = this.#before
    const { slot, highWater } = this.#slots
    const rows = this.#flush.rows + this.#stepRows
    const bytes = this.#flush.bytes + this.#stepBytes
    report.frame = this.frame
    report.serial = slot.serial
    report.lost = lost
    report.rowsChanged = handedOver ? rows : 0
    report.bytesChanged = handedOver ? bytes + this.#staged : 0
    report.bytesUploaded = calls.bytesWritten - before.bytesWritten
    report.writes = calls.writes - before.writes
    report.copies = calls.copies - before.copies
    report.dispatches = calls.dispatches - before.dispatches
    report.submits = calls.submits - before.submits
    report.apiCalls = report.writes + report.copies + report.dispatches + report.submits
    report.reallocations = this.#reallocations
    report.abandoned = this.#abandoned
    report.arenaBytes = slot.isUsed ? slot.arena.used : 0
    report.arenaHighWater = highWater
    report.spills = this.#spills
    report.stageMs = this.stageMs
    this.#reallocations = this.#abandoned = this.stageMs = 0
    const { totals } = this
    totals.bytesUploaded += report.bytesUploaded
    totals.spills += report.spills
    if (lost) totals.lostFrames++
    const end = performance.now()
    report.flushMs = end - this.#flushBegan
    this.trace?.record(this.report, this.#began, this.#flushBegan, end)
    return this.report
  }
}
