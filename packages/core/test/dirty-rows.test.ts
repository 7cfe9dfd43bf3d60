import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DirtyRows, InvalidSize, RowOutOfRange, RowsOutOfRange, WrongMemory } from '@memkit/core'

/** All runs as `[first, count]`. */
function runs(rows: DirtyRows, maxGap: number): [number, number][] {
  const out: [number, number][] = []
  rows.forEachRun(maxGap, (first, count) => out.push([first, count]))
  return out
}

/** The runs by definition: rows in order, joined where at most `maxGap` rows stand between. */
function runsByDefinition(set: Set<number>, maxGap: number): [number, number][] {
  const out: [number, number][] = []
  for (const row of [...set].sort((a, b) => a - b)) {
    const last = out.at(-1)
    if (last !== undefined && row - (last[0] + last[1]) <= maxGap) last[1] = row - last[0] + 1
    else out.push([row, 1])
  }
  return out
}

function filled(rows: number, members: Iterable<number>): DirtyRows {
  const set = new DirtyRows(rows)
  for (const row of members) set.set(row)
  return set
}

describe('DirtyRows', () => {
  it('starts empty and knows which rows were set', () => {
    const rows = new DirtyRows(100)
    expect(rows.isEmpty).toBe(true)
    expect(rows.count).toBe(0)
    rows.set(0)
    rows.set(31)
    rows.set(32)
    rows.set(99)
    rows.set(99)
    expect([0, 31, 32, 99].map((r) => rows.has(r))).toEqual([true, true, true, true])
    expect([1, 30, 33, 98, 100, -1, 1e9].map((r) => rows.has(r))).toEqual(Array(7).fill(false))
    expect(rows.count).toBe(4)
    expect(rows.isEmpty).toBe(false)
  })

  it('keeps one bit a row and one summary bit a word', () => {
    const rows = new DirtyRows(2000)
    rows.set(33)
    rows.set(1999)
    expect(rows.words[1]).toBe(0b10)
    expect(rows.words[62]).toBe(2 ** 15) // 1999 = 62 × 32 + 15
    expect([...rows.summary]).toEqual([0b10, 2 ** 30]) // word 62 = bit 30 of summary word 1
  })

  it('needs 4 bytes per 32 rows and 4 per 32 words', () => {
    expect(DirtyRows.bytesFor(0)).toBe(0)
    expect(DirtyRows.bytesFor(1)).toBe(8)
    expect(DirtyRows.bytesFor(32)).toBe(8)
    expect(DirtyRows.bytesFor(1024)).toBe(32 * 4 + 4)
    expect(DirtyRows.bytesFor(1025)).toBe(33 * 4 + 2 * 4)
    expect(DirtyRows.bytesFor(1_000_000)).toBe(31_250 * 4 + 977 * 4)
  })

  it('lives in the memory it is given, which it clears and stays within', () => {
    const buffer = new ArrayBuffer(64)
    new Uint8Array(buffer).fill(0xee)
    const rows = new DirtyRows(40, { buffer, offset: 16 })
    rows.setRange(0, 40)
    expect(rows.buffer).toBe(buffer)
    expect([rows.offset, rows.summaryOffset]).toEqual([16, 24])
    expect([...new Uint32Array(buffer, 16, 3)]).toEqual([0xffffffff, 0xff, 0b11])
    const around = [...new Uint8Array(buffer, 0, 16), ...new Uint8Array(buffer, 28)]
    expect(around.every((byte) => byte === 0xee)).toBe(true)
  })

  it('unsets a row, and the summary with the last row of a word', () => {
    const rows = filled(64, [40, 41])
    rows.unset(40)
    expect(rows.summary[0]).toBe(0b10)
    rows.unset(41)
    rows.unset(7)
    expect(rows.isEmpty).toBe(true)
    expect(rows.summary[0]).toBe(0)
  })

  it('decides by words, not by the summary, whether it is empty', () => {
    const rows = filled(64, [3])
    rows.words[0] = 0
    expect(rows.summary[0]).toBe(1)
    expect(rows.isEmpty).toBe(true)
    expect(rows.count).toBe(0)
    expect(rows.nextRun(0, 10)).toBe(false)
  })

  it('sets ranges within a word, across words and across summary words', () => {
    for (const [first, count] of [
      [0, 0],
      [5, 3],
      [0, 32],
      [30, 4],
      [31, 1030],
      [0, 3000],
      [2999, 1],
    ] as const) {
      const rows = new DirtyRows(3000)
      rows.setRange(first, count)
      expect(rows.count).toBe(count)
      expect(runs(rows, 0)).toEqual(count === 0 ? [] : [[first, count]])
    }
  })

  it('merges gaps of at most maxGap rows, and never starts or ends a run with a clean row', () => {
    const rows = filled(200, [10, 11, 14, 20, 120])
    expect(runs(rows, 0)).toEqual([
      [10, 2],
      [14, 1],
      [20, 1],
      [120, 1],
    ])
    expect(runs(rows, 1)).toEqual(runs(rows, 0)) // 12 and 13 are two clean rows
    expect(runs(rows, 2)).toEqual([
      [10, 5],
      [20, 1],
      [120, 1],
    ])
    expect(runs(rows, 5)).toEqual([
      [10, 11],
      [120, 1],
    ])
    expect(runs(rows, 98)).toEqual([
      [10, 11],
      [120, 1],
    ])
    expect(runs(rows, 99)).toEqual([[10, 111]]) // 21 … 119 are 99 clean rows
  })

  it('finds runs that reach the last word, and rows in the last word after an empty one', () => {
    expect(runs(filled(96, [94, 95]), 40)).toEqual([[94, 2]])
    expect(runs(filled(96, [0, 70]), 69)).toEqual([[0, 71]])
    expect(runs(filled(96, [0, 70]), 68)).toEqual([
      [0, 1],
      [70, 1],
    ])
    expect(runs(filled(70, [0, 69]), 31)).toEqual([
      [0, 1],
      [69, 1],
    ])
  })

  it('hands out runs one by one from any row', () => {
    const rows = filled(100, [5, 6, 7, 50])
    expect(rows.nextRun(6, 0)).toBe(true)
    expect([rows.runFirst, rows.runCount]).toEqual([6, 2])
    expect(rows.nextRun(8, 0)).toBe(true)
    expect([rows.runFirst, rows.runCount]).toEqual([50, 1])
    expect(rows.nextRun(51, 0)).toBe(false)
    expect(rows.nextRun(100, 0)).toBe(false)
    expect(rows.nextRun(5000, 0)).toBe(false)
  })

  it('grows by copying a smaller set, and unites two', () => {
    const small = filled(40, [0, 39])
    const big = filled(5000, [1, 4999])
    big.or(small)
    expect(runs(big, 0)).toEqual([
      [0, 2],
      [39, 1],
      [4999, 1],
    ])
    big.copyFrom(small)
    expect(runs(big, 0)).toEqual([
      [0, 1],
      [39, 1],
    ])
    expect(() => small.or(big)).toThrow(RowsOutOfRange)
    expect(() => small.copyFrom(big)).toThrow(RowsOutOfRange)
    expect(small.count).toBe(2)
  })

  it('unites with the rows of another below a bound, and touches nothing beyond', () => {
    for (const end of [0, 1, 31, 32, 33, 64, 1023, 1024, 1025, 2000, 5000]) {
      const rows = [0, 30, 31, 32, 33, 63, 64, 1023, 1024, 1025, 1999, 2000]
      const target = filled(2100, [5])
      target.or(filled(2001, rows), end)
      expect(runs(target, 0)).toEqual(runs(filled(2100, [5, ...rows.filter((row) => row < end)]), 0))
    }
    // Rows that are bounded away need no room.
    const small = filled(40, [0])
    small.or(filled(5000, [7, 4999]), 40)
    expect(small.count).toBe(2)
  })

  it('unites with a part of another, as row by row', () => {
    const bounds = [0, 1, 31, 32, 33, 1000, 1023, 1024, 1025, 2047, 2048, 3071, 3100]
    const full = Array.from({ length: 2200 }, (_, i) => 900 + i)
    const sparse = [0, 31, 32, 40, 1000, 1024, 1030, 2047, 2048, 3099]
    for (const other of [full, sparse])
      for (const first of bounds)
        for (const end of bounds) {
          const target = filled(3200, [7])
          target.or(filled(3100, other), end, first)
          const wanted = filled(3200, [7, ...other.filter((row) => row >= first && row < end)])
          expect(target.words, `${first} to ${end}`).toEqual(wanted.words)
          expect(target.summary).toEqual(wanted.summary)
        }
  })

  it('keeps none of its rows when a smaller set is copied into it', () => {
    const big = new DirtyRows(2000)
    big.set(1999)
    big.copyFrom(new DirtyRows(40))
    expect(big.has(1999)).toBe(false)
    // Its word comes into use again, and the row must not come back with its neighbour.
    big.set(1998)
    expect(runs(big, 0)).toEqual([[1998, 1]])
  })

  it('can have a capacity of zero rows', () => {
    const rows = new DirtyRows(0)
    rows.setRange(0, 0)
    rows.clear()
    expect(rows.isEmpty).toBe(true)
    expect(rows.nextRun(0, 5)).toBe(false)
    expect(() => rows.set(0)).toThrow(RowOutOfRange)
  })

  it("refuses memory that isn't a multiple of 4 or is too short, and leaves its bytes alone", () => {
    const buffer = new ArrayBuffer(64)
    const bytes = new Uint8Array(buffer).fill(7)
    // 100 rows: 4 words and 1 of the summary, 20 bytes.
    for (const offset of [-4, 2, 0.5, Number.NaN, 48, 64]) {
      expect(() => new DirtyRows(100, { buffer, offset })).toThrow(WrongMemory)
    }
    expect([...bytes].every((byte) => byte === 7)).toBe(true)
    expect(new DirtyRows(100, { buffer, offset: 44 }).isEmpty).toBe(true)
  })

  it('refuses invalid rows and row counts, and changes nothing', () => {
    for (const rows of [-1, 1.5, Number.NaN, Infinity, 2 ** 31]) {
      expect(() => new DirtyRows(rows)).toThrow(InvalidSize)
    }
    const rows = new DirtyRows(10)
    for (const row of [-1, 10, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => rows.set(row)).toThrow(RowOutOfRange)
      expect(() => rows.unset(row)).toThrow(RowOutOfRange)
    }
    for (const [first, count] of [
      [0, 11],
      [-1, 2],
      [5, -1],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect(() => rows.setRange(first, count)).toThrow(RowsOutOfRange)
    }
    expect(rows.isEmpty).toBe(true)
  })

  it('agrees with a plain Set for any program of calls', () => {
    const call = fc.oneof(
      fc.record({ what: fc.constant('set' as const), row: fc.nat(), count: fc.constant(0) }),
      fc.record({ what: fc.constant('unset' as const), row: fc.nat(), count: fc.constant(0) }),
      fc.record({ what: fc.constant('range' as const), row: fc.nat(), count: fc.nat(200) }),
      fc.record({ what: fc.constant('clear' as const), row: fc.constant(0), count: fc.constant(0) }),
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4000 }),
        fc.array(call, { maxLength: 40 }),
        fc.nat(70),
        (size, calls, maxGap) => {
          const rows = new DirtyRows(size)
          const model = new Set<number>()
          for (const { what, row: any, count } of calls) {
            const row = any % size
            if (what === 'set') {
              rows.set(row)
              model.add(row)
            } else if (what === 'unset') {
              rows.unset(row)
              model.delete(row)
            } else if (what === 'range') {
              const n = Math.min(count, size - row)
              rows.setRange(row, n)
              for (let i = 0; i < n; i++) model.add(row + i)
            } else {
              rows.clear()
              model.clear()
            }
          }
          expect(rows.count).toBe(model.size)
          expect(rows.isEmpty).toBe(model.size === 0)
          expect(runs(rows, maxGap)).toEqual(runsByDefinition(model, maxGap))
          const half = size >>> 1
          expect(rows.countRange(half, size)).toBe([...model].filter((r) => r >= half).length)
          expect(rows.countRange(0, half)).toBe([...model].filter((r) => r < half).length)
        },
      ),
    )
  })
})
