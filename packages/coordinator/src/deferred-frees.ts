import type { MkDeviceBuffer } from '@memkit/gpu'

/** Waiting buffers above which the oldest are destroyed unasked, so that a device that hangs holds no more. */
const MAX_WAITING = 256

/**
 * Device buffers that were replaced. The user may still bind one in the frame in which it was replaced, so it waits
 * until that frame is over, then for the serial that covers what was submitted up to there.
 *
 *     retire ─▶ young ──(the slot's frames have passed)──▶ old, with a serial ──(completed)──▶ destroyed
 */
export class DeferredFrees {
  readonly #waiting: { readonly buffer: MkDeviceBuffer; readonly frame: number; serial: number }[] = []
  #bytes = 0

  /** Buffers that wait. */
  get count(): number {
    return this.#waiting.length
  }
  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param frame the frame in which it was in use last */
  retire(buffer: MkDeviceBuffer, frame: number): void {
    if (buffer.destroyed) return
    this.#waiting.push({ buffer, frame, serial: -1 })
    this.#bytes += buffer.size
  }

  /**
   * Destroys what nobody can need: called when a frame begins.
   * @param frame the frame that begins; buffers of frames before `frame − 1` are no longer bound by anyone
   * @param issued the newest serial
   * @param completed the newest serial that the device has finished
   */
  collect(frame: number, issued: number, completed: number): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    let kept = 0
    for (let i = 0; i < waiting.length; i++) {
      const entry = waiting[i]
      if (entry.serial < 0 && frame > entry.frame + 1) entry.serial = issued
      const over = waiting.length - i > MAX_WAITING
      if ((entry.serial >= 0 && entry.serial <= completed) || over) {
        this.#bytes -= entry.buffer.size
        entry.buffer.destroy()
      } else waiting[kept++] = entry
    }
    waiting.length = kept
  }

  /** Destroys everything now. */
  flush(): void {
    for (const { buffer } of this.#waiting) buffer.destroy()
    this.#waiting.length = 0
    this.#bytes = 0
  }
}
