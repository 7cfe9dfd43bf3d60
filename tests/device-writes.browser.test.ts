import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeDeviceWrites } from './suites/device-writes.ts'

describe('on WebGPU in Chromium', () => {
  describeDeviceWrites(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  })
})
