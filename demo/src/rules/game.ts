import { query, type World } from 'bitecs'
import { Asteroid, Drone, Look, Position, Shape, Velocity, type Ember } from '../components.ts'
import type { Settings } from '../settings.ts'
import { thickest } from './aim.ts'
import { Arena } from './arena.ts'
import { Asteroids } from './asteroids.ts'
import { Autopilot } from './autopilot.ts'
import { Blasts } from './blasts.ts'
import { within } from './bodies.ts'
import { Bullets } from './bullets.ts'
import { restingControls, type Controls } from './controls.ts'
import { Cues } from './cues.ts'
import { DroneGrid } from './drone-grid.ts'
import { Drones } from './drones.ts'
import { Embers } from './embers.ts'
import { Flocks } from './flocks.ts'
import { Match, USUAL_DRONES } from './match.ts'
import { Pickups } from './pickups.ts'
import { createRandom } from './random.ts'
import { PlayerShip, SHIP_RADIUS } from './ship.ts'
import { move, Steering } from './steering.ts'

/** Seconds per step: a power of two, so that sums of steps are exact. */
export const STEP = 1 / 64
/** Health that one drone costs, against a swarm of the usual size. */
const DRONE_HURTS = 0.07
const ROCK_HURTS = 16
const NOVA = 260
/** Seconds between the end of a game and the next one of the autopilot. */
const MOURNS = 4
/** Seconds after which the title stands still, where that is asked for. */
const TITLE_STILL = 2

/** A part of a step, in the order of the list. */
export interface GameSystem {
  readonly name: string
  readonly run: (world: World) => void
}

/**
 * The rules of Swarm, as systems over a bitECS world. Deterministic: equal seed and controls, equal
 * game.
 */
export class Game {
  readonly arena = new Arena()
  readonly controls: Controls = restingControls()
  readonly cues = new Cues()
  readonly grid = new DroneGrid()
  readonly ship = new PlayerShip()
  readonly match: Match
  readonly drones: Drones
  readonly systems: readonly GameSystem[]
  readonly #settings: Settings
  readonly #flocks = new Flocks()
  readonly #embers: Embers
  readonly #blasts: Blasts
  readonly #pickups: Pickups
  readonly #asteroids: Asteroids
  readonly #bullets: Bullets
  #over = 0

  /** @param ember made by `createEmber`. @param onGpu shaders move embers */
  constructor(settings: Settings, ember: Ember, onGpu: boolean, best = 0) {
    const { arena, cues, grid } = this
    const random = createRandom(settings.seed)
    const match = new Match(best)
    this.#settings = settings
    this.match = match
    this.drones = new Drones(settings, arena, this.#flocks, random)
    // Decoration has its own random numbers, so that it doesn't change the game.
    const embers = new Embers(ember, createRandom(settings.seed + 1))
    this.#embers = embers
    this.#blasts = new Blasts(match, grid, this.drones, embers, cues)
    const pickups = new Pickups(random)
    this.#pickups = pickups
    this.#asteroids = new Asteroids({ arena, match, grid, embers, pickups, cues, random })
    this.#bullets = new Bullets(grid, this.#blasts, this.#asteroids)
    const steering = new Steering(settings, arena, grid, this.#flocks)
    const autopilot = new Autopilot(arena, grid)
    this.systems = [
      { name: 'balance', run: (world) => this.drones.balance(world) },
      { name: 'lead', run: () => this.#flocks.lead(STEP, arena, this.#prey, match.wave) },
      { name: 'sort', run: (world) => grid.sort(query(world, [Drone, Position, Velocity]), arena, random) },
      { name: 'push', run: () => this.#blasts.push(STEP) },
      { name: 'drift', run: (world) => this.#asteroids.drift(world, STEP) },
      { name: 'steer', run: (world) => steering.steer(world, STEP, 1 + 0.07 * (match.wave - 1)) },
      {
        name: 'pilot',
        run: (world) => {
          if (settings.autopilot || match.phase === 'title') autopilot.steer(world, this.ship, this.controls)
          this.#fly(world)
        },
      },
      { name: 'move', run: (world) => move(world, STEP) },
      { name: 'bullets', run: (world) => this.#bullets.hit(world, STEP) },
      { name: 'crash', run: (world) => this.#crash(world) },
      {
        name: 'offer',
        run: (world) => pickups.offer(world, this.ship, STEP, (kind) => this.#catch(world, kind)),
      },
      {
        name: 'embers',
        run: (world) => {
          if (!onGpu) embers.move(world, STEP, this.#flocks.time)
          embers.reap(world)
        },
      },
      { name: 'judge', run: (world) => this.#judge(world) },
    ]
  }

  /** Advances time. Not called while paused. With reduced motion, the title soon stands still. */
  get running(): boolean {
    const { calm } = this.#settings
    return this.match.running && !(calm && this.match.phase === 'title' && this.time > TITLE_STILL)
  }

  /** Seconds since the first step. */
  get time(): number {
    return this.#flocks.time
  }

  /** Before the first step: the world as the title shows it. */
  prepare(world: World): void {
    this.#embers.prepare(world)
    this.#flocks.lead(STEP, this.arena, undefined, 1)
    this.#flocks.lead(1, this.arena, undefined, 1)
    this.match.weight = USUAL_DRONES / this.#settings.entities
    this.#asteroids.scatter(world, 1)
    this.drones.reinforce(false)
    this.ship.launch(world)
  }

  /** A new game, with a full swarm. */
  start(world: World): void {
    Object.assign(this.controls, restingControls())
    this.match.weight = USUAL_DRONES / this.#settings.entities
    this.match.start()
    this.#over = 0
    this.#bullets.clear(world)
    this.#pickups.clear(world)
    this.#asteroids.clear(world)
    this.#asteroids.scatter(world, 1)
    this.drones.reinforce(this.drones.count > 0)
    this.ship.launch(world)
  }

  get #prey(): { x: number; y: number } | undefined {
    return this.match.phase === 'playing' && this.ship.exists ? this.ship : undefined
  }

  #fly(world: World): void {
    const { controls, match, ship } = this
    const aim = controls.aim ?? (controls.fire ? thickest(this.grid, ship.x, ship.y) : undefined)
    ship.fly({ ...controls, aim }, this.arena, STEP, match.safe)
    if (this.#bullets.shoot(world, ship, match.barrels, STEP, controls.fire)) this.cues.tell('shot')
  }

  #crash(world: World): void {
    const { cues, match, ship } = this
    if (!ship.exists) return
    const touched = this.#blasts.take(world, ship.x, ship.y, SHIP_RADIUS)
    if (match.hurt(touched * DRONE_HURTS * match.weight * (1 + 0.08 * (match.wave - 1))))
      cues.tell('hurt', 0.05)
    for (const rock of query(world, [Asteroid])) {
      const reach = Look.size[rock] + SHIP_RADIUS * 0.8
      if (!within(Position.x[rock], Position.y[rock], ship.x, ship.y, reach)) continue
      ship.knock(Position.x[rock], Position.y[rock], 300)
      if (!match.hurt(ROCK_HURTS)) continue
      match.safe = Math.max(match.safe, 0.8)
      cues.tell('hurt', 0.5)
      this.#embers.flash(world, ship.x, ship.y, 20, 260, 0.02)
    }
    if (match.phase === 'over') this.#end(world)
  }

  #end(world: World): void {
    this.#blasts.burst(world, this.ship.x, this.ship.y, NOVA / 2)
    this.#embers.flash(world, this.ship.x, this.ship.y, 160, 620, 0.47)
    this.cues.tell('over', 1)
    this.ship.remove(world)
  }

  #catch(world: World, kind: number): void {
    this.cues.tell('pickup')
    this.match.bonus(100)
    if (kind === Shape.Repair) this.match.repair()
    else if (kind === Shape.Power) this.match.power()
    else this.#blasts.burst(world, this.ship.x, this.ship.y, NOVA)
  }

  #judge(world: World): void {
    const { match } = this
    match.pass(STEP)
    this.cues.pass(STEP)
    if (match.judge(this.drones.left, this.#settings.entities)) {
      this.cues.tell('wave')
      this.drones.reinforce(true)
      this.#asteroids.scatter(world, match.wave)
    } else if (match.phase === 'title' && this.drones.left < this.#settings.entities * 0.7)
      this.drones.reinforce(true)
    if (match.phase === 'over' && this.#settings.autopilot && (this.#over += STEP) > MOURNS) this.start(world)
  }
}
