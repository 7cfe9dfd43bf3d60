import type { Schedule } from './schedule.ts'

/** Default ticks per second of `app.run` where there is no `requestAnimationFrame`. */
export const DEFAULT_HZ = 60

/** Says where an error came from. Empty when no system was running. */
export interface ErrorOrigin {
  readonly schedule: Schedule | undefined
  /** The system's label, or the name of its function. */
  readonly system: string | undefined
}

/** Options of `app.run`. */
export interface RunOptions {
  /** Ticks per second where there is no `requestAnimationFrame`. Default {@link DEFAULT_HZ}. */
  hz?: number | undefined
  /** Called when a tick threw; the loop ends unless it returns `'continue'`. Default: `console.error`. */
  onError?: ((error: unknown, origin: ErrorOrigin) => unknown) | undefined
}

/**
 * Calls a function on every `requestAnimationFrame`, or on a timer where there is none, until `stop`,
 * after which nothing is pending. A loop runs once.
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
   * @param frame gets the time in milliseconds. When it throws, the calls end
   * @param hz calls per second of the timer
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
    // Due times lie on a grid, so that delays don't add up. Missed by a period, it starts again.
    this.#due += this.#period
    if (this.#due < now - this.#period) this.#due = now
    this.#timer = setTimeout(() => this.#onFrame(performance.now()), Math.max(0, this.#due - now))
  }

  readonly #onFrame = (now: number): void => {
    if (this.#stopped) return
    this.#request = this.#timer = undefined
    this.#frame(now)
    if (!this.#stopped) this.#schedule()
  }
}
