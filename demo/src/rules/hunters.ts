import { query, removeEntity, type World } from 'bitecs'
import { Hunter, Look, Position, Shape, Velocity } from '../components.ts'
import type { Arena } from './arena.ts'
import { addBody, within } from './bodies.ts'
import type { Cues } from './cues.ts'
import type { Embers } from './embers.ts'
import type { Match } from './match.ts'
import type { Pickups } from './pickups.ts'
import type { Random } from './random.ts'
import { SHIP_RADIUS, type PlayerShip } from './ship.ts'
import type { Wave } from './waves.ts'

/** World units, hits, points, and damage of a charge that meets the ship. */
export const HUNTER_SIZE = 20
const HITS = 5
const POINTS = 1_000
const HURTS = 24
/** Seconds before the first one of a game. */
const FIRST = 17
/** World units from the ship that they keep while they wait, and world units per second. */
const DISTANCE = 270
const SPEED = 210
const CHARGE = 640
/** Seconds that it stalks, takes aim (and glows), and charges. */
const STALKS = 1.6
const AIMS = 0.8
const CHARGES = 0.85

/** What a hunter is doing: `Hunter.mode`. */
export const HunterMode = { Stalk: 0, Aim: 1, Charge: 2 } as const

/**
 * The second enemy. A hunter keeps its distance, takes aim where the ship will be soon, and charges
 * along a line that it can't bend: a ship that turns is missed, and one that stands is hit.
 */
export class Hunters {
  readonly #arena: Arena
  readonly #match: Match
  readonly #embers: Embers
  readonly #pickups: Pickups
  readonly #cues: Cues
  readonly #random: Random
  #wait = FIRST

  constructor(parts: {
    arena: Arena
    match: Match
    embers: Embers
    pickups: Pickups
    cues: Cues
    random: Random
  }) {
    this.#arena = parts.arena
    this.#match = parts.match
    this.#embers = parts.embers
    this.#pickups = parts.pickups
    this.#cues = parts.cues
    this.#random = parts.random
  }

  clear(world: World): void {
    for (const e of [...query(world, [Hunter])]) removeEntity(world, e)
    this.#wait = FIRST
  }

  /** A system: they come, stalk, aim and charge. */
  hunt(world: World, ship: PlayerShip, wave: Wave, step: number): void {
    if (this.#match.phase !== 'playing' || !ship.exists) return
    const hunters = query(world, [Hunter])
    this.#wait -= step
    if (this.#wait <= 0) {
      this.#wait = wave.every
      if (hunters.length < wave.hunters) this.#come(world)
    }
    for (let i = 0; i < hunters.length; i++) this.#act(hunters[i], ship, step)
  }

  /** A system, after they moved: a charge that meets the ship hurts. */
  strike(world: World, ship: PlayerShip): void {
    const hunters = query(world, [Hunter])
    for (let i = 0; i < hunters.length; i++) {
      const e = hunters[i]
      if (!ship.exists || Hunter.mode[e] !== HunterMode.Charge) continue
      if (!within(Position.x[e], Position.y[e], ship.x, ship.y, HUNTER_SIZE + SHIP_RADIUS * 0.7)) continue
      this.#rest(e)
      ship.knock(Position.x[e], Position.y[e], 340)
      if (!this.#match.hurt(HURTS)) continue
      // A barrel goes with it.
      const { outfit } = this.#match
      outfit.barrels = Math.max(1, outfit.barrels - 1)
      this.#match.safe = Math.max(this.#match.safe, 0.8)
      this.#cues.tell('hurt', 0.6)
      this.#embers.flash(world, ship.x, ship.y, 24, 280, 0.98)
    }
  }

  /** A bullet hit it at a place. */
  hit(world: World, hunter: number, x: number, y: number): void {
    Hunter.hits[hunter]--
    Look.glow[hunter] = 2.4
    this.#embers.flash(world, x, y, 6, 150, 0.95)
    this.#cues.tell('blast')
    if (Hunter.hits[hunter] > 0) return
    removeEntity(world, hunter)
    this.#match.hunted++
    this.#match.bonus(POINTS)
    this.#cues.tell('crash', 0.4)
    this.#cues.ripple(x, y, 220)
    this.#embers.flash(world, x, y, 40, 340, 0.95)
    if (this.#match.hunted % 2 === 1) this.#pickups.drop(world, x, y)
  }

  #come(world: World): void {
    const angle = this.#random() * Math.PI * 2
    const x = Math.cos(angle) * (this.#arena.width / 2 + 60)
    const y = Math.sin(angle) * (this.#arena.height / 2 + 60)
    const form = { x, y, size: HUNTER_SIZE, hue: 0.97, shape: Shape.Hunter, turn: angle + Math.PI }
    const e = addBody(world, form, Hunter)
    Hunter.hits[e] = HITS
    this.#cues.tell('hunter')
    this.#rest(e)
  }

  #rest(e: number): void {
    Hunter.mode[e] = HunterMode.Stalk
    Hunter.left[e] = STALKS * (0.7 + 0.6 * this.#random())
  }

  #act(e: number, ship: PlayerShip, step: number): void {
    const dx = ship.x - Position.x[e]
    const dy = ship.y - Position.y[e]
    const distance = Math.hypot(dx, dy) + 1
    const mode = Hunter.mode[e]
    Hunter.left[e] -= step
    Look.glow[e] += ((mode === HunterMode.Stalk ? 0.8 : 2) - Look.glow[e]) * Math.min(1, 6 * step)
    if (mode === HunterMode.Charge) {
      if (Hunter.left[e] <= 0) this.#rest(e)
      return
    }
    if (mode === HunterMode.Aim) {
      Velocity.x[e] *= 1 - 5 * step
      Velocity.y[e] *= 1 - 5 * step
      // The line is fixed a moment before the charge: the time to dodge.
      if (Hunter.left[e] > 0.25) Look.turn[e] = Math.atan2(dy, dx)
      if (Hunter.left[e] > 0) return
      Hunter.mode[e] = HunterMode.Charge
      Hunter.left[e] = CHARGES
      Velocity.x[e] = Math.cos(Look.turn[e]) * CHARGE
      Velocity.y[e] = Math.sin(Look.turn[e]) * CHARGE
      return
    }
    // Closes in or backs off, and circles.
    const towards = Math.max(-1, Math.min(1, (distance - DISTANCE) / 80))
    const wantedX = ((dx * towards - dy * 0.4) / distance) * SPEED
    const wantedY = ((dy * towards + dx * 0.4) / distance) * SPEED
    Velocity.x[e] += (wantedX - Velocity.x[e]) * Math.min(1, 3 * step)
    Velocity.y[e] += (wantedY - Velocity.y[e]) * Math.min(1, 3 * step)
    Look.turn[e] = Math.atan2(dy, dx)
    if (Hunter.left[e] > 0 || distance > DISTANCE + 120) return
    Hunter.mode[e] = HunterMode.Aim
    Hunter.left[e] = AIMS
  }
}
