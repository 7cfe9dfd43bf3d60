// Random programs, each of `MEMKIT_MODEL_STEPS` steps, `MEMKIT_MODEL_RUNS` of each kind, from `MEMKIT_MODEL_SEED`. A failure prints the
// shortest program that was found to fail, and the command that runs it again. More of them: npm run test:deep (docs/reliability.md).
import { cases, project } from '#model-cases'
import { afterAll, expect, it } from 'vitest'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

afterAll(() => cases.forEach(({ place }) => place.end?.()))

it.each(cases.map((one) => [one.name, one.faults, one] as const))(
  '%s holds what the world holds after random programs (faults: %s)',
  async (name, faults, { place, starves, ...standard }) => {
    const programs = fromEnv('MEMKIT_MODEL_RUNS', standard.programs)
    const path = textFromEnv('MEMKIT_MODEL_PATH')
    const tally = await checkPrograms(place, {
      programs,
      steps: fromEnv('MEMKIT_MODEL_STEPS', standard.steps),
      faults,
      seed: fromEnv('MEMKIT_MODEL_SEED', standard.seed),
      path,
      command: `npx vitest run --project ${project} tests/model -t '${name} .*faults: ${faults}'`,
    })
    if (path !== undefined) return
    expect(tally.programs).toBe(programs)
    // Of a hundred steps about sixteen end a frame; on a lost device there is nothing to compare.
    expect(tally.frames).toBeGreaterThan((tally.steps * 4) / 100)
    expect(tally.losses > 0).toBe(faults)
    expect(tally.shortages > 0).toBe(faults && starves)
    // Where the device writes rows as well, which one program in two has.
    const written = Math.min(tally.computed, tally.cameBack)
    if (place.uploadsOnly === true) expect(written).toBe(0)
    else expect(written).toBeGreaterThan(0)
  },
  600_000,
)
