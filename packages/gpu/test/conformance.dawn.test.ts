import { WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { starvedDevice } from '../../../tests/suites/starved-device.ts'
import { conformance } from './conformance-suite.ts'

conformance('WebGPU on Dawn', async () => {
  const { device, starveNext } = starvedDevice(await dawnDevice())
  const backend = new WebGpuBackend(device, { owned: true })
  return { backend, lose: () => device.destroy(), starve: starveNext }
})
