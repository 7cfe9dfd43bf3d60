import { cliffs } from './cliffs.ts'
import { moving } from './moving.ts'
import { detection } from './detection.ts'
import { entities, grid } from './grid.ts'
import { life } from './life.ts'
import type { Program } from './program.ts'
import { scatterDevice } from './scatter-device.ts'
import { stagger } from './stagger.ts'
import { startup } from './startup.ts'
import { stores } from './stores.ts'

/** What runs in Node, on the backend it is given. */
export const nodePrograms: Readonly<Record<string, Program<unknown>>> = {
  grid: (place, run) => grid(place, run),
  entities: (place, run) => entities(place, run),
  stores,
  moving,
  detection,
  scatter: scatterDevice,
  startup,
  stagger,
  life,
  cliffs,
}
