import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeStores } from './suites/stores.ts'

describe('every store on WebGPU in Chromium', () => {
  describeStores(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  })
})
