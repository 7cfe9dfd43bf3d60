import type { MkError } from '@memkit/core'
import type { BackendAllocation, MkGpuBackend, NativeOf } from './backend.ts'
import { BufferDestroyed } from './errors.ts'
import type { MkMemory } from './usage.ts'

/** What a buffer is and where it lives. Sizes in bytes. */
export interface MkBufferDescription {
  /** Bytes asked for. */
  readonly size: number
  /** `MkBufferUsage` flags. */
  readonly usage: number
  /** One of `MkMemoryType`. */
  readonly memory: MkMemory
  readonly label: string
}

/** What a buffer needs of the gpu that made it. */
export interface BufferOwner<B extends MkGpuBackend> {
  readonly backend: B
  /** Takes the buffer off the books and frees it, now or as soon as recorded work allows it. */
  release(buffer: MkBuffer<B>, native: NativeOf<B>): void
}

/** Bytes that a buffer of `size` bytes takes on the device: copies and storage bindings want multiples of 4. */
export function allocatedSize(size: number): number {
  return Math.ceil(size / 4) * 4
}

/** A piece of GPU memory. Alive until `destroy()`: dropping the last reference does not free it (`gpu.leaks()` finds it). */
export abstract class MkBuffer<B extends MkGpuBackend = MkGpuBackend> implements MkBufferDescription {
  /** Bytes asked for. */
  readonly size: number
  /** Bytes on the device: `size` rounded up to a multiple of 4. Those past `size` hold nothing of meaning. */
  readonly allocatedSize: number
  readonly usage: number
  readonly memory: MkMemory
  readonly label: string
  /** Resolves once it is known whether the memory is there: undefined, or the error. Never rejects. */
  readonly settled: Promise<MkError | undefined>
  /**
   * True once the device has said that the memory is there. Until then copies and scatters that use the buffer go to the queue in a submit
   * of their own, so that they take no others with them when it has none. Kept by the buffer.
   */
  confirmed = false
  /**
   * Serial of the last work that uses this buffer; above `gpu.serial` while that work is recorded but not submitted.
   * Kept by `MkGpu`.
   */
  lastSerial = 0
  readonly #owner: BufferOwner<B>
  #native: NativeOf<B> | undefined

  /** Made by `MkGpu`, which hands over what the backend allocated. */
  constructor(
    owner: BufferOwner<B>,
    description: MkBufferDescription,
    allocation: BackendAllocation<NativeOf<B>>,
  ) {
    this.#owner = owner
    this.#native = allocation.native
    this.size = description.size
    this.allocatedSize = allocatedSize(description.size)
    this.usage = description.usage
    this.memory = description.memory
    this.label = description.label
    this.settled = allocation.settled
    void this.settled.then((error) => {
      this.confirmed = error === undefined
    })
  }

  /**
   * The backend's own buffer: GPUBuffer, WebGLBuffer, DummyBuffer.
   * @throws BufferDestroyed
   */
  get native(): NativeOf<B> {
    if (this.#native === undefined) throw new BufferDestroyed(this.label)
    return this.#native
  }

  get destroyed(): boolean {
    return this.#native === undefined
  }

  /** True when `owner` made this buffer. */
  belongsTo(owner: BufferOwner<B>): boolean {
    return this.#owner === owner
  }

  /** Frees the memory. Work that was handed over before still finishes. Calling it again does nothing. */
  destroy(): void {
    const native = this.#native
    if (native === undefined) return
    this.#native = undefined
    this.#owner.release(this, native)
  }
}

/** Memory that the device works on. Filled by `gpu.write` and transfers, read back by `gpu.read`. */
export class MkDeviceBuffer<B extends MkGpuBackend = MkGpuBackend> extends MkBuffer<B> {
  /** What sort of buffer it is. */
  readonly kind = 'device'
}
