import { MkGpuPool } from '../pool/pool.ts'
import { MkSubAllocator } from '../pool/sub-allocator.ts'
import { MkBufferUsage } from '../backends/usage.ts'
import { BOTH, words } from './content.ts'
import { equal, holds, ok, refused, sameBytes } from './expectations.ts'
import { onGpu, type ConformanceCase } from './harness.ts'

const { UNIFORM, VERTEX } = MkBufferUsage

/** What is built on buffers and serials: reuse, and slices of large buffers. */
export const poolCases: readonly ConformanceCase[] = [
  onGpu('a pool hands a buffer out again once its work has completed, not before', async ({ gpu }) => {
    const pool = new MkGpuPool(gpu, { usage: VERTEX | BOTH })
    const first = pool.acquire(1000)
    gpu.write(first, 0, words(250).buffer)
    pool.release(first)
    const second = pool.acquire(1000)
    ok(second !== first, 'a buffer in use is not handed out')
    await gpu.waitIdle()
    ok(pool.acquire(1000) === first, 'a buffer that is done is')
    const { acquires, hits } = pool.stats
    equal([acquires, hits, gpu.stats.buffers.buffers], [3, 1, 2], 'acquires, hits, buffers')
  }),

  onGpu('what a buffer of a pool held before does not come back', async ({ gpu }) => {
    const pool = new MkGpuPool(gpu, { usage: VERTEX | BOTH })
    for (let round = 0; round < 20; round++) {
      const buffer = pool.acquire(400)
      gpu.write(buffer, 0, words(100, round).buffer)
      const read = gpu.read(buffer, 0, 400)
      pool.release(buffer)
      sameBytes(await read, words(100, round), `round ${round}`)
    }
    ok(pool.stats.hits > 0, 'buffers were used again')
    pool.destroy()
    equal(gpu.leaks(), [], 'leaks')
  }),

  onGpu('a pool keeps to its bytes', async ({ gpu }) => {
    const pool = new MkGpuPool(gpu, { usage: VERTEX | BOTH, maxBytes: 1024 })
    const held = [pool.acquire(512), pool.acquire(512)]
    refused('PoolFull', () => pool.acquire(1), 'one more byte')
    for (const buffer of held) pool.release(buffer)
    await gpu.waitIdle()
    equal(pool.acquire(1024).size, 1024, 'size of a buffer in place of the two')
    equal(gpu.stats.buffers.bytes, 1024, 'bytes alive')
  }),

  onGpu('slices of one buffer keep to themselves', async ({ gpu }) => {
    const allocator = new MkSubAllocator(gpu, { usage: UNIFORM | BOTH })
    const slices = Array.from({ length: 200 }, (_, i) => allocator.alloc(4 + ((i * 4) % 300)))
    slices.forEach((slice, i) => slice.write(words(slice.size / 4, i).buffer))
    const { uniformOffsetAlignment } = gpu.capabilities
    ok(!slices.some(({ offset }) => offset % uniformOffsetAlignment), 'slices can be bound')
    equal(gpu.stats.buffers.buffers, 1, 'buffers alive')
    const all = await gpu.read(slices[0].buffer)
    for (const [i, { offset, size }] of slices.entries())
      sameBytes(all.slice(offset, offset + size), words(size / 4, i), `slice ${i}`)
  }),

  onGpu('slices are sources and destinations of transfers', async ({ gpu }) => {
    const allocator = new MkSubAllocator(gpu, { usage: VERTEX | BOTH })
    const [from, to] = [allocator.alloc(64), allocator.alloc(64)]
    const between = gpu.createDeviceBuffer(64, BOTH)
    const other = gpu.createDeviceBuffer(64, BOTH)
    gpu
      .batchTransfer()
      .copy(gpu.stagingBufferWithData(words(16)), from.buffer, { dstOffset: from.offset })
      .copy(from.buffer, between, { srcOffset: from.offset, size: from.size })
      .copy(between, to.buffer, { dstOffset: to.offset })
      .copy(to.buffer, other, { srcOffset: to.offset, size: to.size })
      .submit()
    await holds(gpu, other, words(16), 'the end of the chain')
    sameBytes(await to.read(), words(16), 'the second slice')
  }),

  onGpu('the place of a freed slice is taken again without disturbing work on its way', async ({ gpu }) => {
    const allocator = new MkSubAllocator(gpu, { usage: VERTEX | BOTH, pageBytes: 256 })
    const reads: Promise<ArrayBuffer>[] = []
    for (let i = 0; i < 40; i++) {
      const slice = allocator.alloc(64)
      slice.write(words(16, i).buffer)
      reads.push(slice.read())
      slice.free()
      if (i % 8 === 7) await gpu.waitIdle()
    }
    for (const [i, read] of reads.entries()) sameBytes(await read, words(16, i), `slice ${i}`)
    // Eight slices of 64 bytes fly at a time, at most: two pages of 256.
    ok(allocator.stats.pages <= 2, 'places were taken again')
    await gpu.waitIdle()
    allocator.trim()
    equal(gpu.leaks(), [], 'leaks')
  }),
]
