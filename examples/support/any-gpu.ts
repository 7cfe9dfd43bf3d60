import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'

/** Dawn (WebGPU in Node) when it finds an adapter, a software one will do; else the Dummy backend, with the reason. */
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
