import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { starvedDevice } from './starved-device.ts'
import type { ShortGpu } from './without-memory.ts'

/** A real device that can be short of memory, and whose errors are counted. */
export function shortGpu(real: GPUDevice): ShortGpu {
  const { device, starveNext, starveLabel } = starvedDevice(real)
  let errors = 0
  const count = (event: GPUUncapturedErrorEvent): void => {
    errors++
    console.error(event.error.message)
  }
  device.addEventListener('uncapturederror', count)
  const gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
  gpu.onError((error) => {
    errors++
    console.error(error)
  })
  return { gpu, starveNext, starveLabel, uncaptured: () => errors }
}
