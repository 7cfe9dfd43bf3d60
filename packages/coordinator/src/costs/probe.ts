import { MAX_RUN, type Clock } from './clock.ts'

const MIN_RUN = 0.04
const MAX_TIMES = 1 << 12

/** How close a second run must come for the best one to be believed. */
const CLOSE = 1.5

/** The best of a probe's runs: all else only adds. Milliseconds per piece of work. */
export interface BestRuns {
  /** Of the calling thread; Infinity before a run that was long enough for the clock. */
  thread: number
  /** The second best of `thread`. */
  second: number
  /** From there until the device is done, with the round trip's share. */
  tail: number
  times: number
}

export function bestOf(a: BestRuns, b: BestRuns): BestRuns {
  const [thread, second] = [a.thread, a.second, b.thread, b.second].sort((x, y) => x - y) as [number, number]
  const { tail, times } = a.tail <= b.tail ? a : b
  return { thread, second, tail, times }
}

/** Something else took the machine most of the time. */
export function isDoubtful({ thread, second }: BestRuns): boolean {
  return second > thread * CLOSE
}

/**
 * A piece of work whose time is measured.
 *
 * On a coarse clock (Firefox steps by 1 ms) a run begins at a step and ends with the first piece of
 * work after `MAX_RUN`; runs are added up until they span a measurement.
 */
export class Probe {
  readonly best: BestRuns = { thread: Infinity, second: Infinity, tail: Infinity, times: 1 }
  readonly #work: () => void
  readonly #clock: Clock
  readonly #minRun: number
  /** Pieces of work in one run. */
  #times = 1
  /** Milliseconds and pieces of all runs, on a coarse clock. */
  #spent = 0
  #pieces = 0

  constructor(work: () => void, clock: Clock) {
    this.#work = work
    this.#clock = clock
    this.#minRun = Math.max(MIN_RUN, clock.minSpan)
  }

  static rounds(clock: Clock): number {
    return Math.ceil(clock.minSpan / MAX_RUN)
  }

  /** Finds how many pieces make a measurable run, while the engine compiles. */
  prepare(): void {
    if (this.#clock.isCoarse) this.#work()
    else this.#timed()
  }

  /**
   * One run, thread and device.
   * @param finish resolves when the device has done everything
   */
  async run(finish: () => Promise<void>): Promise<void> {
    const { best } = this
    const before = this.#times
    this.runThread()
    const start = performance.now()
    await finish()
    const tail = (performance.now() - start) / this.#times
    // After a run too short for the clock, more pieces than these are under way.
    if (this.#times > before || tail >= best.tail) return
    best.tail = tail
    best.times = this.#times
  }

  runThread(): void {
    if (this.#clock.isCoarse) return this.#addRun()
    const { best } = this
    const took = this.#timed() / this.#times
    best.second = Math.min(best.second, Math.max(best.thread, took))
    best.thread = Math.min(best.thread, took)
  }

  /** @returns milliseconds of `times` pieces, after runs that were too short for the clock */
  #timed(): number {
    for (;;) {
      const start = performance.now()
      for (let i = 0; i < this.#times; i++) this.#work()
      const took = performance.now() - start
      if (took >= this.#minRun || this.#times >= MAX_TIMES) return took
      const factor = Math.min(8, (1.5 * this.#minRun) / Math.max(took, this.#minRun / 8))
      this.#times = Math.min(MAX_TIMES, Math.ceil(this.#times * factor))
    }
  }

  #addRun(): void {
    const start = this.#clock.nextStep()
    let now = start
    for (; now - start < MAX_RUN; now = performance.now()) {
      this.#work()
      this.#pieces++
    }
    this.#spent += now - start
    if (this.#spent < this.#clock.minSpan) return
    // A mean: no run this short is measured well enough to be the best.
    this.best.thread = this.best.second = this.#spent / this.#pieces
  }
}
