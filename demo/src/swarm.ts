import type { App } from '@memkit/ecs-plugin'
import { query } from 'bitecs'
import type { World } from 'bitecs'
import type { Arena } from './arena.ts'
import type { Beacon } from './beacon.ts'
import { Flock, Look, Position, Velocity } from './components.ts'
import { FlockGrid } from './flock-grid.ts'
import { flocks, leaderX, leaderY } from './flocks.ts'
import type { Population } from './population.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'

/** World units per second that a spark falls back to. */
const CRUISE = 120
/** Below this speed one that shall not move stands still, and its rows stop changing. */
const STILL = 2
/** Reach of the pointer's pull, and of a burst, in world units. */
const PULL_REACH = 340
const BURST_REACH = 200
/** Longest step in seconds: a slow machine slows the swarm down instead of tearing it apart. */
const MAX_STEP = 1 / 30

/**
 * How the swarm flies: four systems that read and write plain columns. None of them knows that there is a GPU.
 */
export class Swarm {
  readonly #settings: Settings
  readonly #arena: Arena
  readonly #beacon: Beacon
  readonly #population: Population
  readonly #random: Random
  readonly #grid = new FlockGrid()
  readonly #leaderX = new Float64Array(flocks.length)
  readonly #leaderY = new Float64Array(flocks.length)
  /** Seconds flown; stands still while the demo is paused. */
  #time = 0
  #step = 0
  #bursts = 0

  constructor(settings: Settings, arena: Arena, beacon: Beacon, population: Population, random: Random) {
    this.#settings = settings
    this.#arena = arena
    this.#beacon = beacon
    this.#population = population
    this.#random = random
  }

  /** A system: looks at everyone, so that `steer` can fly by what is around. */
  readonly sense = (world: World, app: App<World>): void => {
    this.#step = Math.min(app.time.delta, MAX_STEP)
    this.#time += this.#step
    for (const [id, flock] of flocks.entries()) {
      this.#leaderX[id] = leaderX(flock, this.#time, this.#arena)
      this.#leaderY[id] = leaderY(flock, this.#time, this.#arena)
    }
    const grid = this.#grid
    grid.begin(this.#arena, this.#random)
    const entities = query(world, [Position, Velocity])
    for (let i = 0; i < entities.length; i++) {
      const e = entities[i]
      const cell = grid.cellAt(Position.x[e], Position.y[e])
      grid.count[cell]++
      grid.vx[cell] += Velocity.x[e]
      grid.vy[cell] += Velocity.y[e]
    }
    grid.finish(this.#time)
  }

  /** A system: turns velocities. */
  readonly steer = (world: World): void => {
    const grid = this.#grid
    const beacon = this.#beacon
    const step = this.#step
    const awake = Math.round(this.#settings.moving * this.#population.count)
    const crowding = 14 / (this.#population.count / grid.count.length)
    const wall = { x: this.#arena.width * 0.4, y: this.#arena.height * 0.37 }
    const entities = query(world, [Position, Velocity, Flock])
    for (let i = 0; i < entities.length; i++) {
      const e = entities[i]
      let vx = Velocity.x[e]
      let vy = Velocity.y[e]
      if (e > awake) {
        // Glides to a stop. A hint of its velocity stays, so that it keeps its heading.
        if (vx * vx + vy * vy > STILL * STILL) {
          Velocity.x[e] = vx * (1 - 3 * step)
          Velocity.y[e] = vy * (1 - 3 * step)
        }
        continue
      }
      const x = Position.x[e]
      const y = Position.y[e]
      const cell = grid.cellAt(x, y)

      // With the others; away from where it is crowded; with the wind.
      let ax = (grid.vx[cell] - vx) * 1.6 + clamp(grid.roomX[cell] * crowding, 170) + grid.windX[cell] * 70
      let ay = (grid.vy[cell] - vy) * 1.6 + clamp(grid.roomY[cell] * crowding, 170) + grid.windY[cell] * 70

      // Around the flock's leader: straight towards it from afar, in circles close by.
      const id = Flock.id[e]
      let dx = this.#leaderX[id] - x
      let dy = this.#leaderY[id] - y
      let distance = Math.sqrt(dx * dx + dy * dy) + 1
      const inward = Math.min(1.4, distance / 230) * 95
      const around = flocks[id].swirl * Math.min(1, distance / 120) * 75
      ax += (dx * inward - dy * around) / distance
      ay += (dy * inward + dx * around) / distance

      // To the pointer, and around it.
      if (beacon.present) {
        dx = beacon.x - x
        dy = beacon.y - y
        distance = Math.sqrt(dx * dx + dy * dy) + 1
        const pull = Math.max(0, 1 - distance / PULL_REACH) * 620
        ax += (dx * pull - dy * pull * 0.7) / distance
        ay += (dy * pull + dx * pull * 0.7) / distance
      }

      // Back from the edges.
      if (x > wall.x) ax -= (x - wall.x) * 2.5
      else if (x < -wall.x) ax -= (x + wall.x) * 2.5
      if (y > wall.y) ay -= (y - wall.y) * 2.5
      else if (y < -wall.y) ay -= (y + wall.y) * 2.5

      vx += ax * step
      vy += ay * step
      const speed = Math.sqrt(vx * vx + vy * vy) + 1e-3
      const cruise = 1 + ((CRUISE - speed) / speed) * Math.min(1, (speed > CRUISE ? 1.8 : 2.5) * step)
      Velocity.x[e] = vx * cruise
      Velocity.y[e] = vy * cruise
    }
  }

  /** A system: moves whoever has a velocity worth the name. */
  readonly drift = (world: World): void => {
    const step = this.#step
    const entities = query(world, [Position, Velocity])
    for (let i = 0; i < entities.length; i++) {
      const e = entities[i]
      const vx = Velocity.x[e]
      const vy = Velocity.y[e]
      if (vx * vx + vy * vy <= STILL * STILL) continue
      Position.x[e] += vx * step
      Position.y[e] += vy * step
    }
  }

  /** A system: a burst blows sparks away and gives them another hue. The only one that writes `Look`. */
  readonly burst = (world: World): void => {
    for (const { x, y } of this.#beacon.takeBursts()) {
      const hue = (0.97 + 0.19 * this.#bursts++) % 1
      for (const e of query(world, [Position, Velocity, Look])) {
        const dx = Position.x[e] - x
        const dy = Position.y[e] - y
        const distance = Math.sqrt(dx * dx + dy * dy) + 1
        if (distance > BURST_REACH) continue
        const push = (1 - distance / BURST_REACH) * 520
        Velocity.x[e] += (dx / distance) * push
        Velocity.y[e] += (dy / distance) * push
        Look.hue[e] = hue
      }
    }
  }
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value))
}
