import type { MkError } from '@memkit/core'
import type {
  BackendAllocation,
  BackendSink,
  LossInfo,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
  NativeOf,
  ScatterRows,
} from './backend.ts'
import { MkDeviceBuffer, allocatedSize } from './buffers.ts'
import type { MkBuffer, MkBufferDescription } from './buffers.ts'
import { checkRange, paddedSize, requireUsage } from './copy-rules.ts'
import {
  BufferInUse,
  BufferMapped,
  BufferTooLarge,
  DeviceLost,
  ForeignBuffer,
  MemoryUnsupported,
  MisalignedCopy,
  NotMappable,
  OutOfRange,
  OverlappingCopy,
  ScatterUnavailable,
  UsageUnsupported,
} from './errors.ts'
import { BufferLedger } from './ledger.ts'
import type { MkLeak, MkTally } from './ledger.ts'
import { MkFence, Serials } from './serials.ts'
import { MkStagingBuffer } from './staging-buffer.ts'
import type { StagingOwner } from './staging-buffer.ts'
import { MkBatchTransfer, MkGpuTransfer } from './transfer.ts'
import type { TransferOwner, TransferRange } from './transfer.ts'
import { ALL_USAGES, MkBufferUsage, MkMemoryType } from './usage.ts'
import type { MkBufferUsageName, MkMemory, MkMemoryTypeName } from './usage.ts'

/** How an `MkGpu` is to run. */
export interface MkGpuOptions {
  /** Ties errors of the device to the call and to the buffer's label, at a cost per call. Default false. */
  debug?: boolean
}

/** What may be said about a device buffer. */
export interface DeviceBufferOptions {
  /** For error messages, `leaks()` and debuggers; default `buffer <n>`. */
  label?: string
  /** DeviceLocal (default), or Unified where `capabilities.unifiedMemory`. */
  memory?: MkMemory
}

/** What may be said about a staging buffer. */
export interface StagingBufferOptions {
  /** For error messages, `leaks()` and debuggers; default `staging <n>`. */
  label?: string
  /** HostVisible (default): source of transfers. HostCached: destination of readbacks. Unified: both, where it exists. */
  memory?: MkMemory
  /** Start mapped, for writing. Default false. Not in HostCached memory. */
  mapped?: boolean
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

const { TRANSFER_SRC, TRANSFER_DST, STORAGE, INDEX } = MkBufferUsage

/**
 * GPU memory on one device, whatever runs it: buffers, writes, copies, scatter, and the serials that say when they are
 * done. Knows no frames.
 *
 * **Order.** `write` acts when called. `copy` and `scatter` are recorded and act at `submit`. So a copy that must see a
 * write comes after it for free, and a write that must come after a copy needs a `submit` between them. `transfer`, a
 * batch's `submit` and `read` submit by themselves, together with what is recorded.
 *
 * **Loss.** Once `isLost`, whatever would reach the device throws DeviceLost, and what was pending rejects with it. In the moments
 * between the loss and our knowing of it, calls do nothing.
 */
export class MkGpu<B extends MkGpuBackend = MkGpuBackend> implements StagingOwner<B>, TransferOwner<B> {
  readonly backend: B
  readonly capabilities: MkCapabilities
  /** Resolves when the device is lost or this gpu destroyed. Never rejects. */
  readonly lost: Promise<LossInfo>
  /** Running counts of the calls made; only go up. The same object always. */
  readonly calls: Readonly<MkCallCounts>
  readonly stats: MkGpuStats
  readonly debug: boolean

  readonly #serials: Serials
  readonly #ledger = new BufferLedger<B>()
  readonly #errorListeners = new Set<(error: MkError) => void>()
  /** Something is recorded that no submit has taken yet. */
  #recorded = false
  /** Something was handed over since the last serial. */
  #unissued = false
  /** Destroyed by their owner while recorded work still needs them; freed at the next submit. */
  readonly #dying: NativeOf<B>[] = []
  #loss: LossInfo | undefined
  #destroyed = false
  #resolveLost!: (info: LossInfo) => void
  #made = 0
  /** Takes the last word of a write whose size is no multiple of 4. */
  readonly #word = new Uint8Array(4)

  /**
   * @param backend serves this gpu alone
   * @throws BackendInUse
   */
  constructor(backend: B, options: MkGpuOptions = {}) {
    this.backend = backend
    this.capabilities = backend.capabilities
    this.calls = backend.calls
    this.debug = options.debug === true
    this.stats = {
      buffers: this.#ledger.total,
      byUsage: this.#ledger.byUsage,
      byMemory: this.#ledger.byMemory,
      calls: backend.calls,
    }
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve
    })
    this.#serials = new Serials((serial) => backend.signal(serial))
    const sink: BackendSink = {
      completed: (serial) => this.#serials.complete(serial),
      lost: (info) => this.#lose(info),
      error: (error) => this.#report(error, true),
      uncaptured: (error) => this.#report(error, false),
    }
    backend.attach(sink, { debug: this.debug })
  }

  /** True once the device is known to be lost, or this gpu destroyed. */
  get isLost(): boolean {
    return this.#loss !== undefined
  }

  // Buffers

  /**
   * @param size bytes, at least 1
   * @param usage `MkBufferUsage` flags; include TRANSFER_DST for what is written or copied into, TRANSFER_SRC for what is
   *   copied or read from
   * @throws OutOfRange, BufferTooLarge, UsageUnsupported, MemoryUnsupported, AllocationFailed, DeviceLost. Out of memory may come
   *   late: see `buffer.settled`
   */
  createDeviceBuffer(size: number, usage: number, options: DeviceBufferOptions = {}): MkDeviceBuffer<B> {
    const description = this.describeDeviceBuffer(size, usage, options)
    return this.adopt(new MkDeviceBuffer(this, description, this.allocate(description, false)))
  }

  /**
   * Memory that the CPU sees: the source of transfers (HostVisible), or of readbacks the destination (HostCached).
   * @param size bytes, at least 1
   * @throws OutOfRange, BufferTooLarge, MemoryUnsupported, NotMappable, AllocationFailed, DeviceLost
   */
  createStagingBuffer(size: number, options: StagingBufferOptions = {}): MkStagingBuffer<B> {
    const { memory = MkMemoryType.HostVisible, mapped = false } = options
    const label = options.label ?? `staging ${++this.#made}`
    const staging =
      this.capabilities.memoryTypes &
      (MkMemoryType.HostVisible | MkMemoryType.HostCached | MkMemoryType.Unified)
    if ((memory & staging) === 0)
      throw new MemoryUnsupported(
        `Staging buffer '${label}'`,
        memory,
        staging,
        'Device memory: createDeviceBuffer.',
      )
    if (mapped && memory === MkMemoryType.HostCached)
      throw new NotMappable(
        label,
        'HostCached memory starts unmapped; await map() once something was copied into it.',
      )
    const usage =
      memory === MkMemoryType.HostVisible
        ? TRANSFER_SRC
        : memory === MkMemoryType.HostCached
          ? TRANSFER_DST
          : TRANSFER_SRC | TRANSFER_DST
    this.#checkSize(size, label)
    const description = { size, usage, memory, label }
    return this.adopt(new MkStagingBuffer(this, description, this.allocate(description, mapped), mapped))
  }

  /**
   * A HostVisible staging buffer that holds a copy of `data`, ready to be transferred.
   * @throws as createStagingBuffer
   */
  stagingBufferWithData(
    data: ArrayBufferView | ArrayBufferLike,
    options: { label?: string } = {},
  ): MkStagingBuffer<B> {
    const staging = this.createStagingBuffer(data.byteLength, { ...options, mapped: true })
    return staging.write(data).unmap()
  }

  // Writes and copies

  /**
   * Puts bytes on the queue, now; the source may change as soon as it returns. Acts before whatever is recorded and
   * not yet submitted. Allocates nothing.
   *
   * Offsets are multiples of 4; so is the size, unless the range ends with the buffer. Nothing is called for 0 bytes.
   * @param source an ArrayBuffer with byte offsets, never a view: on some runtimes a view doubles the cost of the call.
   *   A SharedArrayBuffer is brought over through a copy
   * @throws UsageMissing (TRANSFER_DST), OutOfRange, MisalignedCopy, BufferDestroyed, BufferMapped, ForeignBuffer, DeviceLost
   */
  write(
    dst: MkBuffer<B>,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number = 0,
    size: number = source.byteLength - srcOffset,
  ): void {
    const native = this.#usable(dst, TRANSFER_DST, 'write')
    checkRange(dst, dstOffset, size, 'dstOffset')
    if (!Number.isInteger(srcOffset) || srcOffset < 0 || srcOffset > source.byteLength - size)
      throw new OutOfRange(
        'srcOffset',
        srcOffset,
        0,
        Math.max(0, source.byteLength - size),
        `${size} bytes of a source of ${source.byteLength}`,
      )
    if (srcOffset % 4 !== 0) throw new MisalignedCopy('srcOffset', srcOffset, 4)
    if (size === 0) return
    const tail = size - (size % 4)
    if (tail !== size) {
      paddedSize(dst, dstOffset, size)
      this.#word.fill(0)
      this.#word.set(new Uint8Array(source, srcOffset + tail, size - tail))
      this.backend.write(native, dstOffset + tail, this.#word.buffer, 0, 4)
    }
    if (tail > 0) this.backend.write(native, dstOffset, source, srcOffset, tail)
    this.#unissued = true
    if (dst.lastSerial <= this.#serials.issued) dst.lastSerial = this.#serials.issued + 1
  }

  /**
   * Records a copy; it acts at the next `submit`. Offsets are multiples of 4; so is the size, unless the range ends with the
   * destination. Within one buffer, ranges that do not overlap go through a temporary buffer.
   * @throws UsageMissing, OutOfRange, MisalignedCopy, OverlappingCopy, BufferMapped, BufferDestroyed, ForeignBuffer, DeviceLost
   */
  copy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    this.checkCopy(src, srcOffset, dst, dstOffset, size)
    const bytes = paddedSize(dst, dstOffset, size)
    if (bytes === 0) return
    if (src === dst) {
      const between = this.createDeviceBuffer(bytes, TRANSFER_SRC | TRANSFER_DST, {
        label: `within ${src.label}`,
      })
      this.backend.copy(src.native, srcOffset, between.native, 0, bytes)
      this.backend.copy(between.native, 0, dst.native, dstOffset, bytes)
      this.#use(between)
      between.destroy()
    } else this.backend.copy(src.native, srcOffset, dst.native, dstOffset, bytes)
    this.#use(src)
    this.#use(dst)
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
    if (src === dst && size > 0 && srcOffset < dstOffset + bytes && dstOffset < srcOffset + bytes)
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

  /** Gathers copies for one submit. */
  batchTransfer(): MkBatchTransfer<B> {
    return new MkBatchTransfer(this)
  }

  /** True from the moment at which `scatter` may be called. */
  get scatterReady(): boolean {
    return this.backend.scatterReady
  }

  /** Makes what `scatter` needs. Resolves false where there is no scatter; never rejects. Cheap to call again. */
  prepareScatter(): Promise<boolean> {
    return this.capabilities.scatter && !this.isLost ? this.backend.prepareScatter() : Promise.resolve(false)
  }

  /**
   * Records: row i of the payload goes to row index[i] of `dst`, at `dstOffset + index[i] * stride`. Acts at the next `submit`.
   * Row numbers past the end of `dst` are dropped; of two rows with one number one stays. Reads `job` before it returns.
   * @throws ScatterUnavailable, UsageMissing (STORAGE on both), OutOfRange, MisalignedCopy, BufferTooLarge (one of the two is above
   *   `maxStorageBufferBindingSize`), OverlappingCopy (payload is `dst`), BufferDestroyed, ForeignBuffer, DeviceLost
   */
  scatter(dst: MkDeviceBuffer<B>, job: ScatterJob<B>): void {
    const { payload, stride, count, payloadOffset, indexOffset, dstOffset = 0 } = job
    const dstNative = this.#usable(dst, STORAGE, 'scatter')
    const payloadNative = this.#usable(payload, STORAGE, 'scatter')
    if (!this.backend.scatterReady)
      throw new ScatterUnavailable(this.capabilities.backend, this.capabilities.scatter)
    if (!Number.isInteger(stride) || stride < 4)
      throw new OutOfRange('stride', stride, 4, this.capabilities.maxStorageBufferBindingSize)
    if (stride % 4 !== 0) throw new MisalignedCopy('stride', stride, 4)
    const most = Math.floor(payload.size / stride)
    if (!Number.isInteger(count) || count < 0 || count > most)
      throw new OutOfRange('count', count, 0, most, `rows of ${stride} bytes in '${payload.label}'`)
    checkRange(payload, payloadOffset, count * stride, 'payloadOffset')
    checkRange(payload, indexOffset, count * 4, 'indexOffset')
    checkRange(dst, dstOffset, 0, 'dstOffset')
    if (dst === payload) throw new OverlappingCopy(dst.label, payloadOffset, dstOffset, count * stride)
    this.#checkBinding(dst)
    this.#checkBinding(payload)
    if (count === 0) return
    this.backend.scatter(dstNative, payloadNative, job)
    this.#use(dst)
    this.#use(payload)
  }

  // Serials

  /**
   * Submits what is recorded; nothing recorded: no submit.
   * @returns a serial that completes when everything written and submitted so far has finished on the device. The last one
   *   again when nothing was handed over since
   * @throws DeviceLost
   */
  submit(): number {
    this.#alive()
    if (this.#recorded) {
      this.#recorded = false
      this.#unissued = true
      this.backend.submit()
      this.#bury()
    }
    if (!this.#unissued) return this.#serials.issued
    this.#unissued = false
    return this.#serials.issue()
  }

  /** The last serial handed out; 0 before the first. */
  get serial(): number {
    return this.#serials.issued
  }

  /** The last serial known to be finished. */
  get completedSerial(): number {
    return this.#serials.completed
  }

  /**
   * Resolves when a serial has finished; rejects with DeviceLost when the device is lost before.
   * @throws OutOfRange for a serial that was not handed out yet
   */
  whenCompleted(serial: number): Promise<void> {
    return this.#serials.when(serial)
  }

  /** Submits, and returns the point on the queue that this made. */
  fence(): MkFence {
    return new MkFence(this, this.submit())
  }

  /** Submits, and resolves when the device has finished all of it; rejects with DeviceLost. */
  async waitIdle(): Promise<void> {
    await this.whenCompleted(this.submit())
  }

  /**
   * What the device holds after everything handed over so far; submits what is recorded.
   * @param offset first byte, any
   * @param size bytes, any; default to the end
   * @throws (as rejections) UsageMissing (TRANSFER_SRC), OutOfRange, BufferDestroyed, ForeignBuffer, DeviceLost
   */
  async read(
    buffer: MkBuffer<B>,
    offset: number = 0,
    size: number = buffer.size - offset,
  ): Promise<ArrayBuffer> {
    this.#usable(buffer, TRANSFER_SRC, 'read')
    if (!Number.isInteger(offset) || offset < 0 || offset > buffer.size)
      throw new OutOfRange('offset', offset, 0, buffer.size, `in '${buffer.label}'`)
    if (!Number.isInteger(size) || size < 0 || size > buffer.size - offset)
      throw new OutOfRange('size', size, 0, buffer.size - offset, `from byte ${offset} of '${buffer.label}'`)
    if (size === 0) return new ArrayBuffer(0)
    const first = offset - (offset % 4)
    const staging = this.createStagingBuffer(allocatedSize(offset + size - first), {
      label: `readback of ${buffer.label}`,
      memory: MkMemoryType.HostCached,
    })
    try {
      // Straight to the backend: the words may reach into the buffer's padding, which no range of the user's may.
      this.backend.copy(buffer.native, first, staging.native, 0, staging.size)
      this.#use(buffer)
      this.#use(staging)
      this.submit()
      const bytes = await staging.map()
      return bytes.slice(offset - first, offset - first + size).buffer
    } finally {
      staging.destroy()
    }
  }

  // Books

  /** Every buffer that is alive: what nobody has destroyed. */
  leaks(): MkLeak[] {
    return this.#ledger.leaks()
  }

  /**
   * Hears errors that come after the call that caused them: validation (with label and call in debug mode), hazards on the
   * Dummy. Without a listener those of our own calls go to `console.error`.
   * @returns takes the listener away again
   */
  onError(listener: (error: MkError) => void): () => void {
    this.#errorListeners.add(listener)
    return () => void this.#errorListeners.delete(listener)
  }

  /**
   * Destroys every buffer, rejects what is pending with DeviceLost, and lets the device go: destroys it if it is the backend's
   * own. Calling it again does nothing.
   */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    for (const buffer of this.#ledger.alive()) buffer.destroy()
    this.#recorded = false
    this.#bury()
    this.#lose({ reason: 'destroyed', message: 'this MkGpu was destroyed' })
    this.backend.destroy()
  }

  // For the parts of this package

  /** Checks what a device buffer is to be. Throws as createDeviceBuffer. */
  describeDeviceBuffer(size: number, usage: number, options: DeviceBufferOptions): MkBufferDescription {
    const { capabilities } = this
    const { memory = MkMemoryType.DeviceLocal } = options
    const label = options.label ?? `buffer ${++this.#made}`
    const device = capabilities.memoryTypes & (MkMemoryType.DeviceLocal | MkMemoryType.Unified)
    if ((memory & device) === 0)
      throw new MemoryUnsupported(
        `Device buffer '${label}'`,
        memory,
        device,
        'CPU memory: createStagingBuffer.',
      )
    if (!Number.isInteger(usage) || usage <= 0 || (usage & ~ALL_USAGES) !== 0)
      throw new UsageUnsupported(
        capabilities.backend,
        usage,
        capabilities.usages,
        'usage is made of MkBufferUsage flags (mappable memory: createStagingBuffer)',
      )
    if ((usage & ~capabilities.usages) !== 0)
      throw new UsageUnsupported(capabilities.backend, usage & ~capabilities.usages, capabilities.usages)
    if (capabilities.indexIsExclusive && usage & INDEX && usage & ~(INDEX | TRANSFER_SRC | TRANSFER_DST))
      throw new UsageUnsupported(
        capabilities.backend,
        usage,
        capabilities.usages,
        'an INDEX buffer can have no other role there but TRANSFER_SRC and TRANSFER_DST',
      )
    this.#checkSize(size, label)
    return { size, usage, memory, label }
  }

  /** Has the backend make the memory of a buffer that was described. */
  allocate(description: MkBufferDescription, mapped: boolean): BackendAllocation<NativeOf<B>> {
    this.#alive()
    const { native, settled } = this.backend.createBuffer({
      size: allocatedSize(description.size),
      usage: description.usage,
      memory: description.memory,
      label: description.label,
      mapped,
    }) as BackendAllocation<NativeOf<B>>
    return { native, settled: settled.then((error) => error ?? this.#lossError()) }
  }

  /** Takes a new buffer into the books. */
  adopt<T extends MkBuffer<B> & { readonly kind: string }>(buffer: T): T {
    this.#ledger.add(buffer)
    return buffer
  }

  /** Called by a buffer that is being destroyed. */
  release(buffer: MkBuffer<B>, native: NativeOf<B>): void {
    this.#ledger.remove(buffer)
    if (this.#recorded && buffer.lastSerial > this.#serials.issued) this.#dying.push(native)
    else this.backend.destroyBuffer(native)
  }

  /** Called by a staging buffer that is about to be mapped. */
  checkMappable(buffer: MkStagingBuffer<B>): void {
    this.#alive()
    if (this.#recorded && buffer.lastSerial > this.#serials.issued)
      throw new BufferInUse(buffer.label, 'recorded work needs it. gpu.submit() before map().')
  }

  /** Called by a staging buffer whose map was refused. */
  mapFailure(buffer: MkStagingBuffer<B>, cause: unknown): Error {
    return (
      this.#lossError() ??
      new NotMappable(buffer.label, `${cause instanceof Error ? cause.message : String(cause)}.`)
    )
  }

  #checkSize(size: number, label: string): void {
    const max = this.capabilities.maxBufferSize
    if (!Number.isInteger(size) || size < 1)
      throw new OutOfRange('size', size, 1, max, `of '${label}', in bytes`)
    if (allocatedSize(size) > max) throw new BufferTooLarge(label, size, max)
  }

  #checkBinding(buffer: MkBuffer<B>): void {
    const max = this.capabilities.maxStorageBufferBindingSize
    if (buffer.allocatedSize > max)
      throw new BufferTooLarge(buffer.label, buffer.allocatedSize, max, 'maxStorageBufferBindingSize')
  }

  /** The native buffer, if `operation` may use it. */
  #usable(buffer: MkBuffer<B>, flag: number, operation: string): NativeOf<B> {
    this.#alive()
    const { native } = buffer
    if (!buffer.belongsTo(this)) throw new ForeignBuffer(buffer.label)
    if ((buffer.usage & flag) !== flag) requireUsage(buffer, flag, operation)
    if (
      buffer instanceof MkStagingBuffer &&
      buffer.state !== 'unmapped' &&
      buffer.memory !== MkMemoryType.Unified
    )
      throw new BufferMapped(operation, buffer.label)
    return native
  }

  /** Notes that recorded work uses a buffer. */
  #use(buffer: MkBuffer<B>): void {
    this.#recorded = true
    buffer.lastSerial = this.#serials.issued + 1
  }

  #alive(): void {
    if (this.#loss) throw new DeviceLost(this.#loss.reason, this.#loss.message)
  }

  /** Frees what waited for a submit. */
  #bury(): void {
    for (const native of this.#dying) this.backend.destroyBuffer(native)
    this.#dying.length = 0
  }

  #lossError(): DeviceLost | undefined {
    return this.#loss && new DeviceLost(this.#loss.reason, this.#loss.message)
  }

  #lose(info: LossInfo): void {
    if (this.#loss) return
    this.#loss = info
    this.#recorded = false
    this.#bury()
    this.#serials.lose(info)
    this.#resolveLost(info)
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
