import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ColumnPacker, DirtyRows, type ColumnReader } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** Reads a field; says so or not, which decides how it is read and nothing else. */
function fieldOf(objects: readonly unknown[], field: string, isSaid: boolean): ColumnReader {
  return {
    get length() {
      return objects.length
    },
    read(entity, out) {
      const value = (objects[entity] as Record<string, unknown> | null | undefined)?.[field]
      out[0] = typeof value === 'number' ? value : 0
      return typeof value === 'number' ? 0 : 1
    },
    ...(isSaid ? { field, objects } : {}),
  }
}

interface Case {
  readonly objects: readonly unknown[]
  readonly fields: number
  readonly rows: number
  readonly marked: readonly number[] | undefined
  readonly table: readonly number[] | undefined
}

function packed({ objects, fields, rows, marked, table }: Case, isSaid: boolean): unknown {
  const memory = new BumpMemory(2 ** 20)
  const stride = fields * 4
  const place = (): { buffer: ArrayBuffer; offset: number } => ({
    buffer: memory.buffer,
    offset: memory.alloc(DirtyRows.bytesFor(rows)).offset,
  })
  const columns = NAMES.slice(0, fields).map((_, k) => ({ type: 'f32', arity: 1, offsets: [k * 4] }) as const)
  const packer = new ColumnPacker(memory, columns, stride)
  columns.forEach((_, k) => packer.bind(k, fieldOf(objects, NAMES[k], isSaid)))
  const { offset } = memory.alloc(rows * stride)
  const dirty = new DirtyRows(rows, place())
  const mask = marked && new DirtyRows(rows, place())
  for (const row of marked ?? []) if (row < rows) mask!.set(row)
  let entities = -1
  if (table) {
    entities = memory.alloc(rows * 4).offset
    new Uint32Array(memory.buffer, entities, rows).set(table.slice(0, rows))
  }
  const changed = packer.diff({ offset, dirty }, 0, rows, mask, entities)
  const bytes = [...new Uint32Array(memory.buffer, offset, (rows * stride) / 4)]
  return { changed, bytes, holes: packer.holes, dirty: [...dirty.words] }
}

const value = fc.oneof(
  { weight: 30, arbitrary: fc.double() },
  fc.constantFrom(undefined, null, 'text', [1], {}),
)
const entry = fc.oneof(
  { weight: 15, arbitrary: fc.tuple(value, value, value, value, value, value) },
  fc.constantFrom(undefined, null, 7, 'text'),
)
const objectsOf = (entries: readonly unknown[]): unknown[] =>
  entries.map((each) =>
    Array.isArray(each) ? Object.fromEntries(NAMES.map((name, k) => [name, each[k]])) : each,
  )

describe('Fields of objects, read four at a time', () => {
  it('give the rows and count the holes of fields that are read one by one', () => {
    fc.assert(
      fc.property(
        fc.record({
          objects: fc.array(entry, { maxLength: 150 }).map(objectsOf),
          fields: fc.integer({ min: 1, max: 6 }),
          rows: fc.integer({ min: 1, max: 170 }),
          marked: fc.option(fc.array(fc.nat(169), { maxLength: 170 }), { nil: undefined }),
          table: fc.option(fc.array(fc.nat(160), { minLength: 170, maxLength: 170 }), { nil: undefined }),
        }),
        (some) => {
          expect(packed(some, true)).toEqual(packed(some, false))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('name the column whose getter throws', () => {
    const objects = Array.from({ length: 40 }, (_, i) => ({
      a: i,
      b: i,
      get c(): number {
        if (i === 33) throw new Error('no c here')
        return i
      },
    }))
    const memory = new BumpMemory(2 ** 20)
    const packer = new ColumnPacker(
      memory,
      [0, 4, 8].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] }) as const),
      12,
    )
    for (let k = 0; k < 3; k++) packer.bind(k, fieldOf(objects, NAMES[k], true))
    const { offset } = memory.alloc(40 * 12)
    const at = memory.alloc(DirtyRows.bytesFor(40)).offset
    const dirty = new DirtyRows(40, { buffer: memory.buffer, offset: at })
    expect(() => packer.diff({ offset, dirty }, 0, 40)).toThrow('no c here')
    expect(packer.reading).toBe(2)
  })

  it('are read one by one while their objects are not the same', () => {
    const memory = new BumpMemory(2 ** 20)
    const packer = new ColumnPacker(
      memory,
      [0, 4].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] }) as const),
      8,
    )
    packer.bind(0, fieldOf([{ a: 1 }, { a: 2 }], 'a', true))
    packer.bind(1, fieldOf([{ b: 3 }, { b: 4 }], 'b', true))
    const { offset } = memory.alloc(16)
    const at = memory.alloc(DirtyRows.bytesFor(2)).offset
    packer.diff({ offset, dirty: new DirtyRows(2, { buffer: memory.buffer, offset: at }) }, 0, 2)
    expect([...new Float32Array(memory.buffer, offset, 4)]).toEqual([1, 3, 2, 4])
  })
})
