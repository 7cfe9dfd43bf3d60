import { hasBrand, isInstance } from '@memkit/core'
import type { Converted, InferInput, MkError, TypeLike } from '@memkit/core'
import type { BackendSink, LossInfo, MkGpuBackend } from './backends/backend.ts'
import type { MkCallCounts, MkCapabilities } from './backends/capabilities.ts'
import { unawaited } from './backends/unawaited.ts'
import { MkBufferUsage, MkMemoryType } from './backends/usage.ts'
import type { MkBufferUsageName, MkMemoryTypeName } from './backends/usage.ts'
import type { MkBuffer, MkDeviceBuffer } from './buffers/buffers.ts'
import { ContentBuffers } from './buffers/content-buffers.ts'
import type {
  ContentBufferOptions,
  MkIndexBuffer,
  MkStorageBuffer,
  MkUniformBuffer,
  MkVertexBuffer,
} from './buffers/content-buffers.ts'
import { DeviceMemory, type DeviceBufferOptions, type StagingBufferOptions } from './buffers/device-memory.ts'
import type { MkLeak, MkTally } from './buffers/ledger.ts'
import type { MkStagingBuffer } from './buffers/staging-buffer.ts'
import { DeviceEvents } from './device-events.ts'
import { checkWrite, usable } from './queue/copy-rules.ts'
import { MkFence } from './queue/fence.ts'
import { Readback, type ReadbackOwner } from './queue/readback.ts'
import { Recorder, type ScatterJob } from './queue/recorder.ts'
import { Timeline } from './queue/timeline.ts'
import { MkBatchTransfer, type MkGpuTransfer, type TransferRange } from './queue/transfer.ts'

const { TRANSFER_DST } = MkBufferUsage
const { DeviceLocal } = MkMemoryType

/** Options of an `MkGpu`. */
export interface MkGpuOptions {
  /** Names the call and the buffer in errors of the device, at a cost per call. Default false. */
  debug?: boolean
}

/** What an `MkGpu` holds and has done. One object, kept up to date; copy what you keep. */
export interface MkGpuStats {
  readonly buffers: Readonly<MkTally>
  /** Per usage; a buffer counts under each of its usages. */
  readonly byUsage: Readonly<Record<MkBufferUsageName, Readonly<MkTally>>>
  readonly byMemory: Readonly<Record<MkMemoryTypeName, Readonly<MkTally>>>
  readonly calls: Readonly<MkCallCounts>
}

/**
 * GPU memory on one device, on any backend: buffers, writes, copies, scatter, and serials that say
 * when they are done. Knows no frames.
 *
 * **Order.** `write` acts when called. `copy` and `scatter` are recorded and act at `submit`. So a
 * copy sees the writes before it, and a write that must come after a copy needs a `submit` between
 * them. `transfer`, a batch's `submit`, `fence`, `waitIdle` and `read` submit what is recorded.
 *
 * **Memory.** You can use a buffer as soon as it is created; the device says later whether it has
 * the memory (`buffer.allocationError`). Until then copies and scatters that use the buffer are
 * submitted apart from all others, because a device refuses a submit as a whole.
 *
 * **Errors.** Each operation throws {@link UsageMissing}, {@link BufferDestroyed},
 * {@link BufferMapped} or {@link ForeignBuffer} for a buffer that it cannot use, and changes nothing.
 *
 * **Loss.** Once `isLost`, every call that would reach the device throws {@link DeviceLost}, and
 * pending promises reject with it. Between the loss and the news of it, calls do nothing.
 */
export class MkGpu<B extends MkGpuBackend = MkGpuBackend> implements ReadbackOwner<B> {
  readonly backend: B
  readonly capabilities: MkCapabilities
  /**
   * Resolves when the device is lost or this gpu destroyed. Never rejects. Use `onLost` instead when
   * the gpu outlives you.
   */
  readonly lost: Promise<LossInfo>
  readonly calls: Readonly<MkCallCounts>
  readonly stats: MkGpuStats
  readonly debug: boolean

  readonly #timeline: Timeline
  readonly #memory: DeviceMemory<B>
  readonly #contents: ContentBuffers<B>
  readonly #recorder: Recorder<B>
  readonly #readback: Readback<B> = new Readback<B>(this)
  readonly #events = new DeviceEvents()
  #destroyed = false
  /** The last word of a write of any size. */
  readonly #word = new Uint8Array(4)

  /** True also for an MkGpu that another copy of this package made. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return this === MkGpu ? hasBrand(value, 'MkGpu') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'MkGpu' {
    return 'MkGpu'
  }

  /** Takes the backend for itself. @throws {@link BackendInUse} when it serves another MkGpu */
  constructor(backend: B, options: MkGpuOptions = {}) {
    this.backend = backend
    this.capabilities = backend.capabilities
    this.calls = backend.calls
    this.debug = options.debug === true
    this.#timeline = new Timeline(backend)
    this.#memory = new DeviceMemory(backend, this.#timeline)
    this.#contents = new ContentBuffers(this.#memory, this)
    this.#recorder = new Recorder(this.#memory, this.#timeline)
    const { total, byUsage, byMemory } = this.#memory.ledger
    this.stats = { buffers: total, byUsage, byMemory, calls: backend.calls }
    this.lost = this.#events.lost
    const sink: BackendSink = {
      completed: this.#timeline.complete,
      lost: (info) => this.#lose(info),
      error: (error) => this.#events.report(error, true),
      uncaptured: (error) => this.#events.report(error, false),
    }
    backend.attach(sink, { debug: this.debug })
  }

  /** True once the device is known to be lost, or this gpu is destroyed. */
  get isLost(): boolean {
    return this.#timeline.loss !== undefined
  }

  // Buffers

  /**
   * Creates a buffer in memory of the device. Out of memory may come late, through
   * `buffer.allocationError`.
   * @param size bytes, at least 1
   * @param usage `MkBufferUsage` flags; include TRANSFER_DST to write or copy into it, TRANSFER_SRC to
   *   copy out of it or read it
   * @throws {@link OutOfRange}, {@link BufferTooLarge} for the size
   * @throws {@link UsageUnsupported}, {@link MemoryUnsupported} for what the device doesn't have
   * @throws {@link AllocationFailed} when the device says at once that it has no memory
   */
  createDeviceBuffer(size: number, usage: number, options: DeviceBufferOptions = {}): MkDeviceBuffer<B> {
    return this.#memory.deviceBuffer(size, usage, options)
  }

  /**
   * Creates a buffer that the CPU can map: the source of transfers (HostVisible), or the destination
   * of readbacks (HostCached).
   * @param size bytes, at least 1
   * @throws {@link NotMappable} for HostCached memory that is to start mapped
   * @throws as `createDeviceBuffer`
   */
  createStagingBuffer(size: number, options: StagingBufferOptions = {}): MkStagingBuffer<B> {
    return this.#memory.stagingBuffer(size, options)
  }

  /** Creates a HostVisible staging buffer that holds a copy of `data`, ready to be transferred. */
  stagingBufferWithData(
    data: ArrayBufferView | ArrayBufferLike,
    options: { label?: string } = {},
  ): MkStagingBuffer<B> {
    const staging = this.#memory.stagingBuffer(data.byteLength, { ...options, mapped: true })
    return staging.write(data).unmap()
  }

  // Buffers typed by content. They also have TRANSFER_SRC and TRANSFER_DST.

  /** Creates a VERTEX buffer that holds a copy of `data`. Throws as `createDeviceBuffer`. */
  vertexBuffer(data: Float32Array, options: ContentBufferOptions = {}): MkVertexBuffer<B> {
    return this.#contents.vertices(data, options)
  }

  /** Creates an INDEX buffer that holds a copy of `data`. Throws as `createDeviceBuffer`. */
  indexBuffer(data: Uint16Array | Uint32Array, options: ContentBufferOptions = {}): MkIndexBuffer<B> {
    return this.#contents.indices(data, options)
  }

  /**
   * Creates a UNIFORM buffer for one value of a WGSL type (or data schema of TypeGPU):
   * `uniformBuffer(struct({ time: f32 }), { time: 0 })`.
   * @param value the first value; fields that are left out are 0
   * @throws {@link InvalidLayout} when the type breaks a rule of the uniform address space
   * @throws {@link InvalidValue}, {@link NotHostShareable} for the value and the type
   * @throws {@link BufferTooLarge} also above `maxUniformBufferBindingSize`
   * @throws as `createDeviceBuffer`
   */
  uniformBuffer<const S extends TypeLike>(
    schema: S,
    value?: InferInput<Converted<S>>,
    options: ContentBufferOptions = {},
  ): MkUniformBuffer<Converted<S>, B> {
    return this.#contents.uniform(schema, value, options)
  }

  /**
   * Creates a STORAGE buffer for rows of a WGSL type (or data schema of TypeGPU), all zeros:
   * `array<S>` in a shader.
   * @param rows at least 1
   * @throws {@link InvalidSchema} for a runtime-sized type
   * @throws {@link BufferTooLarge} also above `maxStorageBufferBindingSize`
   * @throws {@link NotHostShareable}, and as `createDeviceBuffer`
   */
  storageBuffer<const S extends TypeLike>(
    schema: S,
    rows: number,
    options: ContentBufferOptions = {},
  ): MkStorageBuffer<Converted<S>, B> {
    return this.#contents.rows(schema, rows, options)
  }

  // Writes and copies

  /**
   * Puts bytes on the queue, now; the source may change as soon as it returns. Acts before everything
   * that is recorded and not yet submitted. Allocates nothing.
   *
   * Offsets are multiples of 4; so is the size, unless the range ends with the buffer. Makes no call
   * for 0 bytes.
   * @param source an ArrayBuffer with byte offsets, never a view: on some runtimes a view doubles the
   *   cost of the call. Shared and resizable memory is copied first
   * @throws {@link OutOfRange}, {@link MisalignedCopy} for offsets and size
   * @throws {@link InvalidValue} for a view
   */
  write(
    dst: MkBuffer<B>,
    dstOffset: number,
    source: ArrayBufferLike,
    srcOffset: number = 0,
    size: number = source.byteLength - srcOffset,
  ): void {
    const native = usable(this.#memory, dst, TRANSFER_DST, 'write')
    checkWrite(dst, dstOffset, source, srcOffset, size)
    if (size === 0) return
    const whole = size - (size & 3)
    if (whole > 0) this.backend.write(native, dstOffset, source, srcOffset, whole)
    if (whole < size) {
      this.#word.fill(0)
      this.#word.set(new Uint8Array(source, srcOffset + whole, size - whole))
      this.backend.write(native, dstOffset + whole, this.#word.buffer, 0, 4)
    }
    const timeline = this.#timeline
    timeline.unissued = true
    dst.lastSerial = timeline.issued + 1
    if (dst.memory !== DeviceLocal) dst.holdsIndices ??= false
  }

  /**
   * Records a copy between two buffers; it acts at the next `submit`. Offsets are multiples of 4; so is
   * the size, unless the range ends with the destination.
   * @throws {@link OutOfRange}, {@link MisalignedCopy} for offsets and size
   * @throws {@link OverlappingCopy} within one buffer: copy through another one
   * @throws {@link CopyUnsupported} between INDEX and another kind where `capabilities.indexIsExclusive`
   */
  copy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    this.#recorder.checkCopy(src, srcOffset, dst, dstOffset, size)
    this.#recorder.recordCopy(src, srcOffset, dst, dstOffset, size)
  }

  /** Copies now: records the copy, and submits. @throws as `copy` */
  transfer(src: MkBuffer<B>, dst: MkBuffer<B>, range: TransferRange = {}): MkGpuTransfer {
    return this.batchTransfer().copy(src, dst, range).submit()
  }

  /** Gathers copies, to hand them over together. */
  batchTransfer(): MkBatchTransfer<B> {
    return new MkBatchTransfer(this, this.#timeline, this.#recorder)
  }

  /** True from the moment at which `scatter` may be called. */
  get scatterReady(): boolean {
    return this.backend.scatterReady
  }

  /**
   * How many scatters the next submit has confirmed memory for. Scatters beyond it are tried, and do
   * nothing without memory: call `prepareScatter` with the number that you need first.
   */
  get scatterRoom(): number {
    return this.backend.scatterReady ? (this.backend.scatterRoom ?? Infinity) : 0
  }

  /**
   * Makes what `scatter` needs; cheap to call again, and then asks again for memory that was missing.
   * Resolves to false without scatter or memory; never rejects.
   * @param scatters how many scatters a submit needs memory for; default 1
   */
  prepareScatter(scatters: number = 1): Promise<boolean> {
    if (!this.capabilities.scatter || this.isLost) return Promise.resolve(false)
    return this.backend.prepareScatter(scatters)
  }

  /**
   * Records a scatter: row i of the payload goes to row index[i] of `dst`, at
   * `dstOffset + index[i] * stride`. Acts at the next `submit`. Row numbers past the end of `dst` are
   * dropped; of two rows with one number, one stays. Reads `job` before it returns; allocates nothing
   * in steady state.
   * @throws {@link ScatterUnavailable} without scatter, or before it is ready
   * @throws {@link OutOfRange}, {@link MisalignedCopy} for the numbers of the job
   * @throws {@link BufferTooLarge} when a buffer is above `maxStorageBufferBindingSize`
   * @throws {@link OverlappingCopy} when the payload is `dst`
   */
  scatter(dst: MkDeviceBuffer<B>, job: ScatterJob<B>): void {
    this.#recorder.scatter(dst, job)
  }

  // Serials

  /** True while copies or scatters are recorded that no submit has handed over. */
  get isRecording(): boolean {
    return this.#timeline.recorded
  }

  /**
   * Submits what is recorded: in one submit when the memory of all buffers is allocated, else in
   * several, in the same order. Makes no submit when nothing is recorded.
   * @returns a serial that completes when everything handed to this MkGpu so far has finished on the
   *   device; the last one again when nothing was handed over since
   */
  submit(): number {
    const timeline = this.#timeline
    if (timeline.loss !== undefined) timeline.requireDevice()
    if (timeline.recorded) {
      this.backend.submit()
      timeline.recorded = false
      timeline.unissued = true
      this.#recorder.submitted()
      this.#memory.bury()
    }
    return timeline.issue()
  }

  /** The last serial issued; 0 before the first. */
  get serial(): number {
    return this.#timeline.issued
  }

  /**
   * The last serial known to be finished. A look asks the device, which answers later: look again, or
   * await {@link whenCompleted}.
   */
  get completedSerial(): number {
    return this.#timeline.completed
  }

  /**
   * Resolves when a serial has finished; rejects with DeviceLost when the device is lost first.
   * @throws {@link OutOfRange} for a serial that was not issued yet
   */
  whenCompleted(serial: number): Promise<void> {
    return this.#timeline.when(serial)
  }

  /** Submits, and returns the point on the queue that this made. */
  fence(): MkFence {
    return new MkFence(this.#timeline, this.submit())
  }

  /** Submits, and resolves when the device has finished everything handed to this MkGpu. */
  waitIdle(): Promise<void> {
    return this.whenCompleted(this.submit())
  }

  /**
   * Reads what the device holds after everything handed over so far. Submits what is recorded. Use a
   * {@link Readback} instead for readbacks frame by frame.
   * @param offset first byte, any
   * @param size bytes, any; default to the end
   * @returns a copy of the bytes; rejects with OutOfRange, BufferTooLarge, AllocationFailed, and as
   *   every operation
   */
  read(buffer: MkBuffer<B>, offset: number = 0, size: number = buffer.size - offset): Promise<ArrayBuffer> {
    return unawaited(this.#readback.read(buffer, offset, size))
  }

  /** For {@link Readback}: checks a range to read. */
  checkRead(buffer: MkBuffer<B>, offset: number, size: number): void {
    this.#recorder.checkRead(buffer, offset, size)
  }

  /** For {@link Readback}: records its copy. */
  recordRead(src: MkBuffer<B>, srcOffset: number, staging: MkStagingBuffer<B>, size: number): void {
    this.#recorder.recordRead(src, srcOffset, staging, size)
  }

  // Books

  /** True for a buffer that this gpu made, alive or not. */
  owns(buffer: MkBuffer<B>): boolean {
    return buffer.owner === this.#memory
  }

  /** Lists every live buffer, oldest first. At the end of a program: those that were not destroyed. */
  leaks(): MkLeak[] {
    return this.#memory.ledger.describeAlive()
  }

  /**
   * Calls a listener once when the device is lost or this gpu destroyed; soon, if it is already.
   * @returns a function that removes the listener: nothing of it stays with the gpu
   */
  onLost(listener: (info: LossInfo) => void): () => void {
    return this.#events.onLost(listener)
  }

  /**
   * Calls a listener for errors that come after the call that caused them: validation (with label and
   * call in debug mode), hazards on the Dummy. Without a listener, errors of our own calls go to
   * `console.error`.
   * @returns a function that removes the listener
   */
  onError(listener: (error: MkError) => void): () => void {
    return this.#events.onError(listener)
  }

  /**
   * Destroys every buffer, rejects what is pending with DeviceLost (a `map()` with BufferDestroyed),
   * and destroys the device if it is the backend's own. Calling it again does nothing.
   */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    for (const buffer of this.#memory.ledger.alive()) buffer.destroy()
    this.#lose({ reason: 'destroyed', message: 'this MkGpu was destroyed' })
    this.backend.destroy()
  }

  #lose(info: LossInfo): void {
    if (this.isLost) return
    this.#timeline.lose(info)
    this.#memory.bury()
    this.#events.lose(info)
  }
}
