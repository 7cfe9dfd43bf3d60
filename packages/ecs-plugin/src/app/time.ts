import { InvalidDelta, InvalidOption } from './errors.ts'

/**
 * Seconds between two fixed steps, unless `createApp` is told otherwise: 64 Hz as in Bevy. Close to common display rates but
 * equal to none, so that 0-step and 2-step ticks do not alternate on a 60 Hz display, and a sum of 1/64 is exact.
 */
export const FIXED_DELTA: number = 1 / 64

/**
 * Longest time step of a tick, in seconds, unless `createApp` is told otherwise. What is longer (a hidden tab, a breakpoint)
 * is cut to it, so that the game goes on where it was instead of leaping.
 */
export const MAX_DELTA = 0.25

/** How an App counts time. */
export interface TimeOptions {
  /** Seconds that one run of `FixedUpdate` stands for. Default {@link FIXED_DELTA}. */
  fixedDelta?: number | undefined
  /** Longest time step of a tick in seconds; longer ones are cut to it. Default {@link MAX_DELTA}. */
  maxDelta?: number | undefined
  /**
   * Most fixed steps in one tick. Time beyond it is dropped: the simulation slows down where the machine cannot keep up,
   * instead of falling behind further with each tick. Default: as many as fit into `maxDelta`, which drops nothing.
   */
  maxFixedSteps?: number | undefined
}

/** The clock of an App. One object for its whole life; the numbers change with each tick. Seconds throughout. */
export interface AppTime {
  /** Time step of this tick: 0 … `maxDelta`. */
  readonly delta: number
  /** Sum of all time steps, this tick's included. */
  readonly elapsed: number
  /** Number of this tick: 1 for the first; 0 before it. */
  readonly frame: number
  /** Time step of one run of `FixedUpdate`; what its systems use in place of `delta`. */
  readonly fixedDelta: number
  /** Fixed steps taken since the start: their time is `fixedSteps × fixedDelta`. Counts the one that is running. */
  readonly fixedSteps: number
  /**
   * How far this tick is past the last fixed step, as a share of one: 0 … 1. Draw a moving thing at
   * `previous + (current − previous) × alpha` to see it move smoothly.
   */
  readonly alpha: number
}

/** Cuts the time of ticks into fixed steps. */
export class AppClock implements AppTime {
  delta = 0
  elapsed = 0
  frame = 0
  fixedSteps = 0
  alpha = 0
  readonly fixedDelta: number
  readonly #maxDelta: number
  readonly #maxFixedSteps: number
  /** Seconds that no fixed step has covered yet: less than `fixedDelta`. */
  #rest = 0

  constructor(options: TimeOptions = {}) {
    const { fixedDelta = FIXED_DELTA, maxDelta = MAX_DELTA } = options
    if (!isPositive(fixedDelta))
      throw new InvalidOption('fixedDelta', fixedDelta, 'a positive number of seconds')
    if (!isPositive(maxDelta)) throw new InvalidOption('maxDelta', maxDelta, 'a positive number of seconds')
    // The rest of the tick before, less than one step, comes on top of maxDelta.
    const { maxFixedSteps = Math.floor(maxDelta / fixedDelta) + 1 } = options
    if (!Number.isInteger(maxFixedSteps) || maxFixedSteps < 1) {
      throw new InvalidOption('maxFixedSteps', maxFixedSteps, 'a whole number, 1 or more')
    }
    this.fixedDelta = fixedDelta
    this.#maxDelta = maxDelta
    this.#maxFixedSteps = maxFixedSteps
  }

  /**
   * Begins a tick of `delta` seconds and returns how many fixed steps it has. Throws `InvalidDelta`, with nothing changed,
   * when `delta` is negative or not finite.
   */
  advance(delta: number): number {
    if (!(delta >= 0 && delta < Infinity)) throw new InvalidDelta(delta)
    this.delta = Math.min(delta, this.#maxDelta)
    this.elapsed += this.delta
    this.frame++
    const time = this.#rest + this.delta
    const due = Math.floor(time / this.fixedDelta)
    // The quotient may round up to a whole number that the product then exceeds by a hair: never below 0.
    this.#rest = Math.max(0, time - due * this.fixedDelta)
    this.alpha = this.#rest / this.fixedDelta
    return Math.min(due, this.#maxFixedSteps)
  }
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity
}
