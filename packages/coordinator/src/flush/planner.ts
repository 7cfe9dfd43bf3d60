import { createKernels, type DirtyRows } from '@memkit/core'
import type { CostModel } from '../costs/model.ts'

/** What a flush does for one mirror. */
export type PlanStrategy = 'none' | 'full' | 'runs' | 'scatter'

/**
 * One mirror's plan, filled in by `plan` and reused.
 * - `none`: nothing.
 * - `full`: rows 0 … `fullRows` − 1 in one piece.
 * - `runs`: the runs of dirty rows, gaps of at most `maxGap` clean rows merged.
 * - `scatter`: every dirty row and no other.
 */
export class Plan {
  strategy: PlanStrategy = 'none'
  /** Dirty rows. */
  rows = 0
  /** Rows that `full` covers. */
  fullRows = 0
  /** First of the dirty rows, where they go up in one piece. */
  firstRow = 0
  /** Clean rows that are cheaper to upload than another call. */
  maxGap = 0
  /** Pieces written one by one: 1 for `full` and `scatter`. */
  pieces = 0
  /** Bytes that travel: rows, the gaps between them, and for `scatter` the row numbers. */
  bytes = 0
  /** Nanoseconds by the model: thread + lambda · device. */
  cost = 0
  /**
   * Nanoseconds that `scatter` would save if another mirror had paid for the set-up; 0 where it
   * saves nothing, is chosen anyway or is not possible. See `scatterInstead`.
   */
  scatterGain = 0
}

/** What a plan must respect besides the costs. All optional. */
export interface PlanLimits {
  /** Rows that `full` covers (rows in use), and dirty ones beyond; default all. */
  used?: number | undefined
  /** The device owns rows: no clean row is written, so no `full` and no merged gaps. */
  exact?: boolean | undefined
  /** Is scatter possible (backend, pipeline ready)? default true. */
  scatter?: boolean | undefined
  /** Dirty rows above which there is no room to gather them, default no limit. */
  scatterRows?: number | undefined
  /** Bytes that one write carries: a longer piece costs several calls. Default: any number. */
  writeBytes?: number | undefined
  /** Nanoseconds for making a byte that is written, default 0: rows are there. */
  packByte?: number | undefined
  /** Force one strategy where it is possible, default `'auto'`. */
  strategy?: 'auto' | 'full' | 'runs' | 'scatter' | undefined
}

/** Makes an empty plan, to be passed as `out`. */
export function createPlan(): Plan {
  return new Plan()
}

function writeCost(costs: CostModel, calls: number, bytes: number, packByte: number): number {
  return (
    calls * (costs.callThread + costs.lambda * costs.callDevice) +
    bytes * (packByte + costs.byteThread + costs.lambda * costs.byteDevice)
  )
}

/** Writes that so many bytes take. */
function callsFor(bytes: number, writeBytes: number): number {
  return writeBytes === Infinity ? 1 : Math.ceil(bytes / writeBytes)
}

/** Nanoseconds for one scattered row into a buffer of `destination` bytes. */
function rowCost(costs: CostModel, stride: number, destination: number): number {
  // The device moves vectors of 16 bytes; words of other rows cost two thirds of one each.
  const units = costs.lambda * (stride % 16 === 0 ? stride / 16 : stride / 6)
  const near = costs.rowThread + units * costs.rowDevice
  const far = costs.rowThreadFar + units * costs.rowDeviceFar
  const position = Math.log2(destination / costs.nearBytes) / Math.log2(costs.farBytes / costs.nearBytes)
  const t = position > 0 ? (position < 1 ? position : 1) : 0
  return near + (far - near) * t + (stride + 4) * (costs.byteThread + costs.lambda * costs.byteDevice)
}

/** Clean rows between two runs that are cheaper to upload than another call. */
function cheapGap(costs: CostModel, stride: number, packByte: number): number {
  const call = costs.callThread + costs.lambda * costs.callDevice
  const row = (packByte + costs.byteThread + costs.lambda * costs.byteDevice) * stride
  return row > 0 ? Math.min(0x3fff_ffff, Math.floor(call / row)) : 0x3fff_ffff
}

/**
 * Plans the upload of one mirror: dirty rows in, the cheapest plan by the cost model out. Pure:
 * reads nothing but its arguments, writes nothing but `out`; allocates nothing where the set has kernels.
 * @param stride bytes per row, a multiple of 4
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
  const { packByte = 0, writeBytes = Infinity } = limits
  const maxGap = exact ? 0 : cheapGap(costs, stride, packByte)
  const kernels = dirty.kernels ?? createKernels(undefined, dirty.buffer)
  const rows = kernels.survey(dirty.offset, dirty.summaryOffset, dirty.summary.length, maxGap)
  const { found } = kernels
  const runs = found[0]
  const span = found[1]
  const end = found[2]
  const used = Math.min(limits.used ?? dirty.rows, dirty.rows)
  out.rows = rows
  out.maxGap = maxGap
  out.firstRow = end - span
  out.fullRows = used > end ? used : end
  out.scatterGain = 0
  if (rows === 0) {
    out.strategy = 'none'
    out.pieces = out.bytes = out.cost = 0
    return out
  }

  // What was forced and cannot be is left to the costs.
  const force = limits.strategy ?? 'auto'
  const runBytes = span * stride
  const fullBytes = out.fullRows * stride
  const fullCost = writeCost(costs, callsFor(fullBytes, writeBytes), fullBytes, packByte)
  const writing = writeCost(costs, runs === 1 ? callsFor(runBytes, writeBytes) : runs, runBytes, packByte)
  const mayFull = !exact || rows === out.fullRows
  // To find runs that leave out next to nothing takes as long as to send the rest.
  const isNearlyAll = runs > 1 && runBytes * 16 >= fullBytes * 15
  const runsCost = isNearlyAll ? Math.max(writing, fullCost) : writing
  const isFull = mayFull && (force === 'full' || (force !== 'runs' && fullCost <= runsCost))
  const best = isFull ? fullCost : runsCost
  out.strategy = isFull ? 'full' : 'runs'
  out.pieces = isFull ? 1 : runs
  out.bytes = isFull ? fullBytes : runBytes
  out.cost = best

  const mayScatter = limits.scatter !== false && rows <= (limits.scatterRows ?? rows)
  if (mayScatter && (force === 'scatter' || best > Math.min(costs.scatterThread, costs.dispatchThread))) {
    const moving = rows * rowCost(costs, stride, dirty.rows * stride)
    const scatterCost = setUpCost(costs) + moving
    const isFree = force === 'auto' || (force === 'full' && !mayFull)
    if (force === 'scatter' || (isFree && scatterCost < best)) makeScatter(out, stride, scatterCost)
    else if (force === 'auto') out.scatterGain = Math.max(0, best - moving - dispatchCost(costs))
  }
  return out
}

/**
 * Plans to upload everything that is in use, without a look at what is dirty.
 * @param rows that differ
 * @param units that go up
 */
export function planWhole(out: Plan, stride: number, rows: number, units: number, costs: CostModel): void {
  out.strategy = 'full'
  out.rows = rows
  out.fullRows = units
  out.pieces = 1
  out.bytes = units * stride
  out.cost = writeCost(costs, 1, out.bytes, 0)
  out.scatterGain = 0
}

function makeScatter(out: Plan, stride: number, cost: number): void {
  out.strategy = 'scatter'
  out.pieces = 1
  out.bytes = out.rows * (stride + 4)
  out.cost = cost
}

/** Nanoseconds of one more mirror in a scatter. */
function dispatchCost(costs: CostModel): number {
  return costs.dispatchThread + costs.lambda * costs.dispatchDevice
}

/** Nanoseconds of the first scatter in a frame, without its rows. */
function setUpCost(costs: CostModel): number {
  return costs.scatterThread + costs.lambda * costs.scatterDevice
}

/** Nanoseconds that the gains of several plans must exceed to pay for a scatter together. */
export function sharedSetUp(costs: CostModel): number {
  return Math.max(0, setUpCost(costs) - dispatchCost(costs))
}

/** Makes a plan with a `scatterGain` the scatter that it could have been. */
export function scatterInstead(out: Plan, stride: number): void {
  makeScatter(out, stride, out.cost - out.scatterGain)
  out.scatterGain = 0
}
