import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { describe } from 'vitest'
import { DeviceCalls } from './suites/device-calls.ts'
import { describeLossAtEveryCall } from './suites/loss-at-every-call.ts'

describe('Chromium', () => {
  describeLossAtEveryCall(
    async () => {
      const adapter = await navigator.gpu.requestAdapter()
      const counted = new DeviceCalls(await adapter!.requestDevice())
      return {
        gpu: new MkGpu(new WebGpuBackend(counted.device, { owned: true }), { debug: true }),
        calls: () => counted.count,
        arm: (doom) => counted.arm(doom),
      }
    },
    { whens: ['before', 'after'], strategies: ['scatter'], exact: false },
  )
})
