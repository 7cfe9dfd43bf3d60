import { readFileSync } from 'node:fs'
import { dawnGpu } from '@memkit/gpu/node'
import { markInThread } from '../workers/node-marker.ts'
import { devicePlace } from './device-place.ts'
import { dummyPlace } from './dummy-place.ts'
import { newTally, type Place, type Tally } from './place.ts'
import { checkPrograms, fromEnv, parse, textFromEnv } from './property.ts'
import { run } from './run.ts'

// One share of `npm run test:deep`: prints what was done so far as lines of JSON, then ends. Exit code 1 with the failing program.
// MEMKIT_MODEL_PLACE: dummy or dawn. MEMKIT_MODEL_PROGRAM: a file with one program, as a failure prints it, to run instead.

/** Milliseconds between two lines. */
const EVERY = 500

const onDawn = textFromEnv('MEMKIT_MODEL_PLACE') === 'dawn'
const dawn = devicePlace(() => dawnGpu({ debug: true }), markInThread)
const place: Place = onDawn ? dawn : dummyPlace

async function runOne(file: string): Promise<Tally> {
  const tally = newTally()
  await run(parse(readFileSync(file, 'utf8')), place, tally)
  return tally
}

function runShare(): Promise<Tally> {
  let printed = performance.now()
  return checkPrograms(place, {
    programs: fromEnv('MEMKIT_MODEL_RUNS', 1000),
    steps: fromEnv('MEMKIT_MODEL_STEPS', 500),
    faults: textFromEnv('MEMKIT_MODEL_FAULTS') === 'true',
    seed: fromEnv('MEMKIT_MODEL_SEED', 1),
    path: textFromEnv('MEMKIT_MODEL_PATH'),
    command: `${onDawn ? 'MEMKIT_MODEL_PLACE=dawn ' : ''}npm run test:deep`,
    onProgress: (tally) => {
      if (performance.now() - printed < EVERY) return
      printed = performance.now()
      console.log(JSON.stringify(tally))
    },
  })
}

try {
  const file = textFromEnv('MEMKIT_MODEL_PROGRAM')
  console.log(JSON.stringify(await (file === undefined ? runShare() : runOne(file))))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  dawn.end()
}
