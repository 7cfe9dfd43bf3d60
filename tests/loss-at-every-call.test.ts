import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeLossAtEveryCall } from './suites/loss-at-every-call.ts'
import type { CountedGpu } from './suites/loss-at-every-call.ts'

async function open(transferDelayUs: number): Promise<CountedGpu> {
  const backend = new DummyBackend({ transferDelayUs })
  let start = 0
  return {
    gpu: new MkGpu(backend, { debug: true }),
    calls: () => backend.callCount - start,
    arm(doom) {
      start = backend.callCount
      backend.faults = doom === undefined ? {} : { loseAtCall: start + doom.call }
    },
  }
}

const options = { whens: ['before' as const], exact: true }

describe('A Dummy that does its work at once', () => {
  describeLossAtEveryCall(() => open(0), { ...options, strategies: ['scatter', 'runs', 'full'] })
})

describe('A Dummy that takes its time', () => {
  describeLossAtEveryCall(() => open(200), { ...options, strategies: ['scatter'] })
})
