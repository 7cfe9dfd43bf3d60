import { dawnGpu } from '@memkit/gpu/node'
import { afterAll, expect, it } from 'vitest'
import { devicePlace } from './device-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

const place = devicePlace(() => dawnGpu({ debug: true }))
afterAll(() => place.end())

it.each([false, true])(
  'Dawn holds what the world holds, whatever is done (faults: %s)',
  async (faults) => {
    const programs = fromEnv('MEMKIT_MODEL_RUNS', 12)
    const path = textFromEnv('MEMKIT_MODEL_PATH')
    const tally = await checkPrograms(place, {
      programs,
      steps: fromEnv('MEMKIT_MODEL_STEPS', 120),
      faults,
      seed: fromEnv('MEMKIT_MODEL_SEED', 20_250_102),
      path,
      command: `npx vitest run --project dawn tests/model -t 'faults: ${faults}'`,
    })
    expect(tally.programs).toBeGreaterThanOrEqual(path === undefined ? programs : 0)
  },
  600_000,
)
