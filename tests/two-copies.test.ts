import { DummyBackend, MkGpu } from '@memkit/gpu'
import * as copy from '@memkit/gpu?second-copy'
import { describe } from 'vitest'
import { describeTwoCopies } from './suites/two-copies.ts'

describe('two copies of the packages in Node', () => {
  describeTwoCopies(
    () => Promise.resolve(new MkGpu(new DummyBackend(), { debug: true })),
    () => Promise.resolve(new copy.MkGpu(new copy.DummyBackend(), { debug: true })),
  )
})
