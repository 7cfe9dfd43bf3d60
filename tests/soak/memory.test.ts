import { describe, expect, it } from 'vitest'
import { growth, type MemorySample } from './memory.ts'

const flat: MemorySample = {
  frame: 0,
  jsHeap: 13e6,
  external: 36e6,
  process: 160e6,
  heapUsed: 3.8e6,
  arenaHighWater: 2048,
  gpuBuffers: 16,
  gpuBytes: 7e5,
  deferredFrees: 3,
  framesInFlight: 3,
}

/** Samples of a soak of 100 cycles of 1 000 frames. */
function samples(at: (frame: number) => Partial<MemorySample>): MemorySample[] {
  return Array.from({ length: 100 }, (_, i) => ({ ...flat, frame: (i + 1) * 1000, ...at((i + 1) * 1000) }))
}

describe('memory', () => {
  it('is flat when nothing changes, and when it only rises while it warms up', () => {
    expect(growth(samples(() => ({})))).toEqual([])
    // 20 000 of 100 000 frames are warm-up.
    expect(growth(samples((frame) => ({ jsHeap: frame <= 20_000 ? frame * 600 : 13e6 })))).toEqual([])
  })

  it('is flat when it rises and falls from cycle to cycle', () => {
    const jsHeap = (frame: number): number => 13e6 + (((frame / 1000) * 7919) % 13) * 1e5
    expect(growth(samples((frame) => ({ jsHeap: jsHeap(frame) })))).toEqual([])
  })

  it("isn't flat when each frame leaves 20 bytes of JavaScript behind", () => {
    // Medians of the halves lie 40 000 frames apart: 800 000 bytes, more than 4 % of 13 MB and 512 KiB.
    expect(growth(samples((frame) => ({ jsHeap: 13e6 + frame * 20 })))).toEqual([
      expect.stringMatching(/^jsHeap grows from \d+ to \d+: more than 5\d{5} allowed$/),
    ])
  })

  it.each([
    ['a block of 16 bytes in every fifth frame', { heapUsed: 3.2 }],
    ['a GPU buffer in every 10 000 frames', { gpuBuffers: 1e-4 }],
    ['16 bytes of GPU memory in every frame', { gpuBytes: 16 }],
    ['a deferred free in every 10 000 frames', { deferredFrees: 1e-4 }],
    ['1 KiB of native memory in every frame', { process: 1024 }],
    ['100 bytes of buffers in every frame', { external: 100 }],
  ] as const)("isn't flat when there is %s more", (_, perFrame) => {
    const [[figure, each]] = Object.entries(perFrame) as [keyof typeof flat, number][]
    const grown = growth(samples((frame) => ({ [figure]: flat[figure] + Math.floor(frame * each) })))
    expect(grown).toEqual([expect.stringContaining(`${figure} grows`)])
  })

  it("can't be judged from less than six rounds of four cycles after the warm-up", () => {
    // A fifth of 29 cycles, rounded up, is 6: 23 are left, one too few.
    expect(growth(samples(() => ({})).slice(0, 29))).toBeUndefined()
    expect(growth(samples(() => ({})).slice(0, 30))).toEqual([])
  })
})
