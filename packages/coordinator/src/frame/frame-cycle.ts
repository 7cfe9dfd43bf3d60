import { defineError, NoOpenFrame, type ErrorClass, type Heap, type MkError } from '@memkit/core'
import { DeferredDeletions, type MkDeviceBuffer } from '@memkit/gpu'
import type { CoordinatorConfig, Strategy } from '../config.ts'
import type { PlannerCosts } from '../costs/planner-costs.ts'
import type { DeviceInUse } from '../device/device-in-use.ts'
import type { Listeners } from '../events.ts'
import { MirrorFlush } from '../flush/flush.ts'
import { MirrorScatter } from '../flush/mirror-scatter.ts'
import { ScatterPayload } from '../flush/scatter-payload.ts'
import { FlushScratch } from '../flush/scratch.ts'
import type { MirrorDownloads } from '../mirror/downloads.ts'
import { FrameLog } from './frame-log.ts'
import { FrameSlots } from './frame-slots.ts'
import type { FrameReport } from './report.ts'
import type { ScatterChoice } from './target-scatter.ts'

/**
 * The coordinator was used after `dispose()`.
 *
 * What to do: make a new MkCoordinator.
 */
export const CoordinatorDisposed: ErrorClass<{
  code: 'CoordinatorDisposed'
  /** What was called. */
  call: string
}> = defineError(
  'CoordinatorDisposed',
  ({ call }) => `${call} was called after dispose(). Make a new MkCoordinator.`,
)
export type CoordinatorDisposed = InstanceType<typeof CoordinatorDisposed>

/**
 * Opens and closes frames.
 *
 *     idle ──begin──▶ open ──end──▶ flushing ──▶ idle        from anywhere: dispose ──▶ disposed
 *                     │  ▲
 *                     └──┘ begin: the open frame is abandoned
 */
export class FrameCycle {
  state: 'idle' | 'open' | 'flushing' | 'disposed' = 'idle'
  strategy: Strategy
  readonly slots: FrameSlots
  readonly flush: MirrorFlush
  readonly log: FrameLog
  readonly downloads: MirrorDownloads[] = []
  readonly deletions: DeferredDeletions = new DeferredDeletions()
  readonly scratch: FlushScratch = new FlushScratch()
  /** Warns that the device has no memory for something that is asked for again. */
  readonly warn = (error: MkError): void => {
    if (this.state !== 'disposed') this.listeners.warn(error.code, error.message, error, error.message)
  }
  readonly device: DeviceInUse
  readonly #costs: PlannerCosts
  readonly listeners: Listeners
  readonly #reportListeners: ReadonlySet<unknown>

  constructor(
    device: DeviceInUse,
    costs: PlannerCosts,
    listeners: Listeners,
    heap: Heap,
    config: CoordinatorConfig,
  ) {
    this.device = device
    this.#costs = costs
    this.listeners = listeners
    this.#reportListeners = listeners.of('frame')
    this.strategy = config.strategy ?? 'auto'
    this.slots = new FrameSlots(device, heap, config, this.deletions, this.warn)
    const payload = new ScatterPayload(device, (buffer) => this.retire(buffer))
    this.flush = new MirrorFlush(device, new MirrorScatter(device, heap, this.scratch, payload))
    this.log = new FrameLog(this.slots, this.flush)
  }

  /** Destroys a buffer when neither the device nor the user's next frame can need it. */
  retire(buffer: MkDeviceBuffer): void {
    this.deletions.retireIn(buffer, this.log.frame)
  }

  /** @throws {@link CoordinatorDisposed} */
  begin(): void {
    if (this.state === 'disposed') throw new CoordinatorDisposed({ call: 'beginFrame()' })
    if (this.state === 'open') this.#abandon()
    const { log, downloads, deletions } = this
    const { gpu } = this.device
    const frame = ++log.frame
    log.timeStep = undefined
    log.begin()
    if (this.slots.begin(frame)) log.countReallocation()
    if (deletions.count > 0) {
      // Work without a serial may still bind a buffer in the frame after its replacement.
      deletions.seal(frame - 1, gpu.serial)
      deletions.collect(gpu.completedSerial)
    }
    for (let i = 0; i < downloads.length; i++) downloads[i].deliver()
    this.state = 'open'
    if (log.trace) log.noteBegin()
  }

  /** @throws {@link NoOpenFrame}, {@link CoordinatorDisposed} */
  requireOpen(call: string): void {
    if (this.state === 'disposed') throw new CoordinatorDisposed({ call })
    if (this.state !== 'open') throw new NoOpenFrame({ call })
  }

  end(): FrameReport {
    this.requireOpen('endFrame()')
    this.state = 'flushing'
    const { log, slots, device } = this
    let lost = device.gpu.isLost
    let handedOver = false
    log.beginFlush(device.gpu.calls)
    try {
      if (!lost) handedOver = this.#handOver()
    } catch (error) {
      // Lost in mid-flush: what was not handed over stays dirty.
      if (!device.gpu.isLost) throw error
      lost = true
    } finally {
      if (this.state === 'flushing') this.state = 'idle'
      if (slots.slot.isUsed) slots.finish()
    }
    if (!handedOver) this.flush.clear()
    slots.slot.serial = device.gpu.serial
    const report = log.endFlush(lost, handedOver)
    if (report.flushMs > this.#costs.reviewAbove && this.strategy === 'auto' && !lost)
      this.#costs.review(report, device.gpu)
    if (this.#reportListeners.size > 0) this.listeners.emit('frame', report)
    return report
  }

  /**
   * Hands over what keeps the rows of the last step, in the midst of a frame.
   * @throws {@link NoOpenFrame}, {@link CoordinatorDisposed}
   */
  handOverStep(call: string): void {
    this.requireOpen(call)
    const { flush, log } = this
    const { gpu } = this.device
    if (gpu.isLost || !flush.hasHistory) return
    this.state = 'flushing'
    flush.stepsOnly = true
    log.beginFlush(gpu.calls)
    try {
      if (flush.copyGrown()) gpu.submit()
      if (gpu === this.device.gpu && this.state === 'flushing') {
        flush.run(this.#costs.model, this.strategy)
        gpu.submit()
        flush.submitted()
      }
      log.noteStep()
    } catch (error) {
      if (!gpu.isLost) throw error
    } finally {
      flush.stepsOnly = false
      if (this.state === 'flushing') this.state = 'open'
    }
  }

  /** Moves into buffers that `slots.buffersOn` made on another device; drops what was staged. */
  rebuild(frameBuffers: readonly MkDeviceBuffer[]): void {
    this.dropDownloads()
    this.deletions.flush()
    this.flush.scatter.rebuild()
    this.slots.rebuild(frameBuffers)
  }

  dropDownloads(): void {
    for (const downloads of this.downloads) downloads.drop()
  }

  /** The mirrors must be gone. */
  dispose(): void {
    this.slots.dispose()
    this.flush.scatter.payload.dispose()
    this.deletions.flush()
    this.scratch.leave(new Set())
  }

  /**
   * @returns false when a listener has left the device: rows stay dirty, what was staged is dropped
   */
  #handOver(): boolean {
    const { gpu } = this.device
    const { flush, slots, downloads } = this
    // Writes act when called, so the copies out of outgrown buffers are submitted before them.
    const copied = flush.copyGrown()
    const left = gpu !== this.device.gpu || this.state !== 'flushing'
    if (copied && !(left && gpu.isLost)) gpu.submit()
    if (left) return false
    const destroyed = slots.slot.isUsed ? slots.flush(this.scratch, this.#targetChoice) : 0
    for (let i = 0; i < downloads.length; i++) downloads[i].overtake()
    flush.run(this.#costs.model, this.strategy)
    for (let i = 0; i < downloads.length; i++) downloads[i].record(gpu, this.log.frame)
    gpu.submit()
    flush.submitted()
    flush.recorder?.submitted(this.log.frame, this.log.timeStep)
    for (let i = 0; i < downloads.length; i++) downloads[i].submitted(gpu)
    if (this.scratch.isHeld) this.scratch.endFrame()
    if (destroyed > 0) {
      const message = `${destroyed} staged pieces were left out: their buffer was destroyed.`
      this.listeners.warn('StagedIntoDestroyed', message)
    }
    return true
  }

  get #targetChoice(): ScatterChoice {
    if (this.strategy === 'auto') return this.#costs.model
    return this.strategy === 'scatter' ? 'always' : 'never'
  }

  #abandon(): void {
    this.log.countAbandoned()
    this.listeners.warn(
      'FrameAbandoned',
      'beginFrame() was called in an open frame: what was staged in it is dropped. Call endFrame() once per frame.',
    )
    this.slots.finish()
  }
}
