import type { MkError } from '@memkit/core'
import type { LossInfo, MkGpuBackend } from '../backends/backend.ts'
import type { MkCapabilities } from '../backends/capabilities.ts'
import type { MkBuffer } from '../buffers/buffers.ts'
import { allocatedSize } from '../buffers/bounds.ts'
import type { StagingBufferOptions } from '../buffers/device-memory.ts'
import type { MkStagingBuffer } from '../buffers/staging-buffer.ts'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'

/** The most free buffers that a Readback keeps. */
const MAX_KEPT = 8

/** Bytes of the smallest buffer that is kept. */
const MIN_BYTES = 4096

/** What a Readback needs of its gpu. */
export interface ReadbackOwner<B extends MkGpuBackend> {
  readonly capabilities: MkCapabilities
  readonly isLost: boolean
  readonly lost: Promise<LossInfo>
  owns(buffer: MkBuffer<B>): boolean
  createStagingBuffer(size: number, options?: StagingBufferOptions): MkStagingBuffer<B>
  checkRead(buffer: MkBuffer<B>, offset: number, size: number): void
  /** Records a copy of whole words, which may reach into the padding of the source. */
  recordRead(src: MkBuffer<B>, srcOffset: number, staging: MkStagingBuffer<B>, size: number): void
  submit(): number
}

/** How a Readback treats its staging buffers. */
export interface ReadbackOptions<B extends MkGpuBackend = MkGpuBackend> {
  /** Bytes of free staging buffers to keep for later reads. Default 0: each read makes its own. */
  keepBytes?: number
  /** Of its staging buffers; default `readback of <buffer>`. */
  label?: string
  /** Called for each staging buffer that is made. */
  made?(staging: MkStagingBuffer<B>): void
}

/**
 * Reads buffers of the device, through staging buffers that it keeps: readbacks frame by frame make
 * none. Several may be under way.
 *
 *     read:  take ─▶ copy, submit ─▶ map ─▶ bytes ─▶ unmap ─▶ give
 *
 * Use `take` and `give` instead to record the copy with other work, and to see the bytes in place.
 */
export class Readback<B extends MkGpuBackend = MkGpuBackend> {
  #gpu: ReadbackOwner<B>
  readonly #keepBytes: number
  readonly #options: ReadbackOptions<B>
  #free: MkStagingBuffer<B>[] = []
  #freeBytes = 0
  #disposed = false

  constructor(gpu: ReadbackOwner<B>, options: ReadbackOptions<B> = {}) {
    this.#gpu = gpu
    this.#keepBytes = options.keepBytes ?? 0
    this.#options = options
  }

  /**
   * Reads `size` bytes from byte `offset` on, any, as `gpu.read`, and rejects as it does.
   * @param held resolves to an error if the buffer holds nothing; default: its `allocationError`
   */
  async read(
    buffer: MkBuffer<B>,
    offset: number,
    size: number,
    held?: Promise<MkError | undefined>,
  ): Promise<ArrayBuffer> {
    const gpu = this.#gpu
    gpu.checkRead(buffer, offset, size)
    if (size === 0) return new ArrayBuffer(0)
    const first = offset - (offset % 4)
    const bytes = allocatedSize(offset + size - first)
    const indices = (buffer.usage & MkBufferUsage.INDEX) !== 0
    const staging = this.take(bytes, { label: `readback of ${buffer.label}`, indices })
    let result: ArrayBuffer
    try {
      gpu.recordRead(buffer, first, staging, bytes)
      gpu.submit()
      const mapped = await staging.map()
      // A device that is destroyed takes mapped bytes with it, and then `submit` throws DeviceLost.
      if (mapped.length === 0) await gpu.lost.then(() => gpu.submit())
      result = mapped.slice(offset - first, offset - first + size).buffer
    } catch (error) {
      // A map is also refused when the gpu is destroyed: that says more.
      await staging.allocationError
      staging.destroy()
      if (gpu.isLost) gpu.submit()
      throw error
    }
    this.give(staging)
    // What was copied out of a buffer without memory is nothing.
    const failed = held ? await held : buffer.allocated ? undefined : await buffer.allocationError
    if (failed) throw failed
    return result
  }

  /**
   * Takes a buffer of at least `size` bytes, to copy into.
   * @param indices whether the bytes are an INDEX buffer's, which some devices keep apart
   */
  take(
    size: number,
    { label = 'readback', indices = false }: { label?: string; indices?: boolean } = {},
  ): MkStagingBuffer<B> {
    const largest = Math.max(size * 4, MIN_BYTES)
    let best: MkStagingBuffer<B> | undefined
    for (const free of this.#free)
      if (free.size >= size && free.size < (best?.size ?? largest + 1))
        if ((free.holdsIndices ?? indices) === indices) best = free
    if (best !== undefined) {
      this.#free.splice(this.#free.indexOf(best), 1)
      this.#freeBytes -= best.size
      return best
    }
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(size, MIN_BYTES)))
    const room = this.#keepBytes === 0 ? size : Math.min(rounded, this.#gpu.capabilities.maxBufferSize)
    const staging = this.#gpu.createStagingBuffer(Math.max(room, size), {
      memory: MkMemoryType.HostCached,
      label: this.#options.label ?? label,
    })
    this.#options.made?.(staging)
    return staging
  }

  /** Takes a buffer back, mapped or not, and keeps it or destroys it. */
  give(staging: MkStagingBuffer<B>): void {
    const full = this.#free.length >= MAX_KEPT || this.#freeBytes + staging.size > this.#keepBytes
    if (full || this.#disposed || !this.#gpu.owns(staging)) return staging.destroy()
    if (staging.state === 'mapped') staging.unmap()
    this.#free.push(staging)
    this.#freeBytes += staging.size
  }

  /** Continues on another device. What is under way on the old one is rejected by it. */
  rebuild(gpu: ReadbackOwner<B>): void {
    this.#empty()
    this.#gpu = gpu
  }

  /** Destroys the free buffers. Reads that are under way still end; what they used is not kept. */
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
