import { Drone, Position, Velocity } from '../components.ts'
import type { Arena } from './arena.ts'
import type { Random } from './random.ts'

/** Side of a cell in world units: how far a drone looks for its neighbours. */
const CELL = 36
/** Beyond the arena's edge on each side, in cells. */
const RIM = 2

/**
 * The drones, sorted into the cells of a coarse grid. A drone steers by its cell's means instead of
 * by its neighbours, and what a bullet or a blast hits is looked for in a few cells: so a step
 * takes time in proportion to the number of drones. Each step moves the grid by a random part of a
 * cell; otherwise its lines would show.
 */
export class DroneGrid {
  columns = 0
  rows = 0
  /** Per cell: drones in it, and the mean of their velocities. */
  count = new Float32Array(0)
  vx = new Float32Array(0)
  vy = new Float32Array(0)
  /** Per cell: what pushes drones out of it: asteroids, shock waves. World units per second². */
  pushX = new Float32Array(0)
  pushY = new Float32Array(0)
  /** What `near` found. */
  found = new Uint32Array(1024)
  /** Per cell: where its drones begin in `#members`; one more at the end. */
  #start = new Uint32Array(1)
  #members = new Uint32Array(1024)
  #cells = new Uint32Array(1024)
  #left = 0
  #bottom = 0

  /** Sorts the drones into cells. @param drones entities with a position and a velocity */
  sort(drones: ArrayLike<number>, arena: Arena, random: Random): void {
    this.#begin(arena, random)
    const { count, vx, vy } = this
    const start = this.#start
    if (drones.length > this.#members.length) {
      this.#members = new Uint32Array(drones.length * 2)
      this.#cells = new Uint32Array(drones.length * 2)
    }
    const members = this.#members
    const cells = this.#cells
    for (let i = 0; i < drones.length; i++) {
      const e = drones[i]
      const cell = this.cellAt(Position.x[e], Position.y[e])
      cells[i] = cell
      count[cell]++
      vx[cell] += Velocity.x[e]
      vy[cell] += Velocity.y[e]
    }
    let sum = 0
    for (let cell = 0; cell < count.length; cell++) {
      const n = count[cell]
      start[cell] = sum
      sum += n
      if (n > 0) {
        vx[cell] /= n
        vy[cell] /= n
      }
    }
    for (let i = 0; i < drones.length; i++) members[start[cells[i]]++] = drones[i]
    // That has moved each start to the next one's.
    start.copyWithin(1, 0, count.length)
    start[0] = 0
  }

  /** The cell that holds a place; for places beyond the grid, the nearest one. */
  cellAt(x: number, y: number): number {
    return this.#row(y) * this.columns + this.#column(x)
  }

  /** Middle of a cell. */
  centreX(cell: number): number {
    return this.#left + ((cell % this.columns) + 0.5) * CELL
  }
  centreY(cell: number): number {
    return this.#bottom + (Math.floor(cell / this.columns) + 0.5) * CELL
  }

  /** Fills `found` with the living drones around a place. @returns how many */
  near(x: number, y: number, reach: number): number {
    let n = 0
    const right = this.#column(x + reach)
    const top = this.#row(y + reach)
    for (let row = this.#row(y - reach); row <= top; row++) {
      for (let column = this.#column(x - reach); column <= right; column++) {
        const cell = row * this.columns + column
        const end = this.#start[cell + 1]
        for (let i = this.#start[cell]; i < end; i++) {
          const e = this.#members[i]
          const dx = Position.x[e] - x
          const dy = Position.y[e] - y
          if (dx * dx + dy * dy > reach * reach || Drone.dead[e] === 1) continue
          if (n === this.found.length) {
            const more = new Uint32Array(n * 2)
            more.set(this.found)
            this.found = more
          }
          this.found[n++] = e
        }
      }
    }
    return n
  }

  /**
   * Pushes drones away from a place until the next `sort`.
   * @param strength world units per second² in the middle
   */
  push(x: number, y: number, reach: number, strength: number): void {
    const right = this.#column(x + reach)
    const top = this.#row(y + reach)
    for (let row = this.#row(y - reach); row <= top; row++) {
      for (let column = this.#column(x - reach); column <= right; column++) {
        const cell = row * this.columns + column
        const dx = this.centreX(cell) - x
        const dy = this.centreY(cell) - y
        const distance = Math.sqrt(dx * dx + dy * dy) + 1
        if (distance > reach) continue
        const push = strength * (1 - distance / reach)
        this.pushX[cell] += (dx / distance) * push
        this.pushY[cell] += (dy / distance) * push
      }
    }
  }

  #column(x: number): number {
    return Math.min(this.columns - 1, Math.max(0, ((x - this.#left) / CELL) | 0))
  }
  #row(y: number): number {
    return Math.min(this.rows - 1, Math.max(0, ((y - this.#bottom) / CELL) | 0))
  }

  #begin(arena: Arena, random: Random): void {
    const columns = Math.ceil(arena.width / CELL) + 2 * RIM + 1
    const rows = Math.ceil(arena.height / CELL) + 2 * RIM + 1
    if (columns !== this.columns || rows !== this.rows) this.#resize(columns, rows)
    for (const column of [this.count, this.vx, this.vy, this.pushX, this.pushY]) column.fill(0)
    this.#left = arena.width / -2 - (RIM + random()) * CELL
    this.#bottom = arena.height / -2 - (RIM + random()) * CELL
  }

  #resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    const cells = columns * rows
    this.count = new Float32Array(cells)
    this.vx = new Float32Array(cells)
    this.vy = new Float32Array(cells)
    this.pushX = new Float32Array(cells)
    this.pushY = new Float32Array(cells)
    this.#start = new Uint32Array(cells + 1)
  }
}
