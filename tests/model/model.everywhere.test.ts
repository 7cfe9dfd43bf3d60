// Random programs, each of `MEMKIT_MODEL_STEPS` steps, `MEMKIT_MODEL_RUNS` of each kind, from `MEMKIT_MODEL_SEED`. A failure prints the
// shortest program that was found to fail, and the command that runs it again. More of them: npm run test:deep (docs/reliability.md).
import { expect, it } from 'vitest'
import { dummyPlace } from './dummy-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

const steps = fromEnv('MEMKIT_MODEL_STEPS', 200)
const seed = fromEnv('MEMKIT_MODEL_SEED', 20_250_101)
const path = textFromEnv('MEMKIT_MODEL_PATH')

it.each([false, true])(
  'the device holds what the world holds, whatever is done (faults: %s)',
  async (faults) => {
    const programs = fromEnv('MEMKIT_MODEL_RUNS', 150)
    const tally = await checkPrograms(dummyPlace, {
      programs,
      steps,
      faults,
      seed,
      path,
      command: `npx vitest run --project unit tests/model/model.test.ts -t 'faults: ${faults}'`,
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
