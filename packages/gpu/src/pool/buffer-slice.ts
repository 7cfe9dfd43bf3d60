import type { MkGpuBackend } from '../backends/backend.ts'
import { requireRange } from '../buffers/bounds.ts'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import { BufferDestroyed } from '../buffers/errors.ts'
import type { MkGpu } from '../gpu.ts'
import { checkSource } from '../queue/copy-rules.ts'

export interface SliceOwner<B extends MkGpuBackend> {
  readonly gpu: MkGpu<B>
  free(slice: MkBufferSlice<B>, serial: number): void
}

/**
 * A part of a large buffer: `{ buffer, offset, size }`, as writes, transfers and bindings take it.
 * In a bind group: `{ buffer: slice.buffer.native, offset, size }`.
 */
export class MkBufferSlice<B extends MkGpuBackend = MkGpuBackend> {
  /** First byte in `buffer`. */
  readonly offset: number
  /** Bytes asked for. */
  readonly size: number
  readonly label: string
  readonly #owner: SliceOwner<B>
  readonly #buffer: MkDeviceBuffer<B>
  #freed = false

  /** Made by `MkSubAllocator.alloc`. */
  constructor(owner: SliceOwner<B>, buffer: MkDeviceBuffer<B>, offset: number, size: number, label: string) {
    this.#owner = owner
    this.#buffer = buffer
    this.offset = offset
    this.size = size
    this.label = label
  }

  /** The large buffer that it lies in. @throws {@link BufferDestroyed} once freed */
  get buffer(): MkDeviceBuffer<B> {
    if (this.#freed) throw new BufferDestroyed({ label: this.label })
    return this.#buffer
  }

  get freed(): boolean {
    return this.#freed
  }

  /**
   * Puts bytes on the queue, as `gpu.write`.
   * @param dstOffset first byte within the slice, a multiple of 4
   * @throws {@link OutOfRange} past the end of the slice
   * @throws as `gpu.write`
   */
  write(
    source: ArrayBufferLike,
    srcOffset: number = 0,
    size: number = source.byteLength - srcOffset,
    dstOffset: number = 0,
  ): void {
    const { buffer } = this
    requireRange(this, dstOffset, size, 'dstOffset')
    // Check all of it before its first part is written.
    checkSource(source.byteLength, srcOffset, size)
    const tail = dstOffset + size === this.size ? size % 4 : 0
    this.#owner.gpu.write(buffer, this.offset + dstOffset, source, srcOffset, size - tail)
    if (tail === 0) return
    // The bytes up to the next multiple of 4 are this slice's.
    const word = new Uint8Array(4)
    word.set(new Uint8Array(source, srcOffset + size - tail, tail))
    this.#owner.gpu.write(buffer, this.offset + this.size - tail, word.buffer)
  }

  /** Reads what the device holds, as `gpu.read`; `offset` counts from the start of the slice. */
  async read(offset: number = 0, size: number = this.size - offset): Promise<ArrayBuffer> {
    const { buffer } = this
    requireRange(this, offset, size)
    return this.#owner.gpu.read(buffer, this.offset + offset, size)
  }

  /**
   * Gives its place back, to be reused once the device has finished with it. Calling it again does nothing.
   * @param serial of work that uses it and that the MkGpu doesn't know of, such as your own draws
   */
  free(serial: number = 0): void {
    if (this.#freed) return
    this.#freed = true
    this.#owner.free(this, Math.max(serial, this.#buffer.lastSerial))
  }
}
