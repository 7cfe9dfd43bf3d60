import { engineCases } from '../cases/engines.ts'
import { moving } from './moving.ts'
import { entities, grid } from './grid.ts'
import type { Program } from './program.ts'
import { scatterDevice } from './scatter-device.ts'
import { startup } from './startup.ts'
import { stagger } from './stagger.ts'
import { stores } from './stores.ts'

/** What runs in a page. */
export const browserPrograms: Readonly<Record<string, Program<unknown>>> = {
  grid: (place, run) => grid(place, run, engineCases),
  entities: (place, run) => entities(place, run, engineCases),
  stores,
  moving,
  scatter: scatterDevice,
  startup,
  stagger,
}
