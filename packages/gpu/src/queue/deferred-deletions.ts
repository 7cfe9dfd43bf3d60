import type { MkGpuBackend } from '../backends/backend.ts'
import type { MkBuffer } from '../buffers/buffers.ts'
import { SerialQueue } from './serial-queue.ts'

/** Above it the oldest are destroyed at once, so that a hung device does not pile them up. */
const MAX_WAITING = 256

/**
 * Buffers to be destroyed once the device has finished with them.
 *
 *     retire(buffer, serial) ─────────────────────────────▶ waits ──collect(completed)──▶ destroyed
 *     retireIn(buffer, frame) ──▶ young ──seal(frame, serial)──▶ ┘
 *
 * Use `retireIn` for buffers that work of this frame may still name: no serial covers that work yet,
 * and `seal` says which one does once the frame is over.
 */
export class DeferredDeletions<B extends MkGpuBackend = MkGpuBackend> {
  readonly #young: { readonly buffer: MkBuffer<B>; readonly frame: number }[] = []
  readonly #waiting = new SerialQueue<MkBuffer<B>>()
  /** Buffers that wait. */
  count = 0
  /** Bytes that wait. */
  bytes = 0

  /** @param serial of the last work that uses the buffer */
  retire(buffer: MkBuffer<B>, serial: number): void {
    if (this.#counted(buffer)) this.#waiting.push(buffer, serial)
  }

  /** @param frame the last frame whose work may use the buffer; any number that goes up */
  retireIn(buffer: MkBuffer<B>, frame: number): void {
    if (this.#counted(buffer)) this.#young.push({ buffer, frame })
  }

  /** Says which serial covers the work of the frames before `frame`, which are over. */
  seal(frame: number, serial: number): void {
    const young = this.#young
    let kept = 0
    for (const entry of young) {
      if (entry.frame < frame) this.#waiting.push(entry.buffer, serial)
      else young[kept++] = entry
    }
    young.length = kept
  }

  /** Destroys every buffer whose serial has completed, and the oldest ones above 256 that wait. */
  collect(completedSerial: number): void {
    this.#waiting.collect({ completedSerial }, this.#destroy)
    while (this.#waiting.count > 0 && this.count > MAX_WAITING) this.#destroy(this.#waiting.shift()!)
    while (this.#young.length > MAX_WAITING) this.#destroy(this.#young.shift()!.buffer)
  }

  /** Destroys every buffer now. */
  flush(): void {
    this.#waiting.collect({ completedSerial: Infinity }, this.#destroy)
    for (const { buffer } of this.#young.splice(0)) this.#destroy(buffer)
  }

  #counted(buffer: MkBuffer<B>): boolean {
    if (buffer.destroyed) return false
    this.count++
    this.bytes += buffer.size
    return true
  }

  readonly #destroy = (buffer: MkBuffer<B>): void => {
    this.count--
    this.bytes -= buffer.size
    buffer.destroy()
  }
}
