import type { World } from 'bitecs'
import { Look, Position, Velocity } from '../components.ts'
import type { Cues } from './cues.ts'
import type { DroneGrid } from './drone-grid.ts'
import type { Drones } from './drones.ts'
import type { Embers } from './embers.ts'
import type { Match } from './match.ts'
import type { Pickups } from './pickups.ts'

/**
 * Seconds for which a blast pushes, how far beyond its reach, and how hard (world units per
 * second²).
 */
const PUSHES = 0.22
const WAKE = 2.6
const PUSH = 2_600

interface Shock {
  readonly x: number
  readonly y: number
  readonly reach: number
  left: number
}

/** Explosions: they take the drones in their reach, push away those around, and throw embers. */
export class Blasts {
  readonly #match: Match
  readonly #grid: DroneGrid
  readonly #drones: Drones
  readonly #embers: Embers
  readonly #cues: Cues
  readonly #pickups: Pickups
  #shocks: Shock[] = []

  constructor(parts: {
    match: Match
    grid: DroneGrid
    drones: Drones
    embers: Embers
    pickups: Pickups
    cues: Cues
  }) {
    this.#match = parts.match
    this.#grid = parts.grid
    this.#drones = parts.drones
    this.#embers = parts.embers
    this.#pickups = parts.pickups
    this.#cues = parts.cues
  }

  /** @param pace of the ship, 0 … 1. @returns drones taken */
  burst(world: World, x: number, y: number, reach: number, pace: number): number {
    const taken = this.take(world, x, y, reach)
    if (taken > 0) this.#match.shot(taken, pace)
    if (this.#match.drops()) this.#pickups.drop(world, x, y)
    this.#shocks.push({ x, y, reach: reach * WAKE, left: PUSHES })
    this.#embers.flash(world, x, y, 4 + reach / 8, reach * 5)
    if (reach > 100) this.#cues.ripple(x, y, reach * 2)
    this.#cues.tell(reach > 100 ? 'nova' : 'blast', reach > 100 ? 0.8 : 0.035)
    return taken
  }

  /** Takes the drones around a place, without a bang and without points. */
  take(world: World, x: number, y: number, reach: number): number {
    const n = this.#grid.near(x, y, reach)
    const { found } = this.#grid
    // A few dozen embers are enough for any number of explosions.
    const every = Math.max(1, Math.ceil(n / 24))
    for (let i = 0; i < n; i++) {
      const e = found[i]
      if (i % every === 0) {
        const dx = Position.x[e] - x
        const dy = Position.y[e] - y
        this.#embers.light(
          world,
          Position.x[e],
          Position.y[e],
          Velocity.x[e] + dx * 7,
          Velocity.y[e] + dy * 7,
          Look.hue[e],
        )
      }
      this.#drones.kill(world, e)
    }
    return n
  }

  /** A system: the waves of past blasts push the swarm for a while. After the grid was sorted. */
  push(step: number): void {
    for (const shock of this.#shocks) {
      this.#grid.push(shock.x, shock.y, shock.reach, PUSH * (shock.left / PUSHES))
      shock.left -= step
    }
    if (this.#shocks.some((shock) => shock.left <= 0))
      this.#shocks = this.#shocks.filter((shock) => shock.left > 0)
  }
}
