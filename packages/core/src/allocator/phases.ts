import { PhaseEnded } from './errors.ts'

/** What a phase took. */
export interface PhaseReport {
  readonly name: string
  /** Milliseconds. */
  readonly durationMs: number
  /** Allocations made in the phase, those that were freed in it included. */
  readonly allocCount: number
  /** Bytes of these allocations, as asked for. */
  readonly bytes: number
}

/** Running counts, read where a phase begins and where it ends. */
export interface AllocationCounts {
  readonly allocs: number
  readonly bytesAllocated: number
}

/** A stretch of time whose allocations are counted, from `beginPhase(name)`. */
export class Phase {
  readonly name: string
  readonly #counts: AllocationCounts
  readonly #allocs: number
  readonly #bytes: number
  readonly #began: number
  #ended = false

  constructor(name: string, counts: AllocationCounts) {
    this.name = name
    this.#counts = counts
    this.#allocs = counts.allocs
    this.#bytes = counts.bytesAllocated
    this.#began = performance.now()
  }

  /**
   * Ends it. Phases that began and ended in between are part of it.
   *
   * @throws PhaseEnded when called twice
   */
  end(): PhaseReport {
    if (this.#ended) throw new PhaseEnded(this.name)
    this.#ended = true
    return {
      name: this.name,
      durationMs: performance.now() - this.#began,
      allocCount: this.#counts.allocs - this.#allocs,
      bytes: this.#counts.bytesAllocated - this.#bytes,
    }
  }
}
