import { describe, expect, it } from 'vitest'
import { DeferredDeletions, DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'

function setUp() {
  const gpu = new MkGpu(new DummyBackend())
  const make = (size = 16) => gpu.createDeviceBuffer(size, MkBufferUsage.VERTEX)
  return { make, deletions: new DeferredDeletions() }
}

describe('DeferredDeletions', () => {
  it('destroys a buffer once its serial has completed, in whatever order they were retired', () => {
    const { make, deletions } = setUp()
    const [a, b, c] = [make(16), make(32), make(64)]
    deletions.retire(a, 3)
    deletions.retire(b, 1)
    deletions.retire(c, 2)
    expect([deletions.count, deletions.bytes]).toEqual([3, 112])
    deletions.collect(0)
    expect([a.destroyed, b.destroyed, c.destroyed]).toEqual([false, false, false])
    deletions.collect(2)
    expect([a.destroyed, b.destroyed, c.destroyed]).toEqual([false, true, true])
    expect([deletions.count, deletions.bytes]).toEqual([1, 16])
    deletions.collect(3)
    expect([a.destroyed, deletions.count, deletions.bytes]).toEqual([true, 0, 0])
  })

  it('gives a buffer the serial of its frame when the frame is over', () => {
    const { make, deletions } = setUp()
    const [old, young] = [make(), make()]
    deletions.retireIn(old, 7)
    deletions.retireIn(young, 8)
    deletions.collect(100)
    expect([old.destroyed, young.destroyed]).toEqual([false, false])
    deletions.seal(8, 101)
    deletions.collect(100)
    expect([deletions.count, deletions.bytes]).toEqual([2, 32])
    deletions.collect(101)
    expect([old.destroyed, young.destroyed]).toEqual([true, false])
  })

  it('ignores buffers that are destroyed already', () => {
    const { make, deletions } = setUp()
    const buffer = make()
    buffer.destroy()
    deletions.retire(buffer, 1)
    deletions.retireIn(buffer, 1)
    expect([deletions.count, deletions.bytes]).toEqual([0, 0])
  })

  it('destroys the oldest buffers above 256 on a device that hangs', () => {
    const { make, deletions } = setUp()
    const buffers = Array.from({ length: 300 }, () => make())
    buffers.forEach((buffer, i) => {
      if (i < 100) deletions.retire(buffer, 1000)
      else deletions.retireIn(buffer, i)
    })
    deletions.collect(1)
    expect(deletions.count).toBe(256)
    expect(buffers.map((buffer) => buffer.destroyed)).toEqual(buffers.map((_, i) => i < 44))
  })

  it('destroys all of them at once on flush', () => {
    const { make, deletions } = setUp()
    const [a, b] = [make(), make()]
    deletions.retire(a, 5)
    deletions.retireIn(b, 5)
    deletions.flush()
    expect([a.destroyed, b.destroyed, deletions.count, deletions.bytes]).toEqual([true, true, 0, 0])
  })
})
