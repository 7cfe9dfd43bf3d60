import type { MkError } from '@memkit/core'

/** Says whether the device has memory for new buffers: in a later task, about the newest first. */
export class DummyAnswers {
  readonly #delayMs: number
  #questions: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param delayMs how late answers come; Infinity: when `answer` is called */
  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** Resolves with `error` when the device gets round to it. */
  ask(error: MkError | undefined): Promise<MkError | undefined> {
    if (this.#delayMs !== Infinity) this.#timer ??= setTimeout(() => this.answer(), this.#delayMs)
    return new Promise((resolve) => this.#questions.push(() => resolve(error)))
  }

  /** Answers everything that was asked, now. */
  answer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const answer of this.#questions.splice(0).reverse()) answer()
  }
}
