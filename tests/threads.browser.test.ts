import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe, expect, it } from 'vitest'
import { describeThreads } from './suites/threads.ts'
import { browserWriter } from './workers/browser-writer.ts'

describe('workers of a page write, WebGPU in Chromium receives', () => {
  it('the page is cross-origin isolated', () => {
    expect(crossOriginIsolated).toBe(true)
  })

  describeThreads(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter!.requestDevice()
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: true })
  }, browserWriter)
})
