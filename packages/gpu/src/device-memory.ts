import { hasCode } from '@memkit/core'
import type { BackendAllocation, MkGpuBackend, NativeOf } from './backend.ts'
import { MkDeviceBuffer, allocatedSize } from './buffers.ts'
import type { MkBuffer, MkBufferDescription } from './buffers.ts'
import {
  BufferInUse,
  BufferTooLarge,
  DeviceLost,
  MemoryUnsupported,
  NotMappable,
  OutOfRange,
  UsageUnsupported,
} from './errors.ts'
import { BufferLedger } from './ledger.ts'
import { MkStagingBuffer } from './staging-buffer.ts'
import type { StagingOwner } from './staging-buffer.ts'
import type { Timeline } from './timeline.ts'
import { ALL_USAGES, MkBufferUsage, MkMemoryType } from './usage.ts'
import type { MkMemory } from './usage.ts'

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

const { TRANSFER_SRC, TRANSFER_DST, INDEX } = MkBufferUsage
const { DeviceLocal, HostVisible, HostCached, Unified } = MkMemoryType

/** Makes the buffers of one gpu, keeps the books, and frees them when nothing recorded needs them any more. */
export class DeviceMemory<B extends MkGpuBackend> implements StagingOwner<B> {
  readonly backend: B
  readonly ledger: BufferLedger<B> = new BufferLedger<B>()
  readonly #timeline: Timeline
  /** Destroyed by their owner while recorded work still needs them; freed at the next submit. */
  readonly #dying: NativeOf<B>[] = []
  #unnamed = 0

  constructor(backend: B, timeline: Timeline) {
    this.backend = backend
    this.#timeline = timeline
  }

  /** As `gpu.createDeviceBuffer`. */
  deviceBuffer(size: number, usage: number, options: DeviceBufferOptions = {}): MkDeviceBuffer<B> {
    const description = this.describe(size, usage, options)
    return this.adopt(new MkDeviceBuffer(this, description, this.allocate(description)))
  }

  /** As `gpu.createStagingBuffer`. */
  stagingBuffer(size: number, options: StagingBufferOptions = {}): MkStagingBuffer<B> {
    const { memory = HostVisible, mapped = false } = options
    const label = options.label ?? `staging ${++this.#unnamed}`
    const possible = this.backend.capabilities.memoryTypes & (HostVisible | HostCached | Unified)
    if ((memory & possible) === 0)
      throw new MemoryUnsupported(
        `Staging buffer '${label}'`,
        memory,
        possible,
        'For memory of the device: createDeviceBuffer.',
      )
    if (mapped && memory === HostCached)
      throw new NotMappable(label, 'HostCached memory starts unmapped; copy into it, then await map().')
    let usage: number = TRANSFER_SRC | TRANSFER_DST
    if (memory === HostVisible) usage = TRANSFER_SRC
    if (memory === HostCached) usage = TRANSFER_DST
    this.#checkSize(size, label)
    const description = { size, usage, memory, label }
    return this.adopt(new MkStagingBuffer(this, description, this.allocate(description, mapped), mapped))
  }

  /**
   * Checks what a device buffer is to be. Together with `allocate` and `adopt`, what a subclass of MkDeviceBuffer is made with.
   * @throws OutOfRange, BufferTooLarge, UsageUnsupported, MemoryUnsupported
   */
  describe(size: number, usage: number, options: DeviceBufferOptions = {}): MkBufferDescription {
    const { capabilities } = this.backend
    const { backend, usages } = capabilities
    const { memory = DeviceLocal } = options
    const label = options.label ?? `buffer ${++this.#unnamed}`
    const possible = capabilities.memoryTypes & (DeviceLocal | Unified)
    if ((memory & possible) === 0)
      throw new MemoryUnsupported(
        `Device buffer '${label}'`,
        memory,
        possible,
        'For memory that the CPU sees: createStagingBuffer.',
      )
    if (!Number.isInteger(usage) || usage <= 0 || (usage & ~ALL_USAGES) !== 0)
      throw new UsageUnsupported(
        backend,
        usage,
        usages,
        'a usage is made of MkBufferUsage flags (for memory that can be mapped: createStagingBuffer)',
      )
    if ((usage & ~usages) !== 0) throw new UsageUnsupported(backend, usage & ~usages, usages)
    if (
      capabilities.indexIsExclusive &&
      usage & INDEX &&
      (usage & ~(INDEX | TRANSFER_SRC | TRANSFER_DST)) !== 0
    )
      throw new UsageUnsupported(
        backend,
        usage,
        usages,
        'an INDEX buffer can have no other role there but TRANSFER_SRC and TRANSFER_DST',
      )
    this.#checkSize(size, label)
    return { size, usage, memory, label }
  }

  /**
   * Has the backend make the memory of a buffer.
   * @throws AllocationFailed, DeviceLost
   */
  allocate(description: MkBufferDescription, mapped: boolean = false): BackendAllocation<NativeOf<B>> {
    this.#timeline.requireDevice()
    const { size, usage, memory, label } = description
    const { native, settled } = this.backend.createBuffer({
      size: allocatedSize(size),
      usage,
      memory,
      label,
      mapped,
    }) as BackendAllocation<NativeOf<B>>
    return { native, settled: settled.then((error) => error ?? this.lossError()) }
  }

  /** Takes a new buffer into the books. */
  adopt<T extends MkBuffer<B> & { readonly kind: string }>(buffer: T): T {
    this.ledger.add(buffer)
    return buffer
  }

  /** Called by a buffer that is being destroyed. */
  release(buffer: MkBuffer<B>, native: NativeOf<B>): void {
    this.ledger.remove(buffer)
    if (this.#timeline.isRecorded(buffer)) this.#dying.push(native)
    else this.backend.destroyBuffer(native)
  }

  /** Frees what recorded work still needed: that work was submitted, or will never be. */
  bury(): void {
    for (const native of this.#dying) this.backend.destroyBuffer(native)
    this.#dying.length = 0
  }

  /** Called by a staging buffer that is about to be mapped. */
  checkMappable(buffer: MkStagingBuffer<B>): void {
    this.#timeline.requireDevice()
    if (buffer.memory !== Unified && this.#timeline.isRecorded(buffer))
      throw new BufferInUse(buffer.label, 'recorded work needs it. gpu.submit() before map().')
  }

  /** Called by a staging buffer whose map was refused. */
  mapFailure(buffer: MkStagingBuffer<B>, cause: unknown): Error {
    const loss = this.lossError()
    if (loss) return loss
    if (hasCode(cause, 'AllocationFailed')) return cause
    return new NotMappable(buffer.label, `${cause instanceof Error ? cause.message : String(cause)}.`)
  }

  #checkSize(size: number, label: string): void {
    const max = this.backend.capabilities.maxBufferSize
    if (!Number.isInteger(size) || size < 1)
      throw new OutOfRange('size', size, 1, max, `of '${label}', in bytes`)
    if (allocatedSize(size) > max) throw new BufferTooLarge(label, size, max)
  }

  /** Undefined while the device is not known to be lost. */
  lossError(): DeviceLost | undefined {
    const { loss } = this.#timeline
    return loss && new DeviceLost(loss.reason, loss.message)
  }
}
