/** Steps of the platform's clock that a timed batch must take: browsers round it to 0.005, 0.1 or 1 ms. */
const STEPS = 20
/** Milliseconds that a timed batch takes at least, where the clock is fine, and at most, where it is coarse. */
const BATCH_LEAST = 0.04
const BATCH_MOST = 4
const TIMES_MOST = 1 << 12

/** Looks at a clock after which it stands still, or goes in steps of many milliseconds. */
const LOOKS = 100_000

/** Milliseconds that a timed batch must take here; measured once. */
let batch = 0

/** Whether the platform has a clock that anything can be timed by. Tests stop it, and some browsers blur it. */
export function clockRuns(): boolean {
  if (batch === 0) {
    const step = clockStep()
    if (step === Infinity) return false
    batch = Math.min(BATCH_MOST, Math.max(BATCH_LEAST, STEPS * step))
  }
  return true
}

/** A piece of work whose time is measured: the best of all runs, because everything else on the machine only adds. */
export class Probe {
  /** Times that the work is done in one run, as many as the clock needs. */
  times = 1
  /** Milliseconds of the calling thread per piece of work. */
  thread: number = Infinity
  /** Milliseconds from there until the device has done it, per piece of work, with the round trip's share. */
  tail: number = Infinity
  readonly #work: () => void

  constructor(work: () => void) {
    this.#work = work
  }

  /** Finds out how many times make a run that the clock can measure. The engine compiles meanwhile. */
  prepare(): void {
    for (;;) {
      const took = this.#timed()
      if (took >= batch || this.times >= TIMES_MOST) return
      this.times = Math.min(
        TIMES_MOST,
        Math.ceil(this.times * Math.min(8, (1.5 * batch) / Math.max(took, batch / 8))),
      )
    }
  }

  /**
   * One run, thread and device.
   * @param finish resolves when the device has done everything
   */
  async run(finish: () => Promise<void>): Promise<void> {
    this.runThread()
    const start = performance.now()
    await finish()
    this.tail = Math.min(this.tail, (performance.now() - start) / this.times)
  }

  /** One run, thread only. */
  runThread(): void {
    this.thread = Math.min(this.thread, this.#timed() / this.times)
  }

  #timed(): number {
    const start = performance.now()
    for (let i = 0; i < this.times; i++) this.#work()
    return performance.now() - start
  }
}

/** Milliseconds of the platform's clock step, as seen now; Infinity where it makes none. */
function clockStep(): number {
  let step = Infinity
  for (let i = 0; i < 3; i++) {
    const start = performance.now()
    let now = start
    for (let looks = 0; now === start && looks < LOOKS; looks++) now = performance.now()
    if (now === start) return Infinity
    step = Math.min(step, now - start)
  }
  return step
}
