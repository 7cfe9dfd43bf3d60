import { dawnDevice } from '@memkit/gpu/node'
import type { ConformanceFactory } from '@memkit/gpu/conformance'
import { WebGpuBackend } from '@memkit/gpu'
import { lateLossDevice } from '../late-loss-device.ts'
import type { ByName } from './place.ts'
import { webGpuPlaces } from './webgpu.ts'

const { conforming, ...onDawn } = webGpuPlaces('Dawn in Node', () => dawnDevice(), 8)
export const { place, places, doomedPlaces, shortPlaces } = onDawn

const losing =
  (open: () => Promise<GPUDevice>): ConformanceFactory =>
  async () => {
    const device = await open()
    return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
  }

/** Backends of this place, by name, for the conformance suite. */
export const backends: ByName<ConformanceFactory> = {
  'WebGPU on Dawn': conforming,
  'WebGPU on Dawn, in compatibility mode': losing(() => dawnDevice({ featureLevel: 'compatibility' })),
  'WebGPU that says done before lost': losing(async () => lateLossDevice(await dawnDevice())),
}
