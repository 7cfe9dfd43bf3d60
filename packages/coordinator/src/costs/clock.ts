/** Steps that a measurement spans, so that it is wrong by a twentieth at most. */
const MIN_STEPS = 20
/** The longest step, in milliseconds, to measure by in a game's start-up. */
const MAX_STEP = 2
/** Milliseconds that one run may keep the calling thread of a game. */
export const MAX_RUN = 4
/** Readings of a clock after which it counts as standing still. */
const LOOKS = 100_000

/**
 * The platform's clock, whose step decides what can be measured. Browsers round
 * `performance.now()`: 0.005 ms on an isolated page of Chromium, 0.1 on others, 1 in Firefox, 16.7
 * or 100 where it resists fingerprinting. Tests stop it.
 */
export class Clock {
  /** Milliseconds that a measurement takes. */
  readonly minSpan: number

  /** A measurement takes several runs. */
  get isCoarse(): boolean {
    return this.minSpan > MAX_RUN
  }

  private constructor(step: number) {
    this.minSpan = MIN_STEPS * step
  }

  /** Undefined where the clock stands still, or its steps are too long. */
  static measure(): Clock | undefined {
    let step = Infinity
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      step = Math.min(step, nextReading(start) - start || Infinity)
    }
    return step > MAX_STEP ? undefined : new Clock(step)
  }

  /** Waits for the next step: a measurement from there misses no part of one. */
  nextStep(): number {
    return nextReading(performance.now())
  }
}

/** What the clock says next; `start` where it stands still. */
function nextReading(start: number): number {
  let now = start
  for (let looks = 0; now === start && looks < LOOKS; looks++) now = performance.now()
  return now
}
