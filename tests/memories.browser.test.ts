import { createHeap } from '@memkit/core'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { expect, it } from 'vitest'
import { games } from './suites/memories.ts'

it.each(Object.entries(games))(
  'others on the page still get WebAssembly memory: %s',
  { timeout: 120_000 },
  async (_name, play) => {
    const gpu = new MkGpu(
      new WebGpuBackend(await (await navigator.gpu.requestAdapter())!.requestDevice(), { owned: true }),
    )
    expect(await play({ gpu })).toEqual([])
    // Before a collection, which a game cannot ask for.
    expect(createHeap({ bytes: 1 << 20, exact: true }).kernels.kind).toBe('wasm-simd')
    expect(new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer.byteLength).toBe(65_536)
    gpu.destroy()
  },
)
