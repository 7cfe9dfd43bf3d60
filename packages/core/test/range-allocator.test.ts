import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DoubleFree, InvalidAlignment, InvalidSize, NotAllocated, RangeAllocator } from '../src/index.ts'
import type { RangeReport } from '../src/index.ts'

const { NONE } = RangeAllocator

/** One line checks every invariant: when nothing is allocated, all of it must be one free range that can be taken. */
function expectWhole(ranges: RangeAllocator): void {
  const { size } = ranges
  expect(ranges.report()).toMatchObject({
    used: 0,
    free: size,
    largestFree: size,
    allocations: 0,
    freeRanges: 1,
  })
  const all = ranges.alloc(size)
  expect(ranges.offsetOf(all)).toBe(0)
  expect(ranges.sizeOf(all)).toBe(size)
  ranges.free(all)
}

describe('RangeAllocator', () => {
  it('allocates consecutive ranges', () => {
    const ranges = new RangeAllocator(1000)
    const first = ranges.alloc(100)
    const second = ranges.alloc(17)
    expect(ranges.offsetOf(first)).toBe(0)
    expect(ranges.sizeOf(first)).toBe(100)
    expect(ranges.offsetOf(second)).toBe(100)
    expect(ranges.sizeOf(second)).toBe(17)
    expect(ranges.available).toBe(883)
    ranges.free(first)
    ranges.free(second)
    expectWhole(ranges)
  })

  it('reuses a freed range of any size', () => {
    const ranges = new RangeAllocator(10_000)
    for (const size of [1, 7, 8, 9, 15, 16, 17, 31, 33, 1000, 1001, 1023, 1025]) {
      const kept = ranges.alloc(size)
      const wall = ranges.alloc(1)
      const offset = ranges.offsetOf(kept)
      ranges.free(kept)
      const again = ranges.alloc(size)
      expect(ranges.offsetOf(again)).toBe(offset)
      ranges.free(again)
      ranges.free(wall)
    }
    expectWhole(ranges)
  })

  it('merges a freed range with the free ranges on both sides', () => {
    const ranges = new RangeAllocator(300)
    const [a, b, c] = [ranges.alloc(100), ranges.alloc(100), ranges.alloc(100)]
    ranges.free(a)
    ranges.free(c)
    expect(ranges.report()).toMatchObject({ free: 200, largestFree: 100, freeRanges: 2 })
    expect(ranges.alloc(150)).toBe(NONE)
    ranges.free(b)
    expectWhole(ranges)
  })

  it('aligns offsets, and hands out the room before them', () => {
    const ranges = new RangeAllocator(1024)
    const byte = ranges.alloc(1)
    const aligned = ranges.alloc(100, 256)
    expect(ranges.offsetOf(aligned)).toBe(256)
    // 255 units lie between the two.
    const between = ranges.alloc(255)
    expect(ranges.offsetOf(between)).toBe(1)
    for (const node of [byte, aligned, between]) ranges.free(node)
    expectWhole(ranges)
  })

  it('returns NONE and changes nothing when no range fits', () => {
    const ranges = new RangeAllocator(64)
    const half = ranges.alloc(32)
    const before = ranges.report()
    expect(ranges.alloc(33)).toBe(NONE)
    expect(ranges.alloc(16, 64)).toBe(NONE)
    expect(ranges.report()).toEqual(before)
    ranges.free(half)
    expectWhole(ranges)
  })

  it('manages 2³² − 1 units', () => {
    const ranges = new RangeAllocator(RangeAllocator.MAX_SIZE)
    const low = ranges.alloc(3_000_000_000)
    const high = ranges.alloc(1_000_000_000, 2 ** 30)
    // The first multiple of 2³⁰ at or above 3 000 000 000 is 3 × 2³⁰.
    expect(ranges.offsetOf(high)).toBe(3 * 2 ** 30)
    expect(ranges.sizeOf(low)).toBe(3_000_000_000)
    ranges.free(low)
    ranges.free(high)
    expectWhole(ranges)
  })

  it('keeps its nodes through ten thousand ranges', () => {
    const ranges = new RangeAllocator(20_000)
    const nodes = Array.from({ length: 10_000 }, () => ranges.alloc(2))
    expect(nodes.map((node) => ranges.offsetOf(node))).toEqual(nodes.map((_, i) => i * 2))
    for (let i = 0; i < nodes.length; i += 2) ranges.free(nodes[i])
    expect(ranges.report()).toMatchObject({ freeRanges: 5000, largestFree: 2, allocations: 5000 })
    for (let i = 1; i < nodes.length; i += 2) ranges.free(nodes[i])
    expectWhole(ranges)
  })

  it('reuses its nodes, so that the pool does not grow with time', () => {
    const ranges = new RangeAllocator(1000)
    const wall = ranges.alloc(10)
    let highest = 0
    for (let i = 0; i < 1000; i++) {
      const [a, b] = [ranges.alloc(10, 64), ranges.alloc(20)]
      // Bits 0 … 21 of a handle are the index of its node.
      highest = Math.max(highest, a & 0x3fffff, b & 0x3fffff)
      ranges.free(a)
      ranges.free(b)
    }
    // At most five ranges lie side by side: the wall, a gap before a multiple of 64, both, and the rest.
    expect(highest).toBeLessThan(5)
    ranges.free(wall)
    expectWhole(ranges)
  })

  it('answers NONE when it has as many ranges as it may have', () => {
    const ranges = new RangeAllocator(1000, 64)
    const nodes: number[] = []
    for (let node = ranges.alloc(1); node !== NONE; node = ranges.alloc(1)) nodes.push(node)
    // An allocation needs room for two parts that it may leave: with the rest of the units as a range of its own, 62 are used.
    expect(nodes).toHaveLength(62)
    expect(ranges.available).toBe(1000 - 62)
    ranges.free(nodes[61])
    const again = ranges.alloc(1)
    expect(ranges.offsetOf(again)).toBe(61)
    expect(ranges.alloc(1)).toBe(NONE)
    for (const node of [...nodes.slice(0, 61), again]) ranges.free(node)
    expectWhole(ranges)
  })

  describe('bad input', () => {
    const cases: [
      string,
      (ranges: RangeAllocator, used: number) => unknown,
      new (...args: never[]) => Error,
    ][] = [
      ['a negative size', (r) => r.alloc(-1), InvalidSize],
      ['an empty size', (r) => r.alloc(0), InvalidSize],
      ['a fractional size', (r) => r.alloc(1.5), InvalidSize],
      ['NaN', (r) => r.alloc(Number.NaN), InvalidSize],
      ['infinity', (r) => r.alloc(Infinity), InvalidSize],
      ['a size above 2³² − 1', (r) => r.alloc(2 ** 32), InvalidSize],
      ['an alignment of 0', (r) => r.alloc(1, 0), InvalidAlignment],
      ['an alignment of 3', (r) => r.alloc(1, 3), InvalidAlignment],
      ['a fractional alignment', (r) => r.alloc(1, 2.5), InvalidAlignment],
      ['an alignment of NaN', (r) => r.alloc(1, Number.NaN), InvalidAlignment],
      ['an alignment above 2³⁰', (r) => r.alloc(1, 2 ** 31), InvalidAlignment],
      ['fewer than 4 ranges', () => new RangeAllocator(10, 3), InvalidSize],
      ['more than 2²² ranges', () => new RangeAllocator(10, 2 ** 22 + 1), InvalidSize],
      ['a total of 0', () => new RangeAllocator(0), InvalidSize],
      ['a negative total', () => new RangeAllocator(-1), InvalidSize],
      ['freeing what was never allocated', (r) => r.free(12_345), NotAllocated],
      ['freeing NONE', (r) => r.free(NONE), NotAllocated],
      ['freeing NaN', (r) => r.free(Number.NaN), NotAllocated],
      ['freeing a free range', (r, used) => r.free(used + 1), NotAllocated],
      // The low bits are those of a range.
      ['freeing half a range more', (r, used) => r.free(used + 0.5), NotAllocated],
      ['freeing the number of a range and 2³²', (r, used) => r.free(used + 2 ** 32), NotAllocated],
      ['freeing the number of a range less 2³²', (r, used) => r.free(used - 2 ** 32), NotAllocated],
      ['reading a range that was never allocated', (r) => r.offsetOf(2 ** 31), NotAllocated],
    ]
    it.each(cases)('refuses %s', (_, act, error) => {
      const ranges = new RangeAllocator(100)
      const used = ranges.alloc(10)
      const before = ranges.report()
      expect(() => act(ranges, used)).toThrow(error)
      expect(ranges.report()).toEqual(before)
      ranges.free(used)
      expectWhole(ranges)
    })

    it('refuses to free twice, even when the range is in use again', () => {
      const ranges = new RangeAllocator(100)
      const first = ranges.alloc(10)
      ranges.free(first)
      expect(() => ranges.free(first)).toThrow(DoubleFree)
      const second = ranges.alloc(10)
      expect(() => ranges.free(first)).toThrow(DoubleFree)
      expect(() => ranges.offsetOf(first)).toThrow(DoubleFree)
      ranges.free(second)
      expectWhole(ranges)
    })
  })

  // The model: which units are taken, one byte per unit. It looks at every place, so it knows whether a request fits.
  class Model {
    readonly taken: Uint8Array
    constructor(size: number) {
      this.taken = new Uint8Array(size)
    }

    isFree(from: number, size: number): boolean {
      const end = from + size
      if (end > this.taken.length) return false
      for (let unit = from; unit < end; unit++) if (this.taken[unit] === 1) return false
      return true
    }

    fits(size: number, align: number): boolean {
      for (let at = 0; at + size <= this.taken.length; at += align) if (this.isFree(at, size)) return true
      return false
    }

    report(): Partial<RangeReport> {
      const { taken } = this
      let [used, freeRanges, largestFree, run] = [0, 0, 0, 0]
      for (const unit of taken) {
        used += unit
        run = unit === 1 ? 0 : run + 1
        if (run === 1) freeRanges++
        if (run > largestFree) largestFree = run
      }
      return { size: taken.length, used, free: taken.length - used, freeRanges, largestFree }
    }
  }

  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ size: fc.integer({ min: 1, max: 40 }), align: fc.constantFrom(1, 1, 2, 8, 64) }),
    },
    { weight: 4, arbitrary: fc.record({ free: fc.nat(1000) }) },
  )
  it('agrees with a model that tracks every unit', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 200, size: 'max' }), (steps) => {
        const ranges = new RangeAllocator(200)
        const model = new Model(200)
        const nodes: number[] = []
        for (const step of steps) {
          if ('free' in step) {
            if (nodes.length === 0) continue
            const [node] = nodes.splice(step.free % nodes.length, 1)
            model.taken.fill(0, ranges.offsetOf(node), ranges.offsetOf(node) + ranges.sizeOf(node))
            ranges.free(node)
          } else {
            const { size, align } = step
            const node = ranges.alloc(size, align)
            if ((node !== NONE) !== model.fits(size, align)) throw new Error(`${size} at ${align}: ${node}`)
            if (node === NONE) continue
            const offset = ranges.offsetOf(node)
            if (offset % align !== 0) throw new Error(`${offset} isn't a multiple of ${align}`)
            if (ranges.sizeOf(node) !== size)
              throw new Error(`${ranges.sizeOf(node)} units instead of ${size}`)
            if (!model.isFree(offset, size))
              throw new Error(`${offset} … ${offset + size} overlaps another range`)
            model.taken.fill(1, offset, offset + size)
            nodes.push(node)
          }
          const expected = Object.entries({ ...model.report(), allocations: nodes.length })
          const report: Record<string, number> = { ...ranges.report() }
          for (const [key, value] of expected) {
            if (report[key] !== value) throw new Error(`${key} is ${report[key]} instead of ${value}`)
          }
        }
        for (const node of nodes) ranges.free(node)
        expectWhole(ranges)
      }),
      { numRuns: 200 },
    )
  })
})
