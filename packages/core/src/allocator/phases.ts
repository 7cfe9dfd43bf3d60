import type { Budget } from './budget.ts'
import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * `end()` was called on a phase that has ended.
 *
 * What to do: call `end()` once for each `beginPhase()`.
 */
export const PhaseEnded: ErrorClass<{ code: 'PhaseEnded'; phase: string }> = defineError(
  'PhaseEnded',
  ({ phase }) => `The phase ${phase} has ended already: call end() once for each beginPhase().`,
)
export type PhaseEnded = InstanceType<typeof PhaseEnded>

/** Time and memory that a phase took. */
export interface PhaseReport {
  readonly name: string
  /** Milliseconds. */
  readonly durationMs: number
  /** Allocations made in the phase, including those it freed again. */
  readonly allocCount: number
  /** Bytes of these allocations, as asked for. */
  readonly bytes: number
}

/** From `MkAllocator.beginPhase(name)` to `end()`. */
export class Phase {
  readonly name: string
  readonly #counts: Pick<Budget, 'allocs' | 'bytesAllocated'>
  readonly #allocs: number
  readonly #bytes: number
  readonly #began: number = performance.now()
  #ended = false

  constructor(name: string, counts: Pick<Budget, 'allocs' | 'bytesAllocated'>) {
    this.name = name
    this.#counts = counts
    this.#allocs = counts.allocs
    this.#bytes = counts.bytesAllocated
  }

  /** Ends the phase and reports it. @throws {@link PhaseEnded} when called twice */
  end(): PhaseReport {
    if (this.#ended) throw new PhaseEnded({ phase: this.name })
    this.#ended = true
    return {
      name: this.name,
      durationMs: performance.now() - this.#began,
      allocCount: this.#counts.allocs - this.#allocs,
      bytes: this.#counts.bytesAllocated - this.#bytes,
    }
  }
}
