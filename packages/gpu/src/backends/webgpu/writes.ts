/// <reference types="@webgpu/types" preserve="true" />
import type { MkCallCounts } from '../capabilities.ts'
import { BounceMemory, isPlain } from '../plain-memory.ts'

/** Sources below it are taken as they are. Firefox takes no ArrayBuffer above 2 GB, but views of it. */
const LARGE_SOURCE_BYTES = 2 ** 31

/**
 * Most bytes per `writeBuffer`, and from the start of one window to the next: a window holds every
 * write that begins in its first half. Smaller pieces gain nothing (docs/decisions/0019).
 */
export const MAX_WRITE_SIZE: number = 2 ** 30

/** Puts bytes on a queue. */
export class QueueWrites {
  readonly #queue: GPUQueue
  readonly #calls: MkCallCounts
  readonly #bounce = new BounceMemory()
  /** Views of 2 GiB, 1 GiB apart. Kept: no garbage per write. */
  readonly #windows = new WeakMap<ArrayBuffer, Uint8Array<ArrayBuffer>[]>()

  constructor(queue: GPUQueue, calls: MkCallCounts) {
    this.#queue = queue
    this.#calls = calls
  }

  /** Writes `size` bytes, a multiple of 4. */
  write(dst: GPUBuffer, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    // Apart, because this makes no closure.
    if (!isPlain(source)) return this.#writeBounced(dst, dstOffset, source, srcOffset, size)
    const large = source.byteLength >= LARGE_SOURCE_BYTES
    for (let done = 0; done < size; done += MAX_WRITE_SIZE) {
      const bytes = Math.min(MAX_WRITE_SIZE, size - done)
      const from = srcOffset + done
      if (large) {
        const view = this.#windowAt(source, from)
        this.#queue.writeBuffer(dst, dstOffset + done, view, from - view.byteOffset, bytes)
      } else this.#queue.writeBuffer(dst, dstOffset + done, source, from, bytes)
      this.#calls.writes++
    }
    this.#calls.bytesWritten += size
  }

  #writeBounced(dst: GPUBuffer, to: number, source: ArrayBufferLike, from: number, size: number): void {
    this.#bounce.each(source, from, size, (memory, done, bytes) =>
      this.write(dst, to + done, memory.buffer, 0, bytes),
    )
  }

  /** The view in which a write that starts at `offset` lies. */
  #windowAt(source: ArrayBuffer, offset: number): Uint8Array<ArrayBuffer> {
    let windows = this.#windows.get(source)
    if (windows === undefined) this.#windows.set(source, (windows = []))
    const index = Math.floor(offset / MAX_WRITE_SIZE)
    const start = index * MAX_WRITE_SIZE
    const length = Math.min(2 * MAX_WRITE_SIZE - 4, source.byteLength - start)
    return (windows[index] ??= new Uint8Array(source, start, length))
  }
}
