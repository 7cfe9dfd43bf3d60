import { hasCode } from '@memkit/core'
import type { MkError } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { AwaitedBuffer } from './awaited-buffer.ts'
import { ownBuffer } from './own-buffers.ts'
import { Shortage } from './shortage.ts'

/**
 * The device buffer that frame memory goes to, and the spill buffers beside it.
 *
 * A bigger one is asked for when a frame did not fit, and used from the frame on in which the device has confirmed it. What cannot wait, the
 * first one and spills, is used unconfirmed: when it turns out to have no memory, what was staged into it is lost, `warn` hears of it once
 * per shortage, and the next frame asks again.
 */
export class FrameBuffer {
  readonly #label: string
  readonly #bigger: AwaitedBuffer
  readonly #shortage: Shortage
  readonly #spillShortage: Shortage
  #gpu: MkGpu
  #current: MkDeviceBuffer
  #generation = 1
  /** The device had no memory for the buffer in use. */
  #missing = false

  /**
   * @param firstBytes of the first buffer
   * @param warn hears of AllocationFailed
   * @throws AllocationFailed, DeviceLost
   */
  constructor(gpu: MkGpu, firstBytes: number, label: string, warn: (error: MkError) => void) {
    this.#gpu = gpu
    this.#label = label
    this.#shortage = new Shortage(warn)
    this.#spillShortage = new Shortage(warn)
    this.#bigger = new AwaitedBuffer((error) => this.#shortage.tell(error))
    this.#current = this.#makeNow(Math.min(firstBytes, gpu.capabilities.maxBufferSize), label, this.#shortage)
  }

  /** The buffer in use. */
  get current(): MkDeviceBuffer {
    return this.#current
  }

  /** Goes up when the buffer is replaced. */
  get generation(): number {
    return this.#generation
  }

  /** Whether a buffer is the frame buffer and is known to have no memory. */
  isMissing(buffer: MkDeviceBuffer): boolean {
    return this.#missing && buffer === this.#current
  }

  /**
   * Puts a bigger buffer into use if the device has confirmed one, and makes one in place of one that has no memory.
   * @returns the buffer that was replaced
   */
  beginFrame(): MkDeviceBuffer | undefined {
    this.#bigger.backOff.passFrame()
    if (this.#gpu.isLost) return undefined
    const bigger = this.#bigger.take()
    if (bigger) this.#shortage.over()
    const next = bigger ?? (this.#missing ? this.#tryNow(this.#current.size) : undefined)
    if (next === undefined) return undefined
    const replaced = this.#current
    this.#current = next
    this.#missing = false
    this.#generation++
    return replaced
  }

  /** A frame wanted so many bytes: asks for a buffer that has them. */
  want(bytes: number): void {
    if (bytes <= this.#current.size) return
    const { maxBufferSize } = this.#gpu.capabilities
    const size = rounded(this.#gpu, Math.min(maxBufferSize, 2 ** Math.ceil(Math.log2(bytes))))
    if (size > this.#current.size) this.#bigger.ask(this.#gpu, size, frameUsage(this.#gpu), this.#label)
  }

  /**
   * A buffer beside the frame buffer, for one frame.
   * @throws AllocationFailed
   */
  spill(bytes: number): MkDeviceBuffer {
    return this.#makeNow(bytes, `${this.#label} spill`, this.#spillShortage)
  }

  /**
   * A buffer on another device, as big as the one in use.
   * @throws AllocationFailed where that says at once that it has no memory, DeviceLost
   */
  bufferOn(gpu: MkGpu): MkDeviceBuffer {
    return make(gpu, Math.min(this.#current.size, gpu.capabilities.maxBufferSize), this.#label)
  }

  /** Goes on with a new device, in a buffer that `bufferOn` made there. */
  rebuild(gpu: MkGpu, buffer: MkDeviceBuffer): void {
    this.#gpu = gpu
    this.#bigger.drop()
    this.#bigger.backOff.reset()
    this.#current.destroy()
    this.#current = buffer
    this.#missing = false
    this.#generation++
    this.#watch(buffer, this.#shortage)
  }

  dispose(): void {
    this.#current.destroy()
    this.#bigger.drop()
  }

  /** Undefined where the device says at once that there is no memory. */
  #tryNow(bytes: number): MkDeviceBuffer | undefined {
    try {
      return this.#makeNow(bytes, this.#label, this.#shortage)
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      this.#shortage.tell(error)
      return undefined
    }
  }

  /** A buffer that is used before the device has confirmed it, as there is no other. */
  #makeNow(bytes: number, label: string, shortage: Shortage): MkDeviceBuffer {
    const buffer = make(this.#gpu, bytes, label)
    this.#watch(buffer, shortage)
    return buffer
  }

  #watch(buffer: MkDeviceBuffer, shortage: Shortage): void {
    const gpu = this.#gpu
    void buffer.settled.then((error) => {
      if (error === undefined) shortage.over()
      else if (!gpu.isLost) {
        if (buffer === this.#current) this.#missing = true
        shortage.tell(error)
      }
    })
  }
}

function make(gpu: MkGpu, bytes: number, label: string): MkDeviceBuffer {
  return ownBuffer(gpu.createDeviceBuffer(rounded(gpu, bytes), frameUsage(gpu), { label }))
}

/** Multiples of 256 bytes, where the device allows that. */
function rounded(gpu: MkGpu, bytes: number): number {
  return Math.max(bytes, Math.min(Math.ceil(bytes / 256) * 256, gpu.capabilities.maxBufferSize))
}

/** Everything the backend lets one buffer be. */
function frameUsage(gpu: MkGpu): number {
  const { usages, indexIsExclusive } = gpu.capabilities
  return indexIsExclusive ? usages & ~MkBufferUsage.INDEX : usages
}
