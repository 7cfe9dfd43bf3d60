import type { MkError } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { BackOff } from './back-off.ts'
import { ownBuffer } from './own-buffers.ts'

/**
 * A buffer that can wait: asked for, and not used before the device has confirmed its memory. After
 * a failure it is asked for again, at growing distances.
 *
 *     ask ──▶ on its way ──(confirmed)──▶ take
 *      ▲          │
 *      └─ 1, 2, 4 … 256 frames ◀──(no memory)
 */
export class AwaitedBuffer {
  readonly backOff: BackOff = new BackOff()
  readonly #refused: (error: MkError) => void
  #buffer: MkDeviceBuffer | undefined

  constructor(refused: (error: MkError) => void = () => {}) {
    this.#refused = refused
  }

  /** A buffer is on its way, or it is too early to ask again: frames must be counted. */
  get isBusy(): boolean {
    return this.#buffer !== undefined || !this.backOff.due
  }

  /** Asks for a buffer, in place of a smaller one. Does nothing while it is too early. */
  ask(gpu: MkGpu, size: number, usage: number, label: string): void {
    if (size <= (this.#buffer?.size ?? 0) || !this.backOff.due || gpu.isLost) return
    let buffer: MkDeviceBuffer
    try {
      buffer = ownBuffer(gpu.createDeviceBuffer(size, usage, { label }))
    } catch (error) {
      this.#fail(error as MkError)
      return
    }
    this.drop()
    this.#buffer = buffer
    void buffer.allocationError.then((error) => {
      if (this.#buffer !== buffer) return
      if (error === undefined) return this.backOff.reset()
      this.drop()
      if (!gpu.isLost) this.#fail(error)
    })
  }

  takeInFrame(): MkDeviceBuffer | undefined {
    this.backOff.passFrame()
    return this.take()
  }

  /** @returns the buffer, once it is confirmed: it is the caller's from then on */
  take(): MkDeviceBuffer | undefined {
    const buffer = this.#buffer
    if (buffer === undefined || !buffer.allocated) return undefined
    this.#buffer = undefined
    return buffer
  }

  /** Resolves once the device has confirmed or refused the buffer; at once without one. */
  async answered(): Promise<void> {
    await this.#buffer?.allocationError
  }

  drop(): void {
    this.#buffer?.destroy()
    this.#buffer = undefined
  }

  /** For another device: gives up the buffer, and may ask at once. */
  reset(): void {
    this.drop()
    this.backOff.reset()
  }

  #fail(error: MkError): void {
    this.backOff.failed()
    this.#refused(error)
  }
}
