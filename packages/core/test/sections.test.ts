import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  array,
  bytesPerRow,
  columnsInfo,
  createColumns,
  createHeap,
  f32,
  HeapFull,
  i32,
  nextPitch,
  pitchFor,
  sectionsOf,
  u32,
  vec2f,
  vec3f,
  type Columns,
  type ColumnShape,
  type FieldLike,
} from '../src/index.ts'

const PAGE = 4096
const edges = [0, 1, 2, 63, 64, 65, 128, 192, 193, 511, 512, 895, 958, 959, 960, 961, 1022, 1023, 1024]
const large = [1025, 1087, 1088, 1089, 2112, 2113, 10_000, 16_383, 65_535, 99_999, 1_000_000, 2 ** 30]
const anyRows = fc.oneof(fc.constantFrom(...edges, ...large), fc.nat(2000), fc.nat(2 ** 26))

describe('pitchFor', () => {
  it.each([
    [0, 64],
    [1, 64],
    [63, 64],
    [64, 64],
    [65, 192],
    [192, 192],
    [193, 320],
    [512, 576],
    [959, 960],
    [960, 960],
    [961, 1088],
    [1023, 1088],
    [1024, 1088],
    [1088, 1088],
    [1089, 2112],
    [65_536, 65_600],
    [100_001, 100_416],
    [1_000_000, 1_000_512],
    [2 ** 30, 2 ** 30 + 64],
  ])('of %d rows is %d', (rows, pitch) => {
    expect(pitchFor(rows)).toBe(pitch)
  })

  it('is the smallest odd multiple of 64 that has room; above 960, the smallest of 1 024 k + 64', () => {
    for (let rows = 0; rows < 5000; rows++) {
      let pitch = rows <= 960 ? 64 : 1088
      while (pitch < rows) pitch += rows <= 960 ? 128 : 1024
      expect(pitchFor(rows)).toBe(pitch)
    }
  })

  it('has room, is its own pitch, and is at most 1 023 rows more', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const pitch = pitchFor(rows)
        expect(pitch).toBeGreaterThanOrEqual(rows)
        expect(pitch - Math.max(64, rows)).toBeLessThanOrEqual(rows <= 960 ? 127 : 1023)
        expect(pitchFor(pitch)).toBe(pitch)
      }),
    )
  })

  it('grows to the next pitch at or above twice, or to what is needed', () => {
    expect(nextPitch(64, 65)).toBe(192)
    expect(nextPitch(1088, 1089)).toBe(3136)
    expect(nextPitch(1088, 100_000)).toBe(pitchFor(100_000))
    fc.assert(
      fc.property(anyRows, anyRows, (before, rows) => {
        const pitch = pitchFor(before)
        expect(nextPitch(pitch, rows)).toBe(pitchFor(Math.max(2 * pitch, rows)))
      }),
    )
  })
})

const shape = fc.record({
  name: fc.string(),
  elementBytes: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
  arity: fc.integer({ min: 1, max: 9 }),
})
const shapes = fc.array(shape, { minLength: 1, maxLength: 24 })

describe('sectionsOf', () => {
  it('puts the widest elements first, then keeps the order, and answers in the order given', () => {
    const columns: ColumnShape[] = [
      { name: 'flag', elementBytes: 1, arity: 1 },
      { name: 'x', elementBytes: 4, arity: 1 },
      { name: 'half', elementBytes: 2, arity: 3 },
      { name: 'pos', elementBytes: 4, arity: 3 },
      { name: 'time', elementBytes: 8, arity: 1 },
      { name: 'color', elementBytes: 1, arity: 4 },
    ]
    expect(sectionsOf(columns).map(({ name, start }) => [name, start])).toEqual([
      ['flag', 30],
      ['x', 8],
      ['half', 24],
      ['pos', 12],
      ['time', 0],
      ['color', 31],
    ])
    expect(sectionsOf(columns)[2]).toEqual({ name: 'half', elementBytes: 2, arity: 3, start: 24 })
    expect(sectionsOf([])).toEqual([])
  })

  it('leaves no gap and no overlap, and aligns each section, whatever the pitch', () => {
    fc.assert(
      fc.property(shapes, anyRows, (columns, rows) => {
        const pitch = pitchFor(rows)
        let end = 0
        for (const section of sectionsOf(columns).sort((a, b) => a.start - b.start)) {
          expect(section.start).toBe(end)
          expect((pitch * section.start) % (64 * section.elementBytes)).toBe(0)
          end += bytesPerRow(section)
        }
      }),
    )
  })

  it('begins no two sections at the same place modulo 4 096, unless 64 k bytes per row lie between', () => {
    fc.assert(
      fc.property(shapes, anyRows, (columns, rows) => {
        const pitch = pitchFor(rows)
        const sections = sectionsOf(columns)
        for (const a of sections)
          for (const b of sections)
            expect((pitch * (a.start - b.start)) % PAGE === 0).toBe((a.start - b.start) % 64 === 0)
      }),
    )
  })
})

/** Each column as a typed array, and how many of its elements an entity has. */
function columnsOf(store: Columns): { array: Float32Array | Int32Array | Uint32Array; arity: number }[] {
  return columnsInfo(store)!.columns.map(({ name, arity }) => ({ array: Reflect.get(store, name), arity }))
}

function checkLayout(store: Columns, capacity: number): void {
  const { block, memory, pitch } = columnsInfo(store)!
  const columns = columnsOf(store)
  expect(pitch).toBe(pitchFor(capacity + 1))
  expect(block.offset % 256).toBe(0)
  let end = block.offset
  for (const { array, arity } of columns) {
    expect(array.buffer).toBe(memory.buffer)
    expect(array.byteOffset).toBe(end)
    expect(array.length).toBe((capacity + 1) * arity)
    end += pitch * arity * 4
    expect(array.byteOffset + array.byteLength).toBeLessThanOrEqual(end)
  }
  expect(end).toBe(block.offset + block.size)
}

describe('heap.columns', () => {
  const heap = createHeap({ bytes: 128 << 20 })
  /** How many columns begin at each place modulo 4 096. */
  const crowds = (store: Columns): number[] => {
    const count = new Map<number, number>()
    for (const { array } of columnsOf(store)) {
      const place = array.byteOffset % PAGE
      count.set(place, (count.get(place) ?? 0) + 1)
    }
    return [...count.values()]
  }
  const make = (types: readonly FieldLike[], capacity: number): Columns =>
    heap.columns(Object.fromEntries(types.map((type, i) => [`c${i}`, type])), capacity)
  const release = (store: Columns): void => heap.free(columnsInfo(store)!.block)

  it.each([1, 63, 64, 959, 960, 961, 1023, 1024, 10_000, 16_383, 65_535, 1_000_000])(
    'begins none of 16 columns where another begins, modulo 4 096, with a capacity of %d',
    (capacity) => {
      const store = make(Array<FieldLike>(16).fill(f32), capacity)
      checkLayout(store, capacity)
      expect(crowds(store)).toEqual(Array<number>(16).fill(1))
      release(store)
    },
  )

  it('does so for any types that have at most 16 scalars, and otherwise begins as few as can be at one place', () => {
    const types = fc.array(fc.constantFrom<FieldLike>(f32, i32, u32, vec2f, vec3f, array(u32, 5)), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(
        types,
        fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(16_383, 65_535)),
        (all, capacity) => {
          const store = make(all, capacity)
          checkLayout(store, capacity)
          const scalars = columnsInfo(store)!.columns.reduce((sum, { arity }) => sum + arity, 0)
          expect(Math.max(...crowds(store))).toBeLessThanOrEqual(Math.ceil(scalars / 16))
          release(store)
        },
      ),
    )
  })

  it('keeps what is written to the first and last entity of each column apart', () => {
    for (const capacity of [1, 63, 64, 959, 960, 1023, 1087]) {
      const store = make([f32, vec3f, u32, array(f32, 2)], capacity)
      columnsOf(store).forEach(({ array }, i) => array.fill(i + 1))
      columnsOf(store).forEach(({ array, arity }, i) => {
        expect(array.every((value) => value === i + 1)).toBe(true)
        expect(array[capacity * arity + arity - 1]).toBe(i + 1)
        expect(array[(capacity + 1) * arity]).toBeUndefined()
      })
      release(store)
    }
  })

  it('continues the sequence in the next store of the same capacity', () => {
    const stores = [1, 2, 3, 4].map(() => createColumns(heap, { x: f32, y: f32, z: f32, w: f32 }, 65_535))
    const places = stores.flatMap((store) => columnsOf(store).map(({ array }) => array.byteOffset % PAGE))
    expect(new Set(places).size).toBe(16)
    stores.forEach(release)
  })

  it.each([2 ** 29 - 1, 2 ** 29 - 100])('is full, as before, with two columns of %d', (capacity) => {
    expect(() => heap.columns({ x: f32, y: f32 }, capacity)).toThrow(HeapFull)
  })
})
