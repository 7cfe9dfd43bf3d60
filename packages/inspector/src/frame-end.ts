import type { MkSync } from '@memkit/ecs-plugin'

/** Milliseconds after which nobody is thought to run frames any more. */
const PATIENCE = 150

/**
 * Work for the end of the next frame: the moment at which CPU and device should agree. Where no frame comes (the game is paused), it is
 * done between two frames, as soon as that is clear.
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
    this.#timer ??= setTimeout(() => this.#giveUp(), PATIENCE)
  }

  /** A frame has ended. */
  run(): void {
    if (this.#waiting.length === 0) return
    const due = this.#waiting
    this.cancel()
    for (const work of due) work()
  }

  /** Forgets what waits. */
  cancel(): void {
    this.#waiting = []
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #giveUp(): void {
    this.#timer = undefined
    if (this.#mk.isDisposed) return this.cancel()
    if (!this.#mk.coordinator.isFrameOpen) return this.run()
    this.#timer = setTimeout(() => this.#giveUp(), PATIENCE)
  }
}
