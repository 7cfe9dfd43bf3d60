import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeDeviceWrites } from './suites/device-writes.ts'

describe('on Dawn in Node', () => {
  describeDeviceWrites(() => dawnGpu({ debug: true }))
})
