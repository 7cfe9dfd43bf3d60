import { MkError, createHeap, NoOpenFrame } from '@memkit/core'
import type { Heap, TypedArray, TypedArrayKind } from '@memkit/core'
import { ForeignBuffer } from '@memkit/gpu'
import type { LossInfo, MkBuffer, MkGpu, MkDeviceBuffer, MkGpuBackend, MkLeak } from '@memkit/gpu'
import { BufferingMode, checkConfig, checkStrategy } from './config.ts'
import type { CoordinatorConfig, Strategy } from './config.ts'
import { measureCosts } from './calibration.ts'
import { allByHand, startCosts } from './cost-model.ts'
import type { CostModel } from './cost-model.ts'
import { CostWatch } from './cost-watch.ts'
import { DeferredFrees } from './deferred-frees.ts'
import { DeviceLease } from './device-lease.ts'
import { CoordinatorDisposed, MirrorOwnsBuffer, NotFrameMemory } from './errors.ts'
import { Listeners } from './events.ts'
import type { CoordinatorEvents } from './events.ts'
import { FlushScratch } from './flush-scratch.ts'
import { FrameMemory } from './frame-memory.ts'
import { createReport } from './frame-report.ts'
import type { FrameReport, ReusedReport } from './frame-report.ts'
import { FrameTrace } from './frame-trace.ts'
import { MirrorDownloads } from './mirror-downloads.ts'
import { MirrorFlush } from './mirror-flush.ts'
import { Mirror } from './mirror.ts'
import { OverflowHeaps } from './overflow-heaps.ts'
import type { MirrorHost } from './mirror-host.ts'
import type { MirrorOptions } from './mirror.ts'
import { isOwnBuffer } from './own-buffers.ts'
import { ReadbackRing } from './readback.ts'
import { Recovery } from './recovery.ts'
import { makeSlots } from './slot.ts'
import type { FrameSlice, Slot } from './slot.ts'
import { StagedTargets, checkTarget } from './staged-targets.ts'
import type { StageTarget } from './staged-targets.ts'
import { UploadedSlices } from './uploaded-slices.ts'

const FRAME_BUFFER_BYTES = 64 << 10

/** What a coordinator holds and has done since it was made. A snapshot. Sizes in bytes. */
export interface CoordinatorStats {
  readonly frames: number
  readonly abandoned: number
  /** Frames that could do nothing because the device was lost. */
  readonly lostFrames: number
  readonly bytesUploaded: number
  readonly reallocations: number
  readonly spills: number
  readonly mirrors: number
  /** Bytes of all mirrors on the CPU: rows in `capacity` × stride. */
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
 * Brings what the CPU wrote in a frame to the device at its end: frame memory that was staged, and the dirty rows of
 * mirrors.
 *
 *     beginFrame ─▶ frameAlloc, stageForUpload, mirror.write … ─▶ endFrame ─▶ draw ─▶ beginFrame …
 *
 * Nothing here waits for the device. While the device is lost, frames do nothing and dirty rows gather.
 */
export class MkCoordinator {
  /** The heap of mirrors, stores and frame arenas. */
  readonly heap: Heap
  readonly buffering: BufferingMode
  readonly #config: CoordinatorConfig
  readonly #slots: readonly Slot[]
  /** One for all slots, or one for each. */
  readonly #frameMemories: FrameMemory[] = []
  readonly #targets: StagedTargets
  readonly #frameScratch: FlushScratch
  /** Every scratch that was made here, each once. */
  readonly #scratches: readonly FlushScratch[]
  readonly #flush: MirrorFlush
  readonly #frees = new DeferredFrees()
  readonly #listeners = new Listeners()
  /** Says that the device has no memory for something that is asked for again. */
  readonly #noMemory = (error: MkError): void => {
    if (!this.#disposed) this.#listeners.warn(error.code, error.message, error, error.message)
  }
  readonly #owners = new Map<MkDeviceBuffer, string>()
  readonly #mirrors = new Set<Mirror>()
  readonly #ring: ReadbackRing
  readonly #downloads: MirrorDownloads[] = []
  /** What uploadSlice made, to tell what a loss took. */
  readonly #slices = new UploadedSlices()
  readonly #host: MirrorHost
  readonly #overflow = new OverflowHeaps()
  /** Asks for devices; undefined without the option `recover`. */
  readonly #recovery: Recovery | undefined
  readonly #report: ReusedReport
  #trace: FrameTrace | undefined
  #strategy: Strategy
  #lease: DeviceLease
  /** That of the lease. */
  #gpu: MkGpu
  /** Takes what listens to the device's loss off it. */
  #unwatch: () => void
  /** `lost` was emitted, and `restored` was not since. */
  #lostTold = false
  #costs: CostModel
  /** Costs come from measurements, not from the table or the user alone. */
  readonly #measuresCosts: boolean
  readonly #costWatch = new CostWatch()
  #ready: Promise<void>
  #slot: Slot
  #frameMemory: FrameMemory
  #open = false
  #disposed = false
  #frame = 0
  #made = 0
  #stageMs = 0
  /** When the frame began, for the trace. */
  #began = 0
  #abandoned = 0
  #reallocations = 0
  #totals = { abandoned: 0, lostFrames: 0, bytesUploaded: 0, reallocations: 0, spills: 0 }

  /**
   * @param gpu a backend, which is the coordinator's from now on; an `MkGpu`, which is borrowed; or a lease, which says whose it is
   * @throws InvalidConfig, BackendInUse, InvalidSize, ReserveRefused, AllocationFailed, DeviceLost. What it took is given back then: heap,
   *   buffers, and the device if a backend was passed in
   */
  constructor(gpu: MkGpuBackend | MkGpu | DeviceLease, config: CoordinatorConfig = {}) {
    checkConfig(config)
    this.#config = config
    this.#lease = DeviceLease.of(gpu)
    this.#gpu = this.#lease.gpu
    this.#recovery =
      config.recover &&
      new Recovery(config.recover, {
        use: (lease) => this.#goOn(lease),
        failing: (error) =>
          this.#listeners.warn(error.code, error.message, error, `${error.code} ${error.tries}`),
      })
    const orGiveBack = <T>(make: () => T, giveBack: () => void = () => {}): T => {
      try {
        return make()
      } catch (error) {
        giveBack()
        // A lease stays with who gave it, and may be tried again.
        if (!(gpu instanceof DeviceLease)) this.#lease.end()
        throw error
      }
    }
    this.heap = orGiveBack(
      () => config.heap ?? createHeap(config.heapBytes === undefined ? {} : { bytes: config.heapBytes }),
    )
    this.buffering = config.buffering ?? BufferingMode.Triple
    this.#strategy = config.strategy ?? 'auto'
    this.#trace = config.trace === true ? new FrameTrace() : undefined
    const { slots, heap: frameHeap } = orGiveBack(() => makeSlots(this.heap, this.buffering, config))
    this.#slots = slots
    const frameScratch = new FlushScratch(frameHeap)
    this.#frameScratch = frameScratch
    this.#targets = new StagedTargets(frameHeap)
    const memories = config.frameBuffers === 'per-slot' ? this.buffering : 1
    orGiveBack(
      () => {
        for (let i = 0; i < memories; i++) {
          const label = memories > 1 ? `memkit frame buffer ${i}` : 'memkit frame buffer'
          const first = config.frameBufferBytes ?? FRAME_BUFFER_BYTES
          this.#frameMemories.push(new FrameMemory(this.#gpu, frameHeap, first, label, this.#noMemory))
        }
      },
      () => {
        for (const memory of this.#frameMemories) memory.dispose()
        for (const slot of slots) slot.arena.dispose()
      },
    )
    this.#slot = this.#slots[0]!
    this.#frameMemory = this.#frameMemories[0]!
    const retire = (buffer: MkDeviceBuffer): void => this.#frees.retire(buffer, this.#frame)
    // One for each heap: frame memory has a heap of its own where that of the mirrors is full.
    const gathering = frameHeap === this.heap ? frameScratch : new FlushScratch(this.heap)
    this.#scratches = [...new Set([frameScratch, gathering])]
    this.#flush = new MirrorFlush(this.#gpu, this.heap, gathering, retire)
    this.#host = this.#makeHost(retire)
    this.#report = createReport(this.#flush.entries)
    this.#ring = new ReadbackRing(this.#gpu)
    this.#costs = startCosts(this.#gpu.capabilities, config.costs)
    this.#measuresCosts = config.calibrate !== false && !allByHand(config.costs)
    this.#unwatch = this.#watch(this.#gpu)
    this.#ready = this.#prepare()
  }

  /** The device's memory. Another one after a loss and `restore`. */
  get gpu(): MkGpu {
    return this.#gpu
  }
  /** Between `beginFrame` and `endFrame`. */
  get isFrameOpen(): boolean {
    return this.#open
  }
  /** The device is lost: frames do nothing until `restore`. */
  get isLost(): boolean {
    return this.#gpu.isLost
  }
  /** What the planner reckons with. */
  get costs(): CostModel {
    return this.#costs
  }
  /** `'auto'`, or the way of uploading that is forced wherever it is possible. May be set at any time, for the next `endFrame`. */
  get strategy(): Strategy {
    return this.#strategy
  }
  /** @throws InvalidConfig */
  set strategy(strategy: Strategy) {
    checkStrategy(strategy)
    this.#strategy = strategy
  }
  /** Of the last finished frame: the object that `endFrame` returned. */
  get report(): FrameReport {
    return this.#report
  }
  /** Frames as trace events: with the option `trace`, or from `startTrace` on. Undefined while none are recorded. */
  get trace(): FrameTrace | undefined {
    return this.#trace
  }
  /** The device frame buffer that slices without a target lie in (with `per-slot`, the one of the last frame). */
  get frameBuffer(): MkDeviceBuffer {
    return this.#frameMemory.buffer
  }
  /** Goes up when a device frame buffer is replaced: make bind groups on it anew. */
  get frameBufferGeneration(): number {
    let sum = 0
    for (let i = 0; i < this.#frameMemories.length; i++) sum += this.#frameMemories[i].generation
    return sum
  }

  /** Resolves once the device's scatter is ready and costs are measured. Frames need not wait for it. Never rejects. */
  ready(): Promise<void> {
    return this.#ready
  }

  // Frames

  /**
   * Opens a frame: takes the next slot, and lets go of what the device has finished with. In an open frame it abandons
   * that one: what was staged is dropped, dirty rows stay.
   */
  beginFrame(): void {
    if (this.#disposed) throw new CoordinatorDisposed('beginFrame()')
    if (this.#open) {
      this.#abandoned++
      this.#totals.abandoned++
      this.#listeners.warn(
        'FrameAbandoned',
        'beginFrame() was called in an open frame: what was staged in it is dropped. Call endFrame() once per frame.',
      )
      this.#drop()
    }
    const frame = ++this.#frame
    const index = frame % this.#slots.length
    const slot = this.#slots[index]
    this.#slot = slot
    for (let i = 0; i < slot.spillBuffers.length; i++) this.#frees.retire(slot.spillBuffers[i], frame - 1)
    slot.spillBuffers.length = 0
    slot.reset()
    this.#frees.collect(frame, this.#gpu.serial, this.#gpu.completedSerial)
    const memory = this.#frameMemories[index % this.#frameMemories.length]
    this.#frameMemory = memory
    const replaced = memory.beginFrame()
    if (replaced) {
      this.#frees.retire(replaced, frame)
      this.#countReallocation()
    }
    for (let i = 0; i < this.#downloads.length; i++) this.#downloads[i].deliver(this.#gpu)
    this.#open = true
    if (this.#trace) this.#began = performance.now()
  }

  /**
   * Memory for this frame, valid until its slot comes round again (`buffering` frames later). Its contents are left
   * over from earlier frames.
   * @param length elements
   * @throws NoOpenFrame, InvalidSize, ArenaFull (raise `frameArenaBytes`)
   */
  frameAlloc<A extends TypedArray>(type: TypedArrayKind<A>, length: number): A {
    if (!this.#open) throw this.#closed('frameAlloc()')
    return this.#slot.arena.alloc(type, length)
  }

  /**
   * Sees to it that frame memory is on the device at the end of this frame. The bytes are read by `endFrame`, so they
   * may still change. Without a target they go to the frame buffer, where they can be bound as uniform or storage;
   * with one, to a place of the user's own.
   *
   * @param view memory that `frameAlloc` returned in this frame, or a part of it
   * @returns where they will be; the object is reused when the slot comes round again
   * @throws NoOpenFrame, NotFrameMemory, MirrorOwnsBuffer, ForeignBuffer, BufferDestroyed, UsageMissing, MisalignedCopy, OutOfRange
   */
  stageForUpload(view: ArrayBufferView, target?: StageTarget): FrameSlice {
    if (!this.#open) throw this.#closed('stageForUpload()')
    const { byteOffset, byteLength } = view
    if (!this.#slot.arena.ownsThisFrame(view))
      throw new NotFrameMemory(byteOffset, byteLength, "are not from this frame's arena")
    if (!target) return this.#frameMemory.stage(byteOffset, byteLength, this.#slot)
    const { buffer, offset } = target
    const owner = this.#owners.get(buffer)
    if (owner !== undefined) throw new MirrorOwnsBuffer(owner)
    // Here, where the caller stands: by endFrame it would cost the frame.
    if (!this.#gpu.owns(buffer)) throw new ForeignBuffer(buffer.label)
    checkTarget(buffer, offset, byteOffset, byteLength)
    this.#targets.stage(buffer, offset, byteOffset, byteLength)
    return this.#slot.slice(buffer, offset, byteLength)
  }

  /**
   * Closes the frame: plans every mirror, packs what was staged, and hands it all over with at most one submit. In a frame in which a buffer
   * is new there are more: one before the writes where rows are copied out of an outgrown buffer, and one for each buffer that the
   * device has not confirmed. Where nothing is dirty and nothing staged it calls nothing.
   * @returns one object, reused by every frame
   * @throws NoOpenFrame
   */
  endFrame(): FrameReport {
    if (!this.#open) throw this.#closed('endFrame()')
    this.#open = false
    const start = performance.now()
    const report = this.#report
    const { calls } = this.#gpu
    const { writes, copies, dispatches, submits, bytesWritten } = calls
    const memory = this.#frameMemory
    const spilled = this.#slot.arena.spills + memory.spills
    const staged = memory.staged + this.#targets.staged
    report.frame = this.#frame
    report.rowsChanged = 0
    report.bytesChanged = 0
    let lost = this.#gpu.isLost
    if (!lost) {
      try {
        if (this.#handOver(writes, copies, dispatches)) {
          report.rowsChanged = this.#flush.rows
          report.bytesChanged = this.#flush.bytes + staged
        } else this.#flush.reportNothing()
      } catch (error) {
        // Lost in mid-flush. What was not handed over is dirty, and all of it goes up after a restore.
        if (!this.#gpu.isLost) throw error
        lost = true
      } finally {
        this.#drop()
      }
    }
    if (lost) {
      this.#totals.lostFrames++
      this.#flush.reportNothing()
      this.#drop()
    }
    report.lost = lost
    this.#slot.serial = this.#gpu.serial
    report.serial = this.#gpu.serial
    report.writes = calls.writes - writes
    report.copies = calls.copies - copies
    report.dispatches = calls.dispatches - dispatches
    report.submits = calls.submits - submits
    report.bytesUploaded = calls.bytesWritten - bytesWritten
    report.apiCalls = report.writes + report.copies + report.dispatches + report.submits
    report.reallocations = this.#reallocations
    report.abandoned = this.#abandoned
    report.arenaBytes = this.#slot.arena.used
    report.arenaHighWater = this.#arenaHighWater()
    report.slotsInFlight = this.#inFlight()
    report.spills = spilled
    report.stageMs = this.#stageMs
    this.#reallocations = 0
    this.#abandoned = 0
    this.#stageMs = 0
    this.#totals.bytesUploaded += report.bytesUploaded
    this.#totals.spills += spilled
    const end = performance.now()
    report.flushMs = end - start
    if (this.#measuresCosts && this.#strategy === 'auto' && !lost) this.#reviewCosts(report)
    this.#trace?.record(report, this.#began, start, end)
    this.#listeners.emit('frame', report)
    return report
  }

  /** Adds to `stageMs` of the frame's report: for whoever brings rows into mirrors. Milliseconds. */
  noteStageMs(milliseconds: number): void {
    this.#stageMs += milliseconds
  }

  // Beside frames

  /**
   * Upload & forget: a device buffer with these bytes. It is the caller's to destroy, and lost with the device.
   * @param usage `MkBufferUsage` flags, TRANSFER_DST included; default all but INDIRECT (and without INDEX where that excludes others)
   * @throws DeviceLost, BufferTooLarge, AllocationFailed, OutOfRange (no bytes)
   */
  uploadSlice(data: ArrayBufferView | ArrayBuffer, usage?: number): MkDeviceBuffer {
    if (this.#disposed) throw new CoordinatorDisposed('uploadSlice()')
    return this.#slices.upload(this.#gpu, data, usage)
  }

  /**
   * Rows on the CPU whose changes are on the device after every frame.
   * @throws InvalidSize, InvalidStride, MirrorTooLarge, UsageUnsupported, MirrorOutOfMemory, DeviceLost
   */
  createMirror(options: MirrorOptions): Mirror {
    if (this.#disposed) throw new CoordinatorDisposed('createMirror()')
    const mirror = Mirror.create(this.#host, options, options.label ?? `Mirror${++this.#made}`)
    this.#mirrors.add(mirror)
    this.#flush.add(mirror)
    if (mirror.deviceOwned) this.#downloads.push(new MirrorDownloads(mirror, this.#ring, this.#noMemory))
    return mirror
  }

  /**
   * What the device holds in a buffer, after everything handed over so far. Several may be under way; they go through a ring of
   * mapped buffers, so that reading in every frame makes none.
   * @param offset first byte, `size` bytes; default to the end
   * @throws as rejections: UsageMissing (TRANSFER_SRC), OutOfRange, BufferDestroyed, DeviceLost
   */
  download(buffer: MkDeviceBuffer, offset = 0, size: number = buffer.size - offset): Promise<ArrayBuffer> {
    return this.#ring.read(buffer, offset, size, this.#heldBy(buffer))
  }

  /** Resolves when the device has finished everything handed over. Rejects with DeviceLost. */
  async idle(): Promise<void> {
    await this.#gpu.waitIdle()
  }

  /**
   * Resolves when fewer frames than slots are in flight: for loops that nothing else slows down (Node, headless). Not for
   * browsers' frame loops: some report completion every 100 ms only. Resolves at once while the device is lost.
   */
  async pace(): Promise<void> {
    if (this.#gpu.isLost) return
    const oldest = this.#slots[(this.#frame + 1) % this.#slots.length].serial
    if (oldest <= this.#gpu.completedSerial) return
    try {
      await this.#gpu.whenCompleted(oldest)
    } catch (error) {
      if (!this.#gpu.isLost) throw error
    }
  }

  /** Records frames as trace events from now on. While it does so already, that is the trace. */
  startTrace(): FrameTrace {
    if (this.#trace) return this.#trace
    this.#began = performance.now()
    return (this.#trace = new FrameTrace())
  }

  /** Records no more. @returns what was recorded */
  stopTrace(): FrameTrace | undefined {
    const trace = this.#trace
    this.#trace = undefined
    return trace
  }

  /** @returns a function that takes the listener away again */
  on<E extends keyof CoordinatorEvents>(
    event: E,
    listener: (event: CoordinatorEvents[E]) => void,
  ): () => void {
    return this.#listeners.on(event, listener)
  }

  /**
   * Emits a `warning`; where nobody listens, it goes to the console, once per topic. For whoever builds on the coordinator.
   * @param code stable name, or the `code` of `error`
   * @param topic what it is about, so that it is said once of each; default: the code
   */
  warn(code: string, message: string, error?: MkError, topic: string = code): void {
    this.#listeners.warn(code, message, error, topic)
  }

  /**
   * Measures what calls, bytes and rows cost on this device, on buffers of its own; takes milliseconds. Runs by itself
   * when a device is used first.
   * @returns what the planner reckons with from now on
   */
  async calibrate(): Promise<CostModel> {
    await this.#calibrate(this.#gpu, 'afresh')
    return this.#costs
  }

  /**
   * Goes on on a new device: mirrors and frame buffers are made anew, and the next `endFrame` uploads every mirror in full. For whoever
   * makes devices; with the option `recover` it is called after a loss by itself. What was staged in an open frame is dropped.
   * @param gpu a backend, which is the coordinator's from now on, or an `MkGpu`, which is borrowed
   * @throws (as a rejection) DeviceLost when that device is lost too: nothing has changed then, and `restore` may be called again.
   *   CoordinatorDisposed when a listener disposes of the coordinator meanwhile. A device that is short of memory is put into use: what there
   *   was none for is asked for again, and a warning says so
   */
  async restore(gpu: MkGpuBackend | MkGpu | DeviceLease): Promise<void> {
    if (this.#disposed) {
      // What is ours from now on is ours to give back.
      DeviceLease.of(gpu).end()
      throw new CoordinatorDisposed('restore()')
    }
    await this.#goOn(gpu === this.#gpu ? this.#lease : DeviceLease.of(gpu))
  }

  get stats(): CoordinatorStats {
    let mirrorBytes = 0
    for (const mirror of this.#mirrors) mirrorBytes += mirror.capacity * mirror.stride
    return {
      frames: this.#frame,
      ...this.#totals,
      mirrors: this.#mirrors.size,
      mirrorBytes,
      arenaHighWater: this.#arenaHighWater(),
      slotsInFlight: this.#inFlight(),
      deferredFrees: this.#frees.count,
      deferredBytes: this.#frees.bytes,
      costs: this.#costs,
    }
  }

  /** Gives everything back: mirrors, frame buffers, arenas, and the device if a backend was passed in. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#unwatch()
    this.#recovery?.dispose()
    this.#open = false
    for (const mirror of [...this.#mirrors]) mirror.destroy()
    for (const slot of this.#slots) for (const buffer of slot.spillBuffers) buffer.destroy()
    for (const memory of this.#frameMemories) memory.dispose()
    this.#flush.dispose()
    this.#ring.dispose()
    this.#frees.flush()
    for (const slot of this.#slots) slot.arena.dispose()
    for (const scratch of this.#scratches) scratch.dispose()
    this.#listeners.clear()
    this.#lease.end()
  }

  /**
   * Puts a device into use. Nothing is awaited, so nothing comes in between, but for listeners: each may dispose of the coordinator or restore
   * it on yet another device. Whichever way it goes, every lease ends once.
   */
  async #goOn(lease: DeviceLease): Promise<void> {
    const next = lease.gpu
    const frameBuffers: MkDeviceBuffer[] = []
    // What can be refused comes first, while nothing has changed.
    try {
      if (next.isLost) next.submit()
      for (const memory of this.#frameMemories) frameBuffers.push(memory.bufferOn(next))
    } catch (error) {
      for (const buffer of frameBuffers) buffer.destroy()
      if (lease !== this.#lease) lease.end()
      throw error
    }
    const old = this.#lease
    const others = this.#othersAlive(old.gpu)
    this.#recovery?.stop()
    this.#unwatch()
    this.#lease = lease
    this.#gpu = next
    this.#unwatch = this.#watch(next)
    this.#leaveDevice()
    this.#ring.rebuild(next)
    this.#flush.rebuild(next)
    for (let i = 0; i < frameBuffers.length; i++) this.#frameMemories[i].rebuild(next, frameBuffers[i])
    const lost = this.#slices.forget()
    this.#costs = startCosts(next.capabilities, this.#config.costs)
    if (old !== lease) old.end()
    // Listeners hear of each mirror.
    for (const mirror of [...this.#mirrors]) {
      if (!mirror.destroyed) this.#rebuild(mirror)
      if (this.#disposed) throw new CoordinatorDisposed('restore()')
      if (this.#lease !== lease) return
    }
    const stale = [...this.#mirrors].filter((mirror) => mirror.deviceOwned)
    this.#ready = this.#prepare()
    this.#lostTold = false
    this.#listeners.emit('restored', { lost, stale, others })
  }

  /** Gives back what lies on the device that is left: it may be lent, and live on. */
  #leaveDevice(): void {
    for (const downloads of this.#downloads) downloads.drop()
    this.#frees.flush()
    this.#owners.clear()
    for (const slot of this.#slots) {
      for (const buffer of slot.spillBuffers) buffer.destroy()
      slot.spillBuffers.length = 0
      slot.serial = 0
    }
    this.#targets.drop()
    for (const mirror of this.#mirrors) mirror.leaveDevice()
  }

  /** @returns false when a listener has left the device meanwhile: all rows are dirty, and what was staged is dropped */
  #handOver(writes: number, copies: number, dispatches: number): boolean {
    const gpu = this.#gpu
    // Writes act when called: the copies out of outgrown buffers must be submitted before the first.
    const copied = this.#flush.copyGrown()
    const left = gpu !== this.#gpu || this.#disposed
    if (copied && !(left && gpu.isLost)) gpu.submit()
    if (left) return false
    this.#frameMemory.flush(this.#frameScratch)
    const destroyed = this.#targets.flush(gpu, this.#frameScratch)
    const downloads = this.#downloads
    for (let i = 0; i < downloads.length; i++) downloads[i].overtake()
    this.#flush.run(this.#costs, this.#strategy)
    for (let i = 0; i < downloads.length; i++) downloads[i].record(gpu, this.#frame)
    const { calls } = gpu
    if (calls.writes !== writes || calls.dispatches !== dispatches || calls.copies !== copies) gpu.submit()
    this.#flush.submitted()
    for (let i = 0; i < downloads.length; i++) downloads[i].submitted(gpu)
    for (let i = 0; i < this.#scratches.length; i++) this.#scratches[i].endFrame()
    this.#flush.endFrame()
    if (destroyed > 0)
      this.#listeners.warn(
        'StagedIntoDestroyed',
        `${destroyed} staged pieces were left out: their buffer was destroyed.`,
      )
    return true
  }

  #drop(): void {
    this.#frameMemory.drop()
    this.#targets.drop()
  }

  #closed(call: string): NoOpenFrame | CoordinatorDisposed {
    return this.#disposed ? new CoordinatorDisposed(call) : new NoOpenFrame(call)
  }

  #makeHost(retire: (buffer: MkDeviceBuffer) => void): MirrorHost {
    const gpu = (): MkGpu => this.#gpu
    const frame = (): number => this.#frame
    return {
      heap: this.heap,
      overflow: this.#overflow,
      listeners: this.#listeners,
      get gpu() {
        return gpu()
      },
      get frame() {
        return frame()
      },
      get isLost() {
        return gpu().isLost
      },
      retire,
      adopt: (buffer, label) => void this.#owners.set(buffer, label),
      disown: (buffer) => void this.#owners.delete(buffer),
      countReallocation: () => this.#countReallocation(),
      forget: (mirror) => {
        this.#mirrors.delete(mirror)
        this.#flush.remove(mirror)
        const at = this.#downloads.findIndex((downloads) => downloads.mirror === mirror)
        if (at >= 0) this.#downloads.splice(at, 1)[0].drop()
      },
    }
  }

  /** Whether a mirror's buffer holds its rows; undefined for any other. */
  #heldBy(buffer: MkDeviceBuffer): Promise<MkError | undefined> | undefined {
    if (!this.#owners.has(buffer)) return undefined
    for (const mirror of this.#mirrors) if (mirror.deviceBuffer === buffer) return mirror.held(buffer)
    return undefined
  }

  #countReallocation(): void {
    this.#reallocations++
    this.#totals.reallocations++
  }

  #arenaHighWater(): number {
    let most = 0
    for (let i = 0; i < this.#slots.length; i++) {
      const { highWater } = this.#slots[i].arena
      if (highWater > most) most = highWater
    }
    return most
  }

  #inFlight(): number {
    const completed = this.#gpu.completedSerial
    let count = 0
    for (let i = 0; i < this.#slots.length; i++) if (this.#slots[i].serial > completed) count++
    return count
  }

  /** Makes the scatter pipeline, then measures. Until then frames plan with the table's numbers and without scatter. */
  async #prepare(): Promise<void> {
    const gpu = this.#gpu
    await this.#flush.prepareScatter()
    if (!this.#measuresCosts || this.#disposed || gpu.isLost) return
    try {
      await this.#calibrate(gpu)
    } catch {
      // The device was lost or refused: the table's numbers stay.
    }
  }

  async #calibrate(gpu: MkGpu, again?: 'merge' | 'afresh'): Promise<void> {
    // Costs by hand come over it afterwards: what was measured is for every coordinator on such an adapter.
    const { costs, doubtful } = await measureCosts(gpu, startCosts(gpu.capabilities), again)
    if (gpu !== this.#gpu || this.#disposed) return
    this.#costs = { ...costs, ...this.#config.costs }
    this.#costWatch.measured(doubtful)
  }

  /** Corrects costs that the frames contradict, and measures doubtful ones again. */
  #reviewCosts(report: FrameReport): void {
    const watch = this.#costWatch
    const costs = watch.review(report, this.#costs)
    if (costs !== this.#costs) this.#costs = { ...costs, ...this.#config.costs }
    // It fails with the device alone, and then the costs stay.
    if (watch.isDue(this.#gpu.completedSerial)) this.#calibrate(this.#gpu, watch.again).catch(() => {})
  }

  /** A mirror that the new device refuses keeps its rows, and tries again. */
  #rebuild(mirror: Mirror): void {
    try {
      mirror.rebuild()
    } catch (error) {
      if (this.#gpu.isLost) throw error
      const known = error instanceof MkError ? error : undefined
      const message = error instanceof Error ? error.message : String(error)
      this.#listeners.warn(known?.code ?? 'MirrorNotRestored', message, known)
    }
  }

  /** What is alive on a device and neither ours nor of uploadSlice. */
  #othersAlive(gpu: MkGpu): MkLeak[] {
    const slices = new Set<MkBuffer>(this.#slices.alive)
    return gpu.leaks().filter(({ buffer }) => !isOwnBuffer(buffer) && !slices.has(buffer))
  }

  #watch(gpu: MkGpu): () => void {
    return gpu.onLost((info) => this.#onLost(info))
  }

  #onLost(info: LossInfo): void {
    for (const downloads of this.#downloads) downloads.drop()
    // A device that is lost while it is put into use was never there.
    if (!this.#lostTold) {
      this.#lostTold = true
      this.#listeners.emit('lost', info)
    }
    // A listener may have restored or disposed.
    if (!this.#disposed && this.#gpu.isLost) this.#recovery?.start()
  }
}
