import { describe, expect, it } from 'vitest'
import {
  ColumnPacker,
  ColumnUnusable,
  createHeap,
  DirtyRows,
  HeapFull,
  PackLayoutInvalid,
  RowsOutOfRange,
  WrongMemory,
} from '@memkit/core'
import type { ColumnLayout, PackTarget } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'
import { nearestHalf } from '@memkit/testing/nearest-half'

/** Rows of `stride` bytes in the memory, all zero. */
function targetOf(memory: BumpMemory, rows: number, stride: number): PackTarget {
  return { offset: memory.alloc(rows * stride).offset, dirty: setOf(memory, rows) }
}

function setOf(memory: BumpMemory, rows: number): DirtyRows {
  const { offset } = memory.alloc(DirtyRows.bytesFor(rows))
  return new DirtyRows(rows, { buffer: memory.buffer, offset })
}

function dirtyList(dirty: DirtyRows): number[] {
  const list: number[] = []
  dirty.forEachRun(0, (first, count) => {
    for (let i = 0; i < count; i++) list.push(first + i)
  })
  return list
}

function canReserve(bytes: number): boolean {
  try {
    return createHeap({ bytes, exact: true }).bytes === bytes
  } catch {
    return false
  }
}

/** One f32 column at the start of the row. */
const one: ColumnLayout[] = [{ type: 'f32', arity: 1, offsets: [0] }]
/** x, y, z as vec3f, then a scale: 16 bytes. */
const xyzs: ColumnLayout[] = [0, 4, 8, 12].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] }))

describe.each(['auto', 'js'] as const)('ColumnPacker on %s kernels', (kind) => {
  const memoryOf = (bytes = 1 << 20): BumpMemory => new BumpMemory(bytes, kind)

  it('packs the rows that differ, marks them, and returns their count', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 100, 16)
    const packer = new ColumnPacker(memory, xyzs, 16)
    const columns = xyzs.map(() => new Float32Array(100))
    columns.forEach((column, i) => packer.bind(i, column))
    expect(packer.diff(target, 0, 100)).toBe(0)
    columns[1][7] = 1.5
    columns[3][99] = 2
    expect(packer.diff(target, 0, 100)).toBe(2)
    expect(dirtyList(target.dirty)).toEqual([7, 99])
    const rows = new Float32Array(memory.buffer, target.offset, 400)
    expect([...rows.subarray(28, 32)]).toEqual([0, 1.5, 0, 0])
    expect([...rows.subarray(396)]).toEqual([0, 0, 0, 2])
    expect(packer.diff(target, 0, 100)).toBe(0) // the mirror holds them now
    expect(dirtyList(target.dirty)).toEqual([7, 99]) // who uploads them clears them
  })

  it('reads the column that was bound last, even one of the same length', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 4, 4)
    const packer = new ColumnPacker(memory, one, 4)
    const inside = memory.alloc(16)
    const rows = new Float32Array(memory.buffer, target.offset, 4)
    for (const column of [
      new Float32Array(4),
      new Float32Array(4),
      new Float32Array(memory.buffer, inside.offset, 4),
    ])
      for (const value of [1, 2]) {
        column.fill(value)
        packer.bind(0, column)
        expect(packer.diff(target, 0, 4)).toBe(4)
        expect([...rows]).toEqual([value, value, value, value])
      }
  })

  it.skipIf(!canReserve(2 ** 32))('reaches the last bytes of the largest heap, 4 GiB', () => {
    const heap = createHeap({ bytes: 2 ** 32, exact: true, kernels: kind })
    const rows = 40
    heap.alloc(2 ** 32 - 2 ** 20) // never touched, so it costs address space only
    const bits = heap.alloc(DirtyRows.bytesFor(rows))
    const table = new Uint32Array(heap.buffer, heap.alloc(rows * 4).offset, rows)
    table.forEach((_, row) => (table[row] = rows - 1 - row))
    const target = {
      offset: heap.alloc(rows * 8).offset,
      dirty: new DirtyRows(rows, { buffer: heap.buffer, offset: bits.offset }),
    }
    const outside = Float32Array.from({ length: rows }, (_, entity) => entity)
    const inside = new Float32Array(heap.buffer, heap.alloc(rows * 4).offset, rows)
    inside.set(outside)
    const layout: ColumnLayout[] = [0, 4].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] }))
    const packer = new ColumnPacker(heap, layout, 8)
    packer.bind(0, inside)
    packer.bind(1, outside)
    expect(packer.diff(target, 0, rows, undefined, table.byteOffset)).toBe(rows - 1) // the row of entity 0 is zero
    const image = new Float32Array(heap.buffer, target.offset, rows * 2)
    expect([...image]).toEqual(Array.from({ length: rows * 2 }, (_, i) => rows - 1 - (i >> 1)))
    expect(dirtyList(target.dirty)).toHaveLength(rows - 1)
  })

  it('asks again for scratch memory that it was denied', () => {
    const heap = createHeap({ bytes: 1 << 20, kernels: kind })
    const place = heap.alloc(64 * 4)
    const bits = heap.alloc(DirtyRows.bytesFor(64))
    const dirty = new DirtyRows(64, { buffer: heap.buffer, offset: bits.offset })
    const packer = new ColumnPacker(heap, one, 4)
    const hog = heap.alloc(heap.stats.largestFree)
    const column = new Float32Array(64).fill(3)
    expect(() => packer.bind(0, column)).toThrow(HeapFull)
    // The same array once more: no less an error.
    expect(() => packer.bind(0, column)).toThrow(HeapFull)
    heap.free(hog)
    packer.bind(0, column)
    expect(packer.diff({ offset: place.offset, dirty }, 0, 64)).toBe(64)
    expect(new Float32Array(heap.buffer, place.offset, 64)).toEqual(column)
    packer.dispose()
  })

  it('compares bits: a NaN equals itself, −0 differs from 0, and payloads arrive unchanged', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 64, 4)
    for (const inHeap of [true, false]) {
      const packer = new ColumnPacker(memory, one, 4)
      const column = inHeap
        ? new Float32Array(memory.buffer, memory.alloc(256).offset, 64)
        : new Float32Array(64)
      const bits = new Uint32Array(column.buffer, column.byteOffset, 64)
      packer.bind(0, column)
      packer.pack(target, 0, 64)
      bits[3] = 0x80000000 // −0
      bits[4] = 0x7fa00001 // signalling, with a payload
      bits[40] = 0xffc12345 // quiet, negative, with a payload
      expect(packer.diff(target, 0, 64)).toBe(3)
      expect(packer.diff(target, 0, 64)).toBe(0)
      const rows = new Uint32Array(memory.buffer, target.offset, 64)
      expect([rows[3], rows[4], rows[40]]).toEqual([0x80000000, 0x7fa00001, 0xffc12345])
      packer.dispose()
    }
  })

  it('never touches padding, nor rows outside the range', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 70, 16)
    const rows = new Uint32Array(memory.buffer, target.offset, 280).fill(0xabababab)
    const packer = new ColumnPacker(memory, xyzs.slice(0, 3), 16)
    for (let i = 0; i < 3; i++) packer.bind(i, new Float32Array(70).fill(1))
    expect(packer.diff(target, 3, 64)).toBe(64)
    for (let row = 0; row < 70; row++) {
      const inside = row >= 3 && row < 67
      const value = inside ? 0x3f800000 : 0xabababab
      expect([...rows.subarray(row * 4, row * 4 + 4)]).toEqual([value, value, value, 0xabababab])
    }
  })

  it('skips rows outside the mask', () => {
    const memory = memoryOf()
    for (const mask of [setOf(memory, 5000), setOf(memory, 4200)]) {
      const target = targetOf(memory, 5000, 4)
      mask.set(0)
      mask.set(33)
      mask.setRange(4095, 3)
      const packer = new ColumnPacker(memory, one, 4)
      packer.bind(0, new Float32Array(5000).fill(2))
      expect(packer.diff(target, 0, 5000, mask)).toBe(5)
      expect(dirtyList(target.dirty)).toEqual([0, 33, 4095, 4096, 4097])
      target.dirty.clear()
      expect(packer.diff(target, 0, 5000, mask)).toBe(0)
      expect(packer.pack(target, 1, 4999, mask)).toBe(4)
      expect(dirtyList(target.dirty)).toEqual([33, 4095, 4096, 4097])
      mask.clear()
      expect(packer.pack(target, 0, 5000, mask)).toBe(0)
    }
  })

  it('refuses a mask in another memory than its own', () => {
    const memory = memoryOf()
    const packer = new ColumnPacker(memory, one, 4)
    packer.bind(0, new Float32Array(8))
    expect(() => packer.diff(targetOf(memory, 8, 4), 0, 8, new DirtyRows(8))).toThrow(WrongMemory)
  })

  it("asks a reader for the visited rows, in each column's kind of number", () => {
    const memory = memoryOf()
    const layouts: ColumnLayout[] = [
      { type: 'f32', arity: 2, offsets: [0, 4] },
      { type: 'u32', arity: 1, offsets: [8] },
      { type: 'i32', arity: 1, offsets: [12] },
      { type: 'f16', arity: 1, offsets: [16] },
    ]
    const target = targetOf(memory, 5000, 20)
    const packer = new ColumnPacker(memory, layouts, 20)
    const objects: { p?: unknown[]; n?: unknown }[] = Array.from({ length: 4999 }, (_, e) => ({
      p: [e + 0.5, -e],
      n: e + 0.75,
    }))
    const asked = new Set<number>()
    const length = objects.length
    const put = (value: unknown, out: Float64Array, k: number): number => {
      out[k] = typeof value === 'number' ? value : 0
      return typeof value === 'number' ? 0 : 1
    }
    packer.bind(0, {
      length,
      read(e, out) {
        asked.add(e)
        return put(objects[e].p?.[0], out, 0) + put(objects[e].p?.[1], out, 1)
      },
    })
    for (let i = 1; i < 4; i++) packer.bind(i, { length, read: (e, out) => put(objects[e].n, out, 0) })
    const rowOf = (row: number): number[] => [
      ...new Float32Array(memory.buffer, target.offset + row * 20, 2),
      ...new Uint32Array(memory.buffer, target.offset + row * 20 + 8, 3),
    ]

    // Few rows are listed one by one; row 4999 lies past the end and reads as zero.
    const few = setOf(memory, 5000)
    for (const row of [3, 4998, 4999]) few.set(row)
    expect(packer.diff(target, 0, 5000, few)).toBe(2)
    expect([...asked]).toEqual([3, 4998])
    expect(rowOf(3)).toEqual([3.5, -3, 3, 3, 0x4380]) // 3.75 in f16 is 1.875 × 2: 0 10000 1110000000
    expect(dirtyList(target.dirty)).toEqual([3, 4998])
    expect(packer.diff(target, 0, 5000, few)).toBe(0)

    // Many rows of a chunk: half of them.
    asked.clear()
    const half = setOf(memory, 5000)
    for (let row = 0; row < 5000; row += 2) half.set(row)
    objects[8] = { p: [Number.NaN, 'x'] }
    expect(packer.diff(target, 0, 5000, half)).toBe(2499) // 2 500 even rows, of which 4998 is there
    expect([...asked].every((e) => e % 2 === 0)).toBe(true)
    expect(rowOf(8)).toEqual([Number.NaN, 0, 0, 0, 0])
    expect(packer.holes).toBe(4) // 'x', and n for each of the three that read it
    expect(packer.diff(target, 0, 5000, half)).toBe(0)

    // In the order of a table.
    const table = memory.alloc(8).offset
    new Uint32Array(memory.buffer, table, 2).set([7, 9])
    packer.pack(target, 0, 2, undefined, table)
    expect([rowOf(0)[0], rowOf(1)[0]]).toEqual([7.5, 9.5])
  })

  it('reads rows through an entity table', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 40, 8)
    const table = memory.alloc(160).offset
    const entities = new Uint32Array(memory.buffer, table, 40)
    for (let row = 0; row < 40; row++) entities[row] = 99 - row
    entities[39] = 500 // past the end of both columns
    const inHeap = new Uint32Array(memory.buffer, memory.alloc(400).offset, 100)
    const outside = new Uint32Array(100)
    for (let e = 0; e < 100; e++) {
      inHeap[e] = e
      outside[e] = 1000 + e
    }
    const packer = new ColumnPacker(
      memory,
      [
        { type: 'u32', arity: 1, offsets: [0] },
        { type: 'u32', arity: 1, offsets: [4] },
      ],
      8,
    )
    packer.bind(0, inHeap)
    packer.bind(1, outside)
    expect(packer.diff(target, 0, 40, undefined, table)).toBe(39) // row 39 is zero and was
    const rows = new Uint32Array(memory.buffer, target.offset, 80)
    for (let row = 0; row < 39; row++)
      expect([rows[row * 2], rows[row * 2 + 1]]).toEqual([99 - row, 1099 - row])
    expect([rows[78], rows[79]]).toEqual([0, 0])
    expect(packer.diff(target, 0, 40)).toBe(40) // and back to rows = indices
    expect([rows[78], rows[79]]).toEqual([39, 1039])
  })

  it('packs several scalars of one column, contiguous or not', () => {
    const memory = memoryOf()
    // mat3x3f: three columns of 12 bytes, 16 apart
    const offsets = [0, 4, 8, 16, 20, 24, 32, 36, 40]
    const target = targetOf(memory, 50, 48)
    const packer = new ColumnPacker(memory, [{ type: 'f32', arity: 9, offsets }], 48)
    const column = new Float32Array(9 * 50).map((_, i) => i)
    packer.bind(0, column)
    expect(packer.diff(target, 0, 50)).toBe(50)
    const rows = new Float32Array(memory.buffer, target.offset, 600)
    expect([...rows.subarray(12, 24)]).toEqual([9, 10, 11, 0, 12, 13, 14, 0, 15, 16, 17, 0])
  })

  it('converts other kinds of number as TypedArray.set does', () => {
    const types = ['f32', 'i32', 'u32', 'f16'] as const
    const sources = [
      new Float64Array([0.1, -1, 1e300]),
      new Float32Array([1.5, -2.5, Number.NaN]),
      new Int8Array([-1, 0, 127]),
      new Uint8Array([1, 0, 255]),
      new Uint8ClampedArray([1, 0, 255]),
      new Int16Array([-1, 0, 32767]),
      new Uint16Array([1, 0, 65535]),
      new Int32Array([-1, 2 ** 30 + 1, 7]),
      new Uint32Array([2 ** 32 - 1, 2 ** 30 + 1, 7]),
    ]
    const plain = [1.5, -2.5, 1e10]
    for (const source of [...sources, plain]) {
      const columns = types.map((type, i): ColumnLayout => ({ type, arity: 1, offsets: [i * 4] }))
      const f32 = Float32Array.from(source as Float32Array)
      const i32 = Int32Array.from(source as Float32Array)
      const u32 = Uint32Array.from(source as Float32Array)
      // The rows that are wanted: all at once, one by one because of a mask, or in another order.
      for (const how of ['all', 'few', 'table'] as const) {
        const rows = 100
        const memory = memoryOf()
        const target = targetOf(memory, rows, 16)
        const packer = new ColumnPacker(memory, columns, 16)
        columns.forEach((_, i) => packer.bind(i, source))
        const mask = setOf(memory, rows)
        mask.setRange(0, 4)
        const table = memory.alloc(rows * 4).offset
        new Uint32Array(memory.buffer, table, rows).set([2, 1, 0, 3])
        if (how === 'all') packer.pack(target, 0, rows)
        else packer.pack(target, 0, rows, mask, how === 'table' ? table : undefined)
        const at = target.offset
        for (let row = 0; row < 3; row++) {
          const from = how === 'table' ? 2 - row : row
          expect(new Float32Array(memory.buffer, at)[row * 4]).toBe(f32[from])
          expect(new Int32Array(memory.buffer, at)[row * 4 + 1]).toBe(i32[from])
          expect(new Uint32Array(memory.buffer, at)[row * 4 + 2]).toBe(u32[from])
          const half = Number.isNaN(source[from]) ? 0x7e00 : nearestHalf(source[from])
          expect(new Uint16Array(memory.buffer, at)[row * 8 + 6]).toBe(half)
        }
        expect([...new Uint32Array(memory.buffer, at + 48, 4)]).toEqual([0, 0, 0, 0]) // past the end
      }
    }
  })

  it('reads plain arrays, counts non-numbers, and reads those as zero', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 8, 8)
    const packer = new ColumnPacker(
      memory,
      [
        { type: 'f32', arity: 1, offsets: [0] },
        { type: 'i32', arity: 1, offsets: [4] },
      ],
      8,
    )
    const holey: number[] = [1.5, 2.5]
    holey[4] = -1 // 2 and 3 are holes
    packer.bind(0, holey)
    packer.bind(1, [1, 'two', null, undefined, true, -6] as unknown as number[])
    packer.diff(target, 0, 8)
    const f32 = new Float32Array(memory.buffer, target.offset, 16)
    const i32 = new Int32Array(memory.buffer, target.offset, 16)
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((row) => f32[row * 2])).toEqual([1.5, 2.5, 0, 0, -1, 0, 0, 0])
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((row) => i32[row * 2 + 1])).toEqual([1, 0, 0, 0, 0, -6, 0, 0])
    expect(packer.holes).toBe(2 + 4)
    packer.holes = 0
    const alive = setOf(memory, 8)
    alive.set(1)
    alive.set(5)
    packer.diff(target, 0, 8, alive)
    expect(packer.holes).toBe(1) // 'two'; the others are of rows that are not alive
    packer.holes = 0
    packer.diff(target, 2, 2, alive) // none of these is
    expect(packer.holes).toBe(0)
    holey[6] = 9 // the same array, longer
    expect(packer.diff(target, 0, 8)).toBe(1)
    expect(f32[12]).toBe(9)
  })

  it('follows a column that is reassigned into the memory and out of it', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 10, 4)
    const packer = new ColumnPacker(memory, one, 4)
    const rows = new Float32Array(memory.buffer, target.offset, 10)
    packer.bind(0, new Float32Array(4).fill(1))
    expect(packer.diff(target, 0, 10)).toBe(4) // the rest is past the end: zero, as it was
    packer.bind(0, new Float32Array(memory.buffer, memory.alloc(32).offset, 8).fill(2))
    expect(packer.diff(target, 0, 10)).toBe(8)
    expect([...rows]).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 0, 0])
    packer.bind(0, [3, 3])
    expect(packer.diff(target, 0, 10)).toBe(8)
    expect([...rows]).toEqual([3, 3, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('reads shared memory', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 600, 4)
    const packer = new ColumnPacker(memory, one, 4)
    const shared = new Float32Array(new SharedArrayBuffer(2400)).fill(4)
    packer.bind(0, shared)
    expect(packer.diff(target, 0, 600)).toBe(600)
    shared[599] = 5
    expect(packer.diff(target, 0, 600)).toBe(1)
    expect(new Float32Array(memory.buffer, target.offset, 600)[599]).toBe(5)
  })

  it('packs rows that end where the memory ends', () => {
    // Three scalars are compared as four: the last of 32 rows of 12 bytes must not be read past the memory's end.
    for (const [columns, stride] of [
      [xyzs.slice(0, 1), 4],
      [xyzs.slice(0, 2), 8],
      [xyzs.slice(0, 3), 12],
      [xyzs, 16],
    ] as const) {
      const memory = memoryOf(65536)
      const bits = memory.alloc(DirtyRows.bytesFor(64))
      const dirty = new DirtyRows(64, { buffer: memory.buffer, offset: bits.offset })
      const target = { offset: 65536 - 64 * stride, dirty }
      const packer = new ColumnPacker(memory, columns, stride)
      const sources = columns.map(() => new Float32Array(memory.buffer, memory.alloc(256).offset, 64))
      sources.forEach((source, i) => packer.bind(i, source))
      expect(packer.diff(target, 0, 64)).toBe(0)
      sources.forEach((source) => source.fill(1))
      expect(packer.diff(target, 0, 64)).toBe(64)
      expect(new Float32Array(memory.buffer, target.offset)).toEqual(new Float32Array(16 * stride).fill(1))
    }
  })

  it('packs rows of mixed columns that end where the memory ends', () => {
    // Rows of 20 bytes: two scalars of one column, then three columns of one: bytes 8 to 24 are read of each row.
    const memory = memoryOf(65536)
    const bits = memory.alloc(DirtyRows.bytesFor(64))
    const dirty = new DirtyRows(64, { buffer: memory.buffer, offset: bits.offset })
    const target = { offset: 65536 - 64 * 20, dirty }
    const columns: ColumnLayout[] = [
      { type: 'f32', arity: 2, offsets: [0, 4] },
      ...[8, 12, 16].map((offset): ColumnLayout => ({ type: 'f32', arity: 1, offsets: [offset] })),
    ]
    const packer = new ColumnPacker(memory, columns, 20)
    const sources = columns.map(({ arity }) => {
      return new Float32Array(memory.buffer, memory.alloc(256 * arity).offset, 64 * arity).fill(1)
    })
    sources.forEach((source, i) => packer.bind(i, source))
    expect(packer.diff(target, 0, 64)).toBe(64)
    expect(packer.diff(target, 0, 64)).toBe(0)
    expect(new Float32Array(memory.buffer, target.offset)).toEqual(new Float32Array(320).fill(1))
  })

  it('reads several scalars of a column that ends where the memory ends', () => {
    for (const arity of [2, 3, 4, 5]) {
      const memory = memoryOf(65536)
      const target = targetOf(memory, 40, 20)
      const layout: ColumnLayout = { type: 'f32', arity, offsets: [0, 4, 8, 12, 16].slice(0, arity) }
      const packer = new ColumnPacker(memory, [layout], 20)
      for (const entities of [40, 32, 3]) {
        packer.bind(
          0,
          new Float32Array(memory.buffer, 65536 - entities * arity * 4, entities * arity).fill(entities),
        )
        expect(packer.diff(target, 0, 40)).toBe(40)
        expect(packer.diff(target, 0, 40)).toBe(0)
        new Uint8Array(memory.buffer, target.offset, 40 * 20).fill(9)
      }
    }
  })

  it('reads a column that ends where the memory ends', () => {
    const memory = memoryOf(65536)
    const target = targetOf(memory, 50, 4)
    const packer = new ColumnPacker(memory, one, 4)
    packer.bind(0, new Float32Array(memory.buffer, 65536 - 160, 40).fill(1))
    expect(packer.diff(target, 0, 50)).toBe(40)
    expect(packer.diff(target, 0, 50)).toBe(0)
  })

  it('handles no rows', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 10, 4)
    const packer = new ColumnPacker(memory, one, 4)
    packer.bind(0, new Float32Array(10).fill(1))
    expect(packer.diff(target, 5, 0)).toBe(0)
    expect(packer.pack(target, 10, 0)).toBe(0)
    expect(target.dirty.isEmpty).toBe(true)
  })

  it('takes no more memory than it says, and frees all of it', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 10_000, 16)
    const before = memory.used
    const packer = new ColumnPacker(memory, xyzs, 16)
    xyzs.forEach((_, i) => packer.bind(i, new Float32Array(10_000)))
    packer.diff(target, 0, 10_000)
    expect(memory.used - before).toBeLessThanOrEqual(ColumnPacker.bytesFor(xyzs))
    packer.dispose()
    expect(memory.freed).toBe(1 + 4) // table, four scratches
  })

  it('refuses to work after dispose, which may be called again', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 10, 4)
    const packer = new ColumnPacker(memory, one, 4)
    packer.bind(0, new Float32Array(10).fill(1))
    packer.dispose()
    packer.dispose()
    for (const call of [() => packer.diff(target, 0, 10), () => packer.pack(target, 0, 10)])
      expect(call).toThrow(expect.objectContaining({ code: 'PackerDisposed' }))
    expect(target.dirty.isEmpty).toBe(true)
  })

  it('refuses layouts that do not fit the row', () => {
    const memory = memoryOf()
    const bad: [ColumnLayout[], number][] = [
      [[], 16],
      [one, 0],
      [one, 6],
      [one, Number.NaN],
      [[{ type: 'f32', arity: 1, offsets: [2] }], 16],
      [[{ type: 'f32', arity: 1, offsets: [16] }], 16],
      [[{ type: 'f32', arity: 1, offsets: [-4] }], 16],
      [[{ type: 'f32', arity: 2, offsets: [0] }], 16],
      [[{ type: 'f32', arity: 0, offsets: [] }], 16],
      [[...one, ...one], 16],
    ]
    for (const [columns, stride] of bad) {
      expect(() => new ColumnPacker(memory, columns, stride)).toThrow(PackLayoutInvalid)
    }
    expect(memory.used).toBe(0)
  })

  it('refuses invalid sources, rows and memory, and changes nothing', () => {
    const memory = memoryOf()
    const target = targetOf(memory, 10, 4)
    const packer = new ColumnPacker(memory, one, 4)
    expect(() => packer.diff(target, 0, 10)).toThrow(ColumnUnusable)
    expect(() => packer.bind(0, new BigInt64Array(10) as unknown as Float32Array)).toThrow(ColumnUnusable)
    expect(() => packer.bind(0, new BigInt64Array(0) as unknown as Float32Array)).toThrow(ColumnUnusable)
    expect(() => packer.bind(0, { length: 3 } as unknown as number[])).toThrow(ColumnUnusable)
    expect(() => packer.bind(0, undefined as unknown as number[])).toThrow(ColumnUnusable)
    expect(() => packer.bind(1, new Float32Array(10))).toThrow(ColumnUnusable)
    packer.bind(0, new Float32Array(10).fill(1))
    for (const [first, count] of [
      [0, 11],
      [-1, 5],
      [0.5, 5],
      [0, Number.NaN],
    ] as const) {
      expect(() => packer.diff(target, first, count)).toThrow(RowsOutOfRange)
    }
    expect(() => packer.diff({ offset: 0, dirty: new DirtyRows(10) }, 0, 10)).toThrow(WrongMemory)
    expect(() => packer.diff({ ...target, offset: memory.buffer.byteLength - 36 }, 0, 10)).toThrow(
      WrongMemory,
    )
    for (const offset of [-4, 2, 0.5, Number.NaN]) {
      expect(() => packer.diff({ ...target, offset }, 0, 10)).toThrow(WrongMemory)
    }
    expect(() => packer.diff(target, 0, 10, undefined, 2)).toThrow(WrongMemory)
    expect(() => packer.diff(target, 0, 10, undefined, memory.buffer.byteLength)).toThrow(WrongMemory)
    expect(target.dirty.isEmpty).toBe(true)
    expect(packer.diff(target, 0, 10)).toBe(10)
  })
})
