import { query, type World } from 'bitecs'
import { Drone, Position, Velocity } from '../components.ts'
import type { Settings } from '../settings.ts'
import type { Arena } from './arena.ts'
import type { DroneGrid } from './drone-grid.ts'
import { flocks, type Flocks } from './flocks.ts'
import { windX, windY } from './wind.ts'

/** World units per second that a drone falls back to, and that one which hunts does. */
const CRUISE = 120
const HUNT = 190
/** Below this speed one that shall not move stands still, and its rows stop changing. */
const STILL = 2
/** Steps for which the wind blows the same. */
const WIND_STEPS = 4

/** How drones fly. Reads and writes plain columns; nothing here knows that there is a GPU. */
export class Steering {
  readonly #settings: Settings
  readonly #arena: Arena
  readonly #grid: DroneGrid
  readonly #flocks: Flocks
  #windX = new Float32Array(0)
  #windY = new Float32Array(0)
  #steps = 0

  constructor(settings: Settings, arena: Arena, grid: DroneGrid, flocks: Flocks) {
    this.#settings = settings
    this.#arena = arena
    this.#grid = grid
    this.#flocks = flocks
  }

  /** Turns the velocities of all drones. @param haste 1 in the first wave */
  steer(world: World, step: number, haste: number): void {
    this.#blow()
    const grid = this.#grid
    const drones = query(world, [Drone, Position, Velocity])
    const awake = this.#settings.moving * 2 ** 32
    const crowding = 14 / (Math.max(1000, drones.length) / grid.count.length)
    const wallX = this.#arena.width * 0.42
    const wallY = this.#arena.height * 0.4
    for (let i = 0; i < drones.length; i++) {
      const e = drones[i]
      let vx = Velocity.x[e]
      let vy = Velocity.y[e]
      if (Math.imul(e, 0x9e37_79b1) >>> 0 > awake) {
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
      // Cells at the rim read themselves, or a cell on the other side: no drone stays there.
      const last = grid.count.length - 1
      const roomX = grid.count[cell > 0 ? cell - 1 : 0] - grid.count[cell < last ? cell + 1 : last]
      const roomY =
        grid.count[cell > grid.columns ? cell - grid.columns : 0] -
        grid.count[cell + grid.columns < last ? cell + grid.columns : last]

      // With the others; away from where it is crowded; with the wind; out of the way of rocks and
      // blasts.
      let ax =
        (grid.vx[cell] - vx) * 1.6 + clamp(roomX * crowding, 170) + this.#windX[cell] * 70 + grid.pushX[cell]
      let ay =
        (grid.vy[cell] - vy) * 1.6 + clamp(roomY * crowding, 170) + this.#windY[cell] * 70 + grid.pushY[cell]

      // Around the flock's leader: straight towards it from afar, in circles close by.
      const id = Drone.flock[e]
      const hunts = this.#flocks.hunting[id]
      const dx = this.#flocks.x[id] - x
      const dy = this.#flocks.y[id] - y
      const distance = Math.sqrt(dx * dx + dy * dy) + 1
      const inward = Math.min(1.4, distance / 230) * (95 + 140 * hunts)
      const around = flocks[id].swirl * Math.min(1, distance / 120) * 75
      ax += (dx * inward - dy * around) / distance
      ay += (dy * inward + dx * around) / distance

      // Back from the edges.
      if (x > wallX) ax -= (x - wallX) * 2.5
      else if (x < -wallX) ax -= (x + wallX) * 2.5
      if (y > wallY) ay -= (y - wallY) * 2.5
      else if (y < -wallY) ay -= (y + wallY) * 2.5

      vx += ax * step
      vy += ay * step
      const speed = Math.sqrt(vx * vx + vy * vy) + 1e-3
      const wanted = (hunts === 1 ? HUNT : CRUISE) * haste
      const cruise = 1 + ((wanted - speed) / speed) * Math.min(1, (speed > wanted ? 1.8 : 2.5) * step)
      Velocity.x[e] = vx * cruise
      Velocity.y[e] = vy * cruise
    }
  }

  #blow(): void {
    const grid = this.#grid
    const cells = grid.count.length
    if (this.#windX.length !== cells) {
      this.#windX = new Float32Array(cells)
      this.#windY = new Float32Array(cells)
      this.#steps = 0
    }
    if (this.#steps++ % WIND_STEPS !== 0) return
    const { time } = this.#flocks
    for (let cell = 0; cell < cells; cell++) {
      const x = grid.centreX(cell)
      const y = grid.centreY(cell)
      this.#windX[cell] = windX(x, y, time)
      this.#windY[cell] = windY(x, y, time)
    }
  }
}

/** A system: moves every entity that has a noticeable velocity. */
export function move(world: World, step: number): void {
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

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value))
}
