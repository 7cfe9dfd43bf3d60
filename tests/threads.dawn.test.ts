import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeThreads } from './suites/threads.ts'
import { nodeWriter } from './workers/node-writer.ts'

describe('threads of Node write, Dawn receives', () => {
  describeThreads(() => dawnGpu({ debug: true }), nodeWriter)
})
