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
      const co = new MkCoordinator(make({ ...setup, slow: false }, 0))
      await co.ready()
      co.dispose()
    }
    return make(setup, Infinity)
  },
  async close(gpu) {
    gpu.destroy()
  },
  // A shader's writes come behind the writes of the frame, like these.
  compute: (gpu, buffer, offset, bytes) => gpu.write(buffer, offset, bytes.buffer, 0, bytes.length),
  starve({ backend }, buffers, late) {
    if (!(backend instanceof DummyBackend)) return
    const next = backend.calls.buffersCreated + 1
    backend.faults = {
      ...backend.faults,
      outOfMemoryAt: Array.from({ length: buffers }, (_, i) => next + i),
      outOfMemory: late ? 'late' : 'throw',
    }
  },
  feed({ backend }) {
    if (backend instanceof DummyBackend) backend.faults = { ...backend.faults, outOfMemoryAt: [] }
  },
  async answered({ backend }) {
    // What an answer sets off may make further buffers.
    for (let i = 0; i < 20; i++) {
      if (i % 5 === 0 && backend instanceof DummyBackend) backend.answer()
      await Promise.resolve()
    }
  },
  mark: markInThread,
}

/** @param answerDelayUs Infinity: whether there is memory is said when a program asks */
function make({ noScatter, slow, debug }: Setup, answerDelayUs: number): MkGpu {
  const backend = new DummyBackend({
    answerDelayUs,
    transferDelayUs: slow ? Infinity : 0,
    ...(noScatter ? { capabilities: { scatter: false } } : {}),
  })
  return new MkGpu(backend, { debug })
}
