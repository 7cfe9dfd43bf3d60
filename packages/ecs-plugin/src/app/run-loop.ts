/**
 * Calls a function over and over: with every `requestAnimationFrame` where there is one, else from a timer at `hz`.
 * A loop runs once; after `stop` a new one is made. Nothing of it is pending once `stop` has returned.
 */
export class RunLoop {
  readonly #frame: (now: number) => void
  readonly #period: number
  #stopped = false
  #request: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the next call of the timer is due, in milliseconds. */
  #due = 0

  /**
   * `frame` gets the time in milliseconds. When it throws, no further call follows and the error goes to the platform.
   * `hz` is calls per second, for the timer alone: a display has a rate of its own.
   */
  constructor(frame: (now: number) => void, hz: number) {
    this.#frame = frame
    this.#period = 1000 / hz
  }

  start(): void {
    this.#due = performance.now()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    if (this.#request !== undefined) cancelAnimationFrame(this.#request)
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#request = this.#timer = undefined
  }

  #schedule(): void {
    if (typeof requestAnimationFrame === 'function') {
      this.#request = requestAnimationFrame(this.#onFrame)
      return
    }
    const now = performance.now()
    // Due times are a grid, so that late timers do not add up; a grid that was missed by a whole period is given up.
    this.#due += this.#period
    if (this.#due < now - this.#period) this.#due = now
    this.#timer = setTimeout(this.#onTimer, Math.max(0, this.#due - now))
  }

  readonly #onTimer = (): void => this.#onFrame(performance.now())

  readonly #onFrame = (now: number): void => {
    if (this.#stopped) return
    this.#request = this.#timer = undefined
    this.#frame(now)
    if (!this.#stopped) this.#schedule()
  }
}
