import { query, type World } from 'bitecs'
import { Asteroid, Hunter, Look, Pickup, Position, Velocity } from '../components.ts'
import { thickest } from './aim.ts'
import { HunterMode } from './hunters.ts'
import type { Arena } from './arena.ts'
import type { Controls } from './controls.ts'
import type { DroneGrid } from './drone-grid.ts'
import type { PlayerShip } from './ship.ts'

/** Ways it considers, and how far ahead it looks along each, in world units. */
const WAYS = 16
const LOOKS = [50, 110, 180, 260] as const

/**
 * Plays as one would: away from where it is thick, around rocks, towards pick-ups, shooting all the
 * while.
 */
export class Autopilot {
  readonly #arena: Arena
  readonly #grid: DroneGrid

  constructor(arena: Arena, grid: DroneGrid) {
    this.#arena = arena
    this.#grid = grid
  }

  steer(world: World, ship: PlayerShip, controls: Controls): void {
    if (!ship.exists) return
    const { count } = this.#grid
    let sum = 0
    for (let cell = 0; cell < count.length; cell++) sum += count[cell]
    const mean = Math.max(1, sum / count.length)
    let best = Infinity
    for (let way = 0; way < WAYS; way++) {
      const angle = (way / WAYS) * Math.PI * 2
      const danger = this.#danger(world, ship, Math.cos(angle), Math.sin(angle), mean)
      if (danger >= best) continue
      best = danger
      controls.x = Math.cos(angle)
      controls.y = Math.sin(angle)
    }
    controls.aim = this.#hunterNear(world, ship) ?? thickest(this.#grid, ship.x, ship.y)
    controls.fire = controls.aim !== undefined
  }

  /** Where the nearest hunter will be when a shot gets there. */
  #hunterNear(world: World, ship: PlayerShip): { x: number; y: number } | undefined {
    let nearest = 420
    let aim: { x: number; y: number } | undefined
    for (const hunter of query(world, [Hunter])) {
      const distance = Math.hypot(Position.x[hunter] - ship.x, Position.y[hunter] - ship.y)
      if (distance > nearest) continue
      nearest = distance
      const lead = distance / 820
      aim = {
        x: Position.x[hunter] + Velocity.x[hunter] * lead,
        y: Position.y[hunter] + Velocity.y[hunter] * lead,
      }
    }
    return aim
  }

  /** @param mean drones per cell */
  #danger(world: World, ship: PlayerShip, dx: number, dy: number, mean: number): number {
    const { width, height } = this.#arena
    let danger = 0
    for (const look of LOOKS) {
      const x = ship.x + dx * look
      const y = ship.y + dy * look
      danger += (this.#grid.count[this.#grid.cellAt(x, y)] / mean) * (300 / (look + 60))
      // Corners are traps.
      danger +=
        4 * Math.max(0, Math.abs(x) / (width / 2) - 0.75) + 4 * Math.max(0, Math.abs(y) / (height / 2) - 0.7)
      for (const rock of query(world, [Asteroid])) {
        const off = Math.hypot(Position.x[rock] - x, Position.y[rock] - y) - Look.size[rock]
        if (off < 46) danger += (46 - off) * 0.2
      }
    }
    for (const hunter of query(world, [Hunter])) {
      if (Hunter.mode[hunter] === HunterMode.Stalk) continue
      // Across its line, away from it.
      const off = Math.abs(Math.cos(Look.turn[hunter]) * dx + Math.sin(Look.turn[hunter]) * dy)
      danger += 22 * off
    }
    for (const gift of query(world, [Pickup])) {
      const gx = Position.x[gift] - ship.x
      const gy = Position.y[gift] - ship.y
      const distance = Math.hypot(gx, gy) + 1
      if (distance < 400) danger -= (2.5 * (gx * dx + gy * dy)) / distance
    }
    return danger
  }
}
