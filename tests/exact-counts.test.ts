import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeExactCounts } from './suites/exact-counts.ts'

describe('exact counts on the Dummy backend', () => {
  describeExactCounts({
    open: () => Promise.resolve(new MkGpu(new DummyBackend())),
    count(gpu, work) {
      const before = { ...gpu.calls }
      work()
      const { calls } = gpu
      return {
        writes: calls.writes - before.writes,
        bytesWritten: calls.bytesWritten - before.bytesWritten,
        submits: calls.submits - before.submits,
        dispatches: calls.dispatches - before.dispatches,
        copies: calls.copies - before.copies,
        buffersCreated: calls.buffersCreated - before.buffersCreated,
      }
    },
    parameterBytes: 0,
    writeBytes: Number.MAX_SAFE_INTEGER,
  })
})
