import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeSyncedWorld } from './suites/synced-world.ts'

describe('on WebGPU in Chromium', () => {
  describeSyncedWorld(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  })
})
