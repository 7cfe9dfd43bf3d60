import type { MkError } from '@memkit/core'

/** An allocation that the caller has not heard of yet. */
interface Question {
  readonly error: MkError | undefined
  resolve(error: MkError | undefined): void
}

/**
 * What the simulated device has to say about the memory of new buffers. As on a real one it says so in a later task, and not in the order in
 * which it was asked: the newest question is answered first.
 */
export class DummyAnswers {
  readonly delayMs: number
  #questions: Question[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param delayMs how late answers come; Infinity: when `answer` is called */
  constructor(delayMs: number) {
    this.delayMs = delayMs
  }

  /** Resolves with `error` when the device gets round to it. */
  ask(error: MkError | undefined): Promise<MkError | undefined> {
    if (this.delayMs !== Infinity) this.#timer ??= setTimeout(() => this.answer(), this.delayMs)
    return new Promise((resolve) => this.#questions.push({ error, resolve }))
  }

  /** Answers everything that was asked, now. */
  answer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const questions = this.#questions
    this.#questions = []
    for (let i = questions.length - 1; i >= 0; i--) questions[i].resolve(questions[i].error)
  }
}
