import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeNoMemoryAtEveryBuffer } from './suites/no-memory-at-every-buffer.ts'

describe.each([0, 200])('Dummy, work done after %i µs', (transferDelayUs) => {
  describeNoMemoryAtEveryBuffer(() => {
    const backend = new DummyBackend({ transferDelayUs })
    return Promise.resolve({
      gpu: new MkGpu(backend),
      made: () => backend.calls.buffersCreated,
      starve: (at: readonly number[]) => void (backend.faults = { outOfMemoryAt: at }),
    })
  }, 1)
})
