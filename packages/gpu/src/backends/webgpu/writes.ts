/// <reference types="@webgpu/types" preserve="true" />
import type { MkCallCounts } from '../capabilities.ts'
import { BounceMemory, isPlain } from '../plain-memory.ts'

/**
 * Most bytes per `writeBuffer`. Chrome allocates a staging buffer per call above 4 MiB (docs/gpu.md,
 * measured there); 4 KiB are left for the message around the bytes.
 */
const MAX_WRITE_BYTES = (4 << 20) - 4096

/** Sources below it are taken as they are. Firefox takes no ArrayBuffer above 2 GB, but views of it. */
const LARGE_SOURCE_BYTES = 2 ** 31

/** Bytes from the start of one window to the next. */
const WINDOW_STEP = 2 ** 30

/** Puts bytes on a queue, in pieces that it takes without allocating. */
export class QueueWrites {
  readonly #queue: GPUQueue
  readonly #calls: MkCallCounts
  readonly #bounce = new BounceMemory()
  /** Views of 1 GiB, and as much as one write may reach beyond. Kept: no garbage per write. */
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
    for (let done = 0; done < size; done += MAX_WRITE_BYTES) {
      const bytes = Math.min(MAX_WRITE_BYTES, size - done)
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
    const index = Math.floor(offset / WINDOW_STEP)
    const start = index * WINDOW_STEP
    const length = Math.min(WINDOW_STEP + MAX_WRITE_BYTES, source.byteLength - start)
    return (windows[index] ??= new Uint8Array(source, start, length))
  }
}
