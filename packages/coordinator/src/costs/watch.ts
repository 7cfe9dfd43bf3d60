import type { CostModel } from './cost-model.ts'
import type { FrameReport } from './frame-report.ts'

/** A frame costs far more than the model says when its flush takes so many times as long, and so many milliseconds more. */
const FAR_MORE = 4
const MIN_EXCESS_MS = 1
/** Score at which the model is wrong rather than the machine busy: such a frame adds `EXCESS_SCORE`, any other takes 1 away. */
const WRONG_SCORE = 48
const EXCESS_SCORE = 2

/** Frames between two looks at whether the device still finishes work. */
const ALIVE_FRAMES = 60
/** Frames after which a doubtful measurement is repeated: a game's first seconds are its busiest. */
const LOOK_AGAIN: readonly number[] = [300, 1200, 4800]

/**
 * Keeps one disturbed measurement from lasting: says when to measure again, and corrects the term that most of the
 * predicted cost came from where frame after frame costs the calling thread far more.
 */
export class CostWatch {
  /** How to measure when `isDue`: a correction is no measurement to keep the best of. */
  again: 'merge' | 'afresh' = 'merge'
  #score = 0
  /** Of the frames that made the score: the machine only adds. */
  #leastRatio = Infinity
  /** Frames until the costs are measured again; Infinity while they are trusted. */
  #framesLeft = Infinity
  #looks = 0
  /** Serial at the last look at the device; −1 before. */
  #completed = -1

  /** Takes note of a measurement. @param doubtful measure again, a limited number of times, at growing distances */
  measured(doubtful: boolean): void {
    this.again = 'merge'
    this.#score = 0
    if (doubtful) this.#lookAgain()
    else this.#framesLeft = Infinity
  }

  /**
   * Counts a frame.
   * @param completed the last serial that the device has finished: one that finishes nothing is not asked to work on a measurement
   * @returns true when it is time to measure again
   */
  isDue(completed: number): boolean {
    if (--this.#framesLeft > 0) return false
    const works = this.#completed >= 0 && completed > this.#completed
    this.#completed = works ? -1 : completed
    this.#framesLeft = works ? Infinity : ALIVE_FRAMES
    return works
  }

  /**
   * Compares a frame with the model.
   * @returns the costs as they are, or corrected, when frames have cost far more than predicted for a while
   */
  review(report: FrameReport, costs: CostModel): CostModel {
    const calls = report.writes * costs.callThread
    const bytes = report.bytesUploaded * costs.byteThread
    const rows = report.dispatches === 0 ? 0 : scatterCost(report, costs)
    const predictedMs = (calls + bytes + rows) / 1e6
    const { flushMs } = report
    if (flushMs <= predictedMs * FAR_MORE || flushMs - predictedMs <= MIN_EXCESS_MS) {
      if (this.#score > 0) this.#score--
      return costs
    }
    if (this.#score === 0) this.#leastRatio = Infinity
    this.#leastRatio = Math.min(this.#leastRatio, flushMs / predictedMs)
    this.#score += EXCESS_SCORE
    if (this.#score < WRONG_SCORE || predictedMs === 0) return costs
    this.#score = 0
    this.again = 'afresh'
    this.#lookAgain()
    const term = rows >= calls && rows >= bytes ? 'rowThread' : calls >= bytes ? 'callThread' : 'byteThread'
    return scaled(costs, term, this.#leastRatio)
  }

  #lookAgain(): void {
    this.#framesLeft = LOOK_AGAIN[this.#looks++] ?? Infinity
  }
}

/** Nanoseconds of the calling thread for a frame's scatters, their payload's bytes left out. */
function scatterCost({ mirrors, dispatches }: FrameReport, costs: CostModel): number {
  let rows = 0
  for (let i = 0; i < mirrors.length; i++) if (mirrors[i].strategy === 'scatter') rows += mirrors[i].rows
  return costs.scatterThread + (dispatches - 1) * costs.dispatchThread + rows * costs.rowThreadFar
}

/** The model with a term of the thread's scaled, and those that hang on it. */
function scaled(
  costs: CostModel,
  term: 'callThread' | 'byteThread' | 'rowThread',
  factor: number,
): CostModel {
  const changed = { ...costs, [term]: costs[term] * factor }
  if (term === 'rowThread') {
    changed.rowThreadFar *= factor
    changed.scatterThread *= factor
    changed.dispatchThread *= factor
  }
  return changed
}
