import type { Strategy } from '@memkit/coordinator'
import * as gpuPackage from '@memkit/gpu'
import { DummyBackend, MkGpu, type BackendBufferDescriptor, type DummyOptions } from '@memkit/gpu'
import type { ConformanceFactory } from '@memkit/gpu/conformance'
import type { ByName, DoomedPlace, Place, ShortPlace } from './place.ts'

export const place: Place = {
  open: (using = gpuPackage) => Promise.resolve(new using.MkGpu(new using.DummyBackend(), { debug: true })),
}
export const places: ByName<Place> = { 'the Dummy backend': place }

const doomed = (transferDelayUs: number, strategies: readonly Strategy[]): DoomedPlace => ({
  whens: ['before'],
  strategies,
  exact: true,
  async open() {
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
  },
})

export const doomedPlaces: ByName<DoomedPlace> = {
  'a Dummy that works at once': doomed(0, ['scatter', 'runs', 'full']),
  'a Dummy that takes its time': doomed(200, ['scatter']),
}

/** A Dummy without memory for buffers of one label. */
class ShortDummy extends DummyBackend {
  #label: string | undefined

  override createBuffer(descriptor: BackendBufferDescriptor) {
    if (descriptor.label === this.#label) this.starveNext()
    return super.createBuffer(descriptor)
  }

  starve(at: readonly number[]): void {
    this.faults = { ...this.faults, outOfMemoryAt: at }
  }

  starveNext(): void {
    this.starve([this.calls.buffersCreated + 1])
  }

  starveLabel(label: string | undefined): void {
    this.#label = label
    // The memory for parameters is the backend's own.
    const { scatterRoom: _, ...faults } = this.faults
    this.faults = label === 'memkit scatter parameters' ? { ...faults, scatterRoom: 0 } : faults
  }
}

const short = (transferDelayUs: number): ShortPlace => ({
  answerMs: 1,
  async open() {
    const backend = new ShortDummy({ transferDelayUs })
    return {
      gpu: new MkGpu(backend),
      made: () => backend.calls.buffersCreated,
      starve: (at) => backend.starve(at),
      starveNext: () => backend.starveNext(),
      starveLabel: (label) => backend.starveLabel(label),
      uncaptured: () => [],
    }
  },
})

export const shortPlaces: ByName<ShortPlace> = {
  'a Dummy that works at once': short(0),
  'a Dummy that takes its time': short(200),
}

const conforming =
  (options: DummyOptions = {}): ConformanceFactory =>
  () => {
    const backend = new ShortDummy(options)
    return { backend, lose: () => backend.lose(), starve: () => backend.starveNext() }
  }

/** Backends of this place, by name, for the conformance suite. */
export const backends: ByName<ConformanceFactory> = {
  Dummy: conforming(),
  'Dummy with shared memory': conforming({ simulateDeviceLocal: false }),
  'Dummy that knows at once': conforming({ faults: { outOfMemory: 'throw' } }),
  'Dummy that takes its time': conforming({ transferDelayUs: 500 }),
  'Dummy that says done before lost': conforming({ transferDelayUs: 500, faults: { doneBeforeLoss: true } }),
  'Dummy without compute': conforming({
    capabilities: {
      usages: 0x7c, // all but STORAGE and INDIRECT
      storage: false,
      maxStorageBufferBindingSize: 0,
      indirect: false,
      scatter: false,
      indexIsExclusive: true,
    },
  }),
}
