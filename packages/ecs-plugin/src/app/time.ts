import { checkOption } from '../options.ts'
import { InvalidDelta } from './errors.ts'

/**
 * Default seconds between two fixed steps: 64 Hz, as in Bevy. Equal to no common display rate, so
 * that ticks of 0 and 2 steps don't alternate. Sums of 1/64 are exact.
 */
export const FIXED_DELTA: number = 1 / 64

/** Default longest time step of a tick, in seconds: after a pause, games continue and don't jump. */
export const MAX_DELTA = 0.25

/** Sets up an App. All options are about time. */
export interface AppOptions {
  /** Seconds per run of `FixedUpdate`. Default {@link FIXED_DELTA}. */
  fixedDelta?: number | undefined
  /** Longest time step of a tick in seconds: longer ones are cut. Default {@link MAX_DELTA}. */
  maxDelta?: number | undefined
  /**
   * Most fixed steps in one tick; time beyond is dropped, so that a slow machine slows the game down.
   * Default: as many as fit into `maxDelta`, which drops nothing.
   */
  maxFixedSteps?: number | undefined
}

/** The clock of an App, in seconds. It is one object whose numbers change with each tick. */
export interface AppTime {
  /** Time step of this tick: 0 … `maxDelta`. */
  readonly delta: number
  /** The time step was given to `tick`, not measured: equal ticks do the same. */
  readonly isGiven: boolean
  /** Sum of all time steps, including this tick's. */
  readonly elapsed: number
  /** Number of this tick: 1 for the first; 0 before it. */
  readonly frame: number
  /** Time step of one run of `FixedUpdate`. Its systems use this instead of `delta`. */
  readonly fixedDelta: number
  /** Fixed steps since the start, including the current one. */
  readonly fixedSteps: number
  /** Fixed steps that are still to run in this tick, with the current one; 0 outside of `FixedUpdate`. */
  readonly fixedStepsLeft: number
  /**
   * How far this tick is past the last fixed step, as a fraction of one. For smooth motion, draw at
   * `previous + (current − previous) × alpha`.
   */
  readonly alpha: number
}

export class AppClock implements AppTime {
  delta = 0
  isGiven = false
  elapsed = 0
  frame = 0
  fixedSteps = 0
  fixedStepsLeft = 0
  alpha = 0
  readonly fixedDelta: number
  readonly #maxDelta: number
  readonly #maxFixedSteps: number
  /** Seconds that no fixed step has covered yet: less than `fixedDelta`. */
  #rest = 0

  constructor(options: AppOptions = {}) {
    const { fixedDelta = FIXED_DELTA, maxDelta = MAX_DELTA } = options
    checkOption(isPositive(fixedDelta), 'fixedDelta', fixedDelta, 'a positive number of seconds')
    checkOption(isPositive(maxDelta), 'maxDelta', maxDelta, 'a positive number of seconds')
    // Less than one step can be left over from the last tick, in addition to maxDelta.
    const { maxFixedSteps = Math.floor(maxDelta / fixedDelta) + 1 } = options
    const isCount = Number.isInteger(maxFixedSteps) && maxFixedSteps >= 1
    checkOption(isCount, 'maxFixedSteps', maxFixedSteps, 'a whole number, 1 or more')
    this.fixedDelta = fixedDelta
    this.#maxDelta = maxDelta
    this.#maxFixedSteps = maxFixedSteps
  }

  /**
   * Begins a tick of `delta` seconds and returns its number of fixed steps.
   * @throws {@link InvalidDelta} when `delta` is negative or not finite
   */
  advance(delta: number): number {
    if (!(delta >= 0 && delta < Infinity)) throw new InvalidDelta({ delta })
    this.delta = Math.min(delta, this.#maxDelta)
    this.elapsed += this.delta
    this.frame++
    const time = this.#rest + this.delta
    const due = Math.floor(time / this.fixedDelta)
    // The quotient may round up to a whole number whose product is a hair too big.
    this.#rest = Math.max(0, time - due * this.fixedDelta)
    this.alpha = this.#rest / this.fixedDelta
    return Math.min(due, this.#maxFixedSteps)
  }
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity
}
