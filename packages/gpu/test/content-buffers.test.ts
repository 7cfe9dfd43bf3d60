import { describe, expect, it } from 'vitest'
import * as d from 'typegpu/data'
import {
  InvalidLayout,
  InvalidSchema,
  InvalidValue,
  array,
  f16,
  f32,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec3f,
} from '@memkit/core'
import {
  BufferTooLarge,
  DummyBackend,
  MkBufferUsage,
  MkGpu,
  MisalignedCopy,
  OutOfRange,
  UsageUnsupported,
} from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'

const { INDEX, STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

const gpuOf = (options = {}) => new MkGpu(new DummyBackend(options))
const numbers = (kind: Float32ArrayConstructor | Uint32ArrayConstructor, bytes: ArrayBuffer) => [
  ...new kind(bytes),
]

describe('vertexBuffer', () => {
  it('holds a copy of the floats', async () => {
    const gpu = gpuOf()
    const data = new Float32Array([0, 1, 2.5])
    const buffer = gpu.vertexBuffer(data, { label: 'quad' })
    data.fill(7)
    expect(buffer).toMatchObject({
      size: 12,
      usage: VERTEX | BOTH,
      label: 'quad',
      kind: 'device',
      content: 'vertices',
    })
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([0, 1, 2.5])
    buffer.write(new Float32Array([8, 9]), 1)
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([0, 8, 9])
    expect(gpu.leaks()).toMatchObject([{ label: 'quad', size: 12 }])
  })

  it('accepts more usages, and a part of a bigger array', async () => {
    const gpu = gpuOf()
    const buffer = gpu.vertexBuffer(new Float32Array([1, 2, 3, 4]).subarray(1, 3), { usage: STORAGE })
    expect(buffer.usage).toBe(VERTEX | STORAGE | BOTH)
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([2, 3])
  })

  it("refuses data that doesn't fit, and empty data", () => {
    const gpu = gpuOf()
    const buffer = gpu.vertexBuffer(new Float32Array(4))
    for (const first of [-1, 0.5, 3, NaN])
      expect(() => buffer.write(new Float32Array(2), first)).toThrow(OutOfRange)
    expect(() => gpu.vertexBuffer(new Float32Array())).toThrow(OutOfRange)
    expect(gpu.leaks()).toHaveLength(1)
  })
})

describe('indexBuffer', () => {
  it('knows the width and number of its indices', async () => {
    const gpu = gpuOf()
    const short = gpu.indexBuffer(new Uint16Array([1, 2, 3]))
    const long = gpu.indexBuffer(new Uint32Array([1, 70_000]))
    expect(short).toMatchObject({ indexFormat: 'uint16', count: 3, size: 6, usage: INDEX | BOTH })
    expect(long).toMatchObject({ indexFormat: 'uint32', count: 2, size: 8 })
    expect([...new Uint16Array(await gpu.read(short))]).toEqual([1, 2, 3])
    expect(numbers(Uint32Array, await gpu.read(long))).toEqual([1, 70_000])
  })

  it('accepts arrays that start anywhere, and tails', async () => {
    const gpu = gpuOf()
    const buffer = gpu.indexBuffer(new Uint16Array([0, 1, 2, 3, 4]).subarray(1))
    expect([...new Uint16Array(await gpu.read(buffer))]).toEqual([1, 2, 3, 4])
    buffer.write(new Uint16Array([9, 8, 7]).subarray(1), 2)
    expect([...new Uint16Array(await gpu.read(buffer))]).toEqual([1, 2, 8, 7])
  })

  it('refuses the other width, and half words in the middle', () => {
    const buffer = gpuOf().indexBuffer(new Uint16Array(8))
    expect(thrownBy(OutOfRange, () => buffer.write(new Uint32Array(1))).message).toContain('uint16')
    expect(() => buffer.write(new Uint16Array(1))).toThrow(MisalignedCopy)
    expect(() => buffer.write(new Uint16Array(2), 1)).toThrow(MisalignedCopy)
  })

  it('has no other usage where INDEX is exclusive', () => {
    const gpu = gpuOf({ capabilities: { indexIsExclusive: true } })
    expect(gpu.indexBuffer(new Uint32Array(1)).usage).toBe(INDEX | BOTH)
    expect(() => gpu.indexBuffer(new Uint32Array(1), { usage: VERTEX })).toThrow(UsageUnsupported)
  })
})

describe('uniformBuffer', () => {
  const Camera = struct({ view: mat4x4f, eye: vec3f, time: f32 })

  it('holds one value, in the layout of its type', async () => {
    const gpu = gpuOf()
    const view = Array.from({ length: 16 }, (_, i) => i)
    const buffer = gpu.uniformBuffer(Camera, { view, eye: [1, 2, 3], time: 4 }, { label: 'camera' })
    expect(buffer).toMatchObject({ size: 80, usage: UNIFORM | BOTH, schema: Camera, label: 'camera' })
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([...view, 1, 2, 3, 4])
  })

  it('keeps what a write omits', async () => {
    const gpu = gpuOf()
    const buffer = gpu.uniformBuffer(struct({ a: f32, b: vec2f }))
    // a at 0, b at 8.
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([0, 0, 0, 0])
    buffer.write({ b: [1, 2] })
    buffer.write({ a: 3 })
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([3, 0, 1, 2])
  })

  it('is a multiple of 16 bytes long, like uniform blocks of WebGL', () => {
    expect(gpuOf().uniformBuffer(struct({ a: f32, b: f32, c: f32 })).size).toBe(16)
    expect(gpuOf().uniformBuffer(struct({ m: mat4x4f, t: f32 })).size).toBe(80)
  })

  it('accepts a single type and a TypeGPU schema', async () => {
    const gpu = gpuOf()
    expect(numbers(Float32Array, await gpu.read(gpu.uniformBuffer(vec2f, [5, 6])))).toEqual([5, 6, 0, 0])
    const buffer = gpu.uniformBuffer(d.struct({ n: d.u32, v: d.vec3f }), { n: 1, v: [2, 3, 4] })
    // v at 16.
    expect([...new Float32Array(await gpu.read(buffer)).subarray(4, 7)]).toEqual([2, 3, 4])
  })

  it('refuses types that break the uniform rules, mismatched values and types that are too big', () => {
    const gpu = gpuOf({ capabilities: { maxUniformBufferBindingSize: 1024 } })
    expect(thrownBy(InvalidLayout, () => gpu.uniformBuffer(struct({ a: array(f32, 4) }))).space).toBe(
      'uniform',
    )
    // @ts-expect-error a field that does not exist
    expect(() => gpu.uniformBuffer(Camera, { now: 1 })).toThrow(InvalidValue)
    expect(thrownBy(BufferTooLarge, () => gpu.uniformBuffer(array(mat4x4f, 17)))).toMatchObject({
      requested: 17 * 64,
      max: 1024,
      limit: 'maxUniformBufferBindingSize',
    })
    expect(gpu.leaks()).toEqual([])
  })

  it('writes nothing when a value is wrong', async () => {
    const gpu = gpuOf()
    const buffer = gpu.uniformBuffer(struct({ a: f32, b: f32 }), { a: 1, b: 2 })
    // @ts-expect-error not a number
    expect(() => buffer.write({ a: 9, b: 'x' })).toThrow(InvalidValue)
    buffer.write({ b: 3 })
    expect(numbers(Float32Array, await gpu.read(buffer))).toEqual([1, 3, 0, 0])
  })
})

describe('storageBuffer', () => {
  const Particle = struct({ pos: vec3f, id: u32 })

  it('holds rows of its type, zeros at first', async () => {
    const gpu = gpuOf()
    const buffer = gpu.storageBuffer(Particle, 4, { label: 'particles', usage: VERTEX })
    expect(buffer).toMatchObject({
      size: 64,
      stride: 16,
      rows: 4,
      usage: STORAGE | VERTEX | BOTH,
      schema: Particle,
    })
    buffer.write(1, [
      { pos: [1, 2, 3], id: 4 },
      { pos: [5, 6, 7], id: 8 },
    ])
    expect(await buffer.read()).toEqual([
      { pos: [0, 0, 0], id: 0 },
      { pos: [1, 2, 3], id: 4 },
      { pos: [5, 6, 7], id: 8 },
      { pos: [0, 0, 0], id: 0 },
    ])
    expect(await buffer.read(2, 1)).toEqual([{ pos: [5, 6, 7], id: 8 }])
    expect(new Uint32Array(await gpu.read(buffer))[7]).toBe(4) // row 1, fourth word
  })

  it('pads rows that need it', async () => {
    const buffer = gpuOf().storageBuffer(vec3f, 2)
    expect([buffer.stride, buffer.size]).toEqual([16, 32])
    buffer.write(0, [
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(await buffer.read(1)).toEqual([[4, 5, 6]])
  })

  it('writes rows of 2 bytes in pairs', async () => {
    const buffer = gpuOf().storageBuffer(f16, 3)
    expect([buffer.stride, buffer.size]).toEqual([2, 6])
    buffer.write(0, [1, 2])
    buffer.write(2, [3])
    expect(await buffer.read()).toEqual([1, 2, 3])
    expect(() => buffer.write(1, [9])).toThrow(MisalignedCopy)
  })

  it("refuses rows that don't exist, and writes none when one is wrong", async () => {
    const buffer = gpuOf().storageBuffer(Particle, 2)
    for (const first of [-1, 1.5, 2, NaN]) expect(() => buffer.write(first, [{ id: 1 }])).toThrow(OutOfRange)
    expect(() => buffer.write(1, [{ id: 1 }, { id: 2 }])).toThrow(OutOfRange)
    await expect(buffer.read(1, 2)).rejects.toBeInstanceOf(OutOfRange)
    // @ts-expect-error a number isn't a vec3f
    expect(() => buffer.write(0, [{ id: 1 }, { pos: 5 }])).toThrow(InvalidValue)
    expect((await buffer.read()).map((row) => row.id)).toEqual([0, 0])
    buffer.write(2, [])
  })

  it('refuses runtime-sized types, zero rows and too many rows', () => {
    const gpu = gpuOf({ capabilities: { maxStorageBufferBindingSize: 1024 } })
    expect(() => gpu.storageBuffer(array(f32), 4)).toThrow(InvalidSchema)
    expect(() => gpu.storageBuffer(struct({ n: u32, all: array(f32) }), 4)).toThrow(InvalidSchema)
    for (const rows of [0, -1, 1.5, NaN]) expect(() => gpu.storageBuffer(f32, rows)).toThrow(OutOfRange)
    expect(thrownBy(BufferTooLarge, () => gpu.storageBuffer(Particle, 65))).toMatchObject({
      requested: 1040,
      max: 1024,
      limit: 'maxStorageBufferBindingSize',
    })
    expect(() => gpuOf({ capabilities: { usages: VERTEX | BOTH } }).storageBuffer(f32, 4)).toThrow(
      UsageUnsupported,
    )
    expect(gpu.leaks()).toEqual([])
  })
})
