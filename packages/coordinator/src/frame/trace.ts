import type { FrameReport } from './report.ts'

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

const KEEP = 5_000

/**
 * Records frames as trace events: save `JSON.stringify(co.trace)` to a file and open it in Perfetto
 * or `chrome://tracing`. While it records, each flush is a user-timing measure too, so that it
 * shows in the browser's own profile. Makes garbage, unlike the frames that it records.
 */
export class FrameTrace {
  readonly #frames: TraceEvent[][] = []

  /** Events kept, oldest first. */
  get events(): TraceEvent[] {
    return this.#frames.flat()
  }

  toJSON(): { traceEvents: TraceEvent[] } {
    return { traceEvents: this.events }
  }

  clear(): void {
    this.#frames.length = 0
  }

  /** Times as `performance.now()` tells them. @internal */
  record(report: FrameReport, began: number, flushBegan: number, ended: number): void {
    const { frame, stageMs, rowsChanged, bytesChanged, bytesUploaded, apiCalls, submits, spills } = report
    const plans: Record<string, string> = {}
    for (const { label, strategy, rows, bytes } of report.mirrors)
      if (strategy !== 'none') plans[label] = `${strategy}, ${rows} rows, ${bytes} bytes`
    const events = [
      slice(`frame ${frame}`, began, ended, { frame }),
      slice('flush', flushBegan, ended, { rowsChanged, apiCalls, submits, spills, ...plans }),
      counter('bytes', ended, { changed: bytesChanged, uploaded: bytesUploaded }),
      counter('slots in flight', ended, { slots: report.slotsInFlight }),
    ]
    // Only its length is known, not its place in the frame.
    if (stageMs > 0) events.push(slice('stage', flushBegan - stageMs, flushBegan, { frame }))
    this.#frames.push(events)
    if (this.#frames.length > KEEP) this.#frames.shift()
    performance.measure('memkit flush', { start: flushBegan, end: ended })
    // The page's list of measures must not grow.
    performance.clearMeasures('memkit flush')
  }
}

const COMMON = { cat: 'memkit', pid: 1, tid: 1 } as const

function slice(name: string, began: number, ended: number, args: TraceEvent['args']): TraceEvent {
  return { ...COMMON, name, ph: 'X', ts: began * 1000, dur: (ended - began) * 1000, args }
}

function counter(name: string, at: number, args: TraceEvent['args']): TraceEvent {
  return { ...COMMON, name, ph: 'C', ts: at * 1000, args }
}
