import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeNoMemoryAtEveryBuffer } from './suites/no-memory-at-every-buffer.ts'
import { starvedDevice } from './suites/starved-device.ts'

describe('Dawn', () => {
  describeNoMemoryAtEveryBuffer(async () => {
    const { device, made, starve } = starvedDevice(await dawnDevice(), 8)
    return { gpu: new MkGpu(new WebGpuBackend(device, { owned: true })), made, starve }
  }, 4)
})
