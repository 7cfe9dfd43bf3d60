import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { InvalidAlignment } from '@memkit/core'
import {
  BufferDestroyed,
  BufferTooLarge,
  DeviceLost,
  DummyBackend,
  MkBufferUsage,
  MkGpu,
  OutOfRange,
  PoolFull,
} from '@memkit/gpu'
import { MkSubAllocator, type MkBufferSlice, type MkSubAllocatorOptions } from '@memkit/gpu/sub-allocator'
import { thrownBy } from '@memkit/testing/thrown-by'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

function slices(options: Partial<MkSubAllocatorOptions> = {}, transferDelayUs = 0) {
  const backend = new DummyBackend({ transferDelayUs })
  const gpu = new MkGpu(backend)
  return { backend, gpu, allocator: new MkSubAllocator(gpu, { usage: VERTEX | BOTH, ...options }) }
}

describe('MkSubAllocator', () => {
  it('puts 10 000 small buffers into ten large ones', () => {
    const { gpu, allocator } = slices({ usage: UNIFORM | BOTH })
    // 64 bytes to 1 KiB, at offsets that are multiples of 256: 4 × 256 bytes at most, so 10.24 MB, ten pages of 1 MiB.
    const all = Array.from({ length: 10_000 }, (_, i) => allocator.alloc(64 + ((i * 4) % 961)))
    expect(gpu.stats.buffers.buffers).toBeLessThanOrEqual(10)
    expect(new Set(all.map((slice) => `${slice.buffer.label} ${slice.offset}`)).size).toBe(10_000)
    expect(allocator.stats).toMatchObject({ slices: 10_000, pages: gpu.stats.buffers.buffers })
    for (const slice of all) slice.free()
    expect(allocator.stats).toMatchObject({ slices: 0, bytes: 0 })
    expect(allocator.trim()).toBe(gpu.stats.buffers.peakBytes)
    expect(gpu.leaks()).toEqual([])
  })

  it('aligns as bindings of the usage need it', () => {
    const gpu = new MkGpu(
      new DummyBackend({ capabilities: { uniformOffsetAlignment: 64, storageOffsetAlignment: 32 } }),
    )
    const align = (usage: number) => new MkSubAllocator(gpu, { usage }).align
    expect([UNIFORM, STORAGE, UNIFORM | STORAGE, VERTEX].map(align)).toEqual([64, 32, 64, 4])
    const allocator = new MkSubAllocator(gpu, { usage: UNIFORM })
    expect([allocator.alloc(4), allocator.alloc(4), allocator.alloc(65)].map((s) => s.offset)).toEqual([
      0, 64, 128,
    ])
    expect(new MkSubAllocator(gpu, { usage: VERTEX, align: 512 }).align).toBe(512)
  })

  it('returns slices that writes, transfers and reads accept, and that stay within their bounds', async () => {
    const { gpu, allocator } = slices({ usage: VERTEX | BOTH })
    const [left, middle, right] = [allocator.alloc(16), allocator.alloc(16), allocator.alloc(16)]
    left.write(new Uint32Array([1, 2, 3, 4]).buffer)
    right.write(new Uint32Array([9, 9, 9, 9]).buffer)
    const { buffer, offset, size } = middle
    gpu.write(buffer, offset, new Uint32Array([5, 6, 7, 8]).buffer, 0, size)
    const staging = gpu.stagingBufferWithData(new Uint32Array([60]))
    gpu.transfer(staging, buffer, { dstOffset: offset + 4 })
    middle.write(new Uint32Array([0, 0, 80]).buffer, 8, 4, 12)
    const read = async (slice: MkBufferSlice) => [...new Uint32Array(await slice.read())]
    expect(await Promise.all([left, middle, right].map(read))).toEqual([
      [1, 2, 3, 4],
      [5, 60, 7, 80],
      [9, 9, 9, 9],
    ])
    expect([...new Uint32Array(await middle.read(4, 8))]).toEqual([60, 7])
  })

  it('accepts a write that ends with a slice of any size', async () => {
    const { allocator } = slices()
    const [odd, next] = [allocator.alloc(7), allocator.alloc(4)]
    expect([odd.size, next.offset]).toEqual([7, 8])
    next.write(new Uint8Array([8, 8, 8, 8]).buffer)
    odd.write(new Uint8Array([1, 2, 3, 4, 5, 6, 7]).buffer)
    expect([...new Uint8Array(await odd.read())]).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect([...new Uint8Array(await next.read())]).toEqual([8, 8, 8, 8])
  })

  it('refuses writes past the end of a slice', async () => {
    const { allocator } = slices()
    const slice = allocator.alloc(16)
    expect(() => slice.write(new ArrayBuffer(20))).toThrow(OutOfRange)
    expect(() => slice.write(new ArrayBuffer(8), 0, 8, 12)).toThrow(OutOfRange)
    expect(() => slice.write(new ArrayBuffer(8), 0, 8, -4)).toThrow(OutOfRange)
    await expect(slice.read(12, 8)).rejects.toBeInstanceOf(OutOfRange)
  })

  it('refuses a source that ends within the tail, and writes none of it', async () => {
    const { allocator } = slices()
    const slice = allocator.alloc(10)
    // 8 of the 10 bytes are there: the whole words, not the tail.
    expect(() => slice.write(new Uint8Array(8).fill(7).buffer, 0, 10)).toThrow(OutOfRange)
    expect(new Uint8Array(await slice.read())).toEqual(new Uint8Array(10))
  })

  it('reuses a freed place only once its work has completed', () => {
    const { backend, gpu, allocator } = slices({ pageBytes: 64 }, Infinity)
    const first = allocator.alloc(32)
    const page = first.buffer
    first.write(new ArrayBuffer(32))
    first.free()
    expect(allocator.stats).toMatchObject({ slices: 0, bytes: 0, slicesWaiting: 1, bytesWaiting: 32 })
    expect(allocator.alloc(32).offset).toBe(32)
    gpu.submit()
    expect(allocator.alloc(32).buffer).not.toBe(page)
    expect(allocator.stats.pages).toBe(2)
    backend.finish()
    allocator.collect()
    expect(allocator.stats.slicesWaiting).toBe(0)
    const places = [allocator.alloc(32), allocator.alloc(32)]
    expect(places.map((slice) => slice.offset).toSorted((a, b) => a - b)).toEqual([0, 32])
    expect(allocator.stats.pages).toBe(2)
  })

  it('waits for a serial of work outside the gpu', () => {
    const { backend, gpu, allocator } = slices({ pageBytes: 64 }, Infinity)
    const drawn = allocator.alloc(32)
    gpu.write(gpu.createDeviceBuffer(4, BOTH), 0, new ArrayBuffer(4)) // something to submit
    drawn.free(gpu.submit())
    expect(allocator.alloc(32).offset).toBe(32)
    backend.finish()
    expect(allocator.alloc(32).offset).toBe(0)
  })

  it('gives a slice above half a page its own buffer, and destroys it with the slice', () => {
    const { gpu, allocator } = slices({ pageBytes: 1024 })
    const small = allocator.alloc(512)
    const large = allocator.alloc(516)
    expect(large.buffer).not.toBe(small.buffer)
    expect(large.buffer.size).toBe(516)
    expect(allocator.alloc(500).buffer).toBe(small.buffer)
    large.free()
    expect(gpu.stats.buffers.buffers).toBe(1)
    expect(allocator.stats).toMatchObject({ pages: 1, pageBytes: 1024, peakPageBytes: 1540 })
  })

  it('holds no more than maxBytes after freeing empty pages', () => {
    const { allocator } = slices({ pageBytes: 1024, maxBytes: 2048 })
    const [first, second, third, fourth] = [1, 2, 3, 4].map(() => allocator.alloc(512))
    expect(allocator.stats.pageBytes).toBe(2048)
    expect(thrownBy(PoolFull, () => allocator.alloc(600))).toMatchObject({
      pool: 'slices',
      requested: 600,
      held: 2048,
      maxBytes: 2048,
      waiting: 0,
    })
    second.free()
    expect(allocator.alloc(300).offset).toBe(512)
    third.free()
    fourth.free()
    expect(allocator.alloc(600).buffer).not.toBe(first.buffer)
    expect(allocator.stats).toMatchObject({ pages: 2, pageBytes: 1024 + 600 })
  })

  it('reports use after free, and ignores a second free', () => {
    const { allocator } = slices()
    const slice = allocator.alloc(16, 'bones')
    slice.free()
    slice.free()
    expect(slice.freed).toBe(true)
    expect(thrownBy(BufferDestroyed, () => slice.buffer).label).toBe('bones')
    expect(() => slice.write(new ArrayBuffer(4))).toThrow(BufferDestroyed)
    expect(allocator.stats.slices).toBe(0)
  })

  it('allocates nothing more in a page that turned out to have no memory', async () => {
    const gpu = new MkGpu(new DummyBackend({ faults: { outOfMemoryAt: [1] } }))
    const allocator = new MkSubAllocator(gpu, { usage: VERTEX })
    const first = allocator.alloc(16)
    expect(await first.buffer.allocationError).toMatchObject({ code: 'AllocationFailed' })
    expect(allocator.alloc(16).buffer).not.toBe(first.buffer)
  })

  it('reports a lost device', async () => {
    const { backend, gpu, allocator } = slices()
    allocator.alloc(16)
    backend.lose()
    await gpu.lost
    expect(() => allocator.alloc(16)).toThrow(DeviceLost)
  })

  it('destroys everything once', () => {
    const { gpu, allocator } = slices({ pageBytes: 1024 }, Infinity)
    const [small, large] = [allocator.alloc(16), allocator.alloc(800)]
    small.write(new ArrayBuffer(16))
    small.free()
    allocator.destroy()
    expect(large.freed).toBe(true)
    expect(gpu.leaks()).toEqual([])
    expect(allocator.stats).toMatchObject({
      slices: 0,
      pages: 0,
      pageBytes: 0,
      slicesWaiting: 0,
      bytesWaiting: 0,
    })
    allocator.collect()
    allocator.destroy()
  })

  it('refuses invalid numbers', () => {
    const { gpu, allocator } = slices()
    for (const size of [0, -1, 2.5, NaN]) expect(() => allocator.alloc(size)).toThrow(OutOfRange)
    expect(() => allocator.alloc(1 << 30)).toThrow(BufferTooLarge)
    expect(() => new MkSubAllocator(gpu, { usage: VERTEX, align: 24 })).toThrow(InvalidAlignment)
    expect(() => new MkSubAllocator(gpu, { usage: VERTEX, pageBytes: 10 })).toThrow(OutOfRange)
    expect(() => new MkSubAllocator(gpu, { usage: VERTEX, pageBytes: 1 << 30 })).toThrow(BufferTooLarge)
    expect(allocator.stats.slices).toBe(0)
  })

  it('never lets two slices overlap, nor a slice overlap pending work', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('alloc'), value: fc.integer({ min: 1, max: 300 }) }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('free'), value: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('write'), value: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('submit', 'finish', 'trim'), value: fc.nat() }),
      },
    )
    interface Taken {
      buffer: object
      from: number
      to: number
      until: number
    }
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { backend, gpu, allocator } = slices({ pageBytes: 512, align: 16 }, Infinity)
        const held: MkBufferSlice<DummyBackend>[] = []
        const taken = new Map<MkBufferSlice, Taken>()
        for (const { do: what, value } of steps) {
          const pick = held.length === 0 ? -1 : value % held.length
          if (what === 'alloc') {
            const slice = allocator.alloc(value)
            const mine = { buffer: slice.buffer, from: slice.offset, to: slice.offset + slice.size, until: 0 }
            expect(mine.from % 16).toBe(0)
            expect(mine.to).toBeLessThanOrEqual(slice.buffer.size)
            for (const [other, { buffer, from, to, until }] of taken)
              if (buffer === mine.buffer && from < mine.to && mine.from < to) {
                expect(other.freed).toBe(true)
                expect(until).toBeLessThanOrEqual(gpu.completedSerial)
              }
            held.push(slice)
            taken.set(slice, mine)
          } else if (what === 'free' && pick >= 0) held.splice(pick, 1)[0].free()
          else if (what === 'write' && pick >= 0) {
            held[pick].write(new ArrayBuffer(held[pick].size))
            taken.get(held[pick])!.until = gpu.serial + 1
          } else if (what === 'submit') gpu.submit()
          else if (what === 'finish') backend.finish()
          else if (what === 'trim') allocator.trim()
          expect(allocator.stats.pageBytes).toBe(gpu.stats.buffers.bytes)
          expect(allocator.stats.slices).toBe(held.length)
        }
        for (const slice of held) slice.free()
        gpu.submit()
        allocator.trim() // asks the device
        backend.finish()
        allocator.trim()
        expect(gpu.leaks()).toEqual([])
      }),
    )
  })
})
