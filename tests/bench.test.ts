import { afterEach, describe, expect, it, vi } from 'vitest'
import { forEachRange, RowData } from '../bench/cases/uploader.ts'
import { filled } from '../bench/report/page.ts'
import { RowSets } from '../bench/rows.ts'
import { ratioOf, summarise } from '../bench/statistics.ts'
import { inTurns } from '../bench/turns.ts'

describe('calculations of the benchmarks', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('places median and quartiles between the samples', () => {
    // Of 1 2 3 4 the middle is 2.5; a quarter of the way from 1 to 4 is 1.75.
    expect(summarise([4, 1, 3, 2])).toEqual({ median: 2.5, lower: 1.75, upper: 3.25, samples: 4 })
    expect(summarise([])).toBeUndefined()
  })

  it('divides the medians of the rounds that both took part in', () => {
    const ratio = ratioOf([2, 4, 6], [1, 2, 3, 100, 100])!
    expect(ratio.ratio).toBe(2)
    expect(ratio.low).toBeLessThanOrEqual(2)
    expect(ratio.high).toBeGreaterThanOrEqual(2)
    expect(ratioOf([2, 4, 6], [1, 2, 3, 100, 100])).toEqual(ratio)
  })

  it('runs contenders in rounds, each first and last in turn, and lets slow ones sit out', async () => {
    const ran: string[] = []
    // A clock that only contenders move.
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const contender = (name: string, ms: number) => ({
      run() {
        ran.push(name)
        now += ms
        return Promise.resolve({ thread: ms })
      },
    })
    const limits = { budgetMs: 30, leastRounds: 2, mostRounds: 4, warmUp: 0 }
    const samples = await inTurns([contender('a', 0), contender('b', 0), contender('slow', 20)], limits)
    expect(samples.map(({ length }) => length)).toEqual([4, 4, 2])
    // Turned by one each round, and backwards every other time.
    expect(ran.slice(0, 6)).toEqual(['a', 'b', 'slow', 'b', 'a', 'slow'])
  })

  it('makes sets of as many different rows as requested', () => {
    for (const pattern of ['clustered', 'random'] as const) {
      const sets = new RowSets(1_000, 100, pattern)
      for (let i = 0; i < 5; i++) {
        const rows = sets.next()
        expect(new Set(rows).size).toBe(100)
        expect(Math.max(...rows)).toBeLessThan(1_000)
      }
    }
  })

  it('sorts ranges and joins neighbours', () => {
    const ranges: number[][] = []
    forEachRange(new Uint32Array([7, 3, 9, 4, 8]), new Uint32Array(10), (first, count) =>
      ranges.push([first, count]),
    )
    expect(ranges).toEqual([
      [3, 2],
      [7, 3],
    ])
  })

  it('changes every number of the given rows, and no others', () => {
    const data = new RowData({ rows: 4, stride: 16 })
    for (let turn = 0; turn < 3; turn++) {
      const before = data.values.slice()
      data.change(new Uint32Array([1, 3]))
      data.values.forEach((value, i) =>
        Math.floor(i / 4) % 2 === 1 ? expect(value).not.toBe(before[i]) : expect(value).toBe(0),
      )
    }
  })

  it('fills a page between its marks, and keeps what was not measured', () => {
    const page =
      'a\n<!-- figures:x -->\nold\n<!-- /figures:x -->\nb\n<!-- figures:y -->\nkept\n<!-- /figures:y -->\n'
    expect(filled(page, new Map([['x', 'new']]))).toBe(page.replace('old', 'new'))
  })
})
