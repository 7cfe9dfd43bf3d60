import type { MkError } from '@memkit/core'
import type { BackendAllocation, LossInfo, MkGpuBackend, NativeOf } from '../backends/backend.ts'
import { allocatedSize } from './bounds.ts'
import { BufferDestroyed } from './errors.ts'
import type { MkMemory } from '../backends/usage.ts'

/** What a buffer is and where it lives. */
export interface MkBufferDescription {
  /** Bytes asked for. */
  readonly size: number
  /** `MkBufferUsage` flags. */
  readonly usage: number
  /** One of `MkMemoryType`. */
  readonly memory: MkMemory
  readonly label: string
}

/** What buffers need to know of the work that uses them. */
export interface WorkState {
  /** Why the device is gone; undefined while it is there. */
  readonly loss: LossInfo | undefined
  /** Undefined while the device is not known to be lost. */
  lossError(): MkError | undefined
  /** Throws DeviceLost, if it is. */
  requireDevice(): void
  /** True while recorded work may still need a buffer. */
  isRecorded(buffer: { readonly lastSerial: number }): boolean
}

/** What a buffer is made of. */
export interface BufferParts<B extends MkGpuBackend> {
  readonly maker: BufferOwner<B>
  readonly description: MkBufferDescription
  readonly allocation: BackendAllocation<NativeOf<B>>
}

/** What a buffer needs of the gpu that made it. */
export interface BufferOwner<B extends MkGpuBackend> {
  readonly backend: B
  readonly work: WorkState
  /** Takes the buffer off the books and frees it, now or as soon as recorded work allows it. */
  release(buffer: MkBuffer<B>, handle: NativeOf<B>): void
}

/** A piece of GPU memory. Only `destroy()` frees it; `gpu.leaks()` lists what is left. */
export abstract class MkBuffer<B extends MkGpuBackend = MkGpuBackend> implements MkBufferDescription {
  /** Bytes asked for. */
  readonly size: number
  /** Bytes on the device: `size` rounded up to a multiple of 4. */
  readonly allocatedSize: number
  readonly usage: number
  readonly memory: MkMemory
  readonly label: string
  /** Resolves once the device knows whether it has the memory: to undefined, or to the error. */
  readonly allocationError: Promise<MkError | undefined>
  /**
   * True once the device has confirmed the memory. Until then copies and scatters that use the
   * buffer are submitted apart, so that without memory they take no others with them.
   */
  allocated = false
  /** True once the device has said that it has no memory. */
  allocationFailed = false
  /** Serial of the last work that uses it, above `gpu.serial` until submitted. Kept by `MkGpu`. */
  lastSerial = 0
  /** @internal Whether HostCached memory holds indices; undefined before the first copy into it. */
  holdsIndices: boolean | undefined
  /** @internal */
  readonly owner: BufferOwner<B>
  /** @internal As `native`, without its check: undefined once destroyed. */
  handle: NativeOf<B> | undefined

  /** Made by `MkGpu`. */
  constructor({ maker, description, allocation }: BufferParts<B>) {
    this.owner = maker
    this.handle = allocation.native
    this.size = description.size
    this.allocatedSize = allocatedSize(description.size)
    this.usage = description.usage
    this.memory = description.memory
    this.label = description.label
    this.allocationError = allocation.error
    void this.allocationError.then((error) => {
      this.allocated = error === undefined
      this.allocationFailed = error !== undefined
    })
  }

  /** The backend's own buffer, such as a GPUBuffer. @throws {@link BufferDestroyed} */
  get native(): NativeOf<B> {
    if (this.handle === undefined) throw new BufferDestroyed({ label: this.label })
    return this.handle
  }

  get destroyed(): boolean {
    return this.handle === undefined
  }

  /** Frees the memory. Work that was handed over before still finishes. Calling it again does nothing. */
  destroy(): void {
    const { handle } = this
    if (handle === undefined) return
    this.handle = undefined
    this.owner.release(this, handle)
  }
}

/** Memory that the device works on. Filled by `gpu.write` and transfers, read back by `gpu.read`. */
export class MkDeviceBuffer<B extends MkGpuBackend = MkGpuBackend> extends MkBuffer<B> {
  /** The kind of buffer. */
  readonly kind = 'device'
}
