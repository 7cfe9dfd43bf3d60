import { MkCoordinator } from '@memkit/coordinator'
import { createHeap } from '@memkit/core'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { firstDifference, frame } from './device-bytes.ts'

let co: MkCoordinator
beforeEach(() => {
  co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  return () => co.dispose()
})

describe('scarcity', () => {
  it('gives frames their own heap when stores fill the given one', async () => {
    const heap = createHeap({ bytes: 64 << 10 })
    heap.alloc(heap.stats.largestFree, 16, 'stores')
    const small = new MkCoordinator(new DummyBackend(), {
      heap,
      frameArenaBytes: 64 << 10,
      strategy: 'scatter',
      calibrate: false,
    })
    await small.ready()
    const mirror = small.createMirror({ rows: 100, stride: 16 })
    const report = frame(small, () => {
      small.stageForUpload(small.frameAlloc(Float32Array, 16))
      mirror.write(50, new Uint32Array([1, 2, 3, 4]))
    })
    expect(report.mirrors[0].strategy).toBe('scatter')
    expect(await firstDifference(small, mirror)).toBe(-1)
    small.dispose()
  })

  it('plans without storage and scatter when the backend has neither', async () => {
    const { STORAGE, INDIRECT } = MkBufferUsage
    const usages = new DummyBackend().capabilities.usages & ~(STORAGE | INDIRECT)
    const plain = new MkCoordinator(
      new DummyBackend({
        capabilities: {
          storage: false,
          scatter: false,
          indirect: false,
          maxStorageBufferBindingSize: 0,
          usages,
        },
      }),
      { strategy: 'scatter' },
    )
    await plain.ready()
    const mirror = plain.createMirror({ rows: 100, stride: 16 })
    const report = frame(plain, () => mirror.write(50, new Uint32Array([1])))
    expect(report.mirrors[0].strategy).toBe('runs')
    expect(await firstDifference(plain, mirror)).toBe(-1)
    plain.dispose()
  })

  it('calls the other listeners and finishes the frame when a listener throws', () => {
    const heard: number[] = []
    co.on('reallocated', () => {
      throw new Error('mine')
    })
    co.on('reallocated', ({ generation }) => heard.push(generation))
    const mirror = co.createMirror({ rows: 4, stride: 4 })
    const said = console.error
    const errors: unknown[] = []
    console.error = (...words: unknown[]) => void errors.push(words)
    try {
      frame(co, () => mirror.grow(5))
      frame(co, () => mirror.grow(11))
    } finally {
      console.error = said
    }
    expect(heard).toEqual([2, 3])
    expect(errors).toHaveLength(1)
  })
})

describe('a coordinator that cannot be made', () => {
  const noMemory = { faults: { outOfMemory: 'throw', outOfMemoryAt: [2] } } as const
  const config = { calibrate: false, frameBuffers: 'per-slot' } as const

  it('leaves nothing in a borrowed heap or on a borrowed gpu', () => {
    const heap = createHeap({ bytes: 64 << 20 })
    const { blocks } = heap.stats
    const gpu = new MkGpu(new DummyBackend(noMemory))
    expect(() => new MkCoordinator(gpu, { ...config, heap })).toThrow(
      expect.objectContaining({ code: 'AllocationFailed' }),
    )
    expect([heap.stats.blocks, gpu.leaks(), gpu.isLost]).toEqual([blocks, [], false])
    gpu.destroy()
  })

  it('destroys a backend that it owns', () => {
    const backend = new DummyBackend(noMemory)
    const destroy = vi.spyOn(backend, 'destroy')
    expect(() => new MkCoordinator(backend, config)).toThrow(
      expect.objectContaining({ code: 'AllocationFailed' }),
    )
    expect(destroy).toHaveBeenCalledTimes(1)
  })
})
