/** Steps of the clock that a measurement spans at least, so that it is wrong by a twentieth at most. */
const MIN_STEPS = 20
/** Milliseconds above which a step is too long to measure anything by in a game's start-up. */
const MAX_STEP = 2
/** Milliseconds of a run that keeps the calling thread for too long in a game. */
export const MAX_RUN = 4
/** Looks at a clock after which it stands still. */
const LOOKS = 100_000

/**
 * The platform's clock, whose step decides what can be measured. Browsers round `performance.now()`: 0.005 ms on an isolated page of
 * Chromium, 0.1 on others, 1 in Firefox, 16.7 or 100 where it resists fingerprinting. Tests stop it.
 */
export class Clock {
  /** Milliseconds that a measurement takes at least. */
  readonly leastSpan: number

  /** A measurement takes longer than one run may: it is put together from several. */
  get isCoarse(): boolean {
    return this.leastSpan > MAX_RUN
  }

  private constructor(step: number) {
    this.leastSpan = MIN_STEPS * step
  }

  /** Undefined where the clock stands still, or goes in steps too long to measure anything by. */
  static measure(): Clock | undefined {
    let step = Infinity
    for (let i = 0; i < 3; i++) step = Math.min(step, stepFrom(performance.now()))
    return step > MAX_STEP ? undefined : new Clock(step)
  }

  /** Waits for the clock's next step, so that a measurement that begins there is short by no part of one. */
  nextStep(): number {
    const start = performance.now()
    let now = start
    for (let looks = 0; now === start && looks < LOOKS; looks++) now = performance.now()
    return now
  }
}

/** Milliseconds to the clock's next step; Infinity where there is none. */
function stepFrom(start: number): number {
  for (let looks = 0; looks < LOOKS; looks++) {
    const now = performance.now()
    if (now !== start) return now - start
  }
  return Infinity
}
