import { WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { starvedDevice } from '../../../tests/suites/starved-device.ts'
import { lateLossDevice } from '../../../tests/suites/late-loss-device.ts'
import { conformance } from './conformance-suite.ts'

conformance('WebGPU on Dawn, in compatibility mode', async () => {
  const device = await dawnDevice({ featureLevel: 'compatibility' })
  return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
})

conformance('WebGPU on Dawn', async () => {
  const { device, starveNext } = starvedDevice(await dawnDevice())
  const backend = new WebGpuBackend(device, { owned: true })
  return { backend, lose: () => device.destroy(), starve: starveNext }
})

conformance('WebGPU that says done before lost', async () => {
  const device = lateLossDevice(await dawnDevice())
  return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
})
