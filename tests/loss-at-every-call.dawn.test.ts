import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { DeviceCalls } from './suites/device-calls.ts'
import { describeLossAtEveryCall } from './suites/loss-at-every-call.ts'

describe('Dawn', () => {
  describeLossAtEveryCall(
    async () => {
      const counted = new DeviceCalls(await dawnDevice())
      return {
        gpu: new MkGpu(new WebGpuBackend(counted.device, { owned: true }), { debug: true }),
        calls: () => counted.count,
        arm: (doom) => counted.arm(doom),
      }
    },
    { whens: ['before', 'after'], strategies: ['scatter'], exact: false },
  )
})
