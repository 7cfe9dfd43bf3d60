import { MkGpu, WebGl2Backend, WebGpuBackend } from '@memkit/gpu'
import { afterAll, describe, expect, it } from 'vitest'
import { devicePlace } from './device-place.ts'
import { checkPrograms, fromEnv, textFromEnv } from './property.ts'

const devices = {
  WebGPU: async () => {
    const adapter = await navigator.gpu.requestAdapter()
    return new MkGpu(new WebGpuBackend(await adapter!.requestDevice(), { owned: true }), { debug: true })
  },
  'WebGPU, compatibility mode,': async () => {
    const adapter = await navigator.gpu.requestAdapter({ featureLevel: 'compatibility' })
    return new MkGpu(new WebGpuBackend(await adapter!.requestDevice(), { owned: true }), { debug: true })
  },
  WebGL2: async () => {
    const gl = new OffscreenCanvas(8, 8).getContext('webgl2')!
    return new MkGpu(new WebGl2Backend(gl, { owned: true }), { debug: true })
  },
}

describe.each([
  { api: 'WebGPU', runs: [false, true] },
  { api: 'WebGPU, compatibility mode,', runs: [true] },
  { api: 'WebGL2', runs: [false, true] },
] as const)('$api in Chromium', ({ api, runs }) => {
  const place = devicePlace(devices[api])
  afterAll(() => place.end())

  it.each(runs)(
    'holds what the world holds, whatever is done (faults: %s)',
    async (faults) => {
      const programs = fromEnv('MEMKIT_MODEL_RUNS', 12)
      const path = textFromEnv('MEMKIT_MODEL_PATH')
      const tally = await checkPrograms(place, {
        programs,
        steps: fromEnv('MEMKIT_MODEL_STEPS', 100),
        faults,
        seed: fromEnv('MEMKIT_MODEL_SEED', 20_250_103),
        path,
        prefix: 'VITE_',
        command: `npx vitest run --project browser tests/model -t '${api}.*faults: ${faults}'`,
      })
      if (path !== undefined) return
      expect(tally.programs).toBe(programs)
      expect(tally.frames).toBeGreaterThan((tally.steps * 4) / 100)
      expect(tally.losses > 0).toBe(faults)
      // Where the device writes rows as well, which one program in two has.
      expect(Math.min(tally.computed, tally.cameBack)).toBeGreaterThan(0)
    },
    120_000,
  )
})
