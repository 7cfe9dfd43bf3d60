/** Something that the simulated device does when its time has come. */
interface Work {
  /** `performance.now()` at which it is done; Infinity: when told to finish. */
  readonly readyAt: number
  run(): void
}

/**
 * The simulated device's queue: work runs in order, each piece `delayMs` after it came, or at once when there is no delay and
 * nothing is waiting.
 */
export class DummyQueue {
  readonly delayMs: number
  #work: Work[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(delayMs: number) {
    this.delayMs = delayMs
  }

  /** True when work that comes now would run at once. */
  get idle(): boolean {
    return this.delayMs === 0 && this.#work.length === 0
  }

  /** Work handed over and not done. */
  get length(): number {
    return this.#work.length
  }

  push(run: () => void): void {
    if (this.idle) {
      run()
      return
    }
    this.#work.push({ readyAt: performance.now() + this.delayMs, run })
    this.#schedule()
  }

  /** Does everything that waits, now. */
  finish(): void {
    while (this.#work.length > 0) this.#work.shift()!.run()
    clearTimeout(this.#timer)
    this.#timer = undefined
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
