import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeThreads } from './suites/threads.ts'
import { nodeWriter } from './workers/node-writer.ts'

describe('threads of Node write, the Dummy backend receives', () => {
  describeThreads(async () => new MkGpu(new DummyBackend(), { debug: true }), nodeWriter)
})
