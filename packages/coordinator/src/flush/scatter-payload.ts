import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import type { DeviceInUse } from '../device/device-in-use.ts'
import { AwaitedBuffer } from '../device/awaited-buffer.ts'
import { BackOff } from '../device/back-off.ts'

const FIRST_BYTES = 256 << 10
const MAX_BYTES = 64 << 20

const LABEL = 'memkit scatter payload'
const USAGE = MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_DST

/**
 * What scattering needs on the device, once it has confirmed it: the buffer that gathered rows
 * travel in, and the backend's memory for parameters. Without, plans do without scatter.
 */
export class ScatterPayload {
  /** Undefined while nothing can be scattered. */
  buffer: MkDeviceBuffer | undefined
  /** The most bytes of a frame; 0 where there is no scatter. */
  maxBytes: number
  /** `beginFrame` has something to do. */
  isWanting: boolean
  readonly #retire: (buffer: MkDeviceBuffer) => void
  readonly #awaited = new AwaitedBuffer()
  /** For the backend's memory. */
  readonly #tries = new BackOff()
  readonly #device: DeviceInUse
  /** Scatters that a frame may have use for. */
  #scatters = 1
  #preparing = false
  #disposed = false

  constructor(device: DeviceInUse, retire: (buffer: MkDeviceBuffer) => void) {
    this.#device = device
    this.#retire = retire
    this.maxBytes = maxBytes(device.gpu)
    this.isWanting = this.maxBytes > 0
  }

  /** Makes what is missing. */
  async prepare(): Promise<void> {
    const { gpu } = this.#device
    if (this.maxBytes === 0) return
    this.#preparing = true
    const ready = await gpu.prepareScatter(this.#scatters)
    if (ready && gpu === this.#device.gpu && !this.#disposed && !this.buffer) {
      this.#ask(FIRST_BYTES)
      await this.#awaited.answered()
    }
    if (gpu !== this.#device.gpu || this.#disposed) return
    this.#preparing = false
    this.#adopt()
    if (ready && gpu.scatterRoom >= this.#scatters) this.#tries.reset()
    else this.#tries.failed()
  }

  /** Takes what the device has confirmed, and asks again for what is missing. */
  beginFrame(): void {
    this.#tries.passFrame()
    this.#awaited.backOff.passFrame()
    this.#adopt()
    const lacks = this.buffer === undefined || this.#device.gpu.scatterRoom < this.#scatters
    if (lacks && !this.#preparing && this.#tries.due) void this.prepare()
    this.isWanting = lacks || this.#preparing || this.#awaited.isBusy
  }

  /** A frame used all its room for scatters. */
  wantScatters(room: number): void {
    if (room > 0 && room >= this.#scatters) this.#scatters = room * 2
    this.isWanting = true
  }

  wantBytes(bytes: number): void {
    if (this.buffer !== undefined && bytes > this.buffer.size) this.#ask(bytes)
  }

  rebuild(): void {
    // The device before may be lent, and live on.
    this.buffer?.destroy()
    this.buffer = undefined
    this.maxBytes = maxBytes(this.#device.gpu)
    this.isWanting = this.maxBytes > 0
    this.#preparing = false
    this.#awaited.reset()
    this.#tries.reset()
  }

  dispose(): void {
    this.#disposed = true
    this.buffer?.destroy()
    this.buffer = undefined
    this.#awaited.drop()
  }

  #ask(bytes: number): void {
    const size = Math.min(this.maxBytes, 2 ** Math.ceil(Math.log2(bytes)))
    if (this.buffer !== undefined && size <= this.buffer.size) return
    this.#awaited.ask(this.#device.gpu, size, USAGE, LABEL)
    this.isWanting = true
  }

  #adopt(): void {
    const confirmed = this.#awaited.take()
    if (confirmed === undefined) return
    if (this.buffer) this.#retire(this.buffer)
    this.buffer = confirmed
  }
}

function maxBytes(gpu: MkGpu): number {
  const { scatter, maxStorageBufferBindingSize, maxBufferSize } = gpu.capabilities
  return scatter ? Math.min(MAX_BYTES, maxStorageBufferBindingSize, maxBufferSize) : 0
}
