import { createHeap, type Heap, type MkError, type TypedArray, type TypedArrayKind } from '@memkit/core'
import { Readback, type MkDeviceBuffer, type MkGpu, type MkGpuBackend } from '@memkit/gpu'
import { BufferingMode, checkConfig, checkStrategy, type CoordinatorConfig, type Strategy } from './config.ts'
import type { CostModel } from './costs/model.ts'
import { PlannerCosts } from './costs/planner-costs.ts'
import { DeviceInUse } from './device/device-in-use.ts'
import { DeviceLease } from './device/lease.ts'
import { isOwnBuffer, ownBuffer } from './device/own-buffers.ts'
import { Listeners, type CoordinatorEvents } from './events.ts'
import { CoordinatorDisposed, FrameCycle } from './frame/frame-cycle.ts'
import type { FlushRecorder } from './flush/flush-recorder.ts'
import type { FrameLog } from './frame/frame-log.ts'
import type { FrameReport } from './frame/report.ts'
import type { FrameSlice } from './frame/slot.ts'
import type { StageTarget } from './frame/staged-targets.ts'
import type { FrameTrace } from './frame/trace.ts'
import { UploadedSlices } from './frame/uploaded-slices.ts'
import type { AnyMirror } from './mirror/any-mirror.ts'
import type { MirrorOptions } from './mirror/mirror-options.ts'
import type { MirrorOwner } from './mirror/mirror-owner.ts'
import type { Mirror } from './mirror/mirror.ts'
import { Mirrors } from './mirror/mirrors.ts'

/** Bytes of staging buffers kept for readbacks. */
const READBACK_BYTES = 32 << 20

/** What a coordinator holds and has done since it was made: a snapshot. Sizes in bytes. */
export interface CoordinatorStats extends Readonly<FrameLog['totals']> {
  readonly frames: number
  readonly mirrors: number
  /** Of all mirrors on the CPU: rows in `capacity` × stride. */
  readonly mirrorBytes: number
  readonly arenaHighWater: number
  readonly slotsInFlight: number
  /** Replaced device buffers that wait for their last use to be over. */
  readonly deferredFrees: number
  readonly deferredBytes: number
  /** What the planner reckons with. */
  readonly costs: CostModel
}

/**
 * Brings staged frame memory and the dirty rows of mirrors to the device at the end of a frame.
 *
 *     beginFrame ─▶ frameAlloc, stageForUpload, mirror.write … ─▶ endFrame ─▶ draw ─▶ beginFrame …
 *
 * Nothing here waits for the device. While it is lost, frames do nothing and dirty rows gather.
 */
export class MkCoordinator {
  /** The heap of mirrors, stores and frame arenas. */
  readonly heap: Heap
  readonly buffering: BufferingMode
  readonly #device: DeviceInUse
  readonly #frames: FrameCycle
  readonly #mirrors: Mirrors
  readonly #costs: PlannerCosts
  readonly #listeners = new Listeners()
  readonly #readback: Readback
  readonly #uploaded = new UploadedSlices()
  #ready: Promise<void>

  /**
   * When it throws it gives back what it took, a backend that was passed in included.
   * @param gpu a backend, which becomes the coordinator's; an `MkGpu`, which is borrowed; or a
   *   lease
   * @throws {@link InvalidConfig}, {@link BackendInUse}, {@link InvalidSize},
   *   {@link ReserveRefused}, {@link AllocationFailed}, {@link DeviceLost}
   */
  constructor(gpu: MkGpuBackend | MkGpu | DeviceLease, config: CoordinatorConfig = {}) {
    checkConfig(config)
    this.buffering = config.buffering ?? BufferingMode.Triple
    const lease = DeviceLease.of(gpu)
    this.#costs = new PlannerCosts(lease.gpu, config.costs, config.calibrate)
    this.#device = new DeviceInUse(lease, config.recover, {
      lost: (info, isNews) => {
        this.#frames.dropDownloads()
        if (isNews) this.#listeners.emit('lost', info)
      },
      use: (next) => this.#use(next),
      failing: (error) =>
        this.#listeners.warn(error.code, error.message, error, `${error.code} ${error.tries}`),
    })
    try {
      this.heap = config.heap ?? createHeap(config.heapBytes === undefined ? {} : { bytes: config.heapBytes })
      this.#frames = new FrameCycle(this.#device, this.#costs, this.#listeners, this.heap, config)
    } catch (error) {
      this.#device.dispose()
      // A lease stays with its giver, who may try it again.
      if (!(gpu instanceof DeviceLease)) lease.end()
      throw error
    }
    const staging = { keepBytes: READBACK_BYTES, label: 'memkit readback', made: ownBuffer }
    this.#readback = new Readback(lease.gpu, staging)
    this.#mirrors = new Mirrors(this.heap, this.#frames, this.#readback)
    this.#ready = this.#prepare()
  }

  /** Another one after a loss and `restore`. */
  get gpu(): MkGpu {
    return this.#device.gpu
  }
  /** Between `beginFrame` and `endFrame`. */
  get isFrameOpen(): boolean {
    return this.#frames.state === 'open'
  }
  /** Frames do nothing until `restore`. */
  get isLost(): boolean {
    return this.#device.gpu.isLost
  }
  /** What the planner reckons with. */
  get costs(): CostModel {
    return this.#costs.model
  }
  /** `'auto'`, or the way of uploading to force wherever it is possible. */
  get strategy(): Strategy {
    return this.#frames.strategy
  }
  /** @throws {@link InvalidConfig} */
  set strategy(strategy: Strategy) {
    checkStrategy(strategy)
    this.#frames.strategy = strategy
  }
  /** Of the last finished frame. */
  get report(): FrameReport {
    return this.#frames.log.report
  }
  /** Frames recorded since `startTrace`. */
  get trace(): FrameTrace | undefined {
    return this.#frames.log.trace
  }
  /** Where slices without a target lie (with `per-slot`, those of the last frame). */
  get frameBuffer(): MkDeviceBuffer {
    return this.#frames.slots.memory.frameBuffer.current
  }
  /** Goes up when a device frame buffer is replaced: make new bind groups. */
  get frameBufferGeneration(): number {
    return this.#frames.slots.generation
  }

  /** Resolves once scatter is ready and costs are measured. Frames need not wait. Never rejects. */
  ready(): Promise<void> {
    return this.#ready
  }

  // Frames

  /** Opens a frame. One that is open is abandoned: what was staged is dropped, dirty rows stay. */
  beginFrame(): void {
    this.#frames.begin()
  }

  /**
   * Memory for this frame, valid for `buffering` frames. It holds what earlier frames left there.
   * @param length elements
   * @throws {@link NoOpenFrame}
   * @throws {@link InvalidSize}
   * @throws {@link ArenaFull} when the frame needs more than its slot may take: raise
   *   `frameArenaBytes`
   */
  frameAlloc<A extends TypedArray>(type: TypedArrayKind<A>, length: number): A {
    this.#frames.requireOpen('frameAlloc()')
    return this.#frames.slots.slot.alloc(type, length)
  }

  /**
   * Queues frame memory for upload by `endFrame`, which reads the bytes: they may still change.
   * Without a target they go to the frame buffer, to be bound as uniform or storage.
   * @param view memory that `frameAlloc` returned in this frame, or a part of it
   * @returns where they will be; the object is reused when the slot comes round again
   * @throws {@link NoOpenFrame}
   * @throws {@link NotFrameMemory} when `view` lies in any other memory
   * @throws {@link MirrorOwnsBuffer}, {@link ForeignBuffer}, {@link BufferDestroyed},
   *   {@link UsageMissing}, {@link MisalignedCopy}, {@link OutOfRange} for a target that cannot be
   *   written
   */
  stageForUpload(view: ArrayBufferView, target?: StageTarget): FrameSlice {
    this.#frames.requireOpen('stageForUpload()')
    const mirror = target && this.#mirrors.labelOf(target.buffer)
    return this.#frames.slots.stage(view, target, mirror)
  }

  /**
   * Closes the frame: plans every mirror, packs what was staged, and hands all over with one submit
   * at most; with no call when nothing changed. Only new buffers take more submits.
   * @returns one object, reused by every frame
   * @throws {@link NoOpenFrame}
   */
  endFrame(): FrameReport {
    if (this.#frames.flush.hasHistory) this.#noteDue('frame')
    return this.#frames.end()
  }

  /**
   * Notes that a step begins: the next hand-over takes what mirrors with `history: 'step'` have on the
   * device for their previous rows.
   */
  noteStep(): void {
    this.#noteDue('step')
  }

  /**
   * Hands over dirty rows of mirrors with `history: 'step'` now, in the open frame: the step that they
   * are from has ended, and another one begins. Once per frame is enough.
   * @throws {@link NoOpenFrame}
   */
  handOverStep(): void {
    this.#frames.handOverStep('handOverStep()')
  }

  /** Adds milliseconds to the report's `stageMs`: for what brings rows into mirrors. */
  noteStageMs(milliseconds: number): void {
    this.#frames.log.stageMs += milliseconds
  }

  /**
   * Notes the seconds that this frame stands for, where your loop was given them and did not measure
   * them: a recording keeps them. `App.tick(dt)` does it by itself.
   */
  noteTimeStep(seconds: number | undefined): void {
    this.#frames.log.timeStep = seconds
  }

  /** Sees what frames hand over, while a recording runs. @internal */
  get recorder(): FlushRecorder | undefined {
    return this.#frames.flush.recorder
  }
  /** @internal */
  set recorder(recorder: FlushRecorder | undefined) {
    this.#frames.flush.recorder = recorder
  }

  // Beside frames

  /**
   * Makes a device buffer with these bytes. It is yours to destroy, and lost with the device.
   * @param usage `MkBufferUsage` flags with TRANSFER_DST; default all but INDIRECT (and INDEX where
   *   that excludes others)
   * @throws {@link DeviceLost}, {@link BufferTooLarge}, {@link AllocationFailed}
   * @throws {@link UsageMissing} without TRANSFER_DST
   * @throws {@link OutOfRange} for no bytes
   */
  uploadSlice(data: ArrayBufferView | ArrayBuffer, usage?: number): MkDeviceBuffer {
    this.#checkAlive('uploadSlice()')
    return this.#uploaded.upload(this.#device.gpu, data, usage)
  }

  /**
   * Makes a mirror: rows on the CPU whose changes are on the device after every frame.
   * @throws {@link InvalidSize}, {@link InvalidStride}, {@link MirrorTooLarge},
   *   {@link UsageUnsupported}, {@link MirrorOutOfMemory}, {@link DeviceLost}
   */
  createMirror(options: MirrorOptions): Mirror {
    this.#checkAlive('createMirror()')
    return this.#mirrors.create(options)
  }

  /** Adds a mirror whose code is loaded where it is used. @internal */
  addMirror<M extends AnyMirror>(
    call: string,
    label: string | undefined,
    make: (owner: MirrorOwner<M>, label: string) => M,
  ): M {
    this.#checkAlive(call)
    return this.#mirrors.add(label, make)
  }

  /**
   * Reads a device buffer, after everything handed over so far. Several reads may be under way.
   * @param offset first byte, `size` bytes; default to the end
   * @returns rejects with {@link UsageMissing} (TRANSFER_SRC), {@link OutOfRange},
   *   {@link BufferDestroyed}, {@link DeviceLost}
   */
  download(buffer: MkDeviceBuffer, offset = 0, size: number = buffer.size - offset): Promise<ArrayBuffer> {
    return this.#readback.read(buffer, offset, size, this.#mirrors.held(buffer))
  }

  /** Resolves when everything handed over is done. Rejects with {@link DeviceLost}. */
  async idle(): Promise<void> {
    await this.#device.gpu.waitIdle()
  }

  /**
   * Resolves when fewer frames than slots are in flight, or the device is lost: for loops that
   * nothing else slows down. Not for browsers: some report completion only every 100 ms.
   */
  async pace(): Promise<void> {
    const { gpu } = this.#device
    const oldest = this.#frames.slots.serialBefore(this.#frames.log.frame + 1)
    if (gpu.isLost || oldest <= gpu.completedSerial) return
    try {
      await gpu.whenCompleted(oldest)
    } catch (error) {
      if (!this.#device.gpu.isLost) throw error
    }
  }

  /** Records frames as trace events. @returns the trace, also one that is being recorded already */
  startTrace(): FrameTrace {
    return this.#frames.log.trace ?? this.#frames.log.startTrace()
  }

  /** Stops recording. @returns what was recorded */
  stopTrace(): FrameTrace | undefined {
    const { trace } = this.#frames.log
    this.#frames.log.trace = undefined
    return trace
  }

  /** @returns a function that removes the listener */
  on<E extends keyof CoordinatorEvents>(
    event: E,
    listener: (event: CoordinatorEvents[E]) => void,
  ): () => void {
    return this.#listeners.on(event, listener)
  }

  /**
   * Emits a `warning`; without a listener it goes to the console, once per topic.
   * @param code stable name, or the `code` of `error`
   * @param topic what is said only once; default: the code
   */
  warn(code: string, message: string, error?: MkError, topic: string = code): void {
    this.#listeners.warn(code, message, error, topic)
  }

  /**
   * Measures costs on this device, on buffers of its own; takes milliseconds. Runs by itself when a
   * device is used first.
   * @returns what the planner reckons with from now on
   */
  async calibrate(): Promise<CostModel> {
    await this.#costs.measure(this.#device.gpu, 'replace')
    return this.#costs.model
  }

  /**
   * Continues on a new device: makes new buffers, and the next `endFrame` uploads every mirror in
   * full. What was staged in an open frame is dropped. With the option `recover` this happens after
   * a loss by itself; call it when you make devices yourself. What a device has no memory for is
   * asked for again, with a warning.
   * @param gpu a backend, which becomes the coordinator's; an `MkGpu`, which is borrowed; or a
   *   lease
   * @returns rejects with {@link DeviceLost} when that device is lost too: nothing has changed
   *   then. With {@link CoordinatorDisposed} when a listener disposes of the coordinator meanwhile
   */
  async restore(gpu: MkGpuBackend | MkGpu | DeviceLease): Promise<void> {
    const { lease } = this.#device
    const next = gpu === lease.gpu ? lease : DeviceLease.of(gpu)
    // A device passed in is ours to give back.
    if (this.#isDisposed) next.end()
    this.#checkAlive('restore()')
    await this.#use(next)
  }

  get stats(): CoordinatorStats {
    const { log, slots, deletions } = this.#frames
    return {
      frames: log.frame,
      ...log.totals,
      mirrors: this.#mirrors.all.size,
      mirrorBytes: this.#mirrors.bytes,
      arenaHighWater: Math.max(slots.highWater, slots.slot.arena.highWater),
      slotsInFlight: slots.inFlight,
      deferredFrees: deletions.count,
      deferredBytes: deletions.bytes,
      costs: this.#costs.model,
    }
  }

  /** Gives everything back, and the device if a backend was passed in. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#frames.state = 'disposed'
    this.#device.dispose()
    this.#costs.dispose()
    this.#mirrors.dispose()
    this.#frames.dispose()
    this.#readback.dispose()
    this.#listeners.clear()
    this.#device.lease.end()
  }

  get #isDisposed(): boolean {
    return this.#frames.state === 'disposed'
  }

  #noteDue(of: 'frame' | 'step'): void {
    for (const { history } of this.#mirrors.all) if (history?.of === of) history.isDue = true
  }

  #checkAlive(call: string): void {
    if (this.#isDisposed) throw new CoordinatorDisposed({ call })
  }

  // The device

  /** Until it is done, frames plan with the table's costs, without scatter. */
  async #prepare(): Promise<void> {
    await this.#frames.flush.scatter.payload.prepare()
    await this.#costs.prepare()
  }

  /**
   * Puts a device into use, without an await, so that only listeners come in between: each may
   * dispose of the coordinator or restore it on yet another device. Every lease ends once.
   */
  async #use(lease: DeviceLease): Promise<void> {
    const device = this.#device
    const old = device.lease
    const { gpu } = lease
    let frameBuffers: MkDeviceBuffer[]
    // What can be refused comes first, while nothing has changed.
    try {
      if (gpu.isLost) gpu.submit()
      frameBuffers = this.#frames.slots.buffersOn(gpu)
    } catch (error) {
      if (lease !== old) lease.end()
      throw error
    }
    const alive = old.gpu.leaks()
    const lost = this.#uploaded.forget(alive)
    const others = alive.filter(
      ({ buffer }) => !isOwnBuffer(buffer) && !lost.includes(buffer as MkDeviceBuffer),
    )
    device.take(lease)
    // The old device may be lent, and live on: what lies there is given back.
    for (const mirror of this.#mirrors.all) mirror.leaveDevice()
    this.#frames.rebuild(frameBuffers)
    this.#readback.rebuild(gpu)
    this.#costs.rebuild(gpu)
    if (old !== lease) old.end()
    // Each mirror emits 'reallocated'.
    for (const mirror of [...this.#mirrors.all]) {
      if (!mirror.destroyed) this.#mirrors.rebuild(mirror)
      this.#checkAlive('restore()')
      if (device.lease !== lease) return
    }
    const stale = [...this.#mirrors.all].filter((mirror): mirror is Mirror => mirror.deviceOwned)
    this.#ready = this.#prepare()
    device.inUse()
    this.#listeners.emit('restored', { lost, stale, others })
  }
}
