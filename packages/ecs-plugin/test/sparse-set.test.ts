import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SparseSet } from '../src/rows/sparse-set.ts'

describe('SparseSet', () => {
  it('keeps its values without gaps: what is removed is replaced by the last', () => {
    const set = new SparseSet()
    for (const value of [7, 3, 9]) set.add(value)
    expect(set.remove(7)).toBe(0)
    expect([...set.values()]).toEqual([9, 3])
    expect([set.positionOf(9), set.positionOf(3), set.positionOf(7)]).toEqual([0, 1, -1])
    expect(set.size).toBe(2)
  })

  it('lacks the last one once that is removed', () => {
    const set = new SparseSet()
    for (const value of [7, 3]) set.add(value)
    expect(set.remove(3)).toBe(1)
    expect([set.positionOf(7), set.positionOf(3)]).toEqual([0, -1])
    expect([set.remove(7), set.positionOf(7), set.size]).toEqual([0, -1, 0])
  })

  it.each([1023, 1024, 2048, 5000])('takes %d beyond its initial room of 1 024', (value) => {
    const set = new SparseSet()
    set.add(0)
    expect(set.add(value)).toBe(1)
    expect([set.positionOf(value), set.positionOf(0), set.at(1)]).toEqual([1, 0, value])
  })

  it('has no position for missing values', () => {
    const set = new SparseSet()
    set.add(5)
    for (const value of [4, 5000, -1, 5.5, Number.NaN, Infinity]) {
      expect(set.positionOf(value)).toBe(-1)
      expect(set.remove(value)).toBe(-1)
    }
    expect([...set.values()]).toEqual([5])
  })

  it('holds what a Set holds at the positions it returns, past its first 1 024 places too', () => {
    const step = fc.record({ value: fc.integer({ min: 0, max: 5000 }), add: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
        const set = new SparseSet()
        const model = new Set<number>()
        for (const { value, add } of steps) {
          if (add && !model.has(value)) expect(set.at(set.add(value))).toBe(value)
          else if (!add) expect(set.remove(value) >= 0).toBe(model.has(value))
          if (add) model.add(value)
          else model.delete(value)
        }
        expect(new Set(set.values())).toEqual(model)
        expect(set.size).toBe(model.size)
        for (const value of model) expect(set.at(set.positionOf(value))).toBe(value)
      }),
      { numRuns: 30 },
    )
  })
})
