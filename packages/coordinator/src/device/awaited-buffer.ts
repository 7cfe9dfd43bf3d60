import type { MkError } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { BackOff } from './back-off.ts'
import { ownBuffer } from './own-buffers.ts'

/**
 * A buffer that can wait: asked for, and not used before the device has confirmed its memory. After a failure it is asked for again, at
 * growing distances.
 *
 *     ask ──▶ on its way ──(confirmed)──▶ take
 *      ▲          │
 *      └─ 1, 2, 4 … 256 frames ◀──(no memory)
 */
export class AwaitedBuffer {
  /** Frames until it may be asked for again. */
  readonly backOff: BackOff = new BackOff()
  readonly #refused: (error: MkError) => void
  #buffer: MkDeviceBuffer | undefined

  /** @param refused hears of every failure */
  constructor(refused: (error: MkError) => void = () => {}) {
    this.#refused = refused
  }

  /** Bytes of the buffer that is on its way or has not been taken; 0 without one. */
  get size(): number {
    return this.#buffer === undefined ? 0 : this.#buffer.size
  }

  /** Asks for a buffer, in place of a smaller one that is on its way. Does nothing while it is too early. */
  ask(gpu: MkGpu, size: number, usage: number, label: string): void {
    if (size <= this.size || !this.backOff.due || gpu.isLost) return
    let buffer: MkDeviceBuffer
    try {
      buffer = ownBuffer(gpu.createDeviceBuffer(size, usage, { label }))
    } catch (error) {
      this.#fail(error as MkError)
      return
    }
    this.drop()
    this.#buffer = buffer
    void buffer.settled.then((error) => {
      if (this.#buffer !== buffer) return
      if (error === undefined) return this.backOff.reset()
      this.drop()
      if (!gpu.isLost) this.#fail(error)
    })
  }

  /** The buffer, once it is confirmed: it is the caller's from then on. */
  take(): MkDeviceBuffer | undefined {
    const buffer = this.#buffer
    if (buffer === undefined || !buffer.confirmed) return undefined
    this.#buffer = undefined
    return buffer
  }

  /** Resolves once the device has spoken about the buffer that is on its way; at once without one. */
  async answered(): Promise<void> {
    await this.#buffer?.settled
  }

  /** Gives up the buffer that is on its way. */
  drop(): void {
    this.#buffer?.destroy()
    this.#buffer = undefined
  }

  #fail(error: MkError): void {
    this.backOff.failed()
    this.#refused(error)
  }
}
