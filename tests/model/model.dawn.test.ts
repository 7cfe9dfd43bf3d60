import { dawnGpu } from '@memkit/gpu/node'
import { afterAll, expect, it } from 'vitest'
import { devicePlace } from './device-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'
import { markInThread } from '../workers/node-marker.ts'

const places = {
  core: devicePlace(() => dawnGpu({ debug: true }), markInThread),
  compatibility: devicePlace(() => dawnGpu({ debug: true, featureLevel: 'compatibility' })),
}
afterAll(() => Object.values(places).forEach((place) => place.end()))

it.each([
  { featureLevel: 'core', faults: false, standard: 25 },
  { featureLevel: 'core', faults: true, standard: 25 },
  { featureLevel: 'compatibility', faults: true, standard: 6 },
] as const)(
  'Dawn ($featureLevel) holds what the world holds, whatever is done (faults: $faults)',
  async ({ featureLevel, faults, standard }) => {
    const place = places[featureLevel]
    const programs = fromEnv('MEMKIT_MODEL_RUNS', standard)
    const path = textFromEnv('MEMKIT_MODEL_PATH')
    const tally = await checkPrograms(place, {
      programs,
      steps: fromEnv('MEMKIT_MODEL_STEPS', 150),
      faults,
      seed: fromEnv('MEMKIT_MODEL_SEED', 20_250_102),
      path,
      command: `npx vitest run --project dawn tests/model -t 'Dawn .${featureLevel}.*faults: ${faults}'`,
    })
    if (path !== undefined) return
    expect(tally.programs).toBe(programs)
    // Of a hundred steps about sixteen end a frame; on a lost device there is nothing to compare.
    expect(tally.frames).toBeGreaterThan((tally.steps * 4) / 100)
    expect(tally.losses > 0).toBe(faults)
    expect(tally.shortages > 0).toBe(faults)
    // Where the device writes rows as well, which one program in two has.
    expect(Math.min(tally.computed, tally.cameBack)).toBeGreaterThan(0)
  },
  600_000,
)
