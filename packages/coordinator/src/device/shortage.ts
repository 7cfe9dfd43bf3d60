import type { MkError } from '@memkit/core'

/** Says that there is no memory for something: once, and again only after there was some. */
export class Shortage {
  readonly #say: (error: MkError) => void
  #told = false

  constructor(say: (error: MkError) => void) {
    this.#say = say
  }

  /** There is no memory. */
  tell(error: MkError): void {
    if (this.#told) return
    this.#told = true
    this.#say(error)
  }

  /** There is memory. */
  over(): void {
    this.#told = false
  }
}
