import type { Heap } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { Strategy } from './config.ts'
import type { CostModel } from './cost-model.ts'
import { FlushScratch } from './flush-scratch.ts'
import type { MirrorReport } from './frame-report.ts'
import type { Mirror } from './mirror.ts'
import { createPlan, plan, scatterInstead, sharedSetUp } from './planner.ts'
import type { Plan, PlanStrategy } from './planner.ts'
import { RunWalk } from './run-walk.ts'
import { ScatterPayload } from './scatter-payload.ts'

/** A mirror with its plan and its line in the report. */
class Entry implements MirrorReport {
  readonly mirror: Mirror
  readonly plan: Plan = createPlan()
  readonly label: string
  strategy: PlanStrategy = 'none'
  rows = 0
  bytes = 0
  /** First byte of its rows in the scatter buffer, where it scatters. */
  payload = 0

  constructor(mirror: Mirror) {
    this.mirror = mirror
    this.label = mirror.label
  }
}

/**
 * Uploads what is dirty. Per frame: one plan per mirror; `full` and `runs` straight from the mirrors; everything that is
 * scattered gathered into one block, one write, and one dispatch per mirror. A mirror that lies in an
 * overflow heap is gathered there and costs a write of its own.
 */
export class MirrorFlush {
  readonly entries: Entry[] = []
  rows = 0
  bytes = 0
  readonly #heap: Heap
  /** Of the coordinator's heap; whoever made it ends its frames and disposes of it. */
  readonly #scratch: FlushScratch
  /** Of the heaps beside the coordinator's in which mirrors lie. */
  readonly #otherScratch: FlushScratch[] = []
  readonly #payload: ScatterPayload
  readonly #limits: {
    used: number
    exact: boolean
    scatter: boolean
    scatterRows: number
    strategy: Strategy
  } = { used: 0, exact: false, scatter: false, scatterRows: 0, strategy: 'auto' }
  readonly #job: {
    payload: MkDeviceBuffer
    stride: number
    count: number
    payloadOffset: number
    indexOffset: number
  } = { payload: undefined as never, stride: 0, count: 0, payloadOffset: 0, indexOffset: 0 }
  readonly #walk = new RunWalk()
  #gpu: MkGpu
  /** Scatters that this frame may still plan. */
  #scattersLeft = 0

  constructor(gpu: MkGpu, heap: Heap, scratch: FlushScratch, retire: (buffer: MkDeviceBuffer) => void) {
    this.#heap = heap
    this.#scratch = scratch
    this.#payload = new ScatterPayload(gpu, retire)
    this.#gpu = gpu
  }

  add(mirror: Mirror): void {
    this.entries.push(new Entry(mirror))
  }

  remove(mirror: Mirror): void {
    const at = this.entries.findIndex((entry) => entry.mirror === mirror)
    if (at >= 0) this.entries.splice(at, 1)
    this.#leaveHeaps()
  }

  /** Makes what scattering needs. */
  prepareScatter(): Promise<boolean> {
    return this.#payload.prepare()
  }

  /** Goes on with a new device. */
  rebuild(gpu: MkGpu): void {
    this.#gpu = gpu
    this.#payload.rebuild(gpu)
  }

  /**
   * Tries again for buffers that there was no memory for, and records the copies of grown buffers whose rows the device owns. They
   * must be submitted before any write.
   */
  copyGrown(): boolean {
    let copied = false
    for (let i = 0; i < this.entries.length; i++) {
      const { mirror } = this.entries[i]
      if (mirror.deviceRows < mirror.capacity) mirror.retryBuffer()
      const from = mirror.copyFrom
      if (!from) continue
      const to = mirror.buffer
      if (!from.destroyed) this.#gpu.copy(from, 0, to, 0, Math.min(from.size, to.size))
      mirror.copied()
      copied = true
    }
    return copied
  }

  /** Plans every mirror, and writes. What is scattered is recorded, for the submit that follows. */
  run(costs: CostModel, strategy: Strategy): void {
    this.#planAll(costs, strategy)
    this.rows = 0
    this.bytes = 0
    let shared = 0
    let own = 0
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      const { mirror, plan } = entry
      if (mirror.deviceRows < mirror.capacity) {
        this.#writeWhatFits(entry)
        continue
      }
      entry.strategy = plan.strategy
      entry.rows = plan.rows
      entry.bytes = plan.bytes
      this.rows += plan.rows
      this.bytes += plan.rows * mirror.stride
      if (plan.strategy !== 'scatter') this.#write(entry)
      else if (mirror.heap === this.#heap) shared += aligned(plan.bytes)
      else own += aligned(plan.bytes)
    }
    if (shared + own > 0) this.#scatter(costs, strategy, shared, own)
  }

  /** One plan per mirror; then those that scatter because the set-up of a scatter is shared. */
  #planAll(costs: CostModel, strategy: Strategy): void {
    let room = this.#payload.mostBytes
    const scattersMost = this.#payload.planFrame()
    this.#scattersLeft = scattersMost
    let scatters = 0
    let gains = 0
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      if (entry.mirror.deviceRows < entry.mirror.capacity) continue
      const made = this.#plan(entry, costs, strategy, room)
      gains += made.scatterGain
      if (made.strategy !== 'scatter') continue
      this.#scattersLeft--
      scatters++
      room -= aligned(made.bytes)
    }
    if (gains > 0 && (scatters > 0 || gains > sharedSetUp(costs))) this.#joinScatters(room)
    if (this.#scattersLeft === 0 && scattersMost > 0) this.#payload.wantScatters(scattersMost)
  }

  /** Scatters what does not pay for the set-up by itself, where there is room for it. */
  #joinScatters(room: number): void {
    for (let i = 0; i < this.entries.length; i++) {
      const { mirror, plan } = this.entries[i]
      if (mirror.deviceRows < mirror.capacity || plan.scatterGain === 0) continue
      const bytes = aligned(plan.rows * (mirror.stride + 4))
      if (bytes > room || this.#scattersLeft === 0) continue
      this.#scattersLeft--
      room -= bytes
      scatterInstead(plan, mirror.stride)
    }
  }

  /** What was scattered has been submitted: now its rows are clean. */
  submitted(): void {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      if (entry.strategy === 'scatter') entry.mirror.uploaded(entry.plan)
    }
  }

  /** The device is lost: nothing was uploaded. */
  reportNothing(): void {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      entry.strategy = 'none'
      entry.rows = 0
      entry.bytes = 0
    }
  }

  /** Called once per frame. The scratch that it was given is its giver's to end. */
  endFrame(): void {
    for (let i = 0; i < this.#otherScratch.length; i++) this.#otherScratch[i].endFrame()
  }

  dispose(): void {
    this.#payload.dispose()
    for (const scratch of this.#otherScratch) scratch.dispose()
  }

  #plan(entry: Entry, costs: CostModel, strategy: Strategy, scatterRoom: number): Plan {
    const { mirror } = entry
    const limits = this.#limits
    limits.used = mirror.fullRows
    limits.exact = mirror.deviceOwned && !mirror.fresh
    limits.scatterRows = Math.floor(scatterRoom / (mirror.stride + 4))
    limits.scatter = limits.scatterRows > 0 && this.#scattersLeft > 0
    limits.strategy = mirror.fresh ? 'full' : strategy
    return plan(mirror.dirty, mirror.stride, costs, entry.plan, limits)
  }

  /** Writes a plan that is not `scatter`. */
  #write(entry: Entry): void {
    const { mirror, plan } = entry
    if (plan.strategy === 'none') return
    const { dirty, stride, offset } = mirror
    const source = mirror.heap.buffer
    if (plan.pieces === 1) {
      const start = plan.first * stride
      this.#gpu.write(mirror.buffer, start, source, offset + start, plan.bytes)
    } else {
      const walk = this.#walk
      walk.start(dirty, plan.maxGap)
      while (walk.next()) {
        const start = walk.first * stride
        this.#gpu.write(mirror.buffer, start, source, offset + start, walk.count * stride)
      }
    }
    mirror.uploaded(plan)
  }

  /** Gathers, writes and dispatches every mirror whose plan is `scatter`; those without room go another way. */
  #scatter(costs: CostModel, strategy: Strategy, shared: number, own: number): void {
    const buffer = this.#payload.buffer!
    this.#payload.wantBytes(shared + own)
    const base = shared > 0 ? this.#scratch.reserve(Math.min(shared, buffer.size)) : -1
    let at = 0
    // Those of the shared heap lie side by side, so that one write takes them all.
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      const { mirror, plan } = entry
      if (entry.strategy !== 'scatter' || mirror.heap !== this.#heap) continue
      if (base < 0 || at + plan.bytes > buffer.size) {
        this.#writeOtherwise(entry, costs, strategy)
        continue
      }
      entry.payload = at
      gather(mirror, plan.rows, base + at)
      at += aligned(plan.bytes)
    }
    if (at > 0) this.#gpu.write(buffer, 0, this.#heap.buffer, base, at)
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      const { mirror, plan } = entry
      if (entry.strategy !== 'scatter' || mirror.heap === this.#heap) continue
      const place = at + plan.bytes > buffer.size ? -1 : this.#scratchOf(mirror.heap).reserve(plan.bytes)
      if (place < 0) {
        this.#writeOtherwise(entry, costs, strategy)
        continue
      }
      entry.payload = at
      gather(mirror, plan.rows, place)
      this.#gpu.write(buffer, at, mirror.heap.buffer, place, plan.bytes)
      at += aligned(plan.bytes)
    }
    const job = this.#job
    job.payload = buffer
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]
      if (entry.strategy !== 'scatter') continue
      const { mirror, plan } = entry
      job.stride = mirror.stride
      job.count = plan.rows
      job.payloadOffset = entry.payload
      job.indexOffset = entry.payload + plan.rows * mirror.stride
      this.#gpu.scatter(mirror.buffer, job)
    }
  }

  #writeOtherwise(entry: Entry, costs: CostModel, strategy: Strategy): void {
    const made = this.#plan(entry, costs, strategy, 0)
    entry.strategy = made.strategy
    entry.bytes = made.bytes
    this.#write(entry)
  }

  /** The device had no memory for all rows: exact runs of those it has. The others stay dirty. */
  #writeWhatFits(entry: Entry): void {
    const { mirror } = entry
    const { dirty, stride, offset, deviceRows } = mirror
    entry.strategy = 'none'
    entry.rows = 0
    entry.bytes = 0
    for (let from = 0; from < deviceRows && dirty.nextRun(from, 0);) {
      const first = dirty.runFirst
      const end = Math.min(first + dirty.runCount, deviceRows)
      if (first >= end) break
      this.#gpu.write(
        mirror.buffer,
        first * stride,
        mirror.heap.buffer,
        offset + first * stride,
        (end - first) * stride,
      )
      for (let row = first; row < end; row++) dirty.unset(row)
      entry.strategy = 'runs'
      entry.rows += end - first
      from = end
    }
    entry.bytes = entry.rows * stride
    this.rows += entry.rows
    this.bytes += entry.bytes
  }

  #scratchOf(heap: Heap): FlushScratch {
    for (let i = 0; i < this.#otherScratch.length; i++)
      if (this.#otherScratch[i].heap === heap) return this.#otherScratch[i]
    this.#leaveHeaps()
    const scratch = new FlushScratch(heap)
    this.#otherScratch.push(scratch)
    return scratch
  }

  /** Gives back scratch memory in heaps that no mirror lies in any more. */
  #leaveHeaps(): void {
    const others = this.#otherScratch
    for (let i = others.length - 1; i >= 0; i--) {
      if (this.entries.some(({ mirror }) => mirror.heap === others[i].heap)) continue
      others[i].dispose()
      others.splice(i, 1)
    }
  }
}

/** Payloads start at multiples of 16, so that the shader may move whole vectors. */
function aligned(bytes: number): number {
  // No bit mask: a payload that is too large for the device may pass 2³¹.
  return Math.ceil(bytes / 16) * 16
}

/** Rows, then their numbers, side by side at `place` in the mirror's heap. */
function gather(mirror: Mirror, rows: number, place: number): void {
  const { heap, dirty, stride } = mirror
  heap.kernels.gather(dirty, 0, dirty.rows, mirror.offset, stride, place, place + rows * stride)
}
