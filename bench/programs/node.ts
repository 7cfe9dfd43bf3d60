import { grid } from './grid.ts'
import type { Program } from './program.ts'

/** What runs in Node, on the backend it is given. */
export const nodePrograms: Readonly<Record<string, Program<unknown>>> = {
  grid: (place, run) => grid(place, run),
}
