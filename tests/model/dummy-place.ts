import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import type { Setup } from './program.ts'
import type { Place } from './place.ts'
import { markInThread } from '../workers/node-marker.ts'

const calibrated = new Set<string>()

/** A Dummy for every program. */
export const dummyPlace: Place = {
  async open(setup) {
    const key = `${setup.noScatter} ${setup.debug}`
    if (!calibrated.has(key)) {
      // Costs are measured on first use of a kind of device, which must not happen in the midst of a program.
      calibrated.add(key)
      const co = new MkCoordinator(make({ ...setup, slow: false }))
      await co.ready()
      co.dispose()
    }
    return make(setup)
  },
  async close(gpu) {
    gpu.destroy()
  },
  // A shader's writes come behind the writes of the frame, like these.
  compute: (gpu, buffer, offset, bytes) => gpu.write(buffer, offset, bytes.buffer, 0, bytes.length),
  mark: markInThread,
}

function make({ noScatter, slow, debug }: Setup): MkGpu {
  const backend = new DummyBackend({
    transferDelayUs: slow ? Infinity : 0,
    ...(noScatter ? { capabilities: { scatter: false } } : {}),
  })
  return new MkGpu(backend, { debug })
}
