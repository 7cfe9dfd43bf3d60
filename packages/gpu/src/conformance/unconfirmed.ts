import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import type { MkGpu } from '../gpu.ts'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'
import { BOTH, bufferOf, patched, words } from './content.ts'
import { equal, holds, ok, rejected, sameBytes } from './expectations.ts'
import { onGpu, starved, type ConformanceCase } from './harness.ts'

/** Confirmed buffers of 64 bytes, with words of these seeds in them. */
async function filled(gpu: MkGpu, seeds: number[], usage: number = BOTH): Promise<MkDeviceBuffer[]> {
  const buffers = seeds.map((seed) => bufferOf(gpu, words(16, seed), usage))
  for (const buffer of buffers) await buffer.allocationError
  return buffers
}

/** Buffers that are used before the device has said whether there is memory for them. */
export const unconfirmedCases: readonly ConformanceCase[] = [
  onGpu('a buffer is allocated once the device has confirmed its memory, not before', async ({ gpu }) => {
    for (const make of [() => gpu.createDeviceBuffer(64, BOTH), () => gpu.createStagingBuffer(64)]) {
      const buffer = make()
      equal(buffer.allocated, false, 'allocated, when made')
      equal(await buffer.allocationError, undefined, 'the error')
      equal(buffer.allocated, true, 'allocated, when answered')
    }
  }),

  onGpu('work on unconfirmed and confirmed buffers runs in the order of recording', async ({ gpu }) => {
    const [a, b] = await filled(gpu, [1, 2])
    const [x, y] = [gpu.createDeviceBuffer(64, BOTH), gpu.createDeviceBuffer(64, BOTH)]
    gpu.copy(a, 0, x, 0, 64)
    gpu.copy(b, 0, a, 0, 64)
    gpu.copy(x, 0, y, 0, 64)
    gpu.copy(a, 0, x, 0, 64)
    gpu.copy(y, 0, b, 0, 64)
    gpu.submit()
    await holds(gpu, a, words(16, 2), 'a, which got b')
    await holds(gpu, x, words(16, 2), 'x, which got a, then what a got')
    await holds(gpu, y, words(16, 1), 'y, which got x between the two')
    await holds(gpu, b, words(16, 1), 'b, which got y')
  }),

  onGpu('copies among confirmed buffers go to the queue in one submit', async ({ gpu }) => {
    const [a, b, c] = await filled(gpu, [1, 2, 3])
    const { submits } = gpu.calls
    gpu.copy(a, 0, b, 0, 64)
    gpu.copy(b, 0, c, 0, 32)
    gpu.copy(c, 32, a, 0, 32)
    gpu.submit()
    equal(gpu.calls.submits - submits, 1, 'submits')
    sameBytes(await gpu.read(c, 0, 32), words(16, 1).subarray(0, 8), 'c')
    sameBytes(await gpu.read(a, 0, 32), words(16, 3).subarray(8), 'a')
  }),

  // Copies before, between and after those that use it.
  starved('a buffer without memory takes down no copy of others', async ({ gpu, poor }) => {
    const [from, first, between, last, kept] = await filled(gpu, [1, 2, 3, 4, 5])
    const none = poor(64)
    gpu.copy(from, 0, first, 0, 64)
    if (none) gpu.copy(from, 0, none, 0, 64)
    gpu.copy(first, 0, between, 0, 64)
    if (none) gpu.copy(none, 0, kept, 0, 64)
    gpu.copy(between, 0, last, 0, 64)
    gpu.submit()
    for (const [what, buffer] of Object.entries({ first, between, last }))
      await holds(gpu, buffer, words(16, 1), `the buffer that is written ${what}`)
    await holds(gpu, kept, words(16, 5), 'the buffer that was to be overwritten from it')
    if (none) equal((await none.allocationError)?.code, 'AllocationFailed', 'what it says')
    ok(!none?.allocated, 'it is not allocated')
  }),

  starved('a buffer with memory between two without gets its bytes', async ({ gpu, poor }) => {
    const [from] = await filled(gpu, [1])
    const [poorOne, fine, poorToo] = [poor(64), gpu.createDeviceBuffer(64, BOTH), poor(64)]
    for (const to of [poorOne, fine, poorToo]) if (to) gpu.copy(from, 0, to, 0, 64)
    gpu.submit()
    await holds(gpu, fine, words(16, 1), 'the buffer that has memory')
    equal(await fine.allocationError, undefined, 'what it says')
  }),

  // Not even one of the same payload.
  starved('a scatter into no memory takes down no other scatter', async ({ gpu, poor }) => {
    if (!(await gpu.prepareScatter())) return
    const usage = MkBufferUsage.STORAGE | BOTH
    const [one, other] = await filled(gpu, [1, 2], usage)
    const row = [7, 8, 9, 10]
    const payload = bufferOf(gpu, new Uint32Array([...row, 2]), usage)
    await payload.allocationError
    const job = { payload, stride: 16, count: 1, payloadOffset: 0, indexOffset: 16 }
    for (const to of [one, poor(64, usage), other]) if (to) gpu.scatter(to, job)
    gpu.submit()
    await holds(gpu, one, patched(words(16, 1), 8, row), 'the destination before it')
    await holds(gpu, other, patched(words(16, 2), 8, row), 'the destination after it')
  }),

  starved('writes beside a buffer without memory arrive; its reads reject', async ({ gpu, poor }) => {
    const [from] = await filled(gpu, [1])
    const none = poor(64)
    if (none) {
      gpu.write(none, 0, words(16, 9).buffer)
      gpu.copy(from, 0, none, 0, 64)
    }
    gpu.write(from, 32, words(8, 3).buffer)
    const reading = none && gpu.read(none)
    await holds(gpu, from, patched(words(16, 1), 8, words(8, 3)), 'the buffer beside it')
    if (reading) await rejected('AllocationFailed', reading, 'read')
  }),

  starved('a readback without memory rejects, and spares what came before', async ({ gpu, starve }) => {
    const [from, to] = await filled(gpu, [1, 2])
    gpu.copy(from, 0, to, 0, 64)
    starve()
    await rejected('AllocationFailed', gpu.read(from), 'read')
    // Where a device says so at once, the copy is still recorded.
    gpu.submit()
    await holds(gpu, to, words(16, 1), 'the copy before it')
  }),

  starved('a staging buffer without memory rejects its map, and says why', async ({ gpu, starve }) => {
    starve()
    let staging
    try {
      staging = gpu.createStagingBuffer(64, { memory: MkMemoryType.HostCached })
    } catch {
      return
    }
    await rejected('AllocationFailed', staging.map(), 'map')
    ok(!staging.allocated, 'it is not allocated')
  }),
]
