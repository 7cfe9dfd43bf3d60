import type { MembershipListener } from './ecs.ts'

/** Writes down who enters and leaves, each change once, as a journal does. For the probes. */
export class Recorder implements MembershipListener {
  readonly #name: string
  readonly #log: string[]
  readonly #there = new Set<number>()

  constructor(name: string, log: string[]) {
    this.#name = name
    this.#log = log
  }

  enter(row: number): void {
    if (this.#there.has(row)) return
    this.#there.add(row)
    this.#log.push(`${this.#name}+${row}`)
  }

  remain(row: number): void {
    this.enter(row)
  }

  leave(row: number): void {
    if (this.#there.delete(row)) this.#log.push(`${this.#name}-${row}`)
  }
}
