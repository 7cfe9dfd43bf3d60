import type { MkDeviceBuffer } from '../buffers.ts'
import type { MkGpu } from '../gpu.ts'
import { MkBufferUsage, MkMemoryType } from '../usage.ts'
import { BOTH, equal, ok, onGpu, rejected, sameBytes, words } from './bench.ts'
import type { Bench, ConformanceCase } from './bench.ts'

const { STORAGE } = MkBufferUsage

/** A confirmed buffer of 64 bytes, with words of this seed in it. */
async function filled(gpu: MkGpu, seed: number, usage: number = BOTH): Promise<MkDeviceBuffer> {
  const buffer = gpu.createDeviceBuffer(64, usage)
  gpu.write(buffer, 0, words(16, seed).buffer)
  await buffer.settled
  return buffer
}

/** A buffer without memory that does not know it yet; undefined where the backend says so at once. */
function poorBuffer({ gpu, starve }: Bench, usage: number = BOTH): MkDeviceBuffer | undefined {
  starve()
  try {
    return gpu.createDeviceBuffer(64, usage)
  } catch {
    return undefined
  }
}

/** Buffers that are used before the device has said whether there is memory for them. */
export const unconfirmedCases: readonly ConformanceCase[] = [
  onGpu(
    'a buffer is confirmed once settled says that its memory is there, and not before',
    async ({ gpu }) => {
      const buffers = [gpu.createDeviceBuffer(64, BOTH), gpu.createStagingBuffer(64)]
      equal(
        buffers.map(({ confirmed }) => confirmed),
        [false, false],
        'confirmed, when made',
      )
      for (const buffer of buffers) equal(await buffer.settled, undefined, 'settled')
      equal(
        buffers.map(({ confirmed }) => confirmed),
        [true, true],
        'confirmed, when settled',
      )
    },
  ),

  onGpu(
    'work on unconfirmed and confirmed buffers runs in the order in which it was recorded',
    async ({ gpu }) => {
      const [a, b] = [await filled(gpu, 1), await filled(gpu, 2)]
      const [x, y] = [gpu.createDeviceBuffer(64, BOTH), gpu.createDeviceBuffer(64, BOTH)]
      gpu.copy(a, 0, x, 0, 64)
      gpu.copy(b, 0, a, 0, 64)
      gpu.copy(x, 0, y, 0, 64)
      gpu.copy(a, 0, x, 0, 64)
      gpu.copy(y, 0, b, 0, 64)
      gpu.submit()
      sameBytes(await gpu.read(a), words(16, 2), 'a, which got b')
      sameBytes(await gpu.read(x), words(16, 2), 'x, which got a, then what a got')
      sameBytes(await gpu.read(y), words(16, 1), 'y, which got x between the two')
      sameBytes(await gpu.read(b), words(16, 1), 'b, which got y')
    },
  ),

  onGpu('copies among confirmed buffers go to the queue in one submit', async ({ gpu }) => {
    const [a, b, c] = [await filled(gpu, 1), await filled(gpu, 2), await filled(gpu, 3)]
    const { submits } = gpu.calls
    gpu.copy(a, 0, b, 0, 64)
    gpu.copy(b, 0, c, 0, 32)
    gpu.copy(c, 32, a, 0, 32)
    gpu.submit()
    equal(gpu.calls.submits - submits, 1, 'submits')
    sameBytes(await gpu.read(c, 0, 32), words(16, 1).subarray(0, 8), 'c')
    sameBytes(await gpu.read(a, 0, 32), words(16, 3).subarray(8), 'a')
  }),

  onGpu(
    'a buffer without memory takes down no copy that does not use it, recorded before it, between or after',
    async (bench) => {
      const { gpu } = bench
      const [a, b, c, d] = [1, 2, 3, 4].map((seed) => filled(gpu, seed))
      const [from, first, between, last] = [await a, await b, await c, await d]
      const kept = await filled(gpu, 5)
      const poor = poorBuffer(bench)
      gpu.copy(from, 0, first, 0, 64)
      if (poor) gpu.copy(from, 0, poor, 0, 64)
      gpu.copy(first, 0, between, 0, 64)
      if (poor) gpu.copy(poor, 0, kept, 0, 64)
      gpu.copy(between, 0, last, 0, 64)
      gpu.submit()
      for (const [what, buffer] of Object.entries({ first, between, last }))
        sameBytes(await gpu.read(buffer), words(16, 1), `the buffer that is written ${what}`)
      sameBytes(await gpu.read(kept), words(16, 5), 'the buffer that was to be overwritten from it')
      if (poor) equal([(await poor.settled)?.code, poor.confirmed], ['AllocationFailed', false], 'settled')
    },
    'starve',
  ),

  onGpu(
    'two buffers without memory beside one that has some: that one gets its bytes',
    async (bench) => {
      const { gpu } = bench
      const from = await filled(gpu, 1)
      const poor = poorBuffer(bench)
      const fine = gpu.createDeviceBuffer(64, BOTH)
      const poorToo = poorBuffer(bench)
      for (const to of [poor, fine, poorToo]) if (to) gpu.copy(from, 0, to, 0, 64)
      gpu.submit()
      sameBytes(await gpu.read(fine), words(16, 1), 'the buffer that has memory')
      equal(await fine.settled, undefined, 'what its settled says')
    },
    'starve',
  ),

  onGpu(
    'a scatter into a buffer without memory takes no other scatter down, not even of the same payload',
    async (bench) => {
      const { gpu } = bench
      if (!(await gpu.prepareScatter())) return
      const usage = STORAGE | BOTH
      const [one, other] = [await filled(gpu, 1, usage), await filled(gpu, 2, usage)]
      // One row of 16 bytes, and its number.
      const payload = gpu.createDeviceBuffer(20, usage)
      gpu.write(payload, 0, new Uint32Array([7, 8, 9, 10, 2]).buffer)
      await payload.settled
      const job = { payload, stride: 16, count: 1, payloadOffset: 0, indexOffset: 16 }
      const poor = poorBuffer(bench, usage)
      gpu.scatter(one, job)
      if (poor) gpu.scatter(poor, job)
      gpu.scatter(other, job)
      gpu.submit()
      for (const [i, buffer] of [one, other].entries()) {
        const expected = words(16, i + 1)
        expected.set([7, 8, 9, 10], 8)
        sameBytes(await gpu.read(buffer), expected, `destination ${i}`)
      }
    },
    'starve',
  ),

  onGpu(
    'writes and reads around a buffer without memory arrive, and reading it says why it cannot be',
    async (bench) => {
      const { gpu } = bench
      const from = await filled(gpu, 1)
      const poor = poorBuffer(bench)
      if (poor) {
        gpu.write(poor, 0, words(16, 9).buffer)
        gpu.copy(from, 0, poor, 0, 64)
      }
      gpu.write(from, 32, words(8, 3).buffer)
      const reading = poor && gpu.read(poor)
      const expected = words(16, 1)
      expected.set(words(8, 3), 8)
      sameBytes(await gpu.read(from), expected, 'the buffer beside it')
      if (reading) await rejected('AllocationFailed', reading, 'read')
    },
    'starve',
  ),

  onGpu(
    'a readback that finds no memory rejects, and takes down nothing that was recorded before it',
    async ({ gpu, starve }) => {
      const [from, to] = [await filled(gpu, 1), await filled(gpu, 2)]
      gpu.copy(from, 0, to, 0, 64)
      starve()
      await rejected('AllocationFailed', gpu.read(from), 'read')
      // Where a device says so at once, the copy is still recorded.
      gpu.submit()
      sameBytes(await gpu.read(to), words(16, 1), 'the copy before it')
    },
    'starve',
  ),

  onGpu(
    'a staging buffer that has no memory rejects its map with the reason',
    async ({ gpu, starve }) => {
      starve()
      let staging
      try {
        staging = gpu.createStagingBuffer(64, { memory: MkMemoryType.HostCached })
      } catch {
        return
      }
      await rejected('AllocationFailed', staging.map(), 'map')
      ok(!staging.confirmed, 'it is not confirmed')
    },
    'starve',
  ),
]
