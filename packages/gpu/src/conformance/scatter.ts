import type { MkGpu } from '../gpu.ts'
import { MkBufferUsage } from '../backends/usage.ts'
import { BOTH, bufferOf, patched, words } from './content.ts'
import { equal, holds, ok, refused } from './expectations.ts'
import { needing, onGpu, type ConformanceCase } from './harness.ts'

const { STORAGE } = MkBufferUsage
const usage = STORAGE | BOTH

interface Scatter {
  /** Bytes per row. */
  stride: number
  /** Rows of the destination. */
  rows: number
  /** Row numbers, in the order of the payload. */
  numbers: Uint32Array
  /** Bytes before row 0. */
  dstOffset?: number
  /** Bytes before the payload's rows. */
  gap?: number
  /** The row numbers lie before the rows. */
  numbersFirst?: boolean
}

/** Every `step`-th row number, shuffled: 7919 is a prime that divides none of the counts used here. */
function everyNth(rows: number, step: number): Uint32Array {
  const count = Math.ceil(rows / step)
  return Uint32Array.from({ length: count }, (_, i) => ((i * 7919) % count) * step)
}

/** Scatters on the device and in a loop, and compares. */
async function check(gpu: MkGpu, scatter: Scatter): Promise<void> {
  const { stride, rows, numbers, dstOffset = 0, gap = 0, numbersFirst = false } = scatter
  ok(await gpu.prepareScatter(), 'scatter can be prepared')
  const count = numbers.length
  const rowWords = stride / 4
  const payloadOffset = numbersFirst ? gap + count * 4 : gap
  const indexOffset = numbersFirst ? gap : gap + count * stride
  const content = new Uint32Array((gap + count * (stride + 4)) / 4)
  content.set(words(count * rowWords, 5), payloadOffset / 4)
  content.set(numbers, indexOffset / 4)
  const payload = bufferOf(gpu, content, usage)
  const expected = words(dstOffset / 4 + rows * rowWords, 9)
  const dst = bufferOf(gpu, expected, usage)
  gpu.scatter(dst, { payload, stride, count, payloadOffset, indexOffset, dstOffset })
  gpu.submit()
  for (let i = 0; i < count; i++) {
    if (numbers[i] >= rows) continue
    const row = content.subarray(payloadOffset / 4 + i * rowWords, payloadOffset / 4 + (i + 1) * rowWords)
    expected.set(row, dstOffset / 4 + numbers[i] * rowWords)
  }
  await holds(gpu, dst, expected, `${count} of ${rows} rows of ${stride} bytes`)
  payload.destroy()
  dst.destroy()
}

/** Rows to where their numbers say. */
export const scatterCases: readonly ConformanceCase[] = [
  onGpu('scatter is there when it was prepared, or refused', async ({ gpu, backend }) => {
    const { scatter } = gpu.capabilities
    equal(await gpu.prepareScatter(), scatter, 'prepareScatter')
    equal([gpu.scatterReady, backend.scatterReady], [scatter, scatter], 'ready')
    if (scatter) return
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const job = { payload: buffer, stride: 4, count: 1, payloadOffset: 0, indexOffset: 4 }
    refused('UsageMissing', () => gpu.scatter(buffer, job), 'scatter')
  }),

  ...[4, 8, 12, 16, 20, 28, 36, 64, 100, 256].map((stride) =>
    needing('scatter', `rows of ${stride} bytes go where their numbers say`, ({ gpu }) =>
      check(gpu, { stride, rows: 301, numbers: everyNth(301, 3) }),
    ),
  ),

  needing('scatter', 'every row at once, and a single one', async ({ gpu }) => {
    await check(gpu, { stride: 16, rows: 1000, numbers: everyNth(1000, 1) })
    await check(gpu, { stride: 16, rows: 1000, numbers: new Uint32Array([999]) })
  }),

  needing('scatter', '200 000 rows', ({ gpu }) =>
    check(gpu, { stride: 16, rows: 200_000, numbers: everyNth(200_000, 1) }),
  ),

  needing('scatter', 'rows at odd offsets of both buffers, numbers before or after them', async ({ gpu }) => {
    const odd = { rows: 100, numbers: everyNth(100, 7), dstOffset: 36, gap: 20 }
    for (const numbersFirst of [false, true])
      for (const stride of [12, 16]) await check(gpu, { ...odd, stride, numbersFirst })
  }),

  needing('scatter', 'row numbers past the end are dropped', ({ gpu }) =>
    check(gpu, { stride: 8, rows: 10, numbers: new Uint32Array([3, 10, 11, 0xffffffff, 0x20000000, 9]) }),
  ),

  needing('scatter', 'several scatters in one submit, after a copy that they build on', async ({ gpu }) => {
    await gpu.prepareScatter()
    const before = bufferOf(gpu, words(16), usage)
    const [left, right] = [gpu.createDeviceBuffer(64, usage), gpu.createDeviceBuffer(64, usage)]
    // Two rows of 8 bytes, then their numbers, then two other numbers.
    const payload = bufferOf(gpu, new Uint32Array([10, 11, 20, 21, 1, 6, 0, 1]), usage)
    for (const buffer of [before, left, right, payload]) await buffer.allocationError
    const { submits } = gpu.calls
    gpu.copy(before, 0, left, 0, 64)
    const job = { payload, stride: 8, count: 2, payloadOffset: 0, indexOffset: 16 }
    gpu.scatter(left, job)
    gpu.scatter(right, job)
    gpu.scatter(right, { ...job, indexOffset: 24 })
    gpu.copy(right, 48, left, 0, 8)
    gpu.submit()
    equal(gpu.calls.submits - submits, 1, 'submits')
    const scattered = patched(patched(words(16), 2, [10, 11]), 12, [20, 21])
    await holds(gpu, left, patched(scattered, 0, [20, 21]), 'the first destination')
    const twice = [10, 11, 20, 21, ...Array<number>(8).fill(0), 20, 21, 0, 0]
    await holds(gpu, right, new Uint32Array(twice), 'the second destination')
  }),

  needing('scatter', 'the same scatter, submit after submit', async ({ gpu }) => {
    await gpu.prepareScatter()
    const dst = gpu.createDeviceBuffer(64, usage)
    const payload = gpu.createDeviceBuffer(20, usage)
    const job = { payload, stride: 16, count: 1, payloadOffset: 0, indexOffset: 16 }
    const expected = new Uint32Array(16)
    for (let i = 0; i < 8; i++) {
      const content = words(5, i)
      content[4] = i % 4
      gpu.write(payload, 0, content.buffer)
      gpu.scatter(dst, job)
      gpu.submit()
      expected.set(content.subarray(0, 4), (i % 4) * 4)
    }
    await holds(gpu, dst, expected, 'the destination')
  }),

  needing('scatter', 'scatters that make no sense are refused, and change nothing', async ({ gpu }) => {
    await gpu.prepareScatter()
    const dst = gpu.createDeviceBuffer(64, usage)
    const payload = gpu.createDeviceBuffer(64, usage)
    const plain = gpu.createDeviceBuffer(64, BOTH)
    const job = { payload, stride: 8, count: 2, payloadOffset: 0, indexOffset: 16 }
    const { dispatches } = gpu.calls
    for (const [code, wrong] of [
      ['MisalignedCopy', { stride: 6 }],
      ['OutOfRange', { stride: 0 }],
      ['OutOfRange', { count: 9 }],
      ['OutOfRange', { indexOffset: 60 }],
      ['MisalignedCopy', { payloadOffset: 2 }],
      ['OutOfRange', { dstOffset: 68 }],
      ['UsageMissing', { payload: plain }],
    ] as const)
      refused(code, () => gpu.scatter(dst, { ...job, ...wrong }), Object.keys(wrong).join(', '))
    refused('UsageMissing', () => gpu.scatter(plain, job), 'a destination without STORAGE')
    refused('OverlappingCopy', () => gpu.scatter(payload, job), 'a payload that is the destination')
    gpu.scatter(dst, { ...job, count: 0 })
    equal(gpu.calls.dispatches, dispatches, 'dispatches')
    await holds(gpu, dst, new Uint8Array(64), 'the destination')
  }),
]
