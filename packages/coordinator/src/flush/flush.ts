import type { Strategy } from '../config.ts'
import type { CostModel } from '../costs/model.ts'
import type { DeviceInUse } from '../device/device-in-use.ts'
import type { AnyMirror } from '../mirror/any-mirror.ts'
import type { FlushRecorder } from './flush-recorder.ts'
import type { DeviceWriter, FlushTarget } from './flush-target.ts'
import { MirrorPlan } from './mirror-plan.ts'
import { plan, planWhole, scatterInstead, sharedSetUp } from './planner.ts'
import type { MirrorScatter } from './mirror-scatter.ts'

/**
 * Uploads what is dirty: one plan per mirror; `full` and `runs` straight from the mirror, and all
 * that is scattered through `MirrorScatter`.
 */
export class MirrorFlush {
  readonly plans: MirrorPlan[] = []
  /** Dirty rows of the last flush, and their bytes. */
  rows = 0
  bytes = 0
  /** While a recording runs. */
  recorder: FlushRecorder | undefined
  readonly scatter: MirrorScatter
  /** Where direct writes go. */
  #writer: DeviceWriter
  readonly #limits = {
    used: 0,
    exact: false,
    scatterRows: 0,
    writeBytes: Infinity,
    packByte: 0,
    strategy: 'auto' as Strategy,
  }
  /** Some mirrors keep previous rows. */
  hasHistory = false
  /** Only what keeps the rows of the last step is handed over: in the midst of a frame. */
  stepsOnly = false
  /** Copies are recorded that must be submitted before a write. */
  #unsubmitted = false
  /** A target's unit is not a row. */
  #hasColumns = false
  readonly #device: DeviceInUse

  constructor(device: DeviceInUse, scatter: MirrorScatter) {
    this.#device = device
    this.#writer = device.gpu
    this.scatter = scatter
  }

  add(mirror: AnyMirror): void {
    this.#hasColumns ||= mirror.unitsPerRow !== 1
    this.hasHistory ||= mirror.history !== undefined
    this.plans.push(new MirrorPlan(mirror))
  }

  remove(mirror: AnyMirror): void {
    const at = this.plans.findIndex((plan) => plan.mirror === mirror)
    if (at >= 0) this.plans.splice(at, 1)
  }

  /**
   * Tries again for buffers without memory, and records the copies of grown buffers whose rows the
   * device owns. @returns whether there are any: submit them before any write
   */
  copyGrown(): boolean {
    let copied = false
    for (let i = 0; i < this.plans.length; i++) {
      const { mirror } = this.plans[i]
      const { device } = mirror
      if (mirror.wantsBuffer) mirror.retryBuffer()
      const { copyFrom: from, slice: to } = device
      if (!from || !to) continue
      if (!from.buffer.destroyed)
        this.#device.gpu.copy(from.buffer, from.offset, to.buffer, to.offset, Math.min(from.size, to.size))
      this.recorder?.copied(mirror, from.buffer, to.buffer)
      device.copied()
      copied = true
    }
    return copied
  }

  /** Plans every mirror, and writes; records scatters for the submit that follows. */
  run(costs: CostModel, strategy: Strategy): void {
    if (this.hasHistory) this.#beforeWrites()
    const { plans, scatter } = this
    this.rows = this.bytes = 0
    this.#writer = this.#device.gpu
    if (this.recorder !== undefined) this.#record(this.recorder)
    this.#planAll(costs, strategy)
    for (let i = 0; i < plans.length; i++) {
      const plan = plans[i]
      const { mirror } = plan
      if (plan.strategy === 'none' && !mirror.fresh && !mirror.isCut) continue
      if (this.#waits(mirror)) continue
      if (!isReadable(mirror)) continue
      if (mirror.isCut) this.#writeWhatFits(plan)
      else if (plan.strategy === 'full' || plan.strategy === 'runs') this.#write(plan)
      // From now on the device may write rows, which a later frame must not cover with clean ones.
      else if (plan.strategy === 'none') mirror.fresh = false
      this.rows += Math.ceil(plan.rows / mirror.unitsPerRow)
      this.bytes += plan.rows * mirror.stride
    }
    if (scatter.planned > 0) this.#scatterAll(costs, strategy)
    if (this.#hasColumns) this.#countRows()
    if (this.hasHistory) this.#afterWrites()
  }

  /** Scattered rows are clean once they are submitted, and what previous rows need is on its way. */
  submitted(): void {
    if (this.scatter.planned === 0 && !this.hasHistory) return
    for (let i = 0; i < this.plans.length; i++) {
      const { mirror, strategy, fullRows } = this.plans[i]
      if (strategy === 'scatter') mirror.uploaded(fullRows)
      if (mirror.history !== undefined && !this.#waits(mirror)) mirror.history.submitted()
    }
  }

  clear(): void {
    for (let i = 0; i < this.plans.length; i++) this.plans[i].clear()
  }

  /** Records what previous rows need before any write. */
  #beforeWrites(): void {
    this.#unsubmitted = false
    for (let i = 0; i < this.plans.length; i++) {
      const { mirror } = this.plans[i]
      if (mirror.history !== undefined && !this.#waits(mirror) && mirror.history.before())
        this.#unsubmitted = true
    }
  }

  /** Records what previous rows need after all writes. */
  #afterWrites(): void {
    for (let i = 0; i < this.plans.length; i++) {
      const { mirror } = this.plans[i]
      if (mirror.history !== undefined && !this.#waits(mirror)) mirror.history.after()
    }
  }

  /** Plans each mirror by itself; then scatters where mirrors together pay for the set-up. */
  #planAll(costs: CostModel, strategy: Strategy): void {
    const { plans, scatter } = this
    if (scatter.isUsed || scatter.payload.isWanting) scatter.beginFrame()
    this.#limits.writeBytes = this.#device.gpu.capabilities.maxWriteSize ?? Infinity
    const isForced = strategy !== 'auto' && strategy !== 'full'
    let gains = 0
    for (let i = 0; i < plans.length; i++) {
      const { mirror } = plans[i]
      if (mirror.isWhole && (mirror.isCut || isForced)) mirror.markEach()
      const isIdle = !mirror.isWhole && mirror.dirty.isEmpty
      if (isIdle || mirror.isCut || this.#waits(mirror) || !isReadable(mirror)) {
        plans[i].clear()
        continue
      }
      this.#plan(plans[i], costs, strategy, scatter.freeBytes)
      if (plans[i].strategy === 'scatter' && !scatter.take(plans[i])) this.#plan(plans[i], costs, strategy, 0)
      gains += plans[i].scatterGain
    }
    if (gains === 0 || (scatter.planned === 0 && gains <= sharedSetUp(costs))) return
    for (let i = 0; i < plans.length; i++)
      if (plans[i].scatterGain > 0 && scatter.take(plans[i])) scatterInstead(plans[i], plans[i].mirror.stride)
  }

  #record(recorder: FlushRecorder): void {
    recorder.begin(this.plans, this.#device.gpu)
    // It may have given up.
    if (this.recorder !== undefined) this.#writer = recorder
  }

  #scatterAll(costs: CostModel, strategy: Strategy): void {
    const { plans, scatter } = this
    scatter.gather(plans, this.recorder)
    // No room to gather: another way.
    for (let i = 0; i < plans.length; i++)
      if (plans[i].strategy === 'scatter' && plans[i].payload < 0) {
        this.#plan(plans[i], costs, strategy, 0)
        this.#write(plans[i])
      }
    scatter.record(plans)
  }

  /** Reports count rows, plans the units of their targets. */
  #countRows(): void {
    for (let i = 0; i < this.plans.length; i++) {
      const plan = this.plans[i]
      plan.rows = Math.ceil(plan.rows / plan.mirror.unitsPerRow)
    }
  }

  /** @param scatterBytes that may still be scattered; 0 for none */
  #plan(out: MirrorPlan, costs: CostModel, strategy: Strategy, scatterBytes: number): void {
    const { mirror } = out
    const { dirty, stride, fresh } = mirror
    const limits = this.#limits
    limits.used = fresh ? mirror.everUsed : mirror.rowsInUse
    // A clean row of a source, written along, would not count as changed.
    limits.exact = (mirror.deviceOwned || mirror.history !== undefined) && !fresh
    limits.scatterRows = Math.floor(scatterBytes / (stride + 4))
    limits.packByte = mirror.source?.isPacked === true ? costs.packThread : 0
    limits.strategy = fresh ? 'full' : strategy
    if (mirror.isWhole) planWhole(out, stride, mirror.wholeRows, mirror.wholeUnits, costs)
    else plan(dirty, stride, costs, out, limits)
  }

  #write(plan: MirrorPlan): void {
    const { mirror } = plan
    if (this.#unsubmitted) this.#submitCopies()
    if (mirror.source && plan.strategy === 'full')
      plan.bytes = mirror.source.writeFull(this.#writer, mirror.device.slice!, mirror.used, plan.fullRows)
    else if (plan.strategy === 'full') this.#writeRows(mirror, 0, plan.fullRows)
    else if (plan.pieces === 1) {
      // Rows lie between those that are dirty, maybe thousands of times: no need to walk them.
      const { firstRow: first } = plan
      this.#writeRows(mirror, first, first + plan.bytes / mirror.stride)
    } else {
      const { dirty } = mirror
      for (let end = 0; dirty.nextRun(end, plan.maxGap);) {
        end = dirty.runFirst + dirty.runCount
        this.#writeRows(mirror, dirty.runFirst, end)
      }
    }
    mirror.uploaded(plan.fullRows)
  }

  /** Writes act when called: copies out of what they write must be submitted first. */
  #submitCopies(): void {
    this.#unsubmitted = false
    this.#device.gpu.submit()
  }

  /** Whether the mirror's turn is at the end of the frame. */
  #waits(mirror: FlushTarget): boolean {
    return this.stepsOnly && mirror.history?.of !== 'step'
  }

  /** Writes rows `first … end − 1`. */
  #writeRows(mirror: FlushTarget, first: number, end: number): void {
    const { heap, offset, source, stride } = mirror
    const slice = mirror.device.slice!
    const start = first * stride
    if (source) return source.write(this.#writer, slice, start, end * stride)
    this.#writer.write(
      slice.buffer,
      slice.offset + start,
      heap.buffer,
      offset + start,
      (end - first) * stride,
    )
  }

  /** Without memory for all rows: writes exact runs of those that fit. The others stay dirty. */
  #writeWhatFits(plan: MirrorPlan): void {
    const { mirror } = plan
    const { dirty, stride } = mirror
    const { rows } = mirror.device
    if (this.#unsubmitted) this.#submitCopies()
    for (let from = 0; from < rows && dirty.nextRun(from, 0);) {
      const first = dirty.runFirst
      const end = Math.min(first + dirty.runCount, rows)
      if (first >= end) break
      this.#writeRows(mirror, first, end)
      mirror.history?.changed.setRange(first, end - first)
      for (let row = first; row < end; row++) dirty.unset(row)
      plan.strategy = 'runs'
      plan.rows += end - first
      from = end
    }
    plan.bytes = plan.rows * stride
  }
}

function isReadable({ source }: FlushTarget): boolean {
  return source === undefined || source.isReadable
}
