import { DummyBackend } from '../backends/dummy/dummy.ts'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'
import { MkGpu } from '../gpu.ts'
import { BOTH, bufferOf, bytes, patched, words } from './content.ts'
import { equal, holds, ok, refused, rejected, sameBytes } from './expectations.ts'
import { onGpu, type ConformanceCase } from './harness.ts'

const { INDEX, VERTEX } = MkBufferUsage

/** Bytes that are split by every backend that splits, and end in the middle of whatever it splits by. */
const BIG = (9 << 20) + 12

/** Writes: the right bytes, at once. */
const writes: readonly ConformanceCase[] = [
  onGpu('a write arrives', ({ gpu }) => holds(gpu, bufferOf(gpu, words(1000)), words(1000), 'the buffer')),

  onGpu('a write at an offset, from an offset, leaves its neighbours alone', async ({ gpu }) => {
    const buffer = bufferOf(gpu, words(16))
    gpu.write(buffer, 20, words(10, 2).buffer, 8, 12)
    await holds(gpu, buffer, patched(words(16), 5, words(10, 2).subarray(2, 5)), 'words 5, 6 and 7')
  }),

  onGpu('the source may change as soon as a write returns', async ({ gpu }) => {
    for (const size of [64, 1 << 20]) {
      const source = words(size / 4)
      const buffer = bufferOf(gpu, source)
      source.fill(0)
      await holds(gpu, buffer, words(size / 4), `${size} bytes`)
    }
  }),

  onGpu('of two writes to one place the later one stays', async ({ gpu }) => {
    const buffer = bufferOf(gpu, words(8, 1))
    gpu.write(buffer, 8, words(4, 2).buffer)
    gpu.write(buffer, 12, words(1, 3).buffer)
    await holds(gpu, buffer, patched(patched(words(8, 1), 2, words(4, 2)), 3, words(1, 3)), 'three writes')
  }),

  onGpu('a big write arrives whole', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(BIG + 8, BOTH)
    const source = words(BIG / 4 + 1)
    gpu.write(buffer, 4, source.buffer, 4, BIG)
    const expected = patched(new Uint32Array(BIG / 4 + 2), 1, source.subarray(1))
    await holds(gpu, buffer, expected, 'what was written, between two words of zeros')
  }),

  onGpu('many small writes arrive, each in its place', async ({ gpu }) => {
    const rows = 300
    const buffer = gpu.createDeviceBuffer(rows * 16, BOTH)
    const expected = new Uint32Array(rows * 4)
    for (let i = 0; i < rows; i++) {
      const row = (i * 7919) % rows
      const value = words(4, i)
      gpu.write(buffer, row * 16, value.buffer)
      expected.set(value, row * 4)
    }
    await holds(gpu, buffer, expected, `${rows} rows`)
  }),

  onGpu('a write of any size may end with its buffer', async ({ gpu }) => {
    for (const size of [1, 2, 3, 6, 1023]) {
      const buffer = gpu.createDeviceBuffer(size + 4, BOTH)
      gpu.write(buffer, 0, words(1).buffer)
      gpu.write(buffer, 4, bytes(size).buffer)
      await holds(gpu, buffer, bytes(size), `a tail of ${size} bytes`, 4)
      sameBytes(await gpu.read(buffer, 0, 4), words(1), 'the word before it')
    }
  }),

  onGpu('a write of nothing makes no call', ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const { writes } = gpu.calls
    gpu.write(buffer, 16, new ArrayBuffer(0))
    gpu.write(buffer, 0, new ArrayBuffer(8), 8)
    equal([gpu.calls.writes - writes, gpu.submit()], [0, 0], 'writes and serial')
  }),

  onGpu('writes that are misaligned or pass an end are refused, and change nothing', async ({ gpu }) => {
    const buffer = bufferOf(gpu, words(4))
    const source = new ArrayBuffer(32)
    // dstOffset, srcOffset, size
    for (const [code, ...cases] of [
      ['MisalignedCopy', [2, 0, 4], [0, 2, 4], [0, 0, 6], [1, 1, 1]],
      ['OutOfRange', [0, 0, 20], [12, 0, 8], [20, 0, 0], [-4, 0, 4], [0, -4, 4]],
      ['OutOfRange', [0, 32, 4], [0, 28, 8], [0, 0, -4], [NaN, 0, 4]],
    ] as [string, ...number[][]][])
      for (const [dst, src, size] of cases)
        refused(code, () => gpu.write(buffer, dst, source, src, size), `${dst}, ${src}, ${size}`)
    await holds(gpu, buffer, words(4), 'the buffer')
  }),

  onGpu('memory of WebAssembly, shared or not, can be written from', async ({ gpu }) => {
    for (const shared of [false, true]) {
      const memory = new WebAssembly.Memory({ initial: 20, maximum: 20, shared })
      const source = new Uint32Array(memory.buffer)
      source.set(words(source.length))
      const buffer = gpu.createDeviceBuffer(source.byteLength - 8, BOTH)
      gpu.write(buffer, 0, memory.buffer, 4, buffer.size)
      const expected = words(source.length).subarray(1, -1)
      await holds(gpu, buffer, expected, shared ? 'shared' : 'not shared')
    }
  }),

  onGpu('memory of more than 2 GiB can be written from, wherever in it the bytes lie', async ({ gpu }) => {
    const memory = memoryOf(3 * 2 ** 30)
    if (memory === undefined) return
    const count = 64
    const size = count * 4
    const places = [64, 2 ** 30 - 128, 2 ** 31 - 128, 2 ** 31 + 1024, memory.byteLength - size]
    const buffer = gpu.createDeviceBuffer(places.length * size, BOTH)
    places.forEach((place, i) => new Uint32Array(memory, place, count).set(words(count, i + 1)))
    // Twice, for what is kept from the first time.
    for (let time = 0; time < 2; time++)
      for (const [i, place] of places.entries()) gpu.write(buffer, i * size, memory, place, size)
    const found = await gpu.read(buffer)
    for (const [i, place] of places.entries())
      sameBytes(found.slice(i * size, (i + 1) * size), words(count, i + 1), `what lay at byte ${place}`)
  }),

  onGpu('resizable memory can be written from, also after it has grown', async ({ gpu }) => {
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: object,
    ) => ArrayBuffer & { resize?(size: number): void }
    const source = new Resizable(64, { maxByteLength: 128 })
    new Uint32Array(source).set(words(16))
    const buffer = gpu.createDeviceBuffer(128, BOTH)
    gpu.write(buffer, 0, source)
    const expected = patched(new Uint32Array(32), 0, words(16))
    if (source.resize) {
      source.resize(128)
      new Uint32Array(source).set(words(16, 2), 16)
      gpu.write(buffer, 64, source, 64)
      expected.set(words(16, 2), 16)
    }
    await holds(gpu, buffer, expected, 'both halves')
  }),

  onGpu('buffers of another gpu are refused', async ({ gpu }) => {
    const other = new MkGpu(new DummyBackend())
    const foreign = other.createDeviceBuffer(16, BOTH)
    const own = gpu.createDeviceBuffer(16, BOTH)
    refused('ForeignBuffer', () => gpu.write(foreign, 0, new ArrayBuffer(4)), 'write')
    refused('ForeignBuffer', () => gpu.copy(own, 0, foreign, 0, 4), 'copy')
    await rejected('ForeignBuffer', gpu.read(foreign), 'read')
    other.destroy()
  }),
]

/** Copies: the right bytes, at submit, in order. */
const copies: readonly ConformanceCase[] = [
  onGpu('a copy at offsets leaves the neighbours alone', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(16, 1)), bufferOf(gpu, words(16, 2))]
    gpu.copy(src, 8, dst, 20, 12)
    await holds(gpu, dst, patched(words(16, 2), 5, words(16, 1).subarray(2, 5)), 'words 5, 6 and 7')
    await holds(gpu, src, words(16, 1), 'the source')
  }),

  onGpu('a copy acts at submit: it sees writes made after it was recorded', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(4, 1)), gpu.createDeviceBuffer(16, BOTH)]
    gpu.copy(src, 0, dst, 0, 16)
    gpu.write(src, 0, words(4, 2).buffer)
    gpu.submit()
    await holds(gpu, dst, words(4, 2), 'the copy')
  }),

  onGpu('a copy that was submitted does not see writes made after it', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(1 << 18, 1)), gpu.createDeviceBuffer(1 << 20, BOTH)]
    gpu.copy(src, 0, dst, 0, 1 << 20)
    gpu.submit()
    gpu.write(src, 0, words(1 << 18, 2).buffer)
    await holds(gpu, dst, words(1 << 18, 1), 'the copy')
    await holds(gpu, src, words(1 << 18, 2), 'the source')
  }),

  onGpu('a copy that is submitted after a write to its destination overwrites it', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(4, 1)), gpu.createDeviceBuffer(16, BOTH)]
    gpu.copy(src, 0, dst, 4, 8)
    gpu.write(dst, 0, words(4, 2).buffer)
    gpu.submit()
    await holds(gpu, dst, patched(words(4, 2), 1, words(4, 1).subarray(0, 2)), 'the destination')
  }),

  onGpu('copies run in the order in which they were recorded', async ({ gpu }) => {
    const chain = [bufferOf(gpu, words(16))]
    for (let i = 1; i < 6; i++) {
      chain.push(gpu.createDeviceBuffer(64, BOTH))
      gpu.copy(chain[i - 1], 0, chain[i], 0, 64)
    }
    await holds(gpu, chain[5], words(16), 'the end of the chain')
  }),

  onGpu('a big copy arrives whole', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(BIG / 4)), gpu.createDeviceBuffer(BIG, BOTH)]
    gpu.copy(src, 0, dst, 0, BIG)
    await holds(gpu, dst, words(BIG / 4), 'the copy')
  }),

  onGpu('copies within one buffer are refused, and change nothing', async ({ gpu }) => {
    const buffer = bufferOf(gpu, words(16))
    for (const to of [0, 16, 32])
      refused('OverlappingCopy', () => gpu.copy(buffer, 0, buffer, to, 20), `0 to ${to}`)
    await holds(gpu, buffer, words(16), 'the buffer')
  }),

  onGpu('copies that are misaligned or pass an end are refused, and change nothing', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(4, 1)), bufferOf(gpu, words(4, 2))]
    // srcOffset, dstOffset, size
    for (const [code, ...cases] of [
      ['MisalignedCopy', [2, 0, 4], [0, 2, 4], [0, 0, 6]],
      ['OutOfRange', [0, 0, 20], [12, 0, 8], [0, 12, 8], [-4, 0, 4], [0, NaN, 4], [0, 0, 1.5]],
    ] as [string, ...number[][]][])
      for (const [from, to, size] of cases)
        refused(code, () => gpu.copy(src, from, dst, to, size), `${from} to ${to}, ${size}`)
    gpu.submit()
    await holds(gpu, dst, words(4, 2), 'the destination')
  }),

  onGpu('indices are copied to indices; to others and back unless INDEX is exclusive', async ({ gpu }) => {
    const vertices = bufferOf(gpu, words(16), VERTEX | BOTH)
    const indices = bufferOf(gpu, words(16, 2), INDEX | BOTH)
    const more = gpu.createDeviceBuffer(60, INDEX | BOTH)
    gpu.copy(indices, 4, more, 0, 60)
    if (gpu.capabilities.indexIsExclusive) {
      refused('CopyUnsupported', () => gpu.copy(vertices, 0, indices, 0, 64), 'vertices to indices')
      refused('CopyUnsupported', () => gpu.copy(more, 0, vertices, 4, 60), 'indices to vertices')
      const back = gpu.createStagingBuffer(64, { memory: MkMemoryType.HostCached })
      gpu.copy(indices, 0, back, 0, 64)
      refused('CopyUnsupported', () => gpu.copy(vertices, 0, back, 0, 64), 'vertices beside indices')
    } else {
      gpu.copy(more, 0, vertices, 4, 60)
      gpu.copy(vertices, 0, indices, 0, 64)
      await holds(gpu, indices, patched(words(16), 1, words(16, 2).subarray(1)), 'what went there and back')
    }
    await holds(gpu, more, words(16, 2).subarray(1), 'the indices that were copied')
  }),
]

/** Transfers: copies that are handed over at once, one by one or in batches. */
const transfers: readonly ConformanceCase[] = [
  onGpu('a transfer moves all of a source, or the range it is told', async ({ gpu }) => {
    const staging = gpu.stagingBufferWithData(words(8))
    const device = gpu.createDeviceBuffer(64, BOTH)
    const transfer = gpu.transfer(staging, device, { dstOffset: 16 })
    equal([transfer.bytes, transfer.copies], [32, 1], 'bytes and copies')
    gpu.transfer(staging, device, { srcOffset: 8, dstOffset: 56, size: 4 })
    const expected = patched(patched(new Uint32Array(16), 4, words(8)), 14, words(8).subarray(2, 3))
    await holds(gpu, device, expected, 'the buffer')
  }),

  onGpu('a batch takes one submit, and one copy where copies join', async ({ gpu }) => {
    const src = gpu.stagingBufferWithData(words(400))
    const dst = gpu.createDeviceBuffer(1600, BOTH)
    const { copies, submits } = gpu.calls
    const batch = gpu.batchTransfer()
    for (let i = 0; i < 50; i++) batch.copy(src, dst, { srcOffset: i * 16, dstOffset: i * 16, size: 16 })
    for (let i = 50; i < 100; i++)
      batch.copy(src, dst, { srcOffset: i * 16, dstOffset: (149 - i) * 16, size: 16 })
    const transfer = batch.submit()
    equal([transfer.bytes, transfer.copies], [1600, 51], 'bytes and copies of the transfer')
    equal([gpu.calls.copies - copies, gpu.calls.submits - submits], [51, 1], 'calls')
    const expected = words(400)
    for (let i = 50; i < 100; i++) expected.set(words(400).subarray(i * 4, i * 4 + 4), (149 - i) * 4)
    await holds(gpu, dst, expected, 'the buffer')
  }),

  onGpu('a batch that takes a wrong copy stays as it was', async ({ gpu }) => {
    const src = gpu.stagingBufferWithData(words(4))
    const dst = gpu.createDeviceBuffer(16, BOTH)
    const batch = gpu.batchTransfer().copy(src, dst, { size: 8 })
    refused('OutOfRange', () => batch.copy(src, dst, { dstOffset: 8 }), 'past the end')
    refused('MisalignedCopy', () => batch.copy(src, dst, { srcOffset: 1, size: 4 }), 'misaligned')
    equal(batch.length, 1, 'copies gathered')
    await batch.submit().done
    await holds(gpu, dst, patched(new Uint32Array(4), 0, words(2)), 'the buffer')
  }),

  onGpu('a transfer of any size may end with its destination', async ({ gpu }) => {
    const device = gpu.createDeviceBuffer(7, BOTH)
    gpu.transfer(gpu.stagingBufferWithData(bytes(7)), device)
    await holds(gpu, device, bytes(7), 'seven bytes')
  }),
]

/** Reads: a copy of the bytes of their moment. */
const reads: readonly ConformanceCase[] = [
  onGpu('a read takes any range', async ({ gpu }) => {
    const buffer = bufferOf(gpu, bytes(64))
    for (const offset of [0, 1, 2, 4, 61])
      for (const size of [1, 3, 64 - offset]) {
        const expected = bytes(64).subarray(offset, offset + size)
        sameBytes(await gpu.read(buffer, offset, size), expected, `${size} bytes from ${offset}`)
      }
    equal((await gpu.read(buffer, 64)).byteLength, 0, 'bytes at the end')
    for (const offset of [-1, 0.5, NaN])
      await rejected('OutOfRange', gpu.read(buffer, offset, 4), `4 bytes from ${offset}`)
    for (const size of [5, -1, NaN])
      await rejected('OutOfRange', gpu.read(buffer, 60, size), `${size} bytes from 60`)
  }),

  onGpu('a read sees what is recorded and not submitted', async ({ gpu }) => {
    const [src, dst] = [bufferOf(gpu, words(4)), gpu.createDeviceBuffer(16, BOTH)]
    gpu.copy(src, 0, dst, 0, 16)
    await holds(gpu, dst, words(4), 'the copy')
  }),

  onGpu('reads that overlap in time each see their moment', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const reads: Promise<ArrayBuffer>[] = []
    for (let i = 0; i < 10; i++) {
      gpu.write(buffer, 0, words(4, i).buffer)
      reads.push(gpu.read(buffer))
    }
    for (const [i, read] of reads.entries()) sameBytes(await read, words(4, i), `read ${i}`)
    equal(gpu.leaks().length, 1, 'buffers alive')
  }),

  onGpu('what is read is a copy', async ({ gpu }) => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const first = await gpu.read(buffer)
    new Uint8Array(first).fill(9)
    await holds(gpu, buffer, new Uint8Array(16), 'the buffer')
    ok(first.byteLength === 16, 'the first read is still there')
  }),
]

/** Writes, copies, transfers, reads: the right bytes in the right order. */
export const moveCases: readonly ConformanceCase[] = [...writes, ...copies, ...transfers, ...reads]

/** Memory of which no page is touched yet; undefined where there is not as much. */
function memoryOf(bytes: number): ArrayBuffer | undefined {
  const pages = bytes / 65_536
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch {
    return undefined
  }
}
