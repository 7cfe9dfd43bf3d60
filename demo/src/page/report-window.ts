import type { FrameReport, MirrorReport } from '@memkit/ecs-plugin'

/** What the frames of one stretch of time did: the busiest one, and means. */
export interface ReportSummary {
  readonly busiest: Readonly<Omit<FrameReport, 'mirrors'>> & { readonly mirrors: readonly MirrorReport[] }
  readonly frames: number
  readonly framesPerSecond: number
  /** Means, in milliseconds per frame. */
  readonly stageMs: number
  readonly flushMs: number
}

/** Summarises frames twice a second, because they come faster than people read. */
export class ReportWindow {
  readonly #length: number
  #start = 0
  #frames = 0
  #stageMs = 0
  #flushMs = 0
  #busiest: ReportSummary['busiest'] | undefined

  /** @param length of the stretches, in milliseconds */
  constructor(length: number) {
    this.#length = length
  }

  /**
   * Takes in a frame.
   *
   * @param now milliseconds
   * @returns the summary when a stretch is over
   */
  add(report: FrameReport, now: number): ReportSummary | undefined {
    if (this.#frames === 0 && this.#start === 0) this.#start = now
    this.#frames++
    this.#stageMs += report.stageMs
    this.#flushMs += report.flushMs
    // Strictly more: of equal frames the first will do. The report is reused, so a copy is kept.
    if (this.#busiest === undefined || report.bytesUploaded > this.#busiest.bytesUploaded)
      this.#busiest = Object.assign({}, report, { mirrors: report.mirrors.map((mirror) => ({ ...mirror })) })
    const elapsed = now - this.#start
    if (elapsed < this.#length) return undefined
    const summary = {
      busiest: this.#busiest,
      frames: this.#frames,
      framesPerSecond: (this.#frames * 1000) / elapsed,
      stageMs: this.#stageMs / this.#frames,
      flushMs: this.#flushMs / this.#frames,
    }
    this.#start = now
    this.#frames = this.#stageMs = this.#flushMs = 0
    this.#busiest = undefined
    return summary
  }
}
