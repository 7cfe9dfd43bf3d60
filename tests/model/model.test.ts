import { expect, it } from 'vitest'
import { dummyPlace } from './dummy-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

const steps = fromEnv('MEMKIT_MODEL_STEPS', 200)
const seed = fromEnv('MEMKIT_MODEL_SEED', 20_250_101)
const path = textFromEnv('MEMKIT_MODEL_PATH')

it.each([false, true])(
  'the device holds what the world holds, whatever is done (faults: %s)',
  async (faults) => {
    const programs = fromEnv('MEMKIT_MODEL_RUNS', 100)
    const tally = await checkPrograms(dummyPlace, {
      programs,
      steps,
      faults,
      seed,
      path,
      command: `npx vitest run --project unit tests/model/model.test.ts -t 'faults: ${faults}'`,
    })
    expect(tally.programs).toBeGreaterThanOrEqual(path === undefined ? programs : 0)
  },
  600_000,
)
