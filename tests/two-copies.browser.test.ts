import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import * as copy from '@memkit/gpu?second-copy'
import { describe } from 'vitest'
import { describeTwoCopies } from './suites/two-copies.ts'

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter()
  return adapter!.requestDevice()
}

describe('two copies of the packages in Chromium', () => {
  describeTwoCopies(
    async () => new MkGpu(new WebGpuBackend(await openDevice(), { owned: true }), { debug: true }),
    async () => new copy.MkGpu(new copy.WebGpuBackend(await openDevice(), { owned: true }), { debug: true }),
  )
})
