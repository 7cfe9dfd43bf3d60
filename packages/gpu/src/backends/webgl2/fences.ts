/** Milliseconds between two polls: short at first, for work that is nearly done, then longer. */
const FIRST_DELAY_MS = 1
const LAST_DELAY_MS = 8

interface Pending {
  readonly sync: WebGLSync
  readonly reached: (alive: boolean) => void
}

/**
 * Points in the command stream of a WebGL context, and callbacks that wait for them. They are reached in
 * order, so a timer polls only the oldest one: a context reports progress only between tasks.
 */
export class WebGl2Fences {
  readonly #gl: WebGL2RenderingContext
  readonly #pending: Pending[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #delay = FIRST_DELAY_MS

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl
  }

  /**
   * @param reached called with true once everything that the context was asked so far has finished,
   *   with false when that will never be known
   */
  after(reached: (alive: boolean) => void): void {
    const gl = this.#gl
    // Null on a lost context, whatever the types say.
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)
    if (sync === null) return reached(false)
    // Without it commands may stay in the browser until something is drawn.
    gl.flush()
    this.#pending.push({ sync, reached })
    this.#delay = FIRST_DELAY_MS
    this.#schedule()
  }

  /** Nothing more will be reached. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { sync, reached } of this.#pending.splice(0)) {
      this.#gl.deleteSync(sync)
      reached(false)
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#pending.length === 0) return
    this.#timer = setTimeout(this.#poll, this.#delay)
    this.#delay = Math.min(LAST_DELAY_MS, this.#delay * 2)
  }

  readonly #poll = (): void => {
    this.#timer = undefined
    const gl = this.#gl
    // The loss of the context is told by its event, which clears.
    if (gl.isContextLost()) return
    while (this.#pending.length > 0) {
      const { sync, reached } = this.#pending[0]
      if (gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED) break
      gl.deleteSync(sync)
      this.#pending.shift()
      reached(true)
    }
    this.#schedule()
  }
}
