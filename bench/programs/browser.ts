import { engineCases } from '../cases/engines.ts'
import { grid } from './grid.ts'
import type { Program } from './program.ts'

/** What runs in a page. */
export const browserPrograms: Readonly<Record<string, Program<unknown>>> = {
  grid: (place, run) => grid(place, run, engineCases),
}
