/** What the game is doing. */
export type Phase = 'title' | 'playing' | 'paused' | 'over'

/**
 * Drones that one hit point and one point of score are reckoned for; with more of them, each counts
 * for less.
 */
export const USUAL_DRONES = 30_000
/** A wave is over when this share of it is left. */
export const WAVE_REST = 0.25
export const FULL_HEALTH = 100
export const MOST_BARRELS = 5
/** The chain is worth ×1 … ×9. */
const LONGEST_CHAIN = 8

/** One game: its phase, its score, and the rules by which they change. Knows no ECS and no page. */
export class Match {
  phase: Phase = 'title'
  score = 0
  best: number
  wave = 1
  health = FULL_HEALTH
  barrels = 1
  /** Drones shot. */
  kills = 0
  /** Seconds played. */
  time = 0
  /** Seconds for which nothing hurts. */
  safe = 0
  /** Points per drone, and how much one hurts, against a swarm of the usual size. */
  weight = 1
  #chain = 0

  constructor(best = 0) {
    this.best = best
  }

  /** Advances time. Not called while paused. */
  get running(): boolean {
    return this.phase !== 'paused'
  }

  /** There is a ship to steer; before the first game it steers itself. */
  get flying(): boolean {
    return this.phase === 'playing' || this.phase === 'title'
  }

  /** What a drone is worth now: it grows with each one shot, and shrinks with time. */
  get multiplier(): number {
    return 1 + Math.floor(this.#chain)
  }

  start(): void {
    this.phase = 'playing'
    this.score = this.kills = this.time = this.#chain = 0
    this.wave = this.barrels = 1
    this.health = FULL_HEALTH
    this.safe = 2
  }

  /** @returns whether it is paused now; neither the title nor the end can be */
  togglePause(): boolean {
    if (this.phase === 'playing') this.phase = 'paused'
    else if (this.phase === 'paused') this.phase = 'playing'
    return this.phase === 'paused'
  }

  pass(seconds: number): void {
    this.safe = Math.max(0, this.safe - seconds)
    this.#chain = Math.max(0, this.#chain - 0.7 * seconds)
    if (this.phase !== 'playing') return
    this.time += seconds
    this.health = Math.min(FULL_HEALTH, this.health + 1.5 * seconds)
  }

  shot(drones: number): void {
    this.kills += drones
    this.#chain = Math.min(LONGEST_CHAIN, this.#chain + (drones * this.weight) / 450)
    if (this.phase !== 'playing') return
    this.score += drones * this.weight * this.multiplier
    this.best = Math.max(this.best, Math.round(this.score))
  }

  bonus(points: number): void {
    if (this.phase !== 'playing') return
    this.score += points * this.multiplier
    this.best = Math.max(this.best, Math.round(this.score))
  }

  /** @returns whether it hurt; a drone by drone brush does not break the chain */
  hurt(damage: number): boolean {
    if (this.phase !== 'playing' || this.safe > 0 || damage <= 0) return false
    this.health = Math.max(0, this.health - damage)
    if (this.health === 0) this.phase = 'over'
    return true
  }

  repair(): void {
    this.health = Math.min(FULL_HEALTH, this.health + 30)
  }

  power(): void {
    this.barrels = Math.min(MOST_BARRELS, this.barrels + 1)
  }

  /** @param left drones, @param all in a full wave. @returns whether the next wave begins */
  judge(left: number, all: number): boolean {
    if (this.phase !== 'playing' || left > all * WAVE_REST) return false
    this.wave++
    return true
  }
}
