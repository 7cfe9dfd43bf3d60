interface Work {
  /** `performance.now()` at which it is done; Infinity: when told to finish. */
  readonly readyAt: number
  run(): void
}

/** The simulated device's queue: runs work in order, each piece `delayMs` after it came. */
export class DummyQueue {
  /** True when there is no delay: work runs at once, so none ever waits. */
  readonly idle: boolean
  readonly #delayMs: number
  #work: Work[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(delayMs: number) {
    this.#delayMs = delayMs
    this.idle = delayMs === 0
  }

  /** Work handed over and not done. */
  get length(): number {
    return this.#work.length
  }

  push(run: () => void): void {
    if (this.idle) return run()
    this.#work.push({ readyAt: performance.now() + this.#delayMs, run })
    this.#schedule()
  }

  /** Runs something after the work that waits, and soon when none does, but not within this task. */
  afterwards(run: () => void): void {
    if (this.idle) return run()
    this.#work.push({ readyAt: this.#work.at(-1)?.readyAt ?? 0, run })
    this.#schedule()
  }

  /** Does everything that waits, now. */
  finish(): void {
    while (this.#work.length > 0) this.#work.shift()!.run()
    this.clear()
  }

  /** Forgets everything that waits: a lost device. */
  clear(): void {
    this.#work = []
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    const next = this.#work[0]
    if (this.#timer !== undefined || next === undefined || next.readyAt === Infinity) return
    this.#timer = setTimeout(() => this.#drain(), Math.max(0, next.readyAt - performance.now()))
  }

  #drain(): void {
    this.#timer = undefined
    const now = performance.now()
    while (this.#work.length > 0 && this.#work[0].readyAt <= now) this.#work.shift()!.run()
    this.#schedule()
  }
}
