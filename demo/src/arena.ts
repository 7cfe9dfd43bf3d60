/** The world's rectangle, around 0, in world units. Its area is constant, so that a phone shows as dense a swarm as a desktop. */
export interface Arena {
  width: number
  height: number
}

const AREA = 1_600 * 1_000

export function createArena(): Arena {
  return { width: 1_600, height: 1_000 }
}

/** Gives the arena the shape of the canvas. */
export function shapeArena(arena: Arena, aspect: number): void {
  arena.width = Math.sqrt(AREA * aspect)
  arena.height = AREA / arena.width
}
