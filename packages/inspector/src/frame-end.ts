import type { MkSync } from '@memkit/ecs-plugin'

/** Milliseconds without a frame after which the game counts as paused. */
const PATIENCE = 150

/**
 * Defers work to the end of the next frame, when CPU and device should agree. While the game is
 * paused, the work runs between two frames.
 */
export class FrameEnd {
  readonly #mk: MkSync<object>
  #waiting: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(mk: MkSync<object>) {
    this.#mk = mk
  }

  /** @param work must not throw */
  next(work: () => void): void {
    this.#waiting.push(work)
    this.#timer ??= setTimeout(this.#giveUp, PATIENCE)
  }

  /** Call it at the end of a frame. */
  run(): void {
    if (this.#waiting.length === 0) return
    const due = this.#waiting
    this.cancel()
    for (const work of due) work()
  }

  cancel(): void {
    this.#waiting = []
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #giveUp = (): void => {
    if (this.#mk.isDisposed) this.cancel()
    else if (this.#mk.coordinator.isFrameOpen) this.#timer = setTimeout(this.#giveUp, PATIENCE)
    else this.run()
  }
}
