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
import { Hunters } from './hunters.ts'
import { Match, USUAL_DRONES } from './match.ts'
import { Pickups } from './pickups.ts'
import { Dice } from './random.ts'
import { PlayerShip, SHIP_RADIUS } from './ship.ts'
import { move, Steering } from './steering.ts'
import { waveOf, type Wave } from './waves.ts'

/** Seconds per step: a power of two, so that sums of steps are exact. */
export const STEP = 1 / 64
/** Health that one drone costs, against a swarm of the usual size. */
const DRONE_HURTS = 0.075
const ROCK_HURTS = 16
const NOVA = 200
/** Seconds between the end of a game and the next one of the autopilot. */
const MOURNS = 4
/** World units per second below which a ship stands, and seconds after which all flocks come for one that does. */
const STANDS = 70
const PATIENCE = 3
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
  readonly #hunters: Hunters
  readonly #dice: Dice
  #over = 0
  /** Seconds for which the ship has stood. */
  #stood = 0
  #games = 0
  wave: Wave = waveOf(1, 0)

  /** @param ember made by `createEmber`. @param onGpu shaders move embers */
  constructor(settings: Settings, ember: Ember, onGpu: boolean, best = 0) {
    const { arena, cues, grid } = this
    this.#dice = new Dice(settings.seed)
    const random = this.#dice.roll
    const match = new Match(best)
    this.#settings = settings
    this.match = match
    this.drones = new Drones(settings, arena, this.#flocks, random)
    // Decoration has its own random numbers, so that it doesn't change the game.
    const embers = new Embers(ember, new Dice(settings.seed + 1).roll)
    this.#embers = embers
    const pickups = new Pickups(random)
    this.#blasts = new Blasts({ match, grid, drones: this.drones, embers, pickups, cues })
    this.#pickups = pickups
    this.#asteroids = new Asteroids({ arena, match, grid, embers, pickups, cues, random })
    const hunters = new Hunters({ arena, match, embers, pickups, cues, random })
    this.#hunters = hunters
    this.#bullets = new Bullets(match, grid, this.#blasts, this.#asteroids, hunters)
    const steering = new Steering(settings, arena, grid, this.#flocks)
    const autopilot = new Autopilot(arena, grid)
    this.systems = [
      { name: 'balance', run: (world) => this.drones.balance(world) },
      { name: 'lead', run: () => this.#flocks.lead(STEP, arena, this.#prey, this.#huntLasts) },
      { name: 'sort', run: (world) => grid.sort(query(world, [Drone, Position, Velocity]), arena, random) },
      { name: 'push', run: () => this.#blasts.push(STEP) },
      { name: 'drift', run: (world) => this.#asteroids.drift(world, STEP) },
      { name: 'steer', run: (world) => steering.steer(world, STEP, this.wave.haste) },
      {
        name: 'pilot',
        run: (world) => {
          if (settings.autopilot || match.phase === 'title') autopilot.steer(world, this.ship, this.controls)
          this.#fly(world)
        },
      },
      { name: 'hunt', run: (world) => hunters.hunt(world, this.ship, this.wave, STEP) },
      { name: 'move', run: (world) => move(world, STEP) },
      { name: 'bullets', run: (world) => this.#bullets.hit(world, this.ship, STEP) },
      { name: 'crash', run: (world) => this.#crash(world) },
      {
        name: 'offer',
        run: (world) =>
          pickups.offer(world, this.ship, match.outfit.magnet, STEP, (kind) => this.#catch(world, kind)),
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
    this.#flocks.lead(STEP, this.arena, undefined, 0)
    this.#flocks.lead(1, this.arena, undefined, 0)
    this.match.weight = USUAL_DRONES / this.#settings.entities
    this.#asteroids.scatter(world)
    this.drones.reinforce(false)
    this.ship.launch(world)
  }

  /** A new game, with a full swarm. @param seed equal ones give equal swarms, waves and cards */
  start(world: World, seed = this.#settings.seed): void {
    this.#dice.state = seed | 0
    this.#flocks.time = 0
    this.#stood = 0
    this.wave = waveOf(1, seed)
    Object.assign(this.controls, restingControls())
    this.match.weight = USUAL_DRONES / this.#settings.entities
    this.match.start(seed)
    this.#hunters.clear(world)
    this.#over = 0
    this.#bullets.clear(world)
    this.#pickups.clear(world)
    this.#asteroids.clear(world)
    this.#asteroids.scatter(world)
    this.drones.begin(world)
    this.ship.launch(world)
  }

  /** Takes one of the cards, and begins the next wave. */
  choose(world: World, card: number): void {
    const { match } = this
    if (!match.choose(card)) return
    this.wave = waveOf(match.wave, match.seed)
    this.cues.tell('wave')
    this.drones.reinforce(true)
    this.#asteroids.scatter(world, this.wave.rocks)
  }

  /** Who stands is found. */
  get #huntLasts(): number {
    return this.#stood > PATIENCE ? Infinity : this.wave.hunt
  }

  get #prey(): { x: number; y: number } | undefined {
    return this.match.phase === 'playing' && this.ship.exists ? this.ship : undefined
  }

  #fly(world: World): void {
    const { controls, match, ship } = this
    const aim = controls.aim ?? (controls.fire ? thickest(this.grid, ship.x, ship.y) : undefined)
    ship.fly({ ...controls, aim }, this.arena, STEP, match.safe, match.outfit.thrust)
    this.#stood = ship.speed < STANDS ? this.#stood + STEP : Math.max(0, this.#stood - 2 * STEP)
    if (this.#bullets.shoot(world, ship, STEP, controls.fire, controls.aim !== undefined))
      this.cues.tell('shot')
  }

  #crash(world: World): void {
    const { cues, match, ship } = this
    if (!ship.exists) return
    const touched = this.#blasts.take(world, ship.x, ship.y, SHIP_RADIUS)
    if (match.hurt(touched * DRONE_HURTS * match.weight * (1 + 0.15 * (match.wave - 1))))
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
    this.#hunters.strike(world, ship)
    if (match.phase === 'over') this.#end(world)
  }

  #end(world: World): void {
    this.#blasts.burst(world, this.ship.x, this.ship.y, NOVA / 2, 1)
    this.#embers.flash(world, this.ship.x, this.ship.y, 160, 620, 0.47)
    this.cues.tell('over', 1)
    this.ship.remove(world)
  }

  #catch(world: World, kind: number): void {
    this.cues.tell('pickup')
    this.match.caught++
    this.match.bonus(100)
    if (kind === Shape.Repair) this.match.repair()
    else if (kind === Shape.Power) this.match.power()
    else this.#blasts.burst(world, this.ship.x, this.ship.y, NOVA, 1)
  }

  #judge(world: World): void {
    const { match } = this
    match.pass(STEP)
    this.cues.pass(STEP)
    if (match.judge(this.drones.left, this.#settings.entities)) {
      this.cues.tell('choice')
      // One that plays by itself takes the first card at once.
      if (this.#settings.autopilot) this.choose(world, 0)
    } else if (match.phase === 'title' && this.drones.left < this.#settings.entities * 0.7)
      this.drones.reinforce(true)
    if (match.phase === 'over' && this.#settings.autopilot && (this.#over += STEP) > MOURNS)
      this.start(world, this.#settings.seed + ++this.#games)
  }
}
