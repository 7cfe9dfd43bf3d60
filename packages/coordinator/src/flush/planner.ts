import type { DirtyRows } from '@memkit/core'
import type { CostModel } from './cost-model.ts'

/** What a flush does for one mirror. */
export type PlanStrategy = 'none' | 'full' | 'runs' | 'scatter'

/**
 * One mirror's plan, filled in by `plan` and reused.
 * - `none`: nothing.
 * - `full`: rows 0 … `fullRows` − 1 in one piece.
 * - `runs`: the runs of dirty rows, gaps of at most `maxGap` clean rows merged.
 * - `scatter`: every dirty row and no other.
 */
export interface Plan {
  strategy: PlanStrategy
  /** Dirty rows. */
  rows: number
  /** Rows that `full` covers. */
  fullRows: number
  /** Clean rows that are uploaded rather than paid for with another call. */
  maxGap: number
  /** Pieces written one by one: 1 for `full` and `scatter`. */
  pieces: number
  /** Of `full`, and of `runs` where there is one piece: its first row. */
  first: number
  /** Bytes that travel: rows, the gaps between them, and for `scatter` the row numbers. */
  bytes: number
  /** Nanoseconds by the model: thread + lambda · device. */
  cost: number
  /**
   * Nanoseconds that `scatter` would save if another mirror's scatter had paid for the set-up already; 0 where it would save
   * nothing, is chosen anyway or is not possible. See `scatterInstead`.
   */
  scatterGain: number
}

/** What a plan must respect besides the costs. All optional. */
export interface PlanLimits {
  /** Rows that `full` has to cover (rows in use), default all. Dirty rows beyond are always covered. */
  used?: number | undefined
  /** The device owns rows: no clean row may be written, so no `full` and no merged gaps. */
  exact?: boolean | undefined
  /** Is scatter possible (backend, pipeline ready)? default true. */
  scatter?: boolean | undefined
  /** Dirty rows above which there is no room to gather them, default no limit. */
  scatterRows?: number | undefined
  /** Force one strategy where it is possible, default `'auto'`. */
  strategy?: 'auto' | 'full' | 'runs' | 'scatter' | undefined
}

/** An empty plan to be passed as `out`. */
export function createPlan(): Plan {
  return {
    strategy: 'none',
    rows: 0,
    fullRows: 0,
    maxGap: 0,
    pieces: 0,
    first: 0,
    bytes: 0,
    cost: 0,
    scatterGain: 0,
  }
}

/** Single writes stay under 4 MiB (docs/coordinator.md), so a longer piece costs several calls. */
const WRITE_BYTES = 4 << 20

/** Nanoseconds for one piece of `bytes` bytes. */
function pieceCost(costs: CostModel, bytes: number): number {
  const calls = Math.ceil(bytes / WRITE_BYTES)
  return (
    calls * (costs.callThread + costs.lambda * costs.callDevice) +
    bytes * (costs.byteThread + costs.lambda * costs.byteDevice)
  )
}

/**
 * Pieces of 16 bytes that the device moves for one row. Where rows are no multiple of 16 it moves words, which cost
 * two thirds of a vector each (docs/coordinator.md).
 */
function unitsOf(stride: number): number {
  return stride % 16 === 0 ? stride / 16 : stride / 6
}

/** Nanoseconds for one scattered row of `stride` bytes into `destination` bytes. */
function rowCost(costs: CostModel, stride: number, destination: number): number {
  const units = costs.lambda * unitsOf(stride)
  const near = costs.rowThread + units * costs.rowDevice
  const far = costs.rowThreadFar + units * costs.rowDeviceFar
  const position = Math.log2(destination / costs.nearBytes) / Math.log2(costs.farBytes / costs.nearBytes)
  const t = position > 0 ? (position < 1 ? position : 1) : 0
  return near + (far - near) * t + (stride + 4) * (costs.byteThread + costs.lambda * costs.byteDevice)
}

/** Clean rows between two runs that are cheaper to upload than another call. */
function cheapGap(costs: CostModel, stride: number): number {
  const call = costs.callThread + costs.lambda * costs.callDevice
  const row = (costs.byteThread + costs.lambda * costs.byteDevice) * stride
  return row > 0 ? Math.min(0x3fff_ffff, Math.floor(call / row)) : 0x3fff_ffff
}

/** Bits set in a 32-bit word. */
function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x5555_5555)
  v = (v & 0x3333_3333) + ((v >>> 2) & 0x3333_3333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

/** What `survey` found; one object for all calls. */
const found = { rows: 0, runs: 0, span: 0, first: 0, end: 0 }

/**
 * Counts dirty rows, and the runs they form when gaps of at most `maxGap` are merged, in one walk over the words that
 * are set. With gaps of 31 rows and more only the outer bits of a word can begin or end a run.
 */
function survey(dirty: DirtyRows, maxGap: number): void {
  const words = dirty.words
  const summary = dirty.summary
  const byWord = maxGap >= 31
  let rows = 0
  let runs = 0
  let span = 0
  let first = 0
  let end = -1
  for (let s = 0; s < summary.length; s++) {
    let live = summary[s] | 0
    if (live === -1) {
      // 1 024 rows that are all dirty, as after markAll.
      const from = s << 5
      let all = -1
      for (let w = from; w < from + 32; w++) all &= words[w]
      if (all === -1) {
        rows += 1024
        const base = s << 10
        if (end < 0 || base - end > maxGap) {
          if (end >= 0) span += end - first
          runs++
          first = base
        }
        end = base + 1024
        live = 0
      }
    }
    for (; live !== 0; live &= live - 1) {
      const w = (s << 5) + 31 - Math.clz32(live & -live)
      // Signed words: the engine keeps them in integer registers.
      let word = words[w] | 0
      const base = w << 5
      if (word === -1) {
        rows += 32
        if (end < 0 || base - end > maxGap) {
          if (end >= 0) span += end - first
          runs++
          first = base
        }
        end = base + 32
        continue
      }
      if (word === 0) continue
      rows += popcount(word)
      if (byWord) {
        const from = base + 31 - Math.clz32(word & -word)
        if (end < 0 || from - end > maxGap) {
          if (end >= 0) span += end - first
          runs++
          first = from
        }
        end = base + 32 - Math.clz32(word)
        continue
      }
      while (word !== 0) {
        const low = 31 - Math.clz32(word & -word)
        const rest = ~(word >>> low)
        const length = rest === 0 ? 32 : 31 - Math.clz32(rest & -rest)
        const from = base + low
        if (end < 0 || from - end > maxGap) {
          if (end >= 0) span += end - first
          runs++
          first = from
        }
        end = from + length
        word = low + length >= 32 ? 0 : word & (-1 << (low + length))
      }
    }
  }
  if (end >= 0) span += end - first
  found.rows = rows
  found.runs = runs
  found.span = span
  // Of the last run: of the only one, where it matters.
  found.first = first
  found.end = end < 0 ? 0 : end
}

/**
 * Plans the upload of one mirror: dirty rows in, the cheapest plan by the cost model out. Pure: nothing is read but
 * its arguments, nothing is written but `out`, nothing is allocated.
 *
 * @param dirty rows that differ from the device
 * @param stride bytes per row, a multiple of 4
 * @param costs nanoseconds, see `CostModel`
 * @param out overwritten and returned
 */
export function plan(
  dirty: DirtyRows,
  stride: number,
  costs: CostModel,
  out: Plan,
  limits: PlanLimits = {},
): Plan {
  const exact = limits.exact === true
  const force = limits.strategy ?? 'auto'
  const maxGap = exact ? 0 : cheapGap(costs, stride)
  survey(dirty, maxGap)
  const { rows, runs, span, first, end } = found
  out.rows = rows
  out.maxGap = maxGap
  const used = Math.min(limits.used ?? dirty.rows, dirty.rows)
  out.fullRows = used > end ? used : end
  if (rows === 0) {
    out.strategy = 'none'
    out.pieces = 0
    out.first = 0
    out.bytes = 0
    out.cost = 0
    out.scatterGain = 0
    return out
  }
  const fullBytes = out.fullRows * stride
  const mayFull = !exact || rows === out.fullRows
  const mayScatter = limits.scatter !== false && rows <= (limits.scatterRows ?? rows)
  const full = pieceCost(costs, fullBytes)
  const ranges =
    runs === 1
      ? pieceCost(costs, span * stride)
      : runs * (costs.callThread + costs.lambda * costs.callDevice) +
        span * stride * (costs.byteThread + costs.lambda * costs.byteDevice)
  const moving = rows * rowCost(costs, stride, dirty.rows * stride)
  const scatter = costs.scatterThread + costs.lambda * costs.scatterDevice + moving

  // What was forced and cannot be is left to the costs.
  let strategy: PlanStrategy
  if (force === 'full' && mayFull) strategy = 'full'
  else if (force === 'scatter' && mayScatter) strategy = 'scatter'
  else if (force === 'runs') strategy = 'runs'
  else {
    strategy = 'runs'
    let best = ranges
    if (mayFull && full <= best) {
      strategy = 'full'
      best = full
    }
    if (mayScatter && scatter < best) strategy = 'scatter'
  }

  out.strategy = strategy
  if (strategy === 'full') {
    out.pieces = 1
    out.first = 0
    out.bytes = fullBytes
    out.cost = full
  } else if (strategy === 'scatter') {
    out.pieces = 1
    out.first = 0
    out.bytes = rows * (stride + 4)
    out.cost = scatter
  } else {
    out.pieces = runs
    out.first = first
    out.bytes = span * stride
    out.cost = ranges
  }
  const free = force === 'auto' && mayScatter && strategy !== 'scatter'
  out.scatterGain = free ? Math.max(0, out.cost - moving - dispatchCost(costs)) : 0
  return out
}

/** Nanoseconds of one more mirror in a scatter that is there already. */
function dispatchCost(costs: CostModel): number {
  return costs.dispatchThread + costs.lambda * costs.dispatchDevice
}

/**
 * Nanoseconds that the gains of a frame's plans must exceed before they pay for a scatter together, when none of them does alone.
 */
export function sharedSetUp(costs: CostModel): number {
  return Math.max(0, costs.scatterThread + costs.lambda * costs.scatterDevice - dispatchCost(costs))
}

/** Makes a plan with a `scatterGain` the scatter that it could have been. */
export function scatterInstead(out: Plan, stride: number): void {
  out.strategy = 'scatter'
  out.pieces = 1
  out.first = 0
  out.bytes = out.rows * (stride + 4)
  out.cost -= out.scatterGain
  out.scatterGain = 0
}
