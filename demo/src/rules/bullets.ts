import { query, removeEntity, type World } from 'bitecs'
import { Asteroid, Bullet, Hunter, Look, Position, Shape, Velocity } from '../components.ts'
import type { Asteroids } from './asteroids.ts'
import type { Blasts } from './blasts.ts'
import { addBody, within } from './bodies.ts'
import type { DroneGrid } from './drone-grid.ts'
import { HUNTER_SIZE, type Hunters } from './hunters.ts'
import type { Match } from './match.ts'
import type { PlayerShip } from './ship.ts'

/** World units per second, seconds, and seconds from one volley to the next. */
const SPEED = 820
const LASTS = 1
const RELOAD = 0.17
/** Radians between the barrels. */
const SPREAD = 0.13
/** What sets a bullet off in a swarm of the usual size, and in the thinnest one, in world units. */
const TOUCH = 8
const FARTHEST_TOUCH = 16
/** How far a shot bursts that the ship aimed by itself, and one that the player aimed. */
const BLAST = 19
const AIMED_BLAST = 29
/** Speed of the ship, in world units per second, from which its kills count in full. */
const PACE = 200

/** What the ship shoots. */
export class Bullets {
  readonly #grid: DroneGrid
  readonly #blasts: Blasts
  readonly #asteroids: Asteroids
  readonly #hunters: Hunters
  readonly #match: Match
  #reload = 0

  constructor(match: Match, grid: DroneGrid, blasts: Blasts, asteroids: Asteroids, hunters: Hunters) {
    this.#match = match
    this.#hunters = hunters
    this.#grid = grid
    this.#blasts = blasts
    this.#asteroids = asteroids
  }

  /** @param aimed by the player. @returns whether a volley left */
  shoot(world: World, ship: PlayerShip, step: number, fire: boolean, aimed: boolean): boolean {
    const { barrels, burst, reload } = this.#match.outfit
    this.#reload = Math.max(0, this.#reload - step)
    if (!fire || !ship.exists || this.#reload > 0) return false
    this.#reload = RELOAD * reload
    for (let i = 0; i < barrels; i++) {
      const angle = ship.heading + (i - (barrels - 1) / 2) * SPREAD
      const form = {
        x: ship.x + Math.cos(angle) * 18,
        y: ship.y + Math.sin(angle) * 18,
        vx: Velocity.x[ship.entity] * 0.4 + Math.cos(angle) * SPEED,
        vy: Velocity.y[ship.entity] * 0.4 + Math.sin(angle) * SPEED,
        size: 10,
        hue: 0.13,
        shape: Shape.Bullet,
        turn: angle,
      }
      const e = addBody(world, form, Bullet)
      Bullet.life[e] = LASTS
      Bullet.burst[e] = (aimed ? AIMED_BLAST : BLAST) * burst
    }
    return true
  }

  /** A system: bullets hit rocks, hunters and drones, or fade. */
  hit(world: World, ship: PlayerShip, step: number): void {
    const rocks = query(world, [Asteroid])
    const hunters = query(world, [Hunter])
    const touch = Math.min(FARTHEST_TOUCH, TOUCH * Math.max(1, this.#match.weight) ** 0.35)
    const pace = Math.min(1, ship.speed / PACE)
    const bullets = query(world, [Bullet])
    for (let i = 0; i < bullets.length; i++) {
      const e = bullets[i]
      const x = Position.x[e]
      const y = Position.y[e]
      Bullet.life[e] -= step
      let gone = Bullet.life[e] <= 0
      for (let k = 0; k < rocks.length && !gone; k++) {
        const rock = rocks[k]
        if (Asteroid.hits[rock] <= 0 || !within(x, y, Position.x[rock], Position.y[rock], Look.size[rock]))
          continue
        this.#asteroids.hit(world, rock, x, y)
        gone = true
      }
      for (let k = 0; k < hunters.length && !gone; k++) {
        const hunter = hunters[k]
        if (
          Hunter.hits[hunter] <= 0 ||
          !within(x, y, Position.x[hunter], Position.y[hunter], HUNTER_SIZE + 6)
        )
          continue
        this.#hunters.hit(world, hunter, x, y)
        gone = true
      }
      if (!gone && this.#grid.near(x, y, touch) > 0) {
        this.#blasts.burst(world, x, y, Bullet.burst[e], pace)
        gone = true
      }
      if (gone) removeEntity(world, e)
    }
  }

  /** None is left. */
  clear(world: World): void {
    for (const e of [...query(world, [Bullet])]) removeEntity(world, e)
    this.#reload = 0
  }
}
