import { createHeap } from '@memkit/core'
import { place } from '@memkit/testing/place'
import { expect, it } from 'vitest'
import { games } from './memories.ts'

it.each(Object.entries(games))(
  'leaves WebAssembly memory for others on the page: %s',
  { timeout: 120_000 },
  async (_name, play) => {
    const gpu = await place.open()
    expect(await play({ gpu })).toEqual([])
    // Before a collection, which a game cannot ask for.
    expect(createHeap({ bytes: 1 << 20, exact: true }).kernels.kind).toBe('wasm-simd')
    expect(new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer.byteLength).toBe(65_536)
    gpu.destroy()
  },
)
