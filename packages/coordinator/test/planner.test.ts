import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DirtyRows } from '@memkit/core'
import { createPlan, plan, tableCosts, type CostModel, type Plan, type PlanLimits } from '@memkit/coordinator'

/** Costs in which one call is worth `bytes` bytes, and scatter is out of the question. */
function callWorth(bytes: number): CostModel {
  return {
    ...tableCosts.dummy,
    callThread: bytes,
    callDevice: 0,
    byteThread: 1,
    byteDevice: 0,
    scatterThread: 1e12,
  }
}

function dirtyOf(rows: number, dirty: Iterable<number>): DirtyRows {
  const set = new DirtyRows(rows)
  for (const row of dirty) set.set(row)
  return set
}

function made(dirty: DirtyRows, stride: number, costs: CostModel, limits?: PlanLimits): Plan {
  return plan(dirty, stride, costs, createPlan(), limits)
}

describe('the plan', () => {
  it('is `none` and costs nothing when nothing is dirty', () => {
    expect(made(new DirtyRows(1000), 16, tableCosts.webgpu)).toMatchObject({
      strategy: 'none',
      bytes: 0,
      cost: 0,
      pieces: 0,
    })
  })

  it('is `full` when everything is dirty', () => {
    const dirty = new DirtyRows(1000)
    dirty.setRange(0, 1000)
    expect(made(dirty, 16, tableCosts.webgpu)).toMatchObject({
      strategy: 'full',
      bytes: 16_000,
      rows: 1000,
      pieces: 1,
    })
  })

  it('merges gaps that are cheaper to upload than another call', () => {
    // A call is worth 64 bytes: 4 rows of 16. Gaps of 4 are merged, gaps of 5 are not.
    const costs = callWorth(64)
    expect(made(dirtyOf(1000, [10, 15]), 16, costs)).toMatchObject({
      strategy: 'runs',
      pieces: 1,
      bytes: 6 * 16,
      maxGap: 4,
    })
    expect(made(dirtyOf(1000, [10, 16]), 16, costs)).toMatchObject({
      strategy: 'runs',
      pieces: 2,
      bytes: 2 * 16,
    })
  })

  it('merges no gaps and writes no clean rows where the device owns rows', () => {
    const dirty = dirtyOf(
      100,
      Array.from({ length: 99 }, (_, i) => i),
    )
    expect(made(dirty, 4, callWorth(1e6), { exact: true })).toMatchObject({
      strategy: 'runs',
      maxGap: 0,
      bytes: 99 * 4,
    })
    dirty.set(99)
    expect(made(dirty, 4, callWorth(1e6), { exact: true })).toMatchObject({ strategy: 'full', bytes: 400 })
  })

  it('covers rows in use and dirty rows beyond them when it is `full`', () => {
    const limits: PlanLimits = { strategy: 'full', used: 10 }
    expect(made(dirtyOf(100, [3]), 4, tableCosts.dummy, limits)).toMatchObject({ fullRows: 10, bytes: 40 })
    expect(made(dirtyOf(100, [20]), 4, tableCosts.dummy, limits)).toMatchObject({ fullRows: 21, bytes: 84 })
  })

  it('scatters a few distant rows when scatter is available and has room', () => {
    const costs = { ...callWorth(1000), scatterThread: 2000, rowThread: 1, rowThreadFar: 1 }
    const dirty = dirtyOf(
      100_000,
      Array.from({ length: 50 }, (_, i) => i * 2000),
    )
    expect(made(dirty, 16, costs)).toMatchObject({ strategy: 'scatter', bytes: 50 * 20, pieces: 1 })
    expect(made(dirty, 16, costs, { scatter: false }).strategy).toBe('runs')
    expect(made(dirty, 16, costs, { scatterRows: 49 }).strategy).toBe('runs')
  })

  it('weighs the device by lambda', () => {
    const costs = {
      ...callWorth(1000),
      byteDevice: 0,
      scatterThread: 100,
      scatterDevice: 1e9,
      rowThread: 1,
      rowThreadFar: 1,
    }
    const dirty = dirtyOf(
      100_000,
      Array.from({ length: 50 }, (_, i) => i * 2000),
    )
    expect(made(dirty, 16, { ...costs, lambda: 1 }).strategy).toBe('runs')
    expect(made(dirty, 16, { ...costs, lambda: 0 }).strategy).toBe('scatter')
  })

  it('leaves out the gaps before words and blocks of rows that are all dirty', () => {
    const dirty = new DirtyRows(5000)
    dirty.set(0)
    dirty.setRange(2048, 1024)
    dirty.setRange(4096, 32)
    const found = made(dirty, 4, callWorth(10), { scatter: false })
    expect(found).toMatchObject({ strategy: 'runs', pieces: 3, rows: 1057, bytes: 4 * 1057 })
  })

  it('counts a call for each write that a long piece takes', () => {
    const dirty = new DirtyRows(3 << 20)
    dirty.setRange(0, 3 << 20)
    expect(made(dirty, 4, callWorth(1000)).cost).toBe(1000 + (12 << 20))
    expect(made(dirty, 4, callWorth(1000), { writeBytes: 4 << 20 }).cost).toBe(3 * 1000 + (12 << 20))
  })
})

describe('rows that are packed for their upload', () => {
  it('cost their packing where they are written, so that fewer clean ones go along', () => {
    const dirty = dirtyOf(1000, [0, 10, 20, 30])
    const costs = callWorth(1000)
    const limits = { packByte: 4, strategy: 'runs' } as const
    // A call is worth 1 000 bytes that are there, and 200 that are to be made.
    expect(made(dirty, 100, costs, { strategy: 'runs' })).toMatchObject({ maxGap: 10, pieces: 1 })
    expect(made(dirty, 100, costs, limits)).toMatchObject({ maxGap: 2, pieces: 4, cost: 4 * 1000 + 400 * 5 })
  })

  it('are scattered earlier', () => {
    const costs = { ...tableCosts.webgpu, packThread: 0.1 }
    const everyFiftieth = Array.from({ length: 1000 }, (_, i) => i * 50)
    const dirty = dirtyOf(50_000, everyFiftieth)
    expect(made(dirty, 16, costs)).toMatchObject({ strategy: 'runs', pieces: 1 })
    expect(made(dirty, 16, costs, { packByte: costs.packThread }).strategy).toBe('scatter')
  })
})

/** What applying a plan writes: the same loops as the flush, on plain arrays. */
function apply(
  to: Uint8Array,
  from: Uint8Array,
  dirty: DirtyRows,
  stride: number,
  { strategy, maxGap, fullRows }: Plan,
): void {
  if (strategy === 'none') return
  if (strategy === 'full') return to.set(from.subarray(0, fullRows * stride))
  const gap = strategy === 'runs' ? maxGap : 0
  dirty.forEachRun(gap, (first, count) =>
    to.set(from.subarray(first * stride, (first + count) * stride), first * stride),
  )
}

const cost = fc.double({ min: 0, max: 10_000, noNaN: true })
const anyCosts: fc.Arbitrary<CostModel> = fc.record({
  lambda: fc.constantFrom(0, 0.5, 1),
  callThread: cost,
  callDevice: cost,
  byteThread: fc.double({ min: 0, max: 2, noNaN: true }),
  byteDevice: fc.double({ min: 0, max: 2, noNaN: true }),
  packThread: fc.double({ min: 0, max: 2, noNaN: true }),
  scatterThread: cost,
  scatterDevice: cost,
  dispatchThread: cost,
  dispatchDevice: cost,
  rowThread: fc.double({ min: 0, max: 100, noNaN: true }),
  rowDevice: fc.double({ min: 0, max: 100, noNaN: true }),
  rowThreadFar: fc.double({ min: 0, max: 200, noNaN: true }),
  rowDeviceFar: fc.double({ min: 0, max: 200, noNaN: true }),
  nearBytes: fc.constant(1024),
  farBytes: fc.constant(65_536),
})

/** Dirty sets of every texture: sparse, dense, clustered, empty, all. */
const anyDirty = fc.integer({ min: 1, max: 3000 }).chain((rows) =>
  fc.record({
    rows: fc.constant(rows),
    single: fc.array(fc.nat(rows - 1), { maxLength: 60 }),
    ranges: fc.array(fc.tuple(fc.nat(rows - 1), fc.integer({ min: 1, max: 400 })), { maxLength: 6 }),
  }),
)

function build({
  rows,
  single,
  ranges,
}: {
  rows: number
  single: number[]
  ranges: [number, number][]
}): DirtyRows {
  const dirty = dirtyOf(rows, single)
  for (const [first, count] of ranges) dirty.setRange(first, Math.min(count, rows - first))
  return dirty
}

describe('for any dirty set, stride, costs and strategy', () => {
  const strategy = fc.constantFrom('auto' as const, 'full' as const, 'runs' as const, 'scatter' as const)
  const stride = fc.integer({ min: 1, max: 40 }).map((words) => words * 4)

  it('turns an old copy into the new bytes without touching anything else', () => {
    fc.assert(
      fc.property(
        anyDirty,
        stride,
        anyCosts,
        strategy,
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sets, stride, costs, strategy, exact, share) => {
          const dirty = build(sets)
          const used = Math.floor(share * dirty.rows)
          // Clean rows are equal on both sides, as a mirror promises. Where the device owns rows, they differ.
          const size = dirty.rows * stride
          const mirror = new Uint8Array(size)
          const device = new Uint8Array(size)
          for (let row = 0; row < dirty.rows; row++) {
            mirror.fill((row % 100) + 1, row * stride, (row + 1) * stride)
            const differs = dirty.has(row) || exact
            device.fill(differs ? 200 : (row % 100) + 1, row * stride, (row + 1) * stride)
          }
          const expected = device.slice()
          for (let row = 0; row < dirty.rows; row++)
            if (dirty.has(row)) expected.set(mirror.subarray(row * stride, (row + 1) * stride), row * stride)
          const wordsBefore = dirty.words.slice()

          const out = plan(dirty, stride, costs, createPlan(), { strategy, exact, used })
          apply(device, mirror, dirty, stride, out)

          expect(Buffer.compare(device, expected)).toBe(0)
          expect(dirty.words).toEqual(wordsBefore)
          expect(out.rows).toBe(dirty.count)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('chooses a plan that no forced plan beats by the cost model', () => {
    fc.assert(
      fc.property(
        anyDirty,
        stride,
        anyCosts,
        fc.boolean(),
        fc.boolean(),
        (sets, stride, costs, exact, scatter) => {
          const dirty = build(sets)
          const chosen = made(dirty, stride, costs, { exact, scatter })
          for (const strategy of ['full', 'runs', 'scatter'] as const) {
            const forced = made(dirty, stride, costs, { exact, scatter, strategy })
            expect(chosen.cost).toBeLessThanOrEqual(forced.cost)
          }
        },
      ),
      { numRuns: 600 },
    )
  })

  it('counts the pieces and bytes of the runs it writes', () => {
    fc.assert(
      fc.property(anyDirty, stride, anyCosts, (sets, stride, costs) => {
        const dirty = build(sets)
        const out = made(dirty, stride, costs, { strategy: 'runs' })
        const runs: number[][] = []
        dirty.forEachRun(out.maxGap, (first, count) => runs.push([first, count]))
        const bytes = runs.reduce((sum, [, count]) => sum + count * stride, 0)
        expect({ pieces: out.pieces, bytes: out.bytes }).toEqual({ pieces: runs.length, bytes })
      }),
      { numRuns: 400 },
    )
  })
})
