import { describe, expect, it } from 'vitest'
import { DeviceLost, DummyBackend, MkBufferUsage, MkGpu, Readback } from '@memkit/gpu'

const { TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage
const usage = TRANSFER_SRC | TRANSFER_DST

function setUp(keepBytes: number, size = 64) {
  const gpu = new MkGpu(new DummyBackend())
  const buffer = gpu.createDeviceBuffer(size, usage)
  gpu.write(buffer, 0, Uint8Array.from({ length: size }, (_, i) => i + 1).buffer)
  const made: string[] = []
  const readback = new Readback(gpu, { keepBytes, made: ({ label }) => made.push(label) })
  return { gpu, buffer, readback, made }
}

describe('Readback', () => {
  it('reads any range, up to the last byte of a buffer that ends within a word', async () => {
    const { buffer, readback } = setUp(1 << 20, 7)
    expect([...new Uint8Array(await readback.read(buffer, 3, 4))]).toEqual([4, 5, 6, 7])
    expect([...new Uint8Array(await readback.read(buffer, 1, 1))]).toEqual([2])
    expect((await readback.read(buffer, 7, 0)).byteLength).toBe(0)
  })

  it('reads through the same staging buffer each time', async () => {
    const { gpu, buffer, readback, made } = setUp(1 << 20)
    for (let i = 0; i < 5; i++) await readback.read(buffer, 0, 64)
    expect(made).toEqual(['readback of buffer 1'])
    expect(gpu.leaks().length).toBe(2)
    readback.dispose()
    expect(gpu.leaks().length).toBe(1)
  })

  it('makes a staging buffer for each of the reads that are under way', async () => {
    const { buffer, readback, made } = setUp(1 << 20)
    await Promise.all([readback.read(buffer, 0, 64), readback.read(buffer, 0, 64)])
    expect(made.length).toBe(2)
    await Promise.all([readback.read(buffer, 0, 64), readback.read(buffer, 0, 64)])
    expect(made.length).toBe(2)
  })

  it('keeps nothing by default', async () => {
    const { gpu, buffer, readback } = setUp(0)
    await readback.read(buffer, 0, 64)
    expect(gpu.leaks().length).toBe(1)
  })

  it('rejects with what decides whether the buffer holds anything, and keeps the staging buffer', async () => {
    const { gpu, buffer, readback } = setUp(1 << 20)
    const why = new DeviceLost({ reason: 'unknown', detail: 'for a test' })
    await expect(readback.read(buffer, 0, 64, Promise.resolve(why))).rejects.toBe(why)
    expect(gpu.leaks().length).toBe(2)
  })

  it('continues on another device, and destroys what is given back from the old one', async () => {
    const { gpu, readback } = setUp(1 << 20)
    const staging = readback.take(16)
    const other = setUp(0)
    readback.rebuild(other.gpu)
    readback.give(staging)
    expect(staging.destroyed).toBe(true)
    expect((await readback.read(other.buffer, 0, 64)).byteLength).toBe(64)
    expect(gpu.leaks().length).toBe(1)
  })
})
