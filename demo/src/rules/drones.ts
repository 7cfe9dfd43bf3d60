import { addComponents, addEntity, query, removeEntity, type World } from 'bitecs'
import { Drone, Look, Position, Velocity } from '../components.ts'
import type { Settings } from '../settings.ts'
import type { Arena } from './arena.ts'
import { flockFor, flocks, type Flocks } from './flocks.ts'
import { bell, type Random } from './random.ts'

/**
 * Entities that come or go in one step: a million of them arrive over two seconds instead of in one
 * long frame.
 */
const PER_STEP = 10_000

/** Who lives in the swarm. */
export class Drones {
  readonly #settings: Settings
  readonly #arena: Arena
  readonly #flocks: Flocks
  readonly #random: Random
  /** Drones that are still to come in this wave. */
  #coming = 0
  #asked = 0
  /** The next ones fly in from outside instead of being there. */
  #fromOutside = false
  count = 0

  constructor(settings: Settings, arena: Arena, flocks: Flocks, random: Random) {
    this.#settings = settings
    this.#arena = arena
    this.#flocks = flocks
    this.#random = random
  }

  /** Alive, and yet to come. */
  get left(): number {
    return this.count + this.#coming
  }

  /** Fills up the wave. */
  reinforce(fromOutside: boolean): void {
    this.#fromOutside = fromOutside
    this.#asked = this.#settings.entities
    this.#coming = this.#settings.entities - this.count
  }

  /** A full swarm that flies in from outside, whatever there was before. */
  begin(world: World): void {
    this.#fromOutside = true
    const drones = query(world, [Drone])
    for (let i = 0; i < drones.length; i++) this.#place(drones[i])
    this.reinforce(true)
  }

  /** A system: spawns the drones that are due, and removes some when the panel asks for fewer. */
  balance(world: World): void {
    const change = this.#settings.entities - this.#asked
    if (change !== 0) {
      this.#asked += change
      this.#coming += change
    }
    let budget = PER_STEP
    for (; this.#coming > 0 && budget > 0; budget--) {
      this.#coming--
      this.#spawn(world)
    }
    if (this.#coming >= 0) return
    const drones = query(world, [Drone])
    for (let i = drones.length - 1; this.#coming < 0 && budget > 0 && i >= 0; budget--, i--) {
      this.#coming++
      this.kill(world, drones[i])
    }
    // Fewer were left than shall go.
    if (drones.length === 0) this.#coming = 0
  }

  kill(world: World, drone: number): void {
    Drone.dead[drone] = 1
    this.count--
    removeEntity(world, drone)
  }

  #spawn(world: World): void {
    const e = addEntity(world)
    addComponents(world, e, Drone, Position, Velocity, Look)
    this.count++
    this.#place(e)
  }

  #place(e: number): void {
    const random = this.#random
    const id = flockFor(random())
    const flock = flocks[id]
    Drone.flock[e] = id
    Drone.dead[e] = 0
    let angle = random() * Math.PI * 2
    if (this.#fromOutside) {
      // Each flock comes from a different side.
      angle = 0.7 + (id * Math.PI) / 2 + bell(random) * 0.22
      const { width, height } = this.#arena
      Position.x[e] = Math.cos(angle) * width * (0.75 + 0.4 * random())
      Position.y[e] = Math.sin(angle) * height * (0.75 + 0.4 * random())
      Velocity.x[e] = -Math.cos(angle) * 200
      Velocity.y[e] = -Math.sin(angle) * 200
    } else {
      const distance = 40 + 130 * Math.sqrt(random()) + 50 * bell(random)
      const turn = Math.sign(flock.swirl) * (70 + 60 * random())
      Position.x[e] = this.#flocks.x[id] + Math.cos(angle) * distance
      Position.y[e] = this.#flocks.y[id] + Math.sin(angle) * distance
      Velocity.x[e] = -Math.sin(angle) * turn
      Velocity.y[e] = Math.cos(angle) * turn
    }
    const rare = random() ** 12
    Look.size[e] = 1.1 + 0.7 * random() + 2 * rare
    Look.hue[e] = flock.hue + 0.025 * bell(random)
    Look.glow[e] = 0.45 + 0.35 * random() + 0.6 * rare
  }
}
