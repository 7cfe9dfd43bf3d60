import type { Progress } from './outcome.ts'
import type { Part } from './parts.ts'

/** One line on stderr: which part runs, how far it is, and about how long all takes still. */
export class ProgressLine {
  readonly #parts: readonly Part[]
  readonly #quick: boolean
  #at = -1
  #begun = 0
  /** Seconds that finished parts took, and were thought to take. */
  #took = 0
  #thought = 0
  #saidAt = 0

  constructor(parts: readonly Part[], quick: boolean) {
    this.#parts = parts
    this.#quick = quick
  }

  begin(part: Part): Progress {
    this.#at = this.#parts.indexOf(part)
    this.#begun = performance.now()
    this.#saidAt = 0
    return (done, what) => this.#say(done, what)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    this.#took += (performance.now() - this.#begun) / 1000
    this.#thought += this.#secondsOf(this.#parts[this.#at])
  }

  #secondsOf({ seconds, quickSeconds }: Part): number {
    return this.#quick ? quickSeconds : seconds
  }

  #say(done: number, what: string): void {
    const part = this.#parts[this.#at]
    const now = performance.now()
    // A log gets a line now and then, a terminal one that is written over.
    if (!process.stderr.isTTY && this.#saidAt > 0 && now - this.#saidAt < 15_000) return
    this.#saidAt = now
    const spent = (now - this.#begun) / 1000
    // This machine against the one that the estimates are from.
    const pace = this.#thought > 10 ? this.#took / this.#thought : 1
    const rest = done > 0.2 ? (spent / done) * (1 - done) : Math.max(0, this.#secondsOf(part) * pace - spent)
    const after = this.#parts.slice(this.#at + 1).reduce((sum, each) => sum + this.#secondsOf(each), 0) * pace
    const left = rest + after
    const time = left < 90 ? `${Math.ceil(left / 5) * 5} s` : `${Math.round(left / 60)} min`
    const text = `[${this.#at + 1}/${this.#parts.length}] ${part.name} on ${part.backend}, ${Math.round(done * 100)} %: ${what}; about ${time} left`
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`)
  }
}
