import { DummyBackend, MkGpu } from '@memkit/gpu'
import type { BackendBufferDescriptor } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeWithoutMemory } from './suites/without-memory.ts'

/** Has no memory for buffers of one label. */
class ShortDummy extends DummyBackend {
  label: string | undefined

  override createBuffer(descriptor: BackendBufferDescriptor) {
    if (descriptor.label === this.label) this.starveNext()
    return super.createBuffer(descriptor)
  }

  starveNext(): void {
    this.faults = { ...this.faults, outOfMemoryAt: [this.calls.buffersCreated + 1] }
  }

  starveLabel(label: string | undefined): void {
    this.label = label
    // The memory for parameters is the backend's own.
    const { scatterRoom: _, ...faults } = this.faults
    this.faults = label === 'memkit scatter parameters' ? { ...faults, scatterRoom: 0 } : faults
  }
}

describe.each([0, 200])('Dummy, work done after %i µs', (transferDelayUs) => {
  describeWithoutMemory(() => {
    const backend = new ShortDummy({ transferDelayUs })
    return Promise.resolve({
      gpu: new MkGpu(backend),
      starveNext: () => backend.starveNext(),
      starveLabel: (label) => backend.starveLabel(label),
      uncaptured: () => 0,
    })
  }, 1)
})
