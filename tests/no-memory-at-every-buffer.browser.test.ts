import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeNoMemoryAtEveryBuffer } from './suites/no-memory-at-every-buffer.ts'
import { starvedDevice } from './suites/starved-device.ts'

describe('Chromium', () => {
  describeNoMemoryAtEveryBuffer(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const { device, made, starve } = starvedDevice(await adapter!.requestDevice(), 8)
    return { gpu: new MkGpu(new WebGpuBackend(device, { owned: true })), made, starve }
  }, 12)
})
