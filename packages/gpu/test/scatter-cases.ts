import { expect } from 'vitest'
import { MkBufferUsage, type MkGpu } from '@memkit/gpu'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage

/** One scatter to try. Sizes in bytes. */
export interface ScatterCase {
  stride: number
  rows: number
  /** Row numbers, in the order of the payload. */
  numbers: Uint32Array
  dstOffset?: number
  /** Bytes after the last row of the destination; they must stay as they are. */
  dstTail?: number
  /** Bytes between the start of the payload buffer and the first row. */
  gap?: number
  /** Row numbers first, rows after. */
  numbersFirst?: boolean
}

/** Every `step`-th row number, in an order that is not sorted: 7919 is a prime, so each comes up once. */
export function everyNth(rows: number, step: number): Uint32Array {
  const count = Math.ceil(rows / step)
  return Uint32Array.from({ length: count }, (_, i) => ((i * 7919) % count) * step)
}

/** Scatters on the device and in a plain loop, and compares every byte. */
export async function checkScatter(gpu: MkGpu, scatter: ScatterCase): Promise<void> {
  const { stride, rows, numbers, dstOffset = 0, dstTail = 0, gap = 0, numbersFirst = false } = scatter
  const count = numbers.length
  const rowWords = stride / 4
  const dst = gpu.createDeviceBuffer(
    dstOffset + rows * stride + dstTail,
    STORAGE | TRANSFER_SRC | TRANSFER_DST,
  )
  const before = Uint32Array.from({ length: dst.size / 4 }, (_, i) => 0xa0000000 + i)
  gpu.write(dst, 0, before.buffer)

  const payloadOffset = numbersFirst ? gap + Math.ceil((count * 4) / 16) * 16 : gap
  const indexOffset = numbersFirst ? gap : gap + count * stride
  const payload = gpu.createDeviceBuffer(gap + count * (stride + 4) + 16, STORAGE | TRANSFER_DST)
  const words = new Uint32Array(payload.allocatedSize / 4)
  for (let i = 0; i < count * rowWords; i++) words[payloadOffset / 4 + i] = i + 1
  words.set(numbers, indexOffset / 4)
  gpu.write(payload, 0, words.buffer)

  gpu.scatter(dst, { payload, stride, count, payloadOffset, indexOffset, dstOffset })
  gpu.submit()

  const expected = before.slice()
  const limit = Math.floor((dst.size - dstOffset) / stride)
  for (let i = 0; i < count; i++)
    for (let w = 0; w < rowWords; w++)
      if (numbers[i] < limit) expected[dstOffset / 4 + numbers[i] * rowWords + w] = i * rowWords + w + 1
  const actual = new Uint32Array(await gpu.read(dst))
  // toEqual on millions of words takes seconds; a first difference says as much.
  const difference = actual.findIndex((word, i) => word !== expected[i])
  expect({ difference, words: actual.length }).toEqual({ difference: -1, words: expected.length })
  dst.destroy()
  payload.destroy()
}
