import { beforeEach, describe, expect, test } from 'vitest'
import { createHeap, f16, struct, vec3f } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

let co: MkCoordinator
beforeEach(() => {
  co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  return () => co.dispose()
})

const code = (name: string): unknown => expect.objectContaining({ code: name })

describe('a mirror refuses', () => {
  test.each([0, -4, 6, 4.5, NaN, Infinity])('a stride of %s', (stride) => {
    expect(() => co.createMirror({ rows: 1, stride })).toThrow(code('InvalidStride'))
  })

  test('a schema whose rows are no whole words, and neither schema nor stride', () => {
    expect(() => co.createMirror({ rows: 1, schema: f16 })).toThrow(code('InvalidStride'))
    expect(() => co.createMirror({ rows: 1 })).toThrow(code('InvalidStride'))
  })

  test.each([0, -1, 0.5, NaN, 2 ** 33])('%s rows', (rows) => {
    expect(() => co.createMirror({ rows, stride: 4 })).toThrow(code('InvalidSize'))
    const mirror = co.createMirror({ rows: 4, stride: 4 })
    // Growing to what there is already is nothing.
    if (rows !== 0) expect(() => mirror.grow(rows)).toThrow(code('InvalidSize'))
    if (rows !== 0) expect(() => (mirror.used = rows)).toThrow(code('InvalidSize'))
    expect(mirror).toMatchObject({ capacity: 4, used: 4, generation: 1 })
  })

  test('rows outside of it, and more bytes than a row has', () => {
    const mirror = co.createMirror({ rows: 4, stride: 4, label: 'Small' })
    for (const row of [-1, 4, 0.5, NaN]) {
      expect(() => mirror.mark(row)).toThrow(code('RowOutOfRange'))
      expect(() => mirror.write(row, new Uint32Array(1))).toThrow(code('RowOutOfRange'))
    }
    expect(() => mirror.markRange(2, 3)).toThrow(code('RowsOutOfRange'))
    expect(() => mirror.write(0, new Uint32Array(2))).toThrow(code('InvalidSize'))
    expect(mirror.dirty.isEmpty).toBe(true)
    expect([...mirror.view(Uint32Array)]).toEqual([0, 0, 0, 0])
  })

  test('anything after destroy, which may be called again', () => {
    const mirror = co.createMirror({ rows: 4, stride: 4 })
    mirror.mark(1)
    mirror.destroy()
    mirror.destroy()
    for (const use of [
      () => mirror.mark(0),
      () => mirror.markAll(),
      () => mirror.grow(9),
      () => mirror.view(Uint8Array),
    ])
      expect(use).toThrow(code('MirrorDestroyed'))
    expect(frame(co, () => {})).toMatchObject({ apiCalls: 0, mirrors: [] })
  })

  test('a buffer above the limit, and gives its memory back', () => {
    const before = co.heap.stats.used
    expect(() => co.createMirror({ rows: 2 ** 24, stride: 64, label: 'Huge' })).toThrow(
      expect.objectContaining({ code: 'MirrorTooLarge', label: 'Huge', requested: 2 ** 30, max: 128 << 20 }),
    )
    expect(co.heap.stats.used).toBe(before)
  })
})

describe('mirrors', () => {
  test('take their stride from a schema', () => {
    const mirror = co.createMirror({ rows: 4, schema: struct({ at: vec3f }) })
    expect(mirror.stride).toBe(16)
  })

  test('take bytes of any kind and length up to the stride', async () => {
    const mirror = co.createMirror({ rows: 4, stride: 8 })
    frame(co, () => {
      mirror.write(0, new Uint8Array([1, 2, 3]))
      mirror.write(1, new Float64Array([1.5]))
      mirror.write(2, new Uint16Array([1, 2]).buffer)
      mirror.write(3, new DataView(new ArrayBuffer(8), 4))
    })
    expect([...mirror.view(Uint8Array).subarray(0, 4)]).toEqual([1, 2, 3, 0])
    expect(mirror.view(Float64Array)[1]).toBe(1.5)
    expect(await firstDifference(co, mirror)).toBe(-1)
  })

  test('read zero where nothing was written, in memory that others used before', () => {
    const first = co.createMirror({ rows: 100, stride: 16 })
    first.view(Uint8Array).fill(255)
    first.destroy()
    const second = co.createMirror({ rows: 100, stride: 16 })
    expect(second.offset).toBe(first.offset)
    expect(second.view(Uint8Array).every((byte) => byte === 0)).toBe(true)
  })

  test('keep on the device what `used` leaves out, and bring it along when they grow', async () => {
    const mirror = co.createMirror({ rows: 10, stride: 4 })
    frame(co, () => {
      mirror.view(Uint32Array).fill(7)
      mirror.markAll()
    })
    mirror.used = 2
    frame(co, () => mirror.markAll())
    expect(co.report.rowsChanged).toBe(2)
    frame(co, () => mirror.grow(11))
    expect(await firstDifference(co, mirror)).toBe(-1)
  })
})

describe('uploadSlice', () => {
  test('takes bytes of any offset and length', async () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i)
    for (const [offset, length] of [
      [0, 40],
      [4, 5],
      [3, 7],
      [1, 1],
    ])
      expect([
        ...new Uint8Array(await co.download(co.uploadSlice(bytes.subarray(offset, offset + length)))),
      ]).toEqual([...bytes.subarray(offset, offset + length)])
  })

  test('has every role but INDIRECT, and those asked for alone when asked', () => {
    const { VERTEX, INDEX, STORAGE, UNIFORM, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage
    const all = VERTEX | INDEX | STORAGE | UNIFORM | TRANSFER_SRC | TRANSFER_DST
    expect(co.uploadSlice(new Float32Array(4)).usage).toBe(all)
    expect(co.uploadSlice(new Float32Array(4), VERTEX | TRANSFER_DST).usage).toBe(VERTEX | TRANSFER_DST)
    const exclusive = new MkCoordinator(new DummyBackend({ capabilities: { indexIsExclusive: true } }))
    expect(exclusive.uploadSlice(new Float32Array(4)).usage).toBe(all & ~INDEX)
    exclusive.dispose()
  })

  test('without bytes, or without TRANSFER_DST, is refused and leaves nothing behind', () => {
    const before = co.gpu.leaks().length
    expect(() => co.uploadSlice(new Float32Array(0))).toThrow(code('OutOfRange'))
    expect(() => co.uploadSlice(new Float32Array(4), MkBufferUsage.VERTEX)).toThrow(code('UsageMissing'))
    expect(co.gpu.leaks()).toHaveLength(before)
  })
})

describe('where there is little', () => {
  test('a heap that is full of stores: frames get a heap of their own', async () => {
    const heap = createHeap({ bytes: 64 << 10 })
    heap.alloc(heap.stats.largestFree, 16, 'stores')
    const small = new MkCoordinator(new DummyBackend(), {
      heap,
      frameArenaBytes: 64 << 10,
      strategy: 'scatter',
      calibrate: false,
    })
    await small.ready()
    const mirror = small.createMirror({ rows: 100, stride: 16 })
    const report = frame(small, () => {
      small.stageForUpload(small.frameAlloc(Float32Array, 16))
      mirror.write(50, new Uint32Array([1, 2, 3, 4]))
    })
    expect(report.mirrors[0].strategy).toBe('scatter')
    expect(await firstDifference(small, mirror)).toBe(-1)
    small.dispose()
  })

  test('a backend without storage and scatter: plans do without', async () => {
    const { STORAGE, INDIRECT } = MkBufferUsage
    const usages = new DummyBackend().capabilities.usages & ~(STORAGE | INDIRECT)
    const plain = new MkCoordinator(
      new DummyBackend({
        capabilities: {
          storage: false,
          scatter: false,
          indirect: false,
          maxStorageBufferBindingSize: 0,
          usages,
        },
      }),
      { strategy: 'scatter' },
    )
    await plain.ready()
    const mirror = plain.createMirror({ rows: 100, stride: 16 })
    const report = frame(plain, () => mirror.write(50, new Uint32Array([1])))
    expect(report.mirrors[0].strategy).toBe('runs')
    expect(await firstDifference(plain, mirror)).toBe(-1)
    plain.dispose()
  })

  test('a listener that throws does not stop the frame, nor the others', () => {
    const heard: number[] = []
    co.on('reallocated', () => {
      throw new Error('mine')
    })
    co.on('reallocated', ({ generation }) => heard.push(generation))
    const mirror = co.createMirror({ rows: 4, stride: 4 })
    const said = console.error
    const errors: unknown[] = []
    console.error = (...words: unknown[]) => void errors.push(words)
    try {
      frame(co, () => mirror.grow(5))
      frame(co, () => mirror.grow(11))
    } finally {
      console.error = said
    }
    expect(heard).toEqual([2, 3])
    expect(errors).toHaveLength(1)
  })
})
