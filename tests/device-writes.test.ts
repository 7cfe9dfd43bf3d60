import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeDeviceWrites } from './suites/device-writes.ts'

describe('on the Dummy backend', () => {
  describeDeviceWrites(async () => new MkGpu(new DummyBackend(), { debug: true }))
})
