import type { MkError } from '@memkit/core'

/** Reports that the device has no memory for something: once, and again only after it had some. */
export class Shortage {
  readonly #say: (error: MkError) => void
  #told = false

  constructor(say: (error: MkError) => void) {
    this.#say = say
  }

  tell(error: MkError): void {
    if (this.#told) return
    this.#told = true
    this.#say(error)
  }

  over(): void {
    this.#told = false
  }
}
