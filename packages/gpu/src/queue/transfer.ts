import type { MkError } from '@memkit/core'
import type { MkGpuBackend } from '../backends/backend.ts'
import type { MkBuffer } from '../buffers/buffers.ts'
import { MkFence } from './fence.ts'
import type { Timeline } from './timeline.ts'
import type { Recorder } from './recorder.ts'
import { unawaited } from '../backends/unawaited.ts'

/** Which bytes a transfer moves. */
export interface TransferRange {
  /** First byte read; default 0. A multiple of 4. */
  srcOffset?: number
  /** First byte written; default 0. A multiple of 4. */
  dstOffset?: number
  /** Bytes; default the rest of the source. A multiple of 4, or up to the destination's end. */
  size?: number
}

/** A transfer on its way to the device. Await `done` to know whether it worked. */
export class MkGpuTransfer extends MkFence {
  /** Bytes moved. */
  readonly bytes: number
  /** Copies that it took, after merging. */
  readonly copies: number
  /** Of the buffers: a copy from or to missing memory did nothing. */
  readonly #errors: readonly Promise<MkError | undefined>[]
  #arrived: Promise<void> | undefined

  /** Made by `gpu.transfer` and `batchTransfer().submit()`. */
  constructor(
    timeline: Timeline,
    serial: number,
    bytes: number,
    copies: number,
    errors: readonly Promise<MkError | undefined>[],
  ) {
    super(timeline, serial)
    this.bytes = bytes
    this.copies = copies
    this.#errors = errors
  }

  /** Resolves when the bytes are there; rejects with DeviceLost, or a buffer's AllocationFailed. */
  override get done(): Promise<void> {
    return (this.#arrived ??= unawaited(this.#arrive(super.done)))
  }

  async #arrive(done: Promise<void>): Promise<void> {
    await done
    for (const error of await Promise.all(this.#errors)) if (error) throw error
  }
}

interface PendingCopy<B extends MkGpuBackend> {
  readonly src: MkBuffer<B>
  readonly srcOffset: number
  readonly dst: MkBuffer<B>
  readonly dstOffset: number
  size: number
}

/**
 * Copies gathered, then handed over together:
 * `gpu.batchTransfer().copy(a, b, { srcOffset: 16 }).copy(c, d).submit()`.
 *
 * They run in the order in which they were added. A copy that continues the one before it is merged
 * with it. A copy that is not allowed throws when it is added and leaves the batch as it was.
 */
export class MkBatchTransfer<B extends MkGpuBackend = MkGpuBackend> {
  readonly #gpu: { submit(): number }
  readonly #timeline: Timeline
  readonly #recorder: Recorder<B>
  #pending: PendingCopy<B>[] = []

  /** Made by `gpu.batchTransfer()`. */
  constructor(gpu: { submit(): number }, timeline: Timeline, recorder: Recorder<B>) {
    this.#gpu = gpu
    this.#timeline = timeline
    this.#recorder = recorder
  }

  /** Copies gathered so far, after merging. */
  get length(): number {
    return this.#pending.length
  }

  /** Adds a copy. @throws as `gpu.copy` */
  copy(src: MkBuffer<B>, dst: MkBuffer<B>, range: TransferRange = {}): this {
    const { srcOffset = 0, dstOffset = 0, size = src.size - srcOffset } = range
    this.#recorder.checkCopy(src, srcOffset, dst, dstOffset, size)
    if (size === 0) return this
    const last = this.#pending.at(-1)
    const continues =
      last?.src === src &&
      last.dst === dst &&
      last.srcOffset + last.size === srcOffset &&
      last.dstOffset + last.size === dstOffset
    if (continues) last.size += size
    else this.#pending.push({ src, srcOffset, dst, dstOffset, size })
    return this
  }

  /**
   * Submits the copies, with everything else that is recorded, and empties the batch. When it
   * throws, nothing was recorded and the batch is as it was.
   * @throws {@link BufferDestroyed} or {@link BufferMapped} when a buffer has become so since it was added
   */
  submit(): MkGpuTransfer {
    const pending = this.#pending
    for (const c of pending) this.#recorder.checkCopy(c.src, c.srcOffset, c.dst, c.dstOffset, c.size)
    this.#pending = []
    const errors = new Set<Promise<MkError | undefined>>()
    let bytes = 0
    for (const { src, srcOffset, dst, dstOffset, size } of pending) {
      this.#recorder.recordCopy(src, srcOffset, dst, dstOffset, size)
      errors.add(src.allocationError).add(dst.allocationError)
      bytes += size
    }
    return new MkGpuTransfer(this.#timeline, this.#gpu.submit(), bytes, pending.length, [...errors])
  }
}
