import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { AwaitedBuffer } from './awaited-buffer.ts'
import { BackOff } from './back-off.ts'

/** The first buffer, and the most that one frame may scatter. Bytes. */
const FIRST_BYTES = 256 << 10
const MOST_BYTES = 64 << 20

const LABEL = 'memkit scatter payload'
const USAGE = MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_DST

/**
 * What scattering needs on the device: the buffer that gathered rows travel in, and the backend's own memory for parameters. Both are used
 * once the device has confirmed them. Where there is no memory for one of them, plans do without scatter; it is asked for again, and nothing is
 * lost meanwhile.
 */
export class ScatterPayload {
  readonly #retire: (buffer: MkDeviceBuffer) => void
  readonly #awaited = new AwaitedBuffer()
  /** Between two tries to get what the backend needs. */
  readonly #tries = new BackOff()
  #gpu: MkGpu
  #buffer: MkDeviceBuffer | undefined
  #mostBytes: number
  /** Scatters that a frame has had use for. */
  #scatters = 1
  #preparing = false
  #disposed = false

  /** @param retire takes a buffer that was outgrown */
  constructor(gpu: MkGpu, retire: (buffer: MkDeviceBuffer) => void) {
    this.#gpu = gpu
    this.#retire = retire
    this.#mostBytes = mostBytes(gpu)
  }

  /** The buffer in use; undefined while nothing can be scattered. */
  get buffer(): MkDeviceBuffer | undefined {
    return this.#buffer
  }

  /** Most bytes that a frame may scatter; 0 where there is no scatter. */
  get mostBytes(): number {
    return this.#mostBytes
  }

  /**
   * Makes what scattering needs.
   * @returns false where there is no scatter, or no memory for it now
   */
  async prepare(): Promise<boolean> {
    const gpu = this.#gpu
    if (this.#mostBytes === 0) return false
    this.#preparing = true
    const ready = await gpu.prepareScatter(this.#scatters)
    if (ready && gpu === this.#gpu && !this.#disposed && !this.#buffer) {
      this.#ask(FIRST_BYTES)
      await this.#awaited.answered()
    }
    if (gpu !== this.#gpu || this.#disposed) return false
    this.#preparing = false
    this.#adopt()
    if (ready && gpu.scatterRoom >= this.#scatters) this.#tries.reset()
    else this.#tries.failed()
    return ready && this.#buffer !== undefined
  }

  /**
   * A frame is being planned: takes what the device has confirmed since the last one, and asks again for what is missing.
   * @returns scatters that the frame may record
   */
  planFrame(): number {
    this.#tries.passFrame()
    this.#awaited.backOff.passFrame()
    this.#adopt()
    const gpu = this.#gpu
    const room = this.#buffer === undefined ? 0 : gpu.scatterRoom
    if (room < this.#scatters && this.#mostBytes > 0 && !this.#preparing && this.#tries.due)
      void this.prepare()
    return room
  }

  /** A frame has scattered all that it may, and could have used more. */
  wantScatters(recorded: number): void {
    if (recorded >= this.#scatters) this.#scatters = recorded * 2
  }

  /** A frame would have scattered so many bytes. */
  wantBytes(bytes: number): void {
    if (this.#buffer !== undefined && bytes > this.#buffer.size) this.#ask(bytes)
  }

  /** Goes on with a new device. */
  rebuild(gpu: MkGpu): void {
    this.#gpu = gpu
    this.#buffer = undefined
    this.#mostBytes = mostBytes(gpu)
    this.#preparing = false
    this.#awaited.drop()
    this.#awaited.backOff.reset()
    this.#tries.reset()
  }

  dispose(): void {
    this.#disposed = true
    this.#buffer?.destroy()
    this.#buffer = undefined
    this.#awaited.drop()
  }

  #ask(bytes: number): void {
    const size = Math.min(this.#mostBytes, 2 ** Math.ceil(Math.log2(bytes)))
    if (this.#buffer === undefined || size > this.#buffer.size)
      this.#awaited.ask(this.#gpu, size, USAGE, LABEL)
  }

  #adopt(): void {
    const confirmed = this.#awaited.take()
    if (confirmed === undefined) return
    if (this.#buffer) this.#retire(this.#buffer)
    this.#buffer = confirmed
  }
}

function mostBytes(gpu: MkGpu): number {
  const { scatter, maxStorageBufferBindingSize, maxBufferSize } = gpu.capabilities
  return scatter ? Math.min(MOST_BYTES, maxStorageBufferBindingSize, maxBufferSize) : 0
}
