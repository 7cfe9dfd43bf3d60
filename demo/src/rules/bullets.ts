import { query, removeEntity, type World } from 'bitecs'
import { Asteroid, Bullet, Look, Position, Shape, Velocity } from '../components.ts'
import type { Asteroids } from './asteroids.ts'
import type { Blasts } from './blasts.ts'
import { addBody, within } from './bodies.ts'
import type { DroneGrid } from './drone-grid.ts'
import type { PlayerShip } from './ship.ts'

/** World units per second, seconds, and seconds from one volley to the next. */
const SPEED = 820
const LASTS = 1
const RELOAD = 0.13
/** Radians between the barrels. */
const SPREAD = 0.13
/** What sets a bullet off, and how far it then reaches, in world units. */
const TOUCH = 8
const BLAST = 30

/** What the ship shoots. */
export class Bullets {
  readonly #grid: DroneGrid
  readonly #blasts: Blasts
  readonly #asteroids: Asteroids
  #reload = 0

  constructor(grid: DroneGrid, blasts: Blasts, asteroids: Asteroids) {
    this.#grid = grid
    this.#blasts = blasts
    this.#asteroids = asteroids
  }

  /** @returns whether a volley left */
  shoot(world: World, ship: PlayerShip, barrels: number, step: number, fire: boolean): boolean {
    this.#reload = Math.max(0, this.#reload - step)
    if (!fire || !ship.exists || this.#reload > 0) return false
    this.#reload = RELOAD
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
      Bullet.life[addBody(world, form, Bullet)] = LASTS
    }
    return true
  }

  /** A system: bullets hit rocks and drones, or fade. */
  hit(world: World, step: number): void {
    const rocks = query(world, [Asteroid])
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
      if (!gone && this.#grid.near(x, y, TOUCH) > 0) {
        this.#blasts.burst(world, x, y, BLAST)
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
