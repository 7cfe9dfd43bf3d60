import { describe, expect, it } from 'vitest'
import { ColumnPacker, DirtyRows, type ColumnSource } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'
import { halves, nearestHalf } from '@memkit/testing/nearest-half'

/** What a column becomes as f16, as bits. */
function packed(kind: 'auto' | 'js', column: ColumnSource): Uint16Array {
  const rows = column.length
  const memory = new BumpMemory(rows * 4 + 2 ** 20, kind)
  const bits = memory.alloc(DirtyRows.bytesFor(rows))
  const dirty = new DirtyRows(rows, { buffer: memory.buffer, offset: bits.offset })
  const target = { offset: memory.alloc(rows * 2).offset, dirty }
  const packer = new ColumnPacker(memory, [{ type: 'f16', arity: 1, offsets: [0] }], 2)
  packer.bind(0, column)
  packer.pack(target, 0, rows)
  return new Uint16Array(memory.buffer.slice(target.offset, target.offset + rows * 2))
}

function expectNearest(kind: 'auto' | 'js', column: ArrayLike<number> & ColumnSource): void {
  const bits = packed(kind, column)
  let wrong = 0
  for (let row = 0; row < bits.length; row++) if (bits[row] !== nearestHalf(column[row])) wrong++
  expect([bits.length, wrong]).toEqual([column.length, 0])
}

/** The next f32 of the same sign, away from zero. */
function nextUp(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer)
  bits[0]++
  return new Float32Array(bits.buffer)[0]
}

// Every f16, what lies half way to the next one, and the f32 on both sides of that: where rounding can go wrong.
const critical: number[] = []
halves.forEach((half, bits) => {
  const next = halves[bits + 1] ?? 65536
  const middle = (half + next) / 2
  critical.push(half, middle, nextUp(middle), -middle, middle - (nextUp(middle) - middle))
})

describe.each(['auto', 'js'] as const)('f16 on %s kernels', (kind) => {
  it('rounds an f32 to the nearest, ties to even', () => {
    const column = new Float32Array([
      ...critical,
      65519.99,
      65520,
      1e30,
      Infinity,
      -Infinity,
      2 ** -25,
      2 ** -26,
    ])
    expectNearest(kind, column)
  })

  it("rounds once, so that a number just beside a tie doesn't become the tie first", () => {
    // 2⁻⁴⁵ of itself beside half way: as f32 it would be half way.
    const beside = critical
      .filter((_, i) => i % 7 === 0)
      .flatMap((value) => [value * (1 + 2 ** -45), value * (1 - 2 ** -45)])
    const column = Float64Array.from([...beside, 1e300, -1e-300, 65519.9999999, Infinity])
    expectNearest(kind, column)
    expectNearest(kind, Array.from(column))
    // Above 2²⁴ an integer may not fit an f32 either, but then it is infinite as f16.
    const integers = Int32Array.from([2049, 2050, 2051, -4098, -4102, 65519, 65520, 2 ** 31 - 1])
    expectNearest(kind, integers)
  })

  it('keeps NaN a quiet NaN with the top of its payload', () => {
    const column = new Float32Array(4)
    new Uint32Array(column.buffer).set([0x7fc00000, 0xff800001, 0x7fbfe000, 0xffffffff])
    expect([...packed(kind, column)]).toEqual([0x7e00, 0xfe00, 0x7fff, 0xffff])
    expect(packed(kind, new Float64Array([Number.NaN]))[0] & 0x7fff).toBeGreaterThan(0x7c00)
  })
})
