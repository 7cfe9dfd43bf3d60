import type { WebGpuBackend } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { startCounting } from '../bench/call-counts.ts'
import { describeExactCounts } from './suites/exact-counts.ts'

describe('exact counts on Dawn in Node', () => {
  describeExactCounts({
    open: () => dawnGpu(),
    // Counted below us, by what stands in for the methods of the device.
    count(gpu, work) {
      const counting = startCounting((gpu.backend as WebGpuBackend).device)
      try {
        work()
      } finally {
        counting.stop()
      }
      const { writes, bytesWritten, submits, dispatches, copies, buffersCreated } = counting.counts
      return { writes, bytesWritten, submits, dispatches, copies, buffersCreated }
    },
    parameterBytes: 256,
    writeBytes: (4 << 20) - 4096,
  })
})
