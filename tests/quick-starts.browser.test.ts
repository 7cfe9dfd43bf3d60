import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeQuickStarts } from './suites/quick-starts.ts'

describe('on WebGPU in Chromium', () => {
  describeQuickStarts(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  })
})
