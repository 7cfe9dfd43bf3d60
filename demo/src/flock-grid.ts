import type { Arena } from './arena.ts'
import type { Random } from './random.ts'

/** Side of a cell in world units: how far a spark looks for its neighbours. */
const CELL = 36

/**
 * The swarm averaged over the cells of a coarse grid: a spark steers by its cell instead of by its neighbours, so a step takes
 * time in proportion to the number of entities. Each step moves the grid by a random part of a cell; otherwise its lines would show.
 */
export class FlockGrid {
  columns = 0
  rows = 0
  /** Per cell: entities in it. */
  count = new Float32Array(0)
  /** Per cell: sum, and after `finish` mean, of the velocities. */
  vx = new Float32Array(0)
  vy = new Float32Array(0)
  /** Per cell: the way out of the crowd, entities per cell. */
  roomX = new Float32Array(0)
  roomY = new Float32Array(0)
  /** Per cell: the wind, which goes its own ways. */
  windX = new Float32Array(0)
  windY = new Float32Array(0)
  #left = 0
  #top = 0

  begin(arena: Arena, random: Random): void {
    const columns = Math.ceil(arena.width / CELL) + 5
    const rows = Math.ceil(arena.height / CELL) + 5
    if (columns !== this.columns || rows !== this.rows) this.#resize(columns, rows)
    this.count.fill(0)
    this.vx.fill(0)
    this.vy.fill(0)
    this.#left = arena.width / -2 - (2 + random()) * CELL
    this.#top = arena.height / -2 - (2 + random()) * CELL
  }

  /** The cell that holds a place; for places beyond the grid, the nearest one. */
  cellAt(x: number, y: number): number {
    const column = Math.min(this.columns - 1, Math.max(0, ((x - this.#left) / CELL) | 0))
    const row = Math.min(this.rows - 1, Math.max(0, ((y - this.#top) / CELL) | 0))
    return row * this.columns + column
  }

  /** Turns sums into means, and lets the wind blow as it does at `time`. */
  finish(time: number): void {
    for (let cell = 0; cell < this.count.length; cell++) {
      const n = this.count[cell]
      if (n > 0) {
        this.vx[cell] /= n
        this.vy[cell] /= n
      }
      // Cells at the rim look at themselves, or around the corner: nobody stays there.
      const last = this.count.length - 1
      this.roomX[cell] = this.count[Math.max(0, cell - 1)] - this.count[Math.min(last, cell + 1)]
      this.roomY[cell] =
        this.count[Math.max(0, cell - this.columns)] - this.count[Math.min(last, cell + this.columns)]
      const x = this.#left + ((cell % this.columns) + 0.5) * CELL
      const y = this.#top + (Math.floor(cell / this.columns) + 0.5) * CELL
      // Turned by a right angle, the slope of a smooth hill blows along its contours: no place fills up, none runs empty.
      this.windX[cell] =
        Math.cos(y * 0.0093 + time * 0.37) + 0.6 * Math.cos(y * 0.021 - x * 0.008 + time * 0.71)
      this.windY[cell] =
        Math.sin(x * 0.0087 - time * 0.29) + 0.6 * Math.sin(x * 0.019 + y * 0.011 - time * 0.53)
    }
  }

  #resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    const cells = columns * rows
    this.count = new Float32Array(cells)
    this.vx = new Float32Array(cells)
    this.vy = new Float32Array(cells)
    this.roomX = new Float32Array(cells)
    this.roomY = new Float32Array(cells)
    this.windX = new Float32Array(cells)
    this.windY = new Float32Array(cells)
  }
}
