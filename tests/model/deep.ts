import { dummyPlace } from './dummy-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

// One share of `npm run test:deep`: prints what was done so far as lines of JSON, then ends. Exit code 1 with the failing program.
const started = performance.now()
let printed = started
try {
  const tally = await checkPrograms(dummyPlace, {
    programs: fromEnv('MEMKIT_MODEL_RUNS', 1000),
    steps: fromEnv('MEMKIT_MODEL_STEPS', 500),
    faults: textFromEnv('MEMKIT_MODEL_FAULTS') === 'true',
    seed: fromEnv('MEMKIT_MODEL_SEED', 1),
    path: textFromEnv('MEMKIT_MODEL_PATH'),
    command: 'npm run test:deep',
    onProgress: (tally) => {
      if (performance.now() - printed < 500) return
      printed = performance.now()
      console.log(JSON.stringify(tally))
    },
  })
  console.log(JSON.stringify(tally))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
