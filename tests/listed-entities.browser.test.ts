import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeListedEntities } from './suites/listed-entities.ts'

describe('on WebGPU in Chromium', () => {
  describeListedEntities(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  })
})
