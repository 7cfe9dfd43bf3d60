import type { Arena } from './arena.ts'

/** A flock: its share of all entities, its hue in turns, and the figure that its leader flies. */
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

/** Where a flock's leader is after `time` seconds; nobody sees it, all follow it. */
export function leaderX(flock: FlockKind, time: number, arena: Arena): number {
  return Math.sin(time * flock.speed[0] + flock.phase[0]) * arena.width * 0.31
}

export function leaderY(flock: FlockKind, time: number, arena: Arena): number {
  return Math.sin(time * flock.speed[1] + flock.phase[1]) * arena.height * 0.22
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
