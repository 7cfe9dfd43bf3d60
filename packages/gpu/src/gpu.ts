import { hasBrand, InvalidValue, isInstance } from '@memkit/core'
import type { Converted, InferInput, MkError, TypeLike } from '@memkit/core'
import type {
  LossInfo,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
  NativeOf,
  ScatterRows,
} from './backend.ts'
import { allocatedSize } from './buffers.ts'
import type { MkBuffer, MkDeviceBuffer } from './buffers.ts'
import { ContentBuffers } from './content-buffers.ts'
import type {
  ContentBufferOptions,
  MkIndexBuffer,
  MkStorageBuffer,
  MkUniformBuffer,
  MkVertexBuffer,
} from './content-buffers.ts'
import { checkRange, checkSource, paddedSize, requireUsage } from './copy-rules.ts'
import { DeviceMemory } from './device-memory.ts'
import type { DeviceBufferOptions, StagingBufferOptions } from './device-memory.ts'
import {
  BufferMapped,
  BufferTooLarge,
  ForeignBuffer,
  MisalignedCopy,
  OutOfRange,
  OverlappingCopy,
  ScatterUnavailable,
} from './errors.ts'
import { MkFence } from './fence.ts'
import type { MkLeak, MkTally } from './ledger.ts'
import { Parts } from './parts.ts'
import { MkStagingBuffer } from './staging-buffer.ts'
import { Timeline } from './timeline.ts'
import { MkBatchTransfer } from './transfer.ts'
import type { MkGpuTransfer, TransferOwner, TransferRange } from './transfer.ts'
import { unawaited } from './unawaited.ts'
import { MkBufferUsage, MkMemoryType } from './usage.ts'
import type { MkBufferUsageName, MkMemoryTypeName } from './usage.ts'

/** How an `MkGpu` is to run. */
export interface MkGpuOptions {
  /** Ties errors of the device to the call and to the buffer's label, at a cost per call. Default false. */
  debug?: boolean
}

/** Rows to scatter; offsets and sizes in bytes, all multiples of 4. */
export interface ScatterJob<B extends MkGpuBackend = MkGpuBackend> extends ScatterRows {
  /** Holds the rows and the row numbers. Needs STORAGE. */
  readonly payload: MkDeviceBuffer<B>
}

/** What an `MkGpu` holds and has done. One object, kept up to date; copy what you keep. */
export interface MkGpuStats {
  /** All buffers: alive and at peak. */
  readonly buffers: Readonly<MkTally>
  /** Per usage; a buffer counts under each of its usages. */
  readonly byUsage: Readonly<Record<MkBufferUsageName, Readonly<MkTally>>>
  readonly byMemory: Readonly<Record<MkMemoryTypeName, Readonly<MkTally>>>
  readonly calls: Readonly<MkCallCounts>
}

const { TRANSFER_SRC, TRANSFER_DST, STORAGE } = MkBufferUsage

/**
 * GPU memory on one device, whatever runs it: buffers, writes, copies, scatter, and the serials that say when they are
 * done. Knows no frames.
 *
 * **Order.** `write` acts when called. `copy` and `scatter` are recorded and act at `submit`. So a copy sees the writes
 * before it for free, and a write that must come after a copy needs a `submit` between them. `transfer`, a
 * batch's `submit`, `fence`, `waitIdle` and `read` submit by themselves what is recorded.
 *
 * **Memory.** A buffer may be used as soon as it is made; whether there is memory for it is known later (`settled`). Until then copies
 * and scatters that use it are submitted apart from all others, which they would take with them otherwise.
 *
 * **Loss.** Once `isLost`, whatever would reach the device throws DeviceLost, and what was pending rejects with it. In
 * the moments between the loss and our knowing of it, calls do nothing.
 */
export class MkGpu<B extends MkGpuBackend = MkGpuBackend> implements TransferOwner<B> {
  readonly backend: B
  readonly capabilities: MkCapabilities
  /**
   * Resolves when the device is lost or this gpu destroyed. Never rejects. What `lost.then` was given stays with the gpu for as long as it
   * lives: use `onLost` where the gpu outlives you.
   */
  readonly lost: Promise<LossInfo>
  /** Running counts of the calls made; only go up. The same object always. */
  readonly calls: Readonly<MkCallCounts>
  readonly stats: MkGpuStats
  readonly debug: boolean

  readonly #timeline: Timeline
  readonly #memory: DeviceMemory<B>
  readonly #contents: ContentBuffers<B>
  readonly #parts = new Parts<B>()
  readonly #errorListeners = new Set<(error: MkError) => void>()
  readonly #lossListeners = new Set<(info: LossInfo) => void>()
  #destroyed = false
  #resolveLost!: (info: LossInfo) => void
  /** Takes the last word of a write whose size is no multiple of 4. */
  readonly #word = new Uint8Array(4)

  /** Also an MkGpu that another copy of this package made. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return this === MkGpu ? hasBrand(value, 'MkGpu') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'MkGpu' {
    return 'MkGpu'
  }

  /**
   * @param backend serves this gpu alone
   * @throws BackendInUse
   */
  constructor(backend: B, options: MkGpuOptions = {}) {
    this.backend = backend
    this.capabilities = backend.capabilities
    this.calls = backend.calls
    this.debug = options.debug === true
    this.#timeline = new Timeline((serial) => backend.signal(serial))
    this.#memory = new DeviceMemory(backend, this.#timeline)
    this.#contents = new ContentBuffers(this.#memory, this)
    const { total, byUsage, byMemory } = this.#memory.ledger
    this.stats = { buffers: total, byUsage, byMemory, calls: backend.calls }
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve
    })
    void this.lost.then((info) => this.#tellOfLoss(info))
    backend.attach(
      {
        completed: (serial) => this.#timeline.complete(serial),
        lost: (info) => this.#lose(info),
        error: (error) => this.#report(error, true),
        uncaptured: (error) => this.#report(error, false),
      },
      { debug: this.debug },
    )
  }

  /** True once the device is known to be lost, or this gpu destroyed. */
  get isLost(): boolean {
    return this.#timeline.loss !== undefined
  }

  // Buffers

  /**
   * @param size bytes, at least 1
   * @param usage `MkBufferUsage` flags; include TRANSFER_DST for what is written or copied into, TRANSFER_SRC for what is
   *   copied or read from
   * @throws OutOfRange, BufferTooLarge, UsageUnsupported, MemoryUnsupported, AllocationFailed, DeviceLost. Out of memory
   *   may come late: see `buffer.settled`
   */
  createDeviceBuffer(size: number, usage: number, options: DeviceBufferOptions = {}): MkDeviceBuffer<B> {
    return this.#memory.deviceBuffer(size, usage, options)
  }

  /**
   * Memory that the CPU sees: the source of transfers (HostVisible), or the destination of readbacks (HostCached).
   * @param size bytes, at least 1
   * @throws OutOfRange, BufferTooLarge, MemoryUnsupported, NotMappable, AllocationFailed, DeviceLost
   */
  createStagingBuffer(size: number, options: StagingBufferOptions = {}): MkStagingBuffer<B> {
    return this.#memory.stagingBuffer(size, options)
  }

  /**
   * A HostVisible staging buffer that holds a copy of `data`, ready to be transferred.
   * @throws as createStagingBuffer
   */
  stagingBufferWithData(
    data: ArrayBufferView | ArrayBufferLike,
    options: { label?: string } = {},
  ): MkStagingBuffer<B> {
    return this.#memory
      .stagingBuffer(data.byteLength, { ...options, mapped: true })
      .write(data)
      .unmap()
  }

  // Buffers typed by content. Besides what the content implies they have TRANSFER_SRC and TRANSFER_DST.

  /**
   * A VERTEX buffer that holds a copy of `data`.
   * @throws as createDeviceBuffer
   */
  vertexBuffer(data: Float32Array, options: ContentBufferOptions = {}): MkVertexBuffer<B> {
    return this.#contents.vertices(data, options)
  }

  /**
   * An INDEX buffer that holds a copy of `data`, and knows how wide its indices are.
   * @throws as createDeviceBuffer
   */
  indexBuffer(data: Uint16Array | Uint32Array, options: ContentBufferOptions = {}): MkIndexBuffer<B> {
    return this.#contents.indices(data, options)
  }

  /**
   * A UNIFORM buffer for one value of a WGSL type (or data schema of TypeGPU): `uniformBuffer(struct({ time: f32 }), { time: 0 })`.
   * @param value what it holds at first; what is left out is 0
   * @throws InvalidLayout (the type breaks a rule of the uniform address space), InvalidValue, BufferTooLarge (also above
   *   `maxUniformBufferBindingSize`), NotHostShareable, and as createDeviceBuffer
   */
  uniformBuffer<const S extends TypeLike>(
    schema: S,
    value?: InferInput<Converted<S>>,
    options: ContentBufferOptions = {},
  ): MkUniformBuffer<Converted<S>, B> {
    return this.#contents.uniform(schema, value, options)
  }

  /**
   * A STORAGE buffer for rows of a WGSL type (or data schema of TypeGPU), zeros at first: `array<S>` in a shader.
   * @param rows how many, at least 1
   * @throws InvalidSchema (a runtime-sized type), OutOfRange, BufferTooLarge (also above `maxStorageBufferBindingSize`),
   *   UsageUnsupported (no STORAGE there), NotHostShareable, and as createDeviceBuffer
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
   * Puts bytes on the queue, now; the source may change as soon as it returns. Acts before whatever is recorded and
   * not yet submitted. Allocates nothing.
   *
   * Offsets are multiples of 4; so is the size, unless the range ends with the buffer. Nothing is called for 0 bytes.
   * @param source an ArrayBuffer with byte offsets, never a view: on some runtimes a view doubles the cost of the call.
   *   Shared and resizable memory is brought over through a copy
   * @throws UsageMissing (TRANSFER_DST), OutOfRange, MisalignedCopy, InvalidValue (a view), BufferDestroyed, BufferMapped,
   *   ForeignBuffer, DeviceLost
   */
  write(
    dst: MkBuffer<B>,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number = 0,
    size: number = source.byteLength - srcOffset,
  ): void {
    const native = this.#usable(dst, TRANSFER_DST, 'write')
    // Types forbid it; in plain JavaScript its elements would be taken for bytes.
    if (ArrayBuffer.isView(source))
      throw new InvalidValue(
        'source',
        'an ArrayBuffer; pass view.buffer, view.byteOffset, view.byteLength',
        source,
      )
    checkRange(dst, dstOffset, size, 'dstOffset')
    checkSource(source.byteLength, srcOffset, size)
    const bytes = paddedSize(dst, dstOffset, size)
    if (bytes === 0) return
    const whole = size - (size % 4)
    if (whole > 0) this.backend.write(native, dstOffset, source, srcOffset, whole)
    if (whole < size) {
      this.#word.fill(0)
      this.#word.set(new Uint8Array(source, srcOffset + whole, size - whole))
      this.backend.write(native, dstOffset + whole, this.#word.buffer, 0, 4)
    }
    this.#timeline.handOver(dst)
  }

  /**
   * Records a copy; it acts at the next `submit`. Offsets are multiples of 4; so is the size, unless the range ends with
   * the destination. Within one buffer, ranges that do not overlap go through a temporary buffer.
   * @throws UsageMissing, OutOfRange, MisalignedCopy, OverlappingCopy, BufferMapped, BufferDestroyed, ForeignBuffer,
   *   DeviceLost
   */
  copy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    this.checkCopy(src, srcOffset, dst, dstOffset, size)
    const between = this.bufferBetween(src, dst, dstOffset, size)
    this.recordCopy(src, srcOffset, dst, dstOffset, size, between)
  }

  /**
   * The second step of a copy, after `checkCopy`: the temporary buffer that a copy within one buffer goes through. `recordCopy` takes it.
   * @returns undefined where none is needed
   * @throws AllocationFailed, DeviceLost
   */
  bufferBetween(
    src: MkBuffer<B>,
    dst: MkBuffer<B>,
    dstOffset: number,
    size: number,
  ): MkDeviceBuffer<B> | undefined {
    if (src !== dst || size === 0) return undefined
    const label = `within ${src.label}`
    const bytes = paddedSize(dst, dstOffset, size)
    return this.#memory.deviceBuffer(bytes, TRANSFER_SRC | TRANSFER_DST, { label })
  }

  /**
   * The last step of a copy: records it, and has `between` destroyed when it has served.
   * @param between what `bufferBetween` returned
   */
  recordCopy(
    src: MkBuffer<B>,
    srcOffset: number,
    dst: MkBuffer<B>,
    dstOffset: number,
    size: number,
    between: MkDeviceBuffer<B> | undefined,
  ): void {
    const bytes = paddedSize(dst, dstOffset, size)
    if (bytes === 0) return
    this.#part(between ?? src, between ?? dst)
    this.#timeline.record(src)
    this.#timeline.record(dst)
    if (between === undefined) {
      this.backend.copy(src.native, srcOffset, dst.native, dstOffset, bytes)
      return
    }
    this.#timeline.record(between)
    this.backend.copy(src.native, srcOffset, between.native, 0, bytes)
    this.backend.copy(between.native, 0, dst.native, dstOffset, bytes)
    between.destroy()
    void between.settled.then((error) => error && !this.isLost && this.#report(error, true))
  }

  /**
   * What `copy` checks, without copying.
   * @throws as copy
   */
  checkCopy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    this.#usable(src, TRANSFER_SRC, 'copy')
    this.#usable(dst, TRANSFER_DST, 'copy')
    checkRange(src, srcOffset, size, 'srcOffset')
    checkRange(dst, dstOffset, size, 'dstOffset')
    const bytes = paddedSize(dst, dstOffset, size)
    if (src === dst && srcOffset < dstOffset + bytes && dstOffset < srcOffset + bytes)
      throw new OverlappingCopy(src.label, srcOffset, dstOffset, size)
  }

  /**
   * Copies now: records and submits.
   * @param range default: all of `src` to the start of `dst`
   * @throws as copy
   */
  transfer(src: MkBuffer<B>, dst: MkBuffer<B>, range: TransferRange = {}): MkGpuTransfer {
    return this.batchTransfer().copy(src, dst, range).submit()
  }

  /** Gathers copies, to be handed over together. */
  batchTransfer(): MkBatchTransfer<B> {
    return new MkBatchTransfer(this)
  }

  /** True from the moment at which `scatter` may be called. */
  get scatterReady(): boolean {
    return this.backend.scatterReady
  }

  /**
   * Scatters that may be recorded before the next submit in memory that the device has confirmed. Further ones are tried, and come to
   * nothing if there is no memory for them: call `prepareScatter` with the number that you need first.
   */
  get scatterRoom(): number {
    return this.backend.scatterReady ? (this.backend.scatterRoom ?? Infinity) : 0
  }

  /**
   * Makes what `scatter` needs, and asks again for what there was no memory for. Resolves false where there is no scatter, or no memory
   * for it; never rejects. Cheap to call again.
   * @param scatters how many a submit is to have room for; default 1
   */
  prepareScatter(scatters: number = 1): Promise<boolean> {
    if (!this.capabilities.scatter || this.isLost) return Promise.resolve(false)
    return this.backend.prepareScatter(scatters)
  }

  /**
   * Records: row i of the payload goes to row index[i] of `dst`, at `dstOffset + index[i] * stride`. Acts at the next
   * `submit`. Row numbers past the end of `dst` are dropped; of two rows with one number one stays. Reads `job` before it
   * returns; allocates nothing in steady state.
   * @throws ScatterUnavailable, UsageMissing (STORAGE on both), OutOfRange, MisalignedCopy, BufferTooLarge (one of the two
   *   is above `maxStorageBufferBindingSize`), OverlappingCopy (payload is `dst`), BufferDestroyed, ForeignBuffer,
   *   DeviceLost
   */
  scatter(dst: MkDeviceBuffer<B>, job: ScatterJob<B>): void {
    const { payload, stride, count, payloadOffset, indexOffset, dstOffset = 0 } = job
    const dstNative = this.#usable(dst, STORAGE, 'scatter')
    const payloadNative = this.#usable(payload, STORAGE, 'scatter')
    const { capabilities } = this
    if (!this.backend.scatterReady) throw new ScatterUnavailable(capabilities.backend, capabilities.scatter)
    if (!Number.isInteger(stride) || stride < 4)
      throw new OutOfRange('stride', stride, 4, capabilities.maxStorageBufferBindingSize)
    if (stride % 4 !== 0) throw new MisalignedCopy('stride', stride, 4)
    const most = Math.floor(payload.size / stride)
    if (!Number.isInteger(count) || count < 0 || count > most)
      throw new OutOfRange('count', count, 0, most, `of rows of ${stride} bytes in '${payload.label}'`)
    checkRange(payload, payloadOffset, count * stride, 'payloadOffset')
    checkRange(payload, indexOffset, count * 4, 'indexOffset')
    checkRange(dst, dstOffset, 0, 'dstOffset')
    if (dst === payload) throw new OverlappingCopy(dst.label, payloadOffset, dstOffset, count * stride)
    this.#checkBinding(dst)
    this.#checkBinding(payload)
    if (count === 0) return
    this.#part(dst, payload)
    this.backend.scatter(dstNative, payloadNative, job)
    this.#timeline.record(dst)
    this.#timeline.record(payload)
  }

  // Serials

  /**
   * Submits what is recorded: in one submit when the device has confirmed the memory of all buffers used, in several, in the same order,
   * when it has not (`buffer.confirmed`). Nothing recorded: no submit.
   * @returns a serial that completes when everything handed to this MkGpu so far has finished on the device; the last one
   *   again when nothing was handed over since
   * @throws DeviceLost
   */
  submit(): number {
    const timeline = this.#timeline
    timeline.requireDevice()
    if (timeline.recorded) {
      this.backend.submit()
      timeline.recorded = false
      timeline.unissued = true
      this.#parts.clear()
      this.#memory.bury()
    }
    return timeline.issue()
  }

  /** The last serial handed out; 0 before the first. */
  get serial(): number {
    return this.#timeline.issued
  }

  /** The last serial known to be finished. */
  get completedSerial(): number {
    return this.#timeline.completed
  }

  /**
   * Resolves when a serial has finished; rejects with DeviceLost when the device is lost before.
   * @throws OutOfRange for a serial that was not handed out yet
   */
  whenCompleted(serial: number): Promise<void> {
    return this.#timeline.when(serial)
  }

  /** Submits, and returns the point on the queue that this made. */
  fence(): MkFence {
    return new MkFence(this, this.submit())
  }

  /**
   * Submits, and resolves when the device has finished everything that was handed to this MkGpu.
   * @throws DeviceLost, at once or as the rejection
   */
  waitIdle(): Promise<void> {
    return this.whenCompleted(this.submit())
  }

  /**
   * What the device holds after everything handed over so far. Submits what is recorded.
   * @param offset first byte, any
   * @param size bytes, any; default to the end
   * @returns a copy of the bytes; rejects with UsageMissing (TRANSFER_SRC), OutOfRange, BufferDestroyed, BufferMapped,
   *   ForeignBuffer, BufferTooLarge, AllocationFailed, DeviceLost
   */
  read(buffer: MkBuffer<B>, offset: number = 0, size: number = buffer.size - offset): Promise<ArrayBuffer> {
    return unawaited(this.#read(buffer, offset, size))
  }

  // Books

  /** True for a buffer that this gpu made, whether it is alive or not. */
  owns(buffer: MkBuffer<B>): boolean {
    return buffer.belongsTo(this.#memory)
  }

  /** Every buffer that is alive: what nobody has destroyed. */
  leaks(): MkLeak[] {
    return this.#memory.ledger.leaks()
  }

  /**
   * Calls a listener when the device is lost or this gpu destroyed, as `lost` does; soon, where it is already.
   * @returns a function that takes the listener off again: nothing of it stays with the gpu
   */
  onLost(listener: (info: LossInfo) => void): () => void {
    const entry = (info: LossInfo): void => listener(info)
    this.#lossListeners.add(entry)
    // The others were told: only those that are left are.
    if (this.isLost) void this.lost.then((info) => this.#tellOfLoss(info))
    return () => void this.#lossListeners.delete(entry)
  }

  /**
   * Hears errors that come after the call that caused them: validation (with label and call in debug mode), hazards on
   * the Dummy. Without a listener those of our own calls go to `console.error`.
   * @returns takes the listener away again
   */
  onError(listener: (error: MkError) => void): () => void {
    this.#errorListeners.add(listener)
    return () => void this.#errorListeners.delete(listener)
  }

  /**
   * Destroys every buffer, rejects what is pending with DeviceLost (a `map()` with BufferDestroyed), and lets the device
   * go: destroys it if it is the backend's own. Calling it again does nothing.
   */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    for (const buffer of this.#memory.ledger.alive()) buffer.destroy()
    this.#lose({ reason: 'destroyed', message: 'this MkGpu was destroyed' })
    this.backend.destroy()
  }

  async #read(buffer: MkBuffer<B>, offset: number, size: number): Promise<ArrayBuffer> {
    this.#usable(buffer, TRANSFER_SRC, 'read')
    if (!Number.isInteger(offset) || offset < 0 || offset > buffer.size)
      throw new OutOfRange('offset', offset, 0, buffer.size, `in '${buffer.label}'`)
    if (!Number.isInteger(size) || size < 0 || size > buffer.size - offset)
      throw new OutOfRange('size', size, 0, buffer.size - offset, `from byte ${offset} of '${buffer.label}'`)
    if (size === 0) return new ArrayBuffer(0)
    const first = offset - (offset % 4)
    const staging = this.#memory.stagingBuffer(allocatedSize(offset + size - first), {
      label: `readback of ${buffer.label}`,
      memory: MkMemoryType.HostCached,
    })
    try {
      this.#part(buffer, staging)
      // Straight to the backend: whole words may reach into the buffer's padding, which no range of a user may.
      this.backend.copy(buffer.native, first, staging.native, 0, staging.size)
      this.#timeline.record(buffer)
      this.#timeline.record(staging)
      this.submit()
      const bytes = await staging.map()
      // A device that is destroyed takes mapped bytes with it, some time before it is known to be lost.
      if (bytes.length === 0) await this.lost
      const result = bytes.slice(offset - first, offset - first + size).buffer
      staging.destroy()
      // What was copied out of a buffer without memory is nothing.
      const failed = buffer.confirmed ? undefined : await buffer.settled
      if (failed) throw failed
      return result
    } catch (error) {
      // A map is also refused when this gpu is destroyed: that says more.
      await staging.settled
      this.#timeline.requireDevice()
      throw error
    } finally {
      staging.destroy()
    }
  }

  /** Before an operation on two buffers is recorded: the one place that keeps unconfirmed memory apart. */
  #part(a: MkBuffer<B>, b: MkBuffer<B>): void {
    if (this.#parts.enter(a, b) && this.#timeline.recorded) this.backend.separate?.()
  }

  /** The native buffer, if `operation` may use it. */
  #usable(buffer: MkBuffer<B>, flag: number, operation: string): NativeOf<B> {
    this.#timeline.requireDevice()
    if (!this.owns(buffer)) throw new ForeignBuffer(buffer.label)
    const { native } = buffer
    requireUsage(buffer, flag, operation)
    if (
      buffer instanceof MkStagingBuffer &&
      buffer.state !== 'unmapped' &&
      buffer.memory !== MkMemoryType.Unified
    )
      throw new BufferMapped(operation, buffer.label)
    return native
  }

  #checkBinding(buffer: MkBuffer<B>): void {
    const max = this.capabilities.maxStorageBufferBindingSize
    if (buffer.allocatedSize > max)
      throw new BufferTooLarge(buffer.label, buffer.allocatedSize, max, 'maxStorageBufferBindingSize')
  }

  #lose(info: LossInfo): void {
    if (this.isLost) return
    this.#timeline.lose(info)
    this.#memory.bury()
    this.#resolveLost(info)
  }

  #tellOfLoss(info: LossInfo): void {
    const listeners = [...this.#lossListeners]
    this.#lossListeners.clear()
    for (const listener of listeners) {
      try {
        listener(info)
      } catch (thrown) {
        console.error(thrown)
      }
    }
  }

  #report(error: MkError, ours: boolean): void {
    if (this.#errorListeners.size === 0) {
      if (ours) console.error(error)
      return
    }
    for (const listener of this.#errorListeners) {
      try {
        listener(error)
      } catch (thrown) {
        console.error(thrown)
      }
    }
  }
}
