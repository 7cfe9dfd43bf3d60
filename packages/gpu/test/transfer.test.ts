import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidValue } from '@memkit/core'
import {
  BufferDestroyed,
  DummyBackend,
  MisalignedCopy,
  MkBufferUsage,
  MkGpu,
  OutOfRange,
  OverlappingCopy,
} from '@memkit/gpu'
import type { DummyOptions, MkDeviceBuffer } from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'

const { TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

function setUp(options?: DummyOptions): {
  backend: DummyBackend
  gpu: MkGpu<DummyBackend>
  counted: (size: number) => MkDeviceBuffer<DummyBackend>
} {
  const backend = new DummyBackend(options)
  const gpu = new MkGpu(backend)
  /** A buffer of bytes 1, 2, 3, … */
  const counted = (size: number): MkDeviceBuffer<DummyBackend> => {
    const buffer = gpu.createDeviceBuffer(size, BOTH)
    gpu.write(buffer, 0, Uint8Array.from({ length: size }, (_, i) => i + 1).buffer)
    return buffer
  }
  return { backend, gpu, counted }
}

describe('write', () => {
  it('takes effect when called, at byte offsets on both sides', async () => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const source = new Uint32Array([1, 2, 3, 4])
    gpu.write(buffer, 8, source.buffer, 4, 8)
    source.fill(9) // the bytes were read already
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([0, 0, 2, 3])
  })

  it('accepts shared memory', async () => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(8, BOTH)
    const shared = new SharedArrayBuffer(8)
    new Uint32Array(shared).set([3, 4])
    gpu.write(buffer, 0, shared)
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([3, 4])
  })

  it('refuses a view instead of treating its elements as bytes', async () => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(8, BOTH)
    const view = new Float32Array([1, 2]) as unknown as ArrayBuffer
    expect(thrownBy(InvalidValue, () => gpu.write(buffer, 0, view)).path).toBe('source')
    expect([...new Uint32Array(await gpu.read(buffer))]).toEqual([0, 0])
  })

  it.each([1, 2, 3, 5, 6, 7])('pads a tail of %d bytes at the end of the buffer', async (size) => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(8 + size, BOTH)
    const source = Uint8Array.from({ length: size }, (_, i) => i + 1)
    gpu.write(buffer, 8, source.buffer)
    expect([...new Uint8Array(await gpu.read(buffer, 8))]).toEqual([...source])
  })

  it("refuses a tail in the middle, and offsets that aren't a multiple of 4", () => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const source = new ArrayBuffer(16)
    expect(thrownBy(MisalignedCopy, () => gpu.write(buffer, 0, source, 0, 6))).toMatchObject({
      code: 'MisalignedCopy',
      what: 'size',
      value: 6,
      multipleOf: 4,
    })
    expect(thrownBy(MisalignedCopy, () => gpu.write(buffer, 2, source, 0, 4)).what).toBe('dstOffset')
    expect(thrownBy(MisalignedCopy, () => gpu.write(buffer, 0, source, 2, 4)).what).toBe('srcOffset')
    expect(gpu.calls.writes).toBe(0)
  })

  it.each([
    ['past the end', 12, 0, 8, 'size'],
    ['from past the source', 0, 12, 8, 'srcOffset'],
    ['at a negative offset', -4, 0, 4, 'dstOffset'],
    ['at a fraction', 0.5, 0, 4, 'dstOffset'],
    ['at NaN', NaN, 0, 4, 'dstOffset'],
    ['of NaN bytes', 0, 0, NaN, 'size'],
    ['of a negative size', 0, 0, -4, 'size'],
    ['from a negative offset', 0, -4, 4, 'srcOffset'],
    ['at 2³²', 2 ** 32, 0, 4, 'dstOffset'],
  ])('refuses to write %s', (_, dstOffset, srcOffset, size, what) => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const error = thrownBy(OutOfRange, () =>
      gpu.write(buffer, dstOffset, new ArrayBuffer(16), srcOffset, size),
    )
    expect(error.what).toBe(what)
    expect(gpu.calls.writes).toBe(0)
  })

  it('makes no call and no serial for zero bytes', () => {
    const { gpu } = setUp()
    const buffer = gpu.createDeviceBuffer(4, BOTH)
    gpu.write(buffer, 0, new ArrayBuffer(0))
    gpu.write(buffer, 4, new ArrayBuffer(8), 8, 0)
    expect(gpu.submit()).toBe(0)
    expect(gpu.calls).toMatchObject({ writes: 0, submits: 0 })
  })
})

describe('copy', () => {
  it('is recorded until submit, so that a later write comes first', async () => {
    const { gpu, counted } = setUp()
    const a = counted(4)
    const b = gpu.createDeviceBuffer(4, BOTH)
    gpu.copy(a, 0, b, 0, 4)
    gpu.write(a, 0, new Uint8Array([9, 9, 9, 9]).buffer)
    expect(gpu.calls.submits).toBe(0)
    gpu.submit()
    expect([...new Uint8Array(await gpu.read(b))]).toEqual([9, 9, 9, 9])
  })

  it('shares one submit with others', () => {
    const { gpu, counted } = setUp()
    const a = counted(64)
    const b = gpu.createDeviceBuffer(64, BOTH)
    for (let i = 0; i < 64; i += 8) gpu.copy(a, i, b, i, 4)
    expect(gpu.submit()).toBe(1)
    expect(gpu.calls).toMatchObject({ copies: 8, submits: 1 })
  })

  it('within one buffer is refused, as WebGPU refuses it', () => {
    const { gpu, counted } = setUp()
    const a = counted(16)
    const error = thrownBy(OverlappingCopy, () => gpu.copy(a, 0, a, 4, 8))
    expect(error).toMatchObject({ code: 'OverlappingCopy', srcOffset: 0, dstOffset: 4, size: 8 })
    thrownBy(OverlappingCopy, () => gpu.copy(a, 0, a, 8, 4))
    thrownBy(OverlappingCopy, () => gpu.copy(a, 0, a, 8, 0))
    expect(gpu.calls.copies).toBe(0)
  })
})

describe('transfer', () => {
  it('moves a range', async () => {
    const { gpu, counted } = setUp()
    const b = gpu.createDeviceBuffer(16, BOTH)
    const transfer = gpu.transfer(counted(16), b, { srcOffset: 4, dstOffset: 8, size: 4 })
    expect(transfer).toMatchObject({ serial: 1, bytes: 4, copies: 1 })
    await transfer.done
    expect([...new Uint8Array(await gpu.read(b, 8, 4))]).toEqual([5, 6, 7, 8])
  })

  it('is refused past the end, on either side', () => {
    const { gpu, counted } = setUp()
    const a = counted(16)
    const b = gpu.createDeviceBuffer(8, BOTH)
    expect(thrownBy(OutOfRange, () => gpu.transfer(a, b))).toMatchObject({ what: 'size', value: 16, max: 8 })
    thrownBy(OutOfRange, () => gpu.transfer(b, a, { srcOffset: 4, size: 8 }))
    thrownBy(OutOfRange, () => gpu.transfer(a, b, { srcOffset: 20 }))
    expect(gpu.calls.submits).toBe(0)
  })

  it('pads a tail that ends with the destination, and no other', async () => {
    const { gpu } = setUp()
    const staging = gpu.stagingBufferWithData(new Uint16Array([1, 2, 3]))
    const same = gpu.createDeviceBuffer(6, BOTH)
    gpu.transfer(staging, same)
    expect([...new Uint16Array(await gpu.read(same))]).toEqual([1, 2, 3])
    // In a longer buffer the padding would overwrite bytes 6 and 7.
    thrownBy(MisalignedCopy, () => gpu.transfer(staging, gpu.createDeviceBuffer(8, BOTH)))
  })
})

describe('missing memory', () => {
  it('makes a transfer fail even though the device has finished it', async () => {
    const { gpu, counted } = setUp({ faults: { outOfMemoryAt: [2] } })
    const a = counted(4)
    const failed = gpu.createDeviceBuffer(4, BOTH, { label: 'too big' })
    const transfer = gpu.transfer(a, failed)
    expect(transfer.isComplete).toBe(true)
    await expect(transfer.done).rejects.toMatchObject({ code: 'AllocationFailed', label: 'too big' })
    await gpu.transfer(a, gpu.createDeviceBuffer(4, BOTH)).done
  })

  it('makes a read fail', async () => {
    const { backend, gpu, counted } = setUp()
    const a = counted(8)
    backend.faults.outOfMemoryAt = [2]
    await expect(gpu.read(a)).rejects.toMatchObject({
      code: 'AllocationFailed',
      label: 'readback of buffer 1',
    })
    expect([...new Uint8Array(await gpu.read(a))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })
})

describe('batchTransfer', () => {
  it('copies in order, in one submit', async () => {
    const { gpu, counted } = setUp()
    const a = counted(8)
    const b = gpu.createDeviceBuffer(8, BOTH)
    const c = gpu.createDeviceBuffer(8, BOTH)
    const transfer = gpu.batchTransfer().copy(a, b).copy(b, c, { srcOffset: 4, size: 4 }).submit()
    await transfer.done
    expect([...new Uint8Array(await gpu.read(c))]).toEqual([5, 6, 7, 8, 0, 0, 0, 0])
    expect(transfer).toMatchObject({ bytes: 12, copies: 2 })
    expect(gpu.serial).toBe(2) // the batch, and the readback
  })

  it('merges copies that continue each other', () => {
    const { gpu, counted } = setUp()
    const a = counted(32)
    const b = gpu.createDeviceBuffer(32, BOTH)
    const batch = gpu.batchTransfer()
    for (let i = 0; i < 16; i += 4) batch.copy(a, b, { srcOffset: i, dstOffset: i + 8, size: 4 })
    expect(batch.length).toBe(1)
    batch.copy(a, b, { srcOffset: 20, dstOffset: 28, size: 4 }) // a hole in both
    batch.copy(a, b, { srcOffset: 24, dstOffset: 0, size: 4 }) // continues only the source
    expect(batch.submit().copies).toBe(3)
    expect(gpu.calls.copies).toBe(3)
  })

  it('refuses a bad copy when it is added, and keeps the others', async () => {
    const { gpu, counted } = setUp()
    const a = counted(12)
    const b = gpu.createDeviceBuffer(8, BOTH)
    const batch = gpu.batchTransfer().copy(a, b, { size: 4 })
    thrownBy(OutOfRange, () => batch.copy(a, b, { srcOffset: 4, dstOffset: 8, size: 4 }))
    thrownBy(MisalignedCopy, () => batch.copy(a, b, { srcOffset: 2, size: 4 }))
    thrownBy(OverlappingCopy, () => batch.copy(a, a, { srcOffset: 0, dstOffset: 4, size: 8 }))
    batch.submit()
    expect([...new Uint8Array(await gpu.read(b))]).toEqual([1, 2, 3, 4, 0, 0, 0, 0])
  })

  it('copies nothing when a buffer was destroyed meanwhile', () => {
    const { gpu, counted } = setUp()
    const [a, b, c] = [counted(4), counted(4), counted(4)]
    const batch = gpu.batchTransfer().copy(a, b).copy(a, c)
    c.destroy()
    thrownBy(BufferDestroyed, () => batch.submit())
    expect(gpu.calls).toMatchObject({ copies: 0, submits: 0 })
  })

  it('is complete at once when it is empty', () => {
    const { gpu } = setUp()
    const transfer = gpu.batchTransfer().submit()
    expect(transfer).toMatchObject({ serial: 0, bytes: 0, copies: 0, isComplete: true })
  })

  it('merges only copies that continue each other in both buffers', async () => {
    const { gpu, counted } = setUp()
    const source = counted(32)
    const [one, other] = [0, 0].map(() => gpu.createDeviceBuffer(32, BOTH))
    const batch = gpu.batchTransfer()
    batch.copy(source, one, { size: 4 }).copy(source, other, { srcOffset: 4, dstOffset: 4, size: 4 })
    expect(batch.length).toBe(2)
    // Goes on where the last one ended in the destination, not in the source; then without a size, to the end.
    batch.copy(source, other, { srcOffset: 16, dstOffset: 8, size: 4 }).copy(source, other, { srcOffset: 28 })
    expect(batch.length).toBe(4)
    await batch.submit().done
    expect([...new Uint8Array(await gpu.read(one, 0, 8))]).toEqual([1, 2, 3, 4, 0, 0, 0, 0])
    const held = [29, 30, 31, 32, 5, 6, 7, 8, 17, 18, 19, 20]
    expect([...new Uint8Array(await gpu.read(other, 0, 12))]).toEqual(held)
  })

  it('has the same effect as copies on plain arrays', async () => {
    const size = 64
    const word = fc.integer({ min: 0, max: size / 4 - 1 }).map((w) => w * 4)
    const copy = fc.record({
      src: fc.integer({ min: 0, max: 2 }),
      dst: fc.integer({ min: 0, max: 2 }),
      srcOffset: word,
      dstOffset: word,
      size: word,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(copy, { maxLength: 12 }), async (copies) => {
        const { gpu, counted } = setUp()
        const buffers = [0, 1, 2].map(() => counted(size))
        const model = buffers.map(() => Uint8Array.from({ length: size }, (_, i) => i + 1))
        const batch = gpu.batchTransfer()
        for (const c of copies) {
          const fits = Math.max(c.srcOffset, c.dstOffset) + c.size <= size
          const add = (): unknown => batch.copy(buffers[c.src], buffers[c.dst], c)
          if (!fits) thrownBy(OutOfRange, add)
          else if (c.src === c.dst) thrownBy(OverlappingCopy, add)
          else {
            add()
            model[c.dst].set(model[c.src].slice(c.srcOffset, c.srcOffset + c.size), c.dstOffset)
          }
        }
        batch.submit()
        for (const [i, buffer] of buffers.entries())
          expect(new Uint8Array(await gpu.read(buffer))).toEqual(model[i])
      }),
    )
  })
})

describe('read', () => {
  it('reads any range, after what was recorded before', async () => {
    const { gpu, counted } = setUp()
    const a = counted(11)
    const b = gpu.createDeviceBuffer(11, BOTH)
    gpu.copy(a, 0, b, 0, 11)
    for (const [offset, size] of [
      [0, 11],
      [3, 5],
      [10, 1],
      [4, 0],
    ] as const)
      expect([...new Uint8Array(await gpu.read(b, offset, size))]).toEqual(
        Array.from({ length: size }, (_, i) => offset + i + 1),
      )
    expect(gpu.leaks()).toHaveLength(2)
  })

  it('reports the destroyed gpu when it is pending, without naming an internal buffer', async () => {
    const { gpu, counted } = setUp({ transferDelayUs: Infinity })
    const read = gpu.read(counted(8))
    await new Promise((resolve) => setTimeout(resolve, 0)) // its memory is known to be there by now
    gpu.destroy()
    await expect(read).rejects.toMatchObject({ code: 'DeviceLost', reason: 'destroyed' })
  })

  it('is refused past the end', async () => {
    const { gpu, counted } = setUp()
    const a = counted(8)
    await expect(gpu.read(a, 4, 8)).rejects.toMatchObject({ code: 'OutOfRange', what: 'size', max: 4 })
    await expect(gpu.read(a, 9)).rejects.toMatchObject({ code: 'OutOfRange', what: 'offset' })
    await expect(gpu.read(a, 0, NaN)).rejects.toMatchObject({ code: 'OutOfRange', what: 'size' })
  })
})
