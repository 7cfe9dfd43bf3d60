import { MAX_RUN } from './clock.ts'
import type { Clock } from './clock.ts'

/** Milliseconds that a run takes at least. */
const MIN_RUN = 0.04
const MAX_TIMES = 1 << 12

/** A second run must come this close to the best one before the best one is believed. */
const CLOSE = 1.5

/** The best of a probe's runs: everything else on the machine only adds time. Milliseconds per piece of work. */
export interface BestRuns {
  /** Of the calling thread; Infinity until a run was long enough for the clock. */
  thread: number
  /** The second best of `thread`. */
  second: number
  /** From there until the device is done, with the round trip's share. */
  tail: number
  /** Pieces of work in the run of `tail`. */
  times: number
}

/** The better of two measurements of the same work. */
export function bestOf(a: BestRuns, b: BestRuns): BestRuns {
  const [thread, second] = [a.thread, a.second, b.thread, b.second].sort((x, y) => x - y) as [number, number]
  const { tail, times } = a.tail <= b.tail ? a : b
  return { thread, second, tail, times }
}

/** No second run came close to the best one: something else took the machine most of the time. */
export function isDoubtful({ thread, second }: BestRuns): boolean {
  return second > thread * CLOSE
}

/**
 * A piece of work whose time is measured.
 *
 * Where the clock is too coarse for short runs (Firefox steps by 1 ms), a run begins at a step of the clock and ends with the
 * first piece of work after `MAX_RUN`; the runs are added up until together they span the steps that a measurement takes.
 */
export class Probe {
  readonly best: BestRuns = { thread: Infinity, second: Infinity, tail: Infinity, times: 1 }
  readonly #work: () => void
  readonly #clock: Clock
  readonly #minRun: number
  /** Pieces of work in one run, as many as the clock needs. */
  #times = 1
  /** Milliseconds and pieces of all runs, where they are added up. */
  #spent = 0
  #pieces = 0

  constructor(work: () => void, clock: Clock) {
    this.#work = work
    this.#clock = clock
    this.#minRun = Math.max(MIN_RUN, clock.leastSpan)
  }

  /** Rounds of runs that a measurement takes on this clock. */
  static rounds(clock: Clock): number {
    return Math.ceil(clock.leastSpan / MAX_RUN)
  }

  /** Finds out how many pieces make a run that the clock can measure. The engine compiles meanwhile. */
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
    // After a run that was too short for the clock, more pieces than these are under way.
    if (this.#times > before || tail >= best.tail) return
    best.tail = tail
    best.times = this.#times
  }

  /** One run, thread only. */
  runThread(): void {
    if (this.#clock.isCoarse) return this.#addRun()
    const { best } = this
    const took = this.#timed() / this.#times
    best.second = Math.min(best.second, Math.max(best.thread, took))
    best.thread = Math.min(best.thread, took)
  }

  /** Runs the work until the clock can tell how long it took. @returns milliseconds of `times` pieces */
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
    if (this.#spent < this.#clock.leastSpan) return
    // A mean: of runs this short none is measured well enough to be called the best.
    this.best.thread = this.best.second = this.#spent / this.#pieces
  }
}
