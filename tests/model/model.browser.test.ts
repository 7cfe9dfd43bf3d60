import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { afterAll, expect, it } from 'vitest'
import { devicePlace } from './device-place.ts'
import { checkPrograms } from './property.ts'

const place = devicePlace(async () => {
  const adapter = await navigator.gpu.requestAdapter()
  return new MkGpu(new WebGpuBackend(await adapter!.requestDevice(), { owned: true }), { debug: true })
})
afterAll(() => place.end())

it.each([false, true])(
  'Chromium holds what the world holds, whatever is done (faults: %s)',
  async (faults) => {
    const programs = 8
    const tally = await checkPrograms(place, {
      programs,
      steps: 100,
      faults,
      seed: 20_250_103,
      command: `npx vitest run --project browser tests/model -t 'faults: ${faults}'`,
    })
    expect(tally.programs).toBe(programs)
  },
  120_000,
)
