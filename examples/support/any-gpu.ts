import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'

/**
 * Returns Dawn (WebGPU in Node) if it finds an adapter, which may be a software one. Otherwise
 * prints why, and returns the Dummy backend.
 */
export async function anyGpu(): Promise<MkGpu> {
  try {
    const gpu = await dawnGpu()
    console.log(`On ${gpu.capabilities.adapter} (${gpu.capabilities.runtime}).\n`)
    return gpu
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    console.log(`No adapter, so this runs on the Dummy backend: ${reason}\n`)
    return new MkGpu(new DummyBackend())
  }
}
