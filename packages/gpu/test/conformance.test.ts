import { DummyBackend } from '@memkit/gpu'
import { conformance } from './conformance-suite.ts'

const dummy =
  (options = {}) =>
  () => {
    const backend = new DummyBackend(options)
    const starve = () =>
      (backend.faults = { ...backend.faults, outOfMemoryAt: [backend.calls.buffersCreated + 1] })
    return { backend, lose: () => backend.lose(), starve }
  }

conformance('Dummy', dummy())
conformance('Dummy with shared memory', dummy({ simulateDeviceLocal: false }))
conformance('Dummy that knows at once', dummy({ faults: { outOfMemory: 'throw' } }))
conformance('Dummy that takes its time', dummy({ transferDelayUs: 500 }))
conformance(
  'Dummy that says done before lost',
  dummy({ transferDelayUs: 500, faults: { doneBeforeLoss: true } }),
)
conformance(
  'Dummy without compute',
  dummy({
    capabilities: {
      usages: 0x7c, // all but STORAGE and INDIRECT
      storage: false,
      maxStorageBufferBindingSize: 0,
      indirect: false,
      scatter: false,
      indexIsExclusive: true,
    },
  }),
)
