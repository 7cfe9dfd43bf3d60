// The page that runs programs in Chromium. bench/chromium.ts opens it and calls `bench`.
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { browserPrograms } from '../programs/browser.ts'
import { MemoryCases } from '../programs/memory-cases.ts'
import type { Place } from '../place.ts'
import './globals.ts'

async function browserPlace(): Promise<Place> {
  const adapter = await navigator.gpu.requestAdapter()
  if (!adapter) throw new Error('No WebGPU adapter in this browser')
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    },
  })
  const gpu = new MkGpu(new WebGpuBackend(device))
  const { vendor, architecture, description } = adapter.info
  return {
    backend: 'chromium',
    adapter: description || [vendor, architecture].filter(Boolean).join(' '),
    runtime: gpu.capabilities.runtime,
    gpu,
    device,
    readable: true,
  }
}

globalThis.bench = async (name, quick, variant) => {
  const program = browserPrograms[name]
  if (!program) throw new Error(`There is no program ${name} for a page`)
  const place = await browserPlace()
  const progress = (done: number, what: string): void => globalThis.benchProgress(done, what)
  const data = await program(place, { quick, variant, progress })
  return { adapter: place.adapter, runtime: place.runtime, data }
}
globalThis.openMemory = async () => {
  const place = await browserPlace()
  globalThis.memory = new MemoryCases(place)
  return { cases: MemoryCases.count(place), adapter: place.adapter, runtime: place.runtime }
}
document.title = 'ready'
