import { query, removeEntity, type World } from 'bitecs'
import { Asteroid, Look, Position, Shape } from '../components.ts'
import type { Arena } from './arena.ts'
import { addBody } from './bodies.ts'
import type { Cues } from './cues.ts'
import type { DroneGrid } from './drone-grid.ts'
import type { Embers } from './embers.ts'
import type { Match } from './match.ts'
import type { Pickups } from './pickups.ts'
import type { Random } from './random.ts'

/** In the largest arena. */
const USUAL = 11
/** World units. */
const LARGEST = 62
const SMALLEST = 17
/** Points for one that breaks. */
const POINTS = 250

/** Rocks that drift, break in two when shot, and hold pick-ups. */
export class Asteroids {
  readonly #arena: Arena
  readonly #match: Match
  readonly #grid: DroneGrid
  readonly #embers: Embers
  readonly #pickups: Pickups
  readonly #cues: Cues
  readonly #random: Random

  constructor(parts: {
    arena: Arena
    match: Match
    grid: DroneGrid
    embers: Embers
    pickups: Pickups
    cues: Cues
    random: Random
  }) {
    this.#arena = parts.arena
    this.#match = parts.match
    this.#grid = parts.grid
    this.#embers = parts.embers
    this.#pickups = parts.pickups
    this.#cues = parts.cues
    this.#random = parts.random
  }

  /** Fills up to a share of the usual number. They come from the edge, out of the ship's way. */
  scatter(world: World, share = 1): void {
    const wanted = Math.round(USUAL * this.#arena.share * share)
    for (let n = query(world, [Asteroid]).length; n < wanted; n++) {
      const angle = this.#random() * Math.PI * 2
      const out = 0.3 + 0.25 * this.#random()
      const x = Math.cos(angle) * this.#arena.width * out
      const y = Math.sin(angle) * this.#arena.height * out
      this.#add(world, x, y, 30 + (LARGEST - 30) * this.#random())
    }
  }

  clear(world: World): void {
    for (const e of [...query(world, [Asteroid])]) removeEntity(world, e)
  }

  /**
   * A system: rocks spin, come back on the other side, and push the swarm aside. After the grid was
   * sorted.
   */
  drift(world: World, step: number): void {
    const { width, height } = this.#arena
    const rocks = query(world, [Asteroid])
    for (let i = 0; i < rocks.length; i++) {
      const e = rocks[i]
      const radius = Look.size[e]
      Look.turn[e] += Asteroid.spin[e] * step
      Look.glow[e] += (1 - Look.glow[e]) * Math.min(1, 6 * step)
      const edgeX = width / 2 + radius
      const edgeY = height / 2 + radius
      if (Math.abs(Position.x[e]) > edgeX) Position.x[e] = -Math.sign(Position.x[e]) * edgeX
      if (Math.abs(Position.y[e]) > edgeY) Position.y[e] = -Math.sign(Position.y[e]) * edgeY
      this.#grid.push(Position.x[e], Position.y[e], radius + 46, 1_500)
    }
  }

  /** A bullet hit it at a place. */
  hit(world: World, rock: number, x: number, y: number): void {
    Asteroid.hits[rock]--
    Look.glow[rock] = 2.2
    this.#embers.flash(world, x, y, 5, 130, 0.09)
    this.#cues.tell('blast')
    if (Asteroid.hits[rock] <= 0) this.#breakUp(world, rock)
  }

  #breakUp(world: World, rock: number): void {
    const x = Position.x[rock]
    const y = Position.y[rock]
    const radius = Look.size[rock]
    removeEntity(world, rock)
    this.#match.bonus(POINTS)
    this.#cues.tell('crash', 0.3)
    this.#cues.ripple(x, y, radius * 4)
    this.#embers.flash(world, x, y, 26, 260, 0.08)
    if (radius > 2 * SMALLEST)
      for (const side of [-1, 1])
        this.#add(world, x + side * radius * 0.4, y, radius * (0.5 + 0.12 * this.#random()))
    else if (this.#random() < 0.55) this.#pickups.drop(world, x, y)
  }

  #add(world: World, x: number, y: number, radius: number): void {
    const random = this.#random
    const angle = random() * Math.PI * 2
    const speed = 14 + (1_400 / radius) * random()
    const form = {
      x,
      y,
      vx: Math.cos(angle) * speed,
      vy: Math.sin(angle) * speed,
      size: radius,
      hue: 0.55 + 0.08 * random(),
      shape: Shape.Asteroid,
      turn: random() * Math.PI * 2,
    }
    const e = addBody(world, form, Asteroid)
    Asteroid.hits[e] = Math.ceil(radius / 9)
    Asteroid.spin[e] = (random() - 0.5) * 1.4
  }
}
