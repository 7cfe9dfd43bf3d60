import type { Arena } from './arena.ts'

/** A flock: its share of all drones, its hue in turns, and the figure that its leader flies. */
interface FlockKind {
  readonly share: number
  readonly hue: number
  /** Radians per second, along and across. */
  readonly speed: readonly [number, number]
  /** Radians, along and across. */
  readonly phase: readonly [number, number]
  /** Which way round the flock circles its leader, and how eagerly. */
  readonly swirl: number
}

export const flocks: readonly FlockKind[] = [
  { share: 0.38, hue: 0.56, speed: [0.23, 0.31], phase: [0.4, 1.1], swirl: 0.9 },
  { share: 0.3, hue: 0.65, speed: [0.29, 0.19], phase: [2.6, 0.2], swirl: -0.8 },
  { share: 0.2, hue: 0.83, speed: [0.37, 0.27], phase: [4.1, 2.9], swirl: 1.1 },
  { share: 0.12, hue: 0.07, speed: [0.41, 0.47], phase: [5.5, 4.4], swirl: -1.3 },
]

/** Seconds from one hunt of a flock to its next. */
const HUNT_EVERY = 17

/**
 * Where the leaders are, and which of them hunt. Leaders are invisible, and their flocks follow them.
 */
export class Flocks {
  readonly x = new Float64Array(flocks.length)
  readonly y = new Float64Array(flocks.length)
  readonly hunting = new Uint8Array(flocks.length)
  time = 0

  /**
   * @param prey the ship; undefined when there is none to hunt
   * @param lasts seconds of a hunt. Infinity: all flocks hunt until they find it
   */
  lead(seconds: number, arena: Arena, prey: { x: number; y: number } | undefined, lasts: number): void {
    this.time += seconds
    for (let id = 0; id < flocks.length; id++) {
      const { speed, phase } = flocks[id]
      const x = Math.sin(this.time * speed[0] + phase[0]) * arena.width * 0.34
      const y = Math.sin(this.time * speed[1] + phase[1]) * arena.height * 0.3
      const turn = (this.time + (id * HUNT_EVERY) / flocks.length) % HUNT_EVERY
      const hunts = prey !== undefined && turn > HUNT_EVERY - lasts
      this.hunting[id] = hunts ? 1 : 0
      const target = hunts ? prey : { x, y }
      // Glides over from one aim to the other.
      const pull = Math.min(1, seconds * 2.5)
      this.x[id] += (target.x - this.x[id]) * pull
      this.y[id] += (target.y - this.y[id]) * pull
    }
  }
}

/** The flock that a number from 0 to just below 1 falls to. */
export function flockFor(draw: number): number {
  let rest = draw
  for (let id = 0; id < flocks.length - 1; id++) {
    rest -= flocks[id].share
    if (rest < 0) return id
  }
  return flocks.length - 1
}
