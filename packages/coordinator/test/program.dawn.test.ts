import fc from 'fast-check'
import { test } from 'vitest'
import { testDevice } from './dawn.ts'
import { anyProgram, runProgram } from './program.ts'

const gpu = await testDevice()

test('the same on a real device, without a validation error', async () => {
  await fc.assert(
    fc.asyncProperty(anyProgram, (program) => runProgram(gpu, program)),
    { numRuns: 40 },
  )
}, 60_000)
