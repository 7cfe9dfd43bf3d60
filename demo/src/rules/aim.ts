import type { DroneGrid } from './drone-grid.ts'

/** World units within which a ship finds targets automatically. */
const REACH = 420

/**
 * Finds where the swarm is thickest around a place, near drones counting more. Undefined when there
 * are none.
 */
export function thickest(grid: DroneGrid, x: number, y: number): { x: number; y: number } | undefined {
  let best = 0
  let at = -1
  for (let cell = 0; cell < grid.count.length; cell++) {
    const count = grid.count[cell]
    if (count === 0) continue
    const distance = Math.hypot(grid.centreX(cell) - x, grid.centreY(cell) - y)
    if (distance > REACH) continue
    const worth = count / (distance + 60) ** 1.5
    if (worth <= best) continue
    best = worth
    at = cell
  }
  return at < 0 ? undefined : { x: grid.centreX(at), y: grid.centreY(at) }
}
