import type { MkError } from '@memkit/core'
import { MkBufferUsage, MkMemoryType } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu, MkStagingBuffer } from '@memkit/gpu'
import { ownBuffer } from './own-buffers.ts'

/** Free buffers that the ring keeps, and their bytes at most. */
const KEEP = 8
const KEEP_BYTES = 32 << 20
const LEAST = 4096

/**
 * Buffers that the device copies into and the CPU maps. One that was read goes back into the ring, so that readbacks
 * frame by frame make none; several may be in flight.
 */
export class ReadbackRing {
  #gpu: MkGpu
  #free: MkStagingBuffer[] = []
  #freeBytes = 0
  #disposed = false

  constructor(gpu: MkGpu) {
    this.#gpu = gpu
  }

  /**
   * The bytes that a buffer holds after everything handed over so far.
   * @param held whether it holds anything, where that takes more than memory of its own
   * @throws as rejections: UsageMissing, OutOfRange, BufferDestroyed, DeviceLost, NotMappable, AllocationFailed (no memory for the buffer, or
   *   to read it through)
   */
  async read(
    buffer: MkDeviceBuffer,
    offset: number,
    size: number,
    held?: Promise<MkError | undefined>,
  ): Promise<ArrayBuffer> {
    const gpu = this.#gpu
    const last = offset + size
    const words = Number.isInteger(last) && offset >= 0 && size > 0 && last <= buffer.size - (buffer.size % 4)
    // What is wrong, empty, or ends in the padding of a buffer is gpu's to sort out.
    const usable = (buffer.usage & MkBufferUsage.TRANSFER_SRC) !== 0 && !buffer.destroyed && gpu.owns(buffer)
    if (!words || !usable) return gpu.read(buffer, offset, size)
    const first = offset - (offset % 4)
    const staging = this.take(Math.ceil((last - first) / 4) * 4)
    let result: ArrayBuffer
    try {
      gpu.copy(buffer, first, staging, 0, Math.ceil((last - first) / 4) * 4)
      gpu.submit()
      const bytes = await staging.map()
      // A device that is destroyed takes mapped bytes with it, some time before it is known to be lost. Then `submit` throws DeviceLost.
      if (bytes.length === 0) await gpu.lost.then(() => gpu.submit())
      result = bytes.slice(offset - first, last - first).buffer
      staging.unmap()
      this.give(gpu, staging)
    } catch (error) {
      staging.destroy()
      throw error
    }
    // What was copied out of a buffer without memory is nothing.
    const failed = held ? await held : buffer.confirmed ? undefined : await buffer.settled
    if (failed) throw failed
    return result
  }

  /** A buffer of at least `size` bytes, to be copied into. Give it back unmapped. */
  take(size: number): MkStagingBuffer {
    let best = -1
    for (let i = 0; i < this.#free.length; i++) {
      const has = this.#free[i].size
      if (has >= size && has <= Math.max(size * 4, LEAST) && (best < 0 || has < this.#free[best].size))
        best = i
    }
    if (best >= 0) {
      const [staging] = this.#free.splice(best, 1)
      this.#freeBytes -= staging.size
      return staging
    }
    const room = Math.min(
      2 ** Math.ceil(Math.log2(Math.max(size, LEAST))),
      this.#gpu.capabilities.maxBufferSize,
    )
    return ownBuffer(
      this.#gpu.createStagingBuffer(Math.max(room, size), {
        memory: MkMemoryType.HostCached,
        label: 'memkit readback',
      }),
    )
  }

  /** Takes a buffer back, from the device that it was taken on. */
  give(gpu: MkGpu, staging: MkStagingBuffer): void {
    if (
      this.#disposed ||
      gpu !== this.#gpu ||
      this.#free.length >= KEEP ||
      this.#freeBytes + staging.size > KEEP_BYTES
    )
      return staging.destroy()
    this.#free.push(staging)
    this.#freeBytes += staging.size
  }

  /** Goes on on a new device. What is under way on the old one is rejected by it. */
  rebuild(gpu: MkGpu): void {
    this.#empty()
    this.#gpu = gpu
  }

  /** Reads that are under way still end; what they used is not kept. */
  dispose(): void {
    this.#disposed = true
    this.#empty()
  }

  #empty(): void {
    for (const staging of this.#free) staging.destroy()
    this.#free = []
    this.#freeBytes = 0
  }
}
