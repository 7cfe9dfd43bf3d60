import { hasCode, type MkError } from '@memkit/core'
import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import { AwaitedBuffer } from '../device/awaited-buffer.ts'
import type { DeviceInUse } from '../device/device-in-use.ts'
import { ownBuffer } from '../device/own-buffers.ts'
import { Shortage } from '../device/shortage.ts'

/**
 * The device buffer that frame memory goes to, and the spill buffers beside it.
 *
 * A bigger one is asked for when a frame did not fit, and used once the device has confirmed it.
 * The first one and spills cannot wait: without memory, what was staged into them is lost, `warn`
 * is told once per shortage, and the next frame asks again.
 */
export class FrameBuffer {
  readonly #label: string
  readonly #bigger: AwaitedBuffer
  readonly #shortage: Shortage
  readonly #spillShortage: Shortage
  readonly #device: DeviceInUse
  current: MkDeviceBuffer
  /** Goes up when the buffer is replaced. */
  generation = 1
  /** `beginFrame` has something to do. */
  isWanting = false
  /** The device had no memory for the buffer in use. */
  #missing = false

  constructor(device: DeviceInUse, bytes: number, label: string, warn: (error: MkError) => void) {
    this.#device = device
    this.#label = label
    this.#shortage = new Shortage(warn)
    this.#spillShortage = new Shortage(warn)
    this.#bigger = new AwaitedBuffer((error) => this.#shortage.tell(error))
    const { maxBufferSize } = device.gpu.capabilities
    this.current = this.#makeNow(Math.min(bytes, maxBufferSize), label, this.#shortage)
  }

  /** Whether this is the buffer in use, and known to have no memory. */
  isMissing(buffer: MkDeviceBuffer): boolean {
    return this.#missing && buffer === this.current
  }

  /**
   * Puts a confirmed bigger buffer into use, or another one in place of one without memory.
   * @returns the buffer that was replaced
   */
  beginFrame(): MkDeviceBuffer | undefined {
    if (this.#device.gpu.isLost) return undefined
    const bigger = this.#bigger.takeInFrame()
    if (bigger) this.#shortage.over()
    const next = bigger ?? (this.#missing ? this.#tryNow(this.current.size) : undefined)
    const replaced = next && this.current
    if (next) this.#use(next)
    this.isWanting = this.#missing || this.#bigger.isBusy
    return replaced
  }

  /** Asks for a buffer of the bytes that a frame wanted. */
  want(bytes: number): void {
    if (bytes <= this.current.size) return
    const { gpu } = this.#device
    const { maxBufferSize } = gpu.capabilities
    const size = rounded(gpu, Math.min(maxBufferSize, 2 ** Math.ceil(Math.log2(bytes))))
    if (size <= this.current.size) return
    this.#bigger.ask(gpu, size, everyUsage(gpu), this.#label)
    this.isWanting = true
  }

  /** Makes a buffer for one frame. */
  spill(bytes: number): MkDeviceBuffer {
    return this.#makeNow(bytes, `${this.#label} spill`, this.#spillShortage)
  }

  /** Makes a buffer on another device, as big as the one in use where that allows it. */
  bufferOn(gpu: MkGpu): MkDeviceBuffer {
    return make(gpu, Math.min(this.current.size, gpu.capabilities.maxBufferSize), this.#label)
  }

  /** Moves into a buffer that `bufferOn` made. */
  rebuild(buffer: MkDeviceBuffer): void {
    this.#bigger.reset()
    this.isWanting = false
    this.current.destroy()
    this.#use(buffer)
    this.#watch(buffer, this.#shortage)
  }

  dispose(): void {
    this.current.destroy()
    this.#bigger.drop()
  }

  #use(buffer: MkDeviceBuffer): void {
    this.current = buffer
    this.#missing = false
    this.generation++
  }

  #tryNow(bytes: number): MkDeviceBuffer | undefined {
    try {
      return this.#makeNow(bytes, this.#label, this.#shortage)
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      this.#shortage.tell(error)
      return undefined
    }
  }

  /** Makes a buffer that cannot wait until the device confirms it. */
  #makeNow(bytes: number, label: string, shortage: Shortage): MkDeviceBuffer {
    const buffer = make(this.#device.gpu, bytes, label)
    this.#watch(buffer, shortage)
    return buffer
  }

  #watch(buffer: MkDeviceBuffer, shortage: Shortage): void {
    const { gpu } = this.#device
    void buffer.allocationError.then((error) => {
      if (error === undefined) shortage.over()
      else if (!gpu.isLost) {
        if (buffer === this.current) this.#missing = this.isWanting = true
        shortage.tell(error)
      }
    })
  }
}

function make(gpu: MkGpu, bytes: number, label: string): MkDeviceBuffer {
  return ownBuffer(gpu.createDeviceBuffer(rounded(gpu, bytes), everyUsage(gpu), { label }))
}

/** Multiples of 256 bytes, where the device allows that. */
function rounded(gpu: MkGpu, bytes: number): number {
  return Math.max(bytes, Math.min(Math.ceil(bytes / 256) * 256, gpu.capabilities.maxBufferSize))
}

export function everyUsage(gpu: MkGpu): number {
  const { usages, indexIsExclusive } = gpu.capabilities
  return indexIsExclusive ? usages & ~MkBufferUsage.INDEX : usages
}
