import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeQuickStarts } from './suites/quick-starts.ts'

describe('on the Dummy backend', () => {
  describeQuickStarts(async () => new MkGpu(new DummyBackend(), { debug: true }))
})
