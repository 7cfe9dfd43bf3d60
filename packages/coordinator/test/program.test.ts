import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { anyProgram, runProgram } from './program.ts'

test('whatever the program, the device holds what the model holds after every flush', async () => {
  await fc.assert(
    fc.asyncProperty(anyProgram, async (program) => {
      const gpu = new MkGpu(new DummyBackend())
      const errors: unknown[] = []
      gpu.onError((error) => errors.push(error))
      await runProgram(gpu, program)
      expect(errors).toEqual([])
      // Everything the coordinator made was given back.
      expect(gpu.leaks()).toEqual([])
      gpu.destroy()
    }),
    { numRuns: 150 },
  )
}, 60_000)
