// Random programs of the model test, recorded and replayed: `MEMKIT_MODEL_RUNS` of each kind, each of `MEMKIT_MODEL_STEPS` steps, from
// `MEMKIT_MODEL_SEED`.
import { DummyBackend, MkGpu } from '@memkit/gpu'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { dummyPlace } from '../model/dummy-place.ts'
import { newTally } from '../model/place.ts'
import { Programs } from '../model/program.ts'
import { fromEnv } from '../model/property.ts'
import { run } from '../model/run.ts'
import { RecordedPrograms } from './recorded-programs.ts'

it.each([false, true])(
  'a replay holds what the device held after every frame of random programs (faults: %s)',
  async (faults) => {
    const openGpu = (): Promise<MkGpu> => Promise.resolve(new MkGpu(new DummyBackend()))
    const witness = new RecordedPrograms({ openGpu, keyframeEvery: 7 })
    const programs = fromEnv('MEMKIT_MODEL_RUNS', 25)
    const all = new Programs(fromEnv('MEMKIT_MODEL_STEPS', 200), faults)
    const property = fc.asyncProperty(all, (program) => run(program, dummyPlace, newTally(), witness))
    // A shorter program is found with `path` of the failure, and without `endOnFailure`.
    const seed = fromEnv('MEMKIT_MODEL_SEED', 20_250_302)
    await fc.assert(property, { numRuns: programs, seed, endOnFailure: true })
    const { recordings, frames } = witness.tally
    expect(recordings).toBeGreaterThanOrEqual(programs)
    expect(frames).toBeGreaterThan(programs * 10)
  },
  600_000,
)
