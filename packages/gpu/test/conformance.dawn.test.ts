import { WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { conformance } from './conformance-suite.ts'

conformance('WebGPU on Dawn, in compatibility mode', async () => {
  const device = await dawnDevice({ featureLevel: 'compatibility' })
  return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
})

conformance('WebGPU on Dawn', async () => {
  const device = await dawnDevice()
  return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
})
