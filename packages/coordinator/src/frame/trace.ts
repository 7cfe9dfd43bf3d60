import type { FrameReport } from './frame-report.ts'

/** A complete event or a counter of the Chrome trace format. Times in microseconds. */
export interface TraceEvent {
  readonly name: string
  readonly cat: 'memkit'
  /** `X`: something that took `dur`. `C`: values at a time. */
  readonly ph: 'X' | 'C'
  readonly ts: number
  readonly dur?: number
  readonly pid: number
  readonly tid: number
  readonly args: Readonly<Record<string, number | string>>
}

/** Frames kept; older ones are dropped. */
const KEEP = 5_000

/**
 * Records frames as trace events: save `JSON.stringify(co.trace)` to a file and open it in Perfetto or
 * `chrome://tracing`. While it records, each flush is a user-timing measure too, so that it shows in the
 * browser's own profile. Makes garbage, unlike the frames that it records.
 */
export class FrameTrace {
  readonly #frames: TraceEvent[][] = []

  /** Events kept, oldest first. */
  get events(): TraceEvent[] {
    return this.#frames.flat()
  }

  /** What Perfetto reads. */
  toJSON(): { traceEvents: TraceEvent[] } {
    return { traceEvents: this.events }
  }

  clear(): void {
    this.#frames.length = 0
  }

  /** Called at the end of a frame; times as `performance.now()` tells them, in milliseconds. @internal */
  record(report: FrameReport, began: number, flushBegan: number, ended: number): void {
    const common = { cat: 'memkit', pid: 1, tid: 1 } as const
    const { frame, rowsChanged, bytesChanged, bytesUploaded, apiCalls, submits, spills } = report
    const plans: Record<string, string> = {}
    for (const { label, strategy, rows, bytes } of report.mirrors)
      if (strategy !== 'none') plans[label] = `${strategy}, ${rows} rows, ${bytes} bytes`
    const events: TraceEvent[] = [
      {
        ...common,
        name: `frame ${frame}`,
        ph: 'X',
        ts: began * 1000,
        dur: (ended - began) * 1000,
        args: { frame },
      },
      {
        ...common,
        name: 'flush',
        ph: 'X',
        ts: flushBegan * 1000,
        dur: (ended - flushBegan) * 1000,
        args: { rowsChanged, apiCalls, submits, spills, ...plans },
      },
      {
        ...common,
        name: 'bytes',
        ph: 'C',
        ts: ended * 1000,
        args: { changed: bytesChanged, uploaded: bytesUploaded },
      },
      {
        ...common,
        name: 'slots in flight',
        ph: 'C',
        ts: ended * 1000,
        args: { slots: report.slotsInFlight },
      },
    ]
    if (report.stageMs > 0)
      // Where in the frame it was is not known, only how long it took: right before the flush.
      events.push({
        ...common,
        name: 'stage',
        ph: 'X',
        ts: (flushBegan - report.stageMs) * 1000,
        dur: report.stageMs * 1000,
        args: { frame },
      })
    this.#frames.push(events)
    if (this.#frames.length > KEEP) this.#frames.shift()
    performance.measure('memkit flush', { start: flushBegan, end: ended })
    // Profiles have it; the page's own list of measures must not grow.
    performance.clearMeasures('memkit flush')
  }
}
