import type { MkGpuBackend, NativeOf } from '../backends/backend.ts'
import { MkDeviceBuffer } from './buffers.ts'
import type { BufferOwner, BufferParts, MkBuffer, MkBufferDescription, WorkState } from './buffers.ts'
import { MemoryUnsupported, NotMappable, UsageUnsupported } from './errors.ts'
import { allocatedSize, requireBufferSize } from './bounds.ts'
import { BufferLedger } from './ledger.ts'
import { MkStagingBuffer } from './staging-buffer.ts'
import { ALL_USAGES, MkBufferUsage, MkMemoryType, type MkMemory } from '../backends/usage.ts'

/** Options of `createDeviceBuffer`. */
export interface DeviceBufferOptions {
  /** For error messages, `leaks()` and debuggers; default `buffer <n>`. */
  label?: string
  /** DeviceLocal (default), or Unified where `capabilities.unifiedMemory`. */
  memory?: MkMemory
}

/** Options of `createStagingBuffer`. */
export interface StagingBufferOptions {
  /** For error messages, `leaks()` and debuggers; default `staging <n>`. */
  label?: string
  /** HostVisible (default): source of transfers. HostCached: for readbacks. Unified: both. */
  memory?: MkMemory
  /** Start mapped, for writing. Default false. Not in HostCached memory. */
  mapped?: boolean
}

const { TRANSFER_SRC, TRANSFER_DST, INDEX } = MkBufferUsage
const { DeviceLocal, HostVisible, HostCached, Unified } = MkMemoryType

/** Makes the buffers of one gpu, keeps the books, and frees what nothing recorded needs any more. */
export class DeviceMemory<B extends MkGpuBackend> implements BufferOwner<B> {
  readonly backend: B
  readonly ledger: BufferLedger<B> = new BufferLedger<B>()
  readonly work: WorkState
  /** Destroyed by the user while recorded work still needs them; freed at the next submit. */
  readonly #dying: NativeOf<B>[] = []
  #unnamed = 0

  constructor(backend: B, work: WorkState) {
    this.backend = backend
    this.work = work
  }

  deviceBuffer(size: number, usage: number, options: DeviceBufferOptions = {}): MkDeviceBuffer<B> {
    return this.adopt(new MkDeviceBuffer(this.allocate(this.describe(size, usage, options))))
  }

  stagingBuffer(size: number, options: StagingBufferOptions = {}): MkStagingBuffer<B> {
    const { memory = HostVisible, mapped = false } = options
    const label = options.label ?? `staging ${++this.#unnamed}`
    const hint = 'For memory of the device: createDeviceBuffer.'
    this.#requireMemory(`Staging buffer '${label}'`, memory, HostVisible | HostCached | Unified, hint)
    const why = 'HostCached memory starts unmapped; copy into it, then await map().'
    if (mapped && memory === HostCached) throw new NotMappable({ label, why })
    const usage = (memory === HostCached ? 0 : TRANSFER_SRC) | (memory === HostVisible ? 0 : TRANSFER_DST)
    requireBufferSize(size, this.backend.capabilities.maxBufferSize, label)
    return this.adopt(new MkStagingBuffer(this.allocate({ size, usage, memory, label }, mapped), mapped))
  }

  /** Checks the description of a device buffer, which `allocate` and `adopt` then make. */
  describe(size: number, usage: number, options: DeviceBufferOptions = {}): MkBufferDescription {
    const { memory = DeviceLocal } = options
    const label = options.label ?? `buffer ${++this.#unnamed}`
    const hint = 'For memory that the CPU sees: createStagingBuffer.'
    this.#requireMemory(`Device buffer '${label}'`, memory, DeviceLocal | Unified, hint)
    this.#requireUsage(usage)
    requireBufferSize(size, this.backend.capabilities.maxBufferSize, label)
    return { size, usage, memory, label }
  }

  /** Asks the backend for memory. @throws {@link AllocationFailed}, {@link DeviceLost} */
  allocate(description: MkBufferDescription, mapped: boolean = false): BufferParts<B> {
    this.work.requireDevice()
    const size = allocatedSize(description.size)
    const { native, error } = this.backend.createBuffer({ ...description, size, mapped })
    const answer = error.then((failed) => failed ?? this.work.lossError())
    return { maker: this, description, allocation: { native: native as NativeOf<B>, error: answer } }
  }

  /** Adds a new buffer to the books. */
  adopt<T extends MkBuffer<B> & { readonly kind: string }>(buffer: T): T {
    this.ledger.add(buffer)
    return buffer
  }

  release(buffer: MkBuffer<B>, native: NativeOf<B>): void {
    this.ledger.remove(buffer)
    if (this.work.isRecorded(buffer)) this.#dying.push(native)
    else this.backend.destroyBuffer(native)
  }

  /** Frees what recorded work still needed, once that work was submitted or never will be. */
  bury(): void {
    for (const native of this.#dying) this.backend.destroyBuffer(native)
    this.#dying.length = 0
  }

  #requireMemory(what: string, memory: number, kinds: number, hint: string): void {
    const supported = this.backend.capabilities.memoryTypes & kinds
    if ((memory & supported) === 0) throw new MemoryUnsupported({ what, memory, supported, hint })
  }

  #requireUsage(usage: number): void {
    const { backend, usages: supported, indexIsExclusive } = this.backend.capabilities
    const refuse = (flags: number, why: string): never => {
      throw new UsageUnsupported({ backend, usage: flags, supported, why })
    }
    if (!Number.isInteger(usage) || usage <= 0 || (usage & ~ALL_USAGES) !== 0)
      refuse(usage, 'a usage is made of MkBufferUsage flags (to map memory: createStagingBuffer)')
    if ((usage & ~supported) !== 0) refuse(usage & ~supported, '')
    if (indexIsExclusive && usage & INDEX && (usage & ~(INDEX | TRANSFER_SRC | TRANSFER_DST)) !== 0)
      refuse(usage, 'an INDEX buffer can have no other role there but TRANSFER_SRC and TRANSFER_DST')
  }
}
