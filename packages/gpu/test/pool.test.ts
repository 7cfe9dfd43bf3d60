import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import {
  BufferTooLarge,
  DeviceLost,
  DummyBackend,
  MkBufferUsage,
  MkGpu,
  MkGpuPool,
  NotFromPool,
  OutOfRange,
  PoolFull,
} from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'

const { TRANSFER_DST, TRANSFER_SRC, VERTEX } = MkBufferUsage
const usage = VERTEX | TRANSFER_SRC | TRANSFER_DST

/** A device that is done when it is told to be. */
function slow(options: { maxBytes?: number } = {}) {
  const backend = new DummyBackend({ transferDelayUs: Infinity })
  const gpu = new MkGpu(backend)
  return { backend, gpu, pool: new MkGpuPool(gpu, { usage, label: 'meshes', ...options }) }
}

function quick(options: { maxBytes?: number } = {}) {
  const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 1 << 20 }))
  return { gpu, pool: new MkGpuPool(gpu, { usage, label: 'meshes', ...options }) }
}

describe('MkGpuPool', () => {
  it('hands out buffers of classes: four per doubling, from 256 bytes', () => {
    const { pool } = quick()
    const classes = [1, 256, 257, 320, 321, 512, 513, 1000, 4096, 5000].map((size) => pool.classOf(size))
    // Steps of 64 up to 512, of 128 up to 1024, of 1024 from 4096 to 8192.
    expect(classes).toEqual([256, 256, 320, 320, 384, 512, 640, 1024, 4096, 5120])
    const buffer = pool.acquire(300)
    expect(buffer).toMatchObject({ size: 320, usage, label: 'meshes, 320 bytes' })
  })

  it('has a class for the largest buffer there is', () => {
    const { pool } = quick()
    expect(pool.acquire((1 << 20) - 4).size).toBe(1 << 20)
    const { pool: odd } = {
      pool: new MkGpuPool(new MkGpu(new DummyBackend({ maxBufferSize: 1000 })), { usage }),
    }
    // The class of 900 would be 1024.
    expect(odd.acquire(900).size).toBe(1000)
    // Buffers are whole words: of 1 002 bytes, 1 000 can be had.
    const uneven = new MkGpuPool(new MkGpu(new DummyBackend({ maxBufferSize: 1002 })), { usage })
    expect(uneven.acquire(900).size).toBe(1000)
    expect(uneven.acquire(1000).size).toBe(1000)
    thrownBy(BufferTooLarge, () => uneven.acquire(1001))
  })

  it('wastes at most a fifth of a buffer above the smallest class', () => {
    const { pool } = quick()
    fc.assert(
      fc.property(fc.integer({ min: 257, max: 1 << 20 }), (size) => {
        const bytes = pool.classOf(size)
        expect(bytes).toBeGreaterThanOrEqual(size)
        expect((bytes - size) / bytes).toBeLessThan(0.2)
        expect(pool.classOf(bytes)).toBe(bytes)
      }),
    )
  })

  it('reuses a buffer that is no longer in use', () => {
    const { gpu, pool } = quick()
    const first = pool.acquire(1000)
    pool.release(first)
    expect(pool.acquire(1020)).toBe(first)
    expect(gpu.stats.buffers.buffers).toBe(1)
    expect(pool.stats).toMatchObject({
      acquires: 2,
      hits: 1,
      hitRate: 0.5,
      buffersInUse: 1,
      bytesInUse: 1024,
    })
  })

  it('does not reuse a buffer for another usage', () => {
    const { pool } = quick()
    const first = pool.acquire(1000)
    pool.release(first)
    const other = pool.acquire(1000, usage | MkBufferUsage.STORAGE)
    expect(other).not.toBe(first)
    expect(other.usage).toBe(usage | MkBufferUsage.STORAGE)
    expect(pool.acquire(1000)).toBe(first)
  })

  it('reuses a buffer only once the serial that last used it has completed', () => {
    const { backend, gpu, pool } = slow()
    const first = pool.acquire(256)
    gpu.write(first, 0, new ArrayBuffer(256))
    pool.release(first)
    expect(pool.stats).toMatchObject({ buffersFree: 1, bytesFree: 256, bytesWaiting: 256 })
    const second = pool.acquire(256)
    expect(second).not.toBe(first)
    gpu.submit()
    expect(pool.acquire(256)).not.toBe(first)
    backend.finish()
    expect(gpu.completedSerial).toBe(1)
    expect(pool.acquire(256)).toBe(first)
    expect(pool.stats).toMatchObject({ buffersFree: 0, bytesFree: 0, bytesWaiting: 0, buffersInUse: 3 })
  })

  it('waits for a serial of work outside the gpu', () => {
    const { backend, gpu, pool } = slow()
    const drawn = pool.acquire(256)
    gpu.write(pool.acquire(256), 0, new ArrayBuffer(256)) // something to submit
    pool.release(drawn, gpu.submit())
    expect(pool.acquire(256)).not.toBe(drawn)
    backend.finish()
    expect(pool.acquire(256)).toBe(drawn)
  })

  it('holds no more than maxBytes: frees idle buffers first, then reports what waits', () => {
    const { backend, gpu, pool } = slow({ maxBytes: 1024 })
    const small = pool.acquire(256)
    pool.release(small)
    const big = pool.acquire(768)
    expect(pool.stats.bytes).toBe(1024)
    expect(small.destroyed).toBe(false)
    // 256 free and 768 in use: the free one makes room for another class.
    const usual = pool.acquire(200, usage | MkBufferUsage.STORAGE)
    expect(small.destroyed).toBe(true)
    gpu.write(usual, 0, new ArrayBuffer(4))
    pool.release(usual)
    const error = thrownBy(PoolFull, () => pool.acquire(512))
    expect(error).toMatchObject({ pool: 'meshes', requested: 512, held: 1024, maxBytes: 1024, waiting: 256 })
    expect(error.message).toContain('maxBytes')
    expect(pool.stats).toMatchObject({ buffersInUse: 1, bytes: 1024 })
    gpu.submit()
    backend.finish()
    expect(() => pool.acquire(512)).toThrow(PoolFull) // 768 are still in use: too much for 512 more
    pool.release(big)
    expect(pool.acquire(512).size).toBe(512)
    expect(pool.stats.peakBytes).toBe(1024)
  })

  it('keeps its free buffers when freeing them would not be enough', () => {
    const { pool } = slow({ maxBytes: 1024 })
    const free = pool.acquire(256)
    pool.acquire(512)
    pool.release(free)
    // 512 are in use: without the 256 that are free there is still no room for 768.
    thrownBy(PoolFull, () => pool.acquire(768))
    expect(free.destroyed).toBe(false)
    expect(pool.stats).toMatchObject({ bytesFree: 256, destroyed: 0 })
  })

  it('trims free buffers first, waiting ones last, and never those in use', () => {
    const { gpu, pool } = slow()
    const [kept, idle, busy] = [pool.acquire(256), pool.acquire(512), pool.acquire(1024)]
    gpu.write(busy, 0, new ArrayBuffer(4))
    pool.release(idle)
    pool.release(busy)
    expect(pool.trim(1280)).toBe(512)
    expect([kept.destroyed, idle.destroyed, busy.destroyed]).toEqual([false, true, false])
    expect(pool.trim()).toBe(1024)
    expect([kept.destroyed, busy.destroyed]).toEqual([false, true])
    expect(pool.stats).toMatchObject({ bytes: 256, bytesFree: 0, bytesWaiting: 0, destroyed: 2 })
    pool.destroy()
    kept.destroy()
    expect(gpu.leaks()).toEqual([])
  })

  it('refuses foreign buffers and buffers that were already released', () => {
    const { gpu, pool } = quick()
    const own = gpu.createDeviceBuffer(256, usage, { label: 'own' })
    expect(thrownBy(NotFromPool, () => pool.release(own))).toMatchObject({ label: 'own', pool: 'meshes' })
    const buffer = pool.acquire(256)
    pool.release(buffer)
    expect(() => pool.release(buffer)).toThrow(NotFromPool)
    expect(pool.stats.buffersFree).toBe(1)
  })

  it('forgets destroyed buffers, in use or free', () => {
    const { pool } = quick()
    const first = pool.acquire(256)
    first.destroy()
    pool.release(first)
    expect(pool.stats).toMatchObject({ buffersInUse: 0, bytes: 0 })
    const second = pool.acquire(256)
    pool.release(second)
    second.destroy()
    expect(pool.acquire(256)).not.toBe(second)
    expect(pool.stats).toMatchObject({ buffersInUse: 1, buffersFree: 0, bytes: 256 })
  })

  it('does not reuse a buffer that turned out to have no memory', async () => {
    const gpu = new MkGpu(new DummyBackend({ faults: { outOfMemoryAt: [1] } }))
    const pool = new MkGpuPool(gpu, { usage })
    const first = pool.acquire(256)
    expect(await first.allocationError).toMatchObject({ code: 'AllocationFailed' })
    pool.release(first)
    expect(first.destroyed).toBe(true)
    const second = pool.acquire(256)
    expect(await second.allocationError).toBeUndefined()
    expect(pool.stats.bytes).toBe(256)
  })

  it('reports a lost device instead of handing out its buffers', async () => {
    const { backend, gpu, pool } = slow()
    pool.release(pool.acquire(256))
    backend.lose()
    await gpu.lost
    expect(() => pool.acquire(256)).toThrow(DeviceLost)
    expect(pool.stats.buffersInUse).toBe(0)
  })

  it('refuses invalid sizes', () => {
    const { gpu, pool } = quick()
    for (const size of [0, -4, 1.5, NaN]) expect(() => pool.acquire(size)).toThrow(OutOfRange)
    expect(() => pool.acquire((1 << 20) + 1)).toThrow(BufferTooLarge)
    expect(() => new MkGpuPool(gpu, { usage, maxBytes: -1 })).toThrow(OutOfRange)
    expect(pool.stats).toMatchObject({ acquires: 0, bytes: 0 })
  })

  it('never hands out a buffer twice, and agrees with the statistics of the gpu', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('acquire'), value: fc.integer({ min: 1, max: 5000 }) }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('release'), value: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('write'), value: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('submit', 'finish', 'trim'), value: fc.nat(20_000) }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { backend, gpu, pool } = slow({ maxBytes: 20_000 })
        const held: MkDeviceBuffer<DummyBackend>[] = []
        /** Serials after which a buffer may be handed out again. */
        const usedUntil = new Map<object, number>()
        for (const { do: what, value } of steps) {
          const pick = held.length === 0 ? -1 : value % held.length
          if (what === 'acquire') {
            try {
              const buffer = pool.acquire(value)
              expect(held).not.toContain(buffer)
              expect(buffer.size).toBeGreaterThanOrEqual(value)
              expect(usedUntil.get(buffer) ?? 0).toBeLessThanOrEqual(gpu.completedSerial)
              held.push(buffer)
            } catch (error) {
              expect(error).toBeInstanceOf(PoolFull)
            }
          } else if (what === 'release' && pick >= 0) pool.release(held.splice(pick, 1)[0])
          else if (what === 'write' && pick >= 0) {
            gpu.write(held[pick], 0, new ArrayBuffer(4))
            usedUntil.set(held[pick], gpu.serial + 1)
          } else if (what === 'submit') gpu.submit()
          else if (what === 'finish') backend.finish()
          else if (what === 'trim') pool.trim(value)
          expect(pool.stats.bytes).toBe(gpu.stats.buffers.bytes)
          expect(pool.stats.bytes).toBeLessThanOrEqual(20_000)
          expect(pool.stats.buffersInUse).toBe(held.length)
        }
        for (const buffer of held) pool.release(buffer)
        pool.destroy()
        expect(gpu.leaks()).toEqual([])
        expect(pool.stats).toMatchObject({ bytes: 0, bytesWaiting: 0, buffersFree: 0 })
      }),
    )
  })
})
