import type { MkGpu } from '../gpu.ts'
import { MkBufferUsage } from '../usage.ts'
import { BOTH, equal, ok, onGpu, refused, sameBytes, words } from './bench.ts'
import type { ConformanceCase } from './bench.ts'

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
  const payload = gpu.createDeviceBuffer(content.byteLength, usage)
  gpu.write(payload, 0, content.buffer)

  const expected = words(dstOffset / 4 + rows * rowWords, 9)
  const dst = gpu.createDeviceBuffer(expected.byteLength, usage)
  gpu.write(dst, 0, expected.buffer)
  gpu.scatter(dst, { payload, stride, count, payloadOffset, indexOffset, dstOffset })
  gpu.submit()
  for (let i = 0; i < count; i++) {
    if (numbers[i] >= rows) continue
    const row = content.subarray(payloadOffset / 4 + i * rowWords, payloadOffset / 4 + (i + 1) * rowWords)
    expected.set(row, dstOffset / 4 + numbers[i] * rowWords)
  }
  sameBytes(await gpu.read(dst), expected, `${count} of ${rows} rows of ${stride} bytes`)
  payload.destroy()
  dst.destroy()
}

/** Rows to where their numbers say. */
export const scatterCases: readonly ConformanceCase[] = [
  onGpu('scatter is there when it was prepared, or refused', async ({ gpu, backend }) => {
    equal(await gpu.prepareScatter(), gpu.capabilities.scatter, 'prepareScatter')
    equal(
      [gpu.scatterReady, backend.scatterReady],
      [gpu.capabilities.scatter, gpu.capabilities.scatter],
      'ready',
    )
    if (gpu.capabilities.scatter) return
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const job = { payload: buffer, stride: 4, count: 1, payloadOffset: 0, indexOffset: 4 }
    refused('UsageMissing', () => gpu.scatter(buffer, job), 'scatter')
  }),

  ...[4, 8, 12, 16, 20, 28, 36, 64, 100, 256].map((stride) =>
    onGpu(
      `rows of ${stride} bytes go where their numbers say`,
      ({ gpu }) => check(gpu, { stride, rows: 301, numbers: everyNth(301, 3) }),
      'scatter',
    ),
  ),

  onGpu(
    'every row at once, and a single one',
    async ({ gpu }) => {
      await check(gpu, { stride: 16, rows: 1000, numbers: everyNth(1000, 1) })
      await check(gpu, { stride: 16, rows: 1000, numbers: new Uint32Array([999]) })
    },
    'scatter',
  ),

  onGpu(
    '200 000 rows',
    ({ gpu }) => check(gpu, { stride: 16, rows: 200_000, numbers: everyNth(200_000, 1) }),
    'scatter',
  ),

  onGpu(
    'rows at odd offsets of both buffers, numbers before or after them',
    async ({ gpu }) => {
      for (const numbersFirst of [false, true])
        for (const stride of [12, 16])
          await check(gpu, {
            stride,
            rows: 100,
            numbers: everyNth(100, 7),
            dstOffset: 36,
            gap: 20,
            numbersFirst,
          })
    },
    'scatter',
  ),

  onGpu(
    'row numbers past the end are dropped',
    ({ gpu }) =>
      check(gpu, { stride: 8, rows: 10, numbers: new Uint32Array([3, 10, 11, 0xffffffff, 0x20000000, 9]) }),
    'scatter',
  ),

  onGpu(
    'several scatters in one submit, after a copy that they build on',
    async ({ gpu }) => {
      await gpu.prepareScatter()
      const before = gpu.createDeviceBuffer(64, usage)
      const [left, right] = [gpu.createDeviceBuffer(64, usage), gpu.createDeviceBuffer(64, usage)]
      // Two rows of 8 bytes, then their numbers, then two other numbers.
      const content = new Uint32Array([10, 11, 20, 21, 1, 6, 0, 1])
      const payload = gpu.createDeviceBuffer(content.byteLength, usage)
      gpu.write(payload, 0, content.buffer)
      gpu.write(before, 0, words(16).buffer)
      for (const buffer of [before, left, right, payload]) await buffer.settled
      const { submits } = gpu.calls
      gpu.copy(before, 0, left, 0, 64)
      const job = { payload, stride: 8, count: 2, payloadOffset: 0, indexOffset: 16 }
      gpu.scatter(left, job)
      gpu.scatter(right, job)
      gpu.scatter(right, { ...job, indexOffset: 24 })
      gpu.copy(right, 48, left, 0, 8)
      gpu.submit()
      equal(gpu.calls.submits - submits, 1, 'submits')
      const [l, r] = [words(16), new Uint32Array(16)]
      for (const target of [l, r]) {
        target.set([10, 11], 2)
        target.set([20, 21], 12)
      }
      r.set([10, 11], 0)
      r.set([20, 21], 2)
      l.set([20, 21], 0)
      sameBytes(await gpu.read(left), l, 'the first destination')
      sameBytes(await gpu.read(right), r, 'the second destination')
    },
    'scatter',
  ),

  onGpu(
    'the same scatter, submit after submit',
    async ({ gpu }) => {
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
      sameBytes(await gpu.read(dst), expected, 'the destination')
    },
    'scatter',
  ),

  onGpu(
    'scatters that make no sense are refused, and change nothing',
    async ({ gpu }) => {
      await gpu.prepareScatter()
      const dst = gpu.createDeviceBuffer(64, usage)
      const payload = gpu.createDeviceBuffer(64, usage)
      const plain = gpu.createDeviceBuffer(64, BOTH)
      const job = { payload, stride: 8, count: 2, payloadOffset: 0, indexOffset: 16 }
      const { dispatches } = gpu.calls
      refused('MisalignedCopy', () => gpu.scatter(dst, { ...job, stride: 6 }), 'stride 6')
      refused('OutOfRange', () => gpu.scatter(dst, { ...job, stride: 0 }), 'stride 0')
      refused('OutOfRange', () => gpu.scatter(dst, { ...job, count: 9 }), 'more rows than the payload holds')
      refused('OutOfRange', () => gpu.scatter(dst, { ...job, indexOffset: 60 }), 'numbers past the end')
      refused('MisalignedCopy', () => gpu.scatter(dst, { ...job, payloadOffset: 2 }), 'payloadOffset 2')
      refused('OutOfRange', () => gpu.scatter(dst, { ...job, dstOffset: 68 }), 'dstOffset past the end')
      refused('UsageMissing', () => gpu.scatter(plain, job), 'a destination without STORAGE')
      refused('UsageMissing', () => gpu.scatter(dst, { ...job, payload: plain }), 'a payload without STORAGE')
      refused('OverlappingCopy', () => gpu.scatter(payload, job), 'a payload that is the destination')
      gpu.scatter(dst, { ...job, count: 0 })
      equal(gpu.calls.dispatches, dispatches, 'dispatches')
      sameBytes(await gpu.read(dst), new Uint8Array(64), 'the destination')
    },
    'scatter',
  ),
]
