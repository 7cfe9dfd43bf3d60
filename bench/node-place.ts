import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { globals } from 'webgpu'
import type { BackendName, Place } from './place.ts'

/** A backend in this process. */
export async function nodePlace(backend: Exclude<BackendName, 'chromium'>): Promise<Place> {
  // Peers name flags through the globals of a browser.
  Object.assign(globalThis, globals)
  if (backend === 'dummy') {
    const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 1 << 30 }))
    return placeOf(backend, gpu, undefined, true)
  }
  const gpu = await dawnGpu(backend === 'null' ? { backend: 'null' } : {})
  return placeOf(backend, gpu, gpu.backend.device, backend === 'dawn')
}

function placeOf(backend: BackendName, gpu: MkGpu, device: GPUDevice | undefined, readable: boolean): Place {
  const { adapter, runtime } = gpu.capabilities
  return { backend, adapter, runtime, gpu, device, readable }
}
