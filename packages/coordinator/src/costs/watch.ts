import type { CostModel } from './model.ts'

export interface FrameCosts {
  readonly writes: number
  readonly dispatches: number
  readonly bytesUploaded: number
  readonly flushMs: number
  readonly mirrors: readonly { readonly strategy: string; readonly rows: number }[]
}

/** A frame contradicts the model when its flush takes so many times as long, and so much longer. */
const MIN_EXCESS_RATIO = 4
const MIN_EXCESS_MS = 1
/** The model is wrong, not the machine busy, at this score: such frames add, others take 1 away. */
const WRONG_SCORE = 48
const EXCESS_SCORE = 2

/** Frames between two checks that the device still finishes work. */
const ALIVE_FRAMES = 60
/** Frames before a doubtful measurement is repeated: a game's first seconds are its busiest. */
const PAUSES: readonly number[] = [300, 1200, 4800]

/**
 * Keeps one disturbed measurement from lasting: says when to measure again, and corrects the term
 * that dominates the prediction when frame after frame costs the thread far more.
 */
export class CostWatch {
  /** How to measure when `isDue`: a correction's runs are not worth keeping. */
  again: 'merge' | 'replace' = 'merge'
  #score = 0
  #leastRatio = Infinity
  /** Frames until the next measurement; Infinity while costs are trusted. */
  #framesLeft = Infinity
  #repeats = 0
  /** When the device was last checked; −1 before. */
  #completed = -1

  /** A shorter flush, in milliseconds, cannot contradict the costs. */
  get reviewAbove(): number {
    return this.#score === 0 && this.#framesLeft === Infinity ? MIN_EXCESS_MS : -1
  }

  /** Notes a measurement. A doubtful one is repeated, a few times, at growing distances. */
  measured(doubtful: boolean): void {
    this.again = 'merge'
    this.#score = 0
    if (doubtful) this.#measureLater()
    else this.#framesLeft = Infinity
  }

  /** Counts a frame. @returns whether to measure now, if the device finishes work meanwhile */
  isDue(device: { readonly completedSerial: number }): boolean {
    if (--this.#framesLeft > 0) return false
    const completed = device.completedSerial
    const works = this.#completed >= 0 && completed > this.#completed
    this.#completed = works ? -1 : completed
    this.#framesLeft = works ? Infinity : ALIVE_FRAMES
    return works
  }

  /** @returns the costs, corrected when frames have cost far more than predicted for a while */
  review(report: FrameCosts, costs: CostModel): CostModel {
    const calls = report.writes * costs.callThread
    const bytes = report.bytesUploaded * costs.byteThread
    const rows = report.dispatches === 0 ? 0 : scatterCost(report, costs)
    const predictedMs = (calls + bytes + rows) / 1e6
    const { flushMs } = report
    if (flushMs <= predictedMs * MIN_EXCESS_RATIO || flushMs - predictedMs <= MIN_EXCESS_MS) {
      if (this.#score > 0) this.#score--
      return costs
    }
    if (this.#score === 0) this.#leastRatio = Infinity
    this.#leastRatio = Math.min(this.#leastRatio, flushMs / predictedMs)
    this.#score += EXCESS_SCORE
    if (this.#score < WRONG_SCORE || predictedMs === 0) return costs
    this.#score = 0
    this.again = 'replace'
    this.#measureLater()
    const term = rows >= calls && rows >= bytes ? 'rowThread' : calls >= bytes ? 'callThread' : 'byteThread'
    return scaled(costs, term, this.#leastRatio)
  }

  #measureLater(): void {
    this.#framesLeft = PAUSES[this.#repeats++] ?? Infinity
  }
}

/** Nanoseconds of the thread for a frame's scatters, without the payload's bytes. */
function scatterCost({ mirrors, dispatches }: FrameCosts, costs: CostModel): number {
  let rows = 0
  for (let i = 0; i < mirrors.length; i++) if (mirrors[i].strategy === 'scatter') rows += mirrors[i].rows
  return costs.scatterThread + (dispatches - 1) * costs.dispatchThread + rows * costs.rowThreadFar
}

/** The model with a term scaled, and those that hang on it. */
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
