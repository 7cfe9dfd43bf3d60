import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { countMemories, games } from './memories.ts'

afterEach(() => void vi.unstubAllGlobals())

describe('uses at most four WebAssembly memories for any number of components', () => {
  it.each(Object.entries(games))('%s', { timeout: 60_000 }, async (_name, play) => {
    const memories = countMemories()
    try {
      expect(await play({ gpu: new MkGpu(new DummyBackend()) })).toEqual([])
    } finally {
      memories.stop()
    }
    expect(memories.count).toBeLessThanOrEqual(4)
  })
})

describe('uploads everything from plain memory when WebAssembly gives no memory', () => {
  it.each(Object.entries(games))('%s', { timeout: 60_000 }, async (_name, play) => {
    const { Memory } = WebAssembly
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    WebAssembly.Memory = function () {
      throw new RangeError('could not allocate memory')
    } as never
    try {
      expect(await play({ gpu: new MkGpu(new DummyBackend()) })).toEqual([])
      const said = warn.mock.calls.filter(([text]) => String(text).includes('gives no memory'))
      expect(said.length).toBeLessThanOrEqual(1)
    } finally {
      WebAssembly.Memory = Memory
      warn.mockRestore()
    }
  })
})
