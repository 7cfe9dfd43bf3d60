import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { describe, expect, test } from 'vitest'
import { DeferredFrees } from '../src/deferred-frees.ts'

const gpu = new MkGpu(new DummyBackend())
const make = (): MkDeviceBuffer => gpu.createDeviceBuffer(64, MkBufferUsage.STORAGE)

describe('a device buffer that was replaced', () => {
  test('stays through the frame in which it was in use last, and the next', () => {
    const frees = new DeferredFrees()
    const buffer = make()
    // Replaced in frame 5: whoever draws in frame 6 may not have looked at the generation yet.
    frees.retire(buffer, 5)
    expect([frees.count, frees.bytes]).toEqual([1, 64])
    for (const frame of [5, 6]) {
      frees.collect(frame, 9, 9)
      expect(buffer.destroyed).toBe(false)
    }
    frees.collect(7, 9, 9)
    expect(buffer.destroyed).toBe(true)
    expect([frees.count, frees.bytes]).toEqual([0, 0])
  })

  test('then stays until everything that was submitted up to there has finished', () => {
    const frees = new DeferredFrees()
    const buffer = make()
    frees.retire(buffer, 1)
    // Frame 3 begins: the newest serial is 12, and counts from here on, whatever is submitted later.
    frees.collect(3, 12, 10)
    frees.collect(4, 13, 11)
    expect(buffer.destroyed).toBe(false)
    frees.collect(5, 14, 12)
    expect(buffer.destroyed).toBe(true)
  })

  test('goes in the order of its serial, not of others', () => {
    const frees = new DeferredFrees()
    const [first, second] = [make(), make()]
    frees.retire(first, 1)
    frees.retire(second, 2)
    frees.collect(3, 10, 0)
    frees.collect(4, 20, 0)
    frees.collect(5, 30, 10)
    expect([first.destroyed, second.destroyed]).toEqual([true, false])
    frees.collect(6, 30, 20)
    expect(second.destroyed).toBe(true)
  })

  test('waits no longer where the device hangs and 256 others wait: the oldest go', () => {
    const frees = new DeferredFrees()
    const buffers = Array.from({ length: 260 }, make)
    for (const buffer of buffers) frees.retire(buffer, 1)
    frees.collect(2, 1, 0)
    expect(buffers.map(({ destroyed }) => destroyed).lastIndexOf(true)).toBe(3)
    expect([frees.count, frees.bytes]).toEqual([256, 256 * 64])
  })

  test('does not count when somebody destroyed it already', () => {
    const frees = new DeferredFrees()
    const buffer = make()
    buffer.destroy()
    frees.retire(buffer, 1)
    expect([frees.count, frees.bytes]).toEqual([0, 0])
  })

  test('goes at once when all is given back', () => {
    const frees = new DeferredFrees()
    const buffers = [make(), make()]
    for (const buffer of buffers) frees.retire(buffer, 1)
    frees.flush()
    expect(buffers.every(({ destroyed }) => destroyed)).toBe(true)
    expect([frees.count, frees.bytes]).toEqual([0, 0])
  })
})
