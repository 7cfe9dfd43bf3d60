import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  DeviceLost,
  MkBufferUsage,
  MkGpu,
  MkMemoryType,
  NotMappable,
  ValidationFailed,
  WebGpuBackend,
} from '@memkit/gpu'
import { dawnDevice, dawnGpu } from '@memkit/gpu/node'
import { checkScatter, everyNth } from './scatter-cases.ts'
import { uploadMesh, vertices } from './upload-mesh.ts'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

describe('WebGpuBackend on Dawn', () => {
  let gpu: MkGpu<WebGpuBackend>
  const errors: string[] = []
  beforeAll(async () => {
    gpu = await dawnGpu({ debug: true })
    gpu.onError((error) => errors.push(error.message))
    await gpu.prepareScatter()
    return () => gpu.destroy()
  })
  afterEach(() => {
    for (const buffer of gpu.leaks()) throw new Error(`${buffer.label} is left over`)
    expect(errors.splice(0)).toEqual([])
  })

  it('runs the quick start and the generic upload', async () => {
    const staging = gpu.stagingBufferWithData(vertices)
    const device = gpu.createDeviceBuffer(vertices.byteLength, VERTEX | BOTH)
    const transfer = gpu.transfer(staging, device)
    expect(transfer.isComplete).toBe(false)
    await transfer.done
    expect(transfer.isComplete).toBe(true)
    expect(device.native.size).toBe(24)
    expect(new Float32Array(await gpu.read(device))).toEqual(vertices)
    staging.destroy()
    device.destroy()
    const other = new MkGpu(new WebGpuBackend(gpu.backend.device))
    expect(new Float32Array(await other.read(uploadMesh(other, vertices)))).toEqual(vertices)
    other.destroy() // borrowed: the device lives on
    expect(gpu.isLost).toBe(false)
  })

  it('makes one write of 10 MiB', async () => {
    const size = 10 << 20
    const buffer = gpu.createDeviceBuffer(size, BOTH)
    const source = new Uint32Array(size / 4).map((_, i) => i * 2654435761)
    const { writes, bytesWritten } = gpu.calls
    gpu.write(buffer, 0, source.buffer)
    expect([gpu.calls.writes - writes, gpu.calls.bytesWritten - bytesWritten]).toEqual([1, size])
    const actual = new Uint32Array(await gpu.read(buffer))
    expect(actual.findIndex((word, i) => word !== source[i])).toBe(-1)
    buffer.destroy()
  })

  it('accepts shared memory and resizable memory', async () => {
    const size = (1 << 20) + 8 // more than is brought over at a time
    const buffer = gpu.createDeviceBuffer(size, BOTH)
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer
    for (const source of [
      new SharedArrayBuffer(size + 4),
      new Resizable(size + 4, { maxByteLength: size * 2 }),
    ]) {
      const words = new Uint32Array(source)
      for (let i = 0; i < words.length; i++) words[i] = i ^ 0x5bd1e995
      gpu.write(buffer, 0, source, 4, size)
      const actual = new Uint32Array(await gpu.read(buffer))
      expect(actual.findIndex((word, i) => word !== words[i + 1])).toBe(-1)
    }
    buffer.destroy()
  })

  it('pads tails', async () => {
    const indices = gpu.createDeviceBuffer(6, BOTH)
    gpu.write(indices, 0, new Uint16Array([1, 2, 3]).buffer)
    expect([...new Uint16Array(await gpu.read(indices))]).toEqual([1, 2, 3])
    indices.destroy()
  })

  it('keeps order: writes take effect when called, copies at submit', async () => {
    const a = gpu.createDeviceBuffer(4, BOTH)
    const b = gpu.createDeviceBuffer(4, BOTH)
    gpu.write(a, 0, new Uint32Array([1]).buffer)
    gpu.copy(a, 0, b, 0, 4)
    gpu.write(a, 0, new Uint32Array([2]).buffer)
    expect([...new Uint32Array(await gpu.read(b))]).toEqual([2])
    for (const buffer of [a, b]) buffer.destroy()
  })

  it('maps, keeps what a staging buffer held, and reads back', async () => {
    const staging = gpu.createStagingBuffer(8, { mapped: true })
    staging
      .write(new Uint32Array([1, 2]))
      .flush()
      .unmap()
    await staging.map()
    staging.write(new Uint32Array([3]), 4).unmap()
    const readback = gpu.createStagingBuffer(8, { memory: MkMemoryType.HostCached })
    gpu.transfer(staging, readback)
    expect([...new Uint32Array((await readback.map()).buffer)]).toEqual([1, 3])
    readback.unmap()
    const pending = readback.map()
    readback.unmap()
    await expect(pending).rejects.toBeInstanceOf(NotMappable)
    for (const buffer of [staging, readback]) buffer.destroy()
  })

  it('copies from a buffer destroyed between recording and submit', async () => {
    const source = gpu.stagingBufferWithData(new Uint32Array([7]))
    const target = gpu.createDeviceBuffer(4, BOTH)
    gpu.copy(source, 0, target, 0, 4)
    source.destroy()
    expect([...new Uint32Array(await gpu.read(target))]).toEqual([7])
    target.destroy()
  })

  it('keeps one completion promise outstanding', async () => {
    const { queue } = gpu.backend.device
    let outstanding = 0
    let most = 0
    const original = queue.onSubmittedWorkDone.bind(queue)
    queue.onSubmittedWorkDone = () => {
      most = Math.max(most, ++outstanding)
      const promise = original()
      void promise.then(() => outstanding--)
      return promise
    }
    const source = gpu.stagingBufferWithData(new Uint32Array(4))
    const target = gpu.createDeviceBuffer(16, BOTH)
    for (let i = 0; i < 200; i++) gpu.transfer(source, target)
    const last = gpu.fence()
    await last.done
    expect(gpu.completedSerial).toBe(last.serial)
    expect(most).toBe(1)
    delete (queue as { onSubmittedWorkDone?: unknown }).onSubmittedWorkDone
    for (const buffer of [source, target]) buffer.destroy()
  })

  describe('scatter', () => {
    // 16, 48, 64: whole vectors of 16 bytes. 4, 12, 20, 36: words.
    it.each([4, 12, 16, 20, 36, 48, 64, 256])('moves rows of %d bytes', async (stride) => {
      await checkScatter(gpu, { stride, rows: 1000, numbers: everyNth(1000, 3) })
    })

    it.each([
      { gap: 4, dstOffset: 0 },
      { gap: 16, dstOffset: 12 },
      { gap: 16, dstOffset: 12, dstTail: 4 },
      { gap: 0, dstOffset: 32 },
      { gap: 0, dstOffset: 16, dstTail: 4 },
    ])('moves rows from byte $gap to byte $dstOffset', async (place) => {
      await checkScatter(gpu, { stride: 16, rows: 50, numbers: everyNth(50, 2), ...place })
      await checkScatter(gpu, {
        stride: 16,
        rows: 50,
        numbers: everyNth(50, 2),
        numbersFirst: true,
        ...place,
      })
    })

    it('drops row numbers past the end', async () => {
      await checkScatter(gpu, { stride: 16, rows: 4, numbers: new Uint32Array([3, 4, 0xffffffff, 0]) })
      await checkScatter(gpu, { stride: 12, rows: 4, numbers: new Uint32Array([3, 4, 0x55555556, 0]) })
      // No room for a single row, and for less than one of the units that the shader moves.
      await checkScatter(gpu, { stride: 16, rows: 0, dstTail: 12, numbers: new Uint32Array([0, 1]) })
    })

    it('exceeds 65 535 workgroups', async () => {
      // 4.2 million words: 65 625 workgroups of 64, more than one dimension holds.
      const rows = 4_200_000
      await checkScatter(gpu, { stride: 4, rows, numbers: everyNth(rows, 1) })
    })

    it('has its own parameters when many share a submit, without growing writes', async () => {
      const rows = 8
      const payload = gpu.createDeviceBuffer(16 + 4, STORAGE | TRANSFER_DST)
      gpu.write(payload, 0, new Uint32Array([1, 2, 3, 4, 5]).buffer)
      const targets = Array.from({ length: 100 }, () => gpu.createDeviceBuffer(rows * 4, STORAGE | BOTH))
      const frame = (): number => {
        const { writes } = gpu.calls
        for (const [i, dst] of targets.entries())
          gpu.scatter(dst, { payload, stride: 4, count: 1, payloadOffset: (i % 4) * 4, indexOffset: 16 })
        gpu.submit()
        return gpu.calls.writes - writes
      }
      expect(frame()).toBe(2) // 100 parameter blocks, 64 to a buffer
      expect(frame()).toBe(0) // the same parameters are there already
      for (const [i, dst] of targets.entries()) {
        const actual = new Uint32Array(await gpu.read(dst))
        expect(actual[5]).toBe((i % 4) + 1)
        dst.destroy()
      }
      // The bind groups of the destroyed buffers are gone with them.
      const dst = gpu.createDeviceBuffer(rows * 4, STORAGE | BOTH)
      gpu.scatter(dst, { payload, stride: 4, count: 1, payloadOffset: 8, indexOffset: 16 })
      expect(new Uint32Array(await gpu.read(dst))[5]).toBe(3)
      dst.destroy()
      payload.destroy()
    })

    it('keeps the order between copies', async () => {
      const a = gpu.createDeviceBuffer(16, STORAGE | BOTH)
      const b = gpu.createDeviceBuffer(16, STORAGE | BOTH)
      const payload = gpu.createDeviceBuffer(16, STORAGE | TRANSFER_DST)
      gpu.write(payload, 0, new Uint32Array([9, 2]).buffer)
      const job = { payload, stride: 4, count: 1, payloadOffset: 0, indexOffset: 4 }
      for (const buffer of [a, b, payload]) await buffer.allocationError
      gpu.copy(a, 0, b, 0, 16)
      gpu.scatter(a, job)
      gpu.copy(a, 8, b, 0, 4)
      gpu.scatter(b, job)
      const { submits } = gpu.calls
      gpu.submit()
      expect(gpu.calls.submits - submits).toBe(1)
      expect([...new Uint32Array(await gpu.read(b))]).toEqual([9, 0, 9, 0])
      for (const buffer of [a, b, payload]) buffer.destroy()
    })
  })
})

describe('errors of the device', () => {
  it('name the call and the buffer in debug mode', async () => {
    const gpu = await dawnGpu({ debug: true })
    const heard = new Promise<ValidationFailed>((resolve) =>
      gpu.onError((error) => error instanceof ValidationFailed && resolve(error)),
    )
    const buffer = gpu.createDeviceBuffer(16, TRANSFER_DST | UNIFORM, { label: 'camera' })
    // Past MkGpu, which would have refused it.
    gpu.backend.write(buffer.native, 14, new ArrayBuffer(4), 0, 4)
    expect(await heard).toMatchObject({ code: 'ValidationFailed', operation: 'write', label: 'camera' })
    gpu.destroy()
  })

  it('are reported when uncaught, and not after destroy', async () => {
    const device = await dawnDevice()
    device.addEventListener('uncapturederror', (event) => event.preventDefault()) // keeps Dawn from printing it
    const gpu = new MkGpu(new WebGpuBackend(device))
    let count = 0
    const heard = new Promise<string>((resolve) =>
      gpu.onError((error) => {
        count++
        resolve(error.code)
      }),
    )
    const misuse = (): GPUBuffer => device.createBuffer({ size: 4, usage: 0 })
    misuse()
    expect(await heard).toBe('ValidationFailed')
    gpu.destroy()
    const once = new Promise((resolve) => device.addEventListener('uncapturederror', resolve))
    misuse()
    await once
    expect(count).toBe(1)
    device.destroy()
  })

  it('report missing memory late, through allocationError', async () => {
    // Dawn's null backend has 512 MiB; it does no work, but it counts.
    const gpu = await dawnGpu({ backend: 'null' })
    const buffers = [1, 2, 3].map(() => gpu.createDeviceBuffer(200 << 20, BOTH, { label: 'huge' }))
    const settled = await Promise.all(buffers.map((buffer) => buffer.allocationError))
    expect(settled.map((error) => error?.code)).toEqual([undefined, undefined, 'AllocationFailed'])
    expect(settled[2]).toMatchObject({ label: 'huge', requested: 200 << 20 })
    buffers[0].destroy()
    expect(await gpu.createDeviceBuffer(200 << 20, BOTH).allocationError).toBeUndefined()
    gpu.destroy()
  })
})

describe('a device that is lost', () => {
  it('rejects pending work, completes no serial, and refuses new work', async () => {
    const device = await dawnDevice()
    const gpu = new MkGpu(new WebGpuBackend(device))
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    const source = gpu.stagingBufferWithData(new Uint32Array(4))
    await gpu.waitIdle()
    const before = gpu.completedSerial
    const transfer = gpu.transfer(source, buffer)
    const read = gpu.read(buffer)
    const dropped = gpu.read(buffer) // never awaited: must not become an unhandled rejection
    const map = source.map()
    device.destroy()
    // Known only later: until then, calls do nothing and throw nothing.
    gpu.write(buffer, 0, new ArrayBuffer(16))
    gpu.submit()
    await expect(transfer.done).rejects.toMatchObject({ code: 'DeviceLost', reason: 'destroyed' })
    await expect(read).rejects.toBeInstanceOf(DeviceLost)
    await expect(map).rejects.toBeInstanceOf(DeviceLost)
    await device.queue.onSubmittedWorkDone()
    expect(gpu.completedSerial).toBe(before)
    expect(gpu.isLost).toBe(true)
    expect(() => gpu.write(buffer, 0, new ArrayBuffer(16))).toThrow(DeviceLost)
    await expect(dropped).rejects.toBeInstanceOf(DeviceLost)
    gpu.destroy()
  })

  it('is known to be lost when it was lost before it was handed over', async () => {
    const device = await dawnDevice()
    device.destroy()
    await device.lost
    const gpu = new MkGpu(new WebGpuBackend(device))
    expect((await gpu.lost).reason).toBe('destroyed')
    expect(() => gpu.createDeviceBuffer(4, VERTEX)).toThrow(DeviceLost)
    expect(await gpu.prepareScatter()).toBe(false)
  })
})
