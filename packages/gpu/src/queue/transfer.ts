import type { MkError } from '@memkit/core'
import type { MkGpuBackend } from './backend.ts'
import type { MkBuffer, MkDeviceBuffer } from './buffers.ts'
import { MkFence } from './fence.ts'
import type { SerialSource } from './fence.ts'
import { unawaited } from './unawaited.ts'

/** Which bytes a transfer moves. */
export interface TransferRange {
  /** First byte read; default 0. A multiple of 4. */
  srcOffset?: number
  /** First byte written; default 0. A multiple of 4. */
  dstOffset?: number
  /**
   * Bytes; default all of the source from `srcOffset` on. A multiple of 4, or up to the last byte of the destination,
   * whose padding then takes the rest of the word.
   */
  size?: number
}

/** A transfer on its way to the device. `isComplete` says that the device is through with it, `done` also whether it worked. */
export class MkGpuTransfer extends MkFence {
  /** Bytes moved. */
  readonly bytes: number
  /** Copies that it took, after merging. */
  readonly copies: number
  /** The buffers' `settled`: a copy from, through or to memory that turned out not to be there did nothing. */
  readonly #settled: readonly Promise<MkError | undefined>[]
  #arrived: Promise<void> | undefined

  /** Made by `gpu.transfer` and `batchTransfer().submit()`. */
  constructor(
    source: SerialSource,
    serial: number,
    bytes: number,
    copies: number,
    settled: readonly Promise<MkError | undefined>[],
  ) {
    super(source, serial)
    this.bytes = bytes
    this.copies = copies
    this.#settled = settled
  }

  /**
   * Resolves when the bytes are there. Rejects with DeviceLost when the device is lost before, with AllocationFailed when there was no memory
   * for one of the buffers, that in between of a copy within one included. The same promise each time.
   */
  override get done(): Promise<void> {
    this.#arrived ??= unawaited(this.#arrive(super.done))
    return this.#arrived
  }

  async #arrive(done: Promise<void>): Promise<void> {
    await done
    for (const error of await Promise.all(this.#settled)) if (error) throw error
  }
}

/** What a batch needs of its gpu. */
export interface TransferOwner<B extends MkGpuBackend> extends SerialSource {
  /** Throws what is wrong with a copy. */
  checkCopy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void
  /** Makes the buffer that a copy within one buffer goes through; undefined where none is needed. */
  bufferBetween(
    src: MkBuffer<B>,
    dst: MkBuffer<B>,
    dstOffset: number,
    size: number,
  ): MkDeviceBuffer<B> | undefined
  /** Records a copy, and has the buffer in between destroyed when it has served. */
  recordCopy(
    src: MkBuffer<B>,
    srcOffset: number,
    dst: MkBuffer<B>,
    dstOffset: number,
    size: number,
    between: MkDeviceBuffer<B> | undefined,
  ): void
  submit(): number
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
 * They run in the order in which they were added. A copy that continues the one before it, in source and destination, is
 * merged with it. A copy that is not allowed throws when it is added and leaves the batch as it was.
 */
export class MkBatchTransfer<B extends MkGpuBackend = MkGpuBackend> {
  readonly #owner: TransferOwner<B>
  #pending: PendingCopy<B>[] = []

  /** Made by `gpu.batchTransfer()`. */
  constructor(owner: TransferOwner<B>) {
    this.#owner = owner
  }

  /** Copies gathered so far, after merging. */
  get length(): number {
    return this.#pending.length
  }

  /**
   * Adds a copy.
   * @throws UsageMissing, OutOfRange, MisalignedCopy, OverlappingCopy, BufferMapped, BufferDestroyed, ForeignBuffer
   */
  copy(src: MkBuffer<B>, dst: MkBuffer<B>, range: TransferRange = {}): this {
    const { srcOffset = 0, dstOffset = 0, size = src.size - srcOffset } = range
    this.#owner.checkCopy(src, srcOffset, dst, dstOffset, size)
    if (size === 0) return this
    const last = this.#pending.at(-1)
    if (
      last !== undefined &&
      last.src === src &&
      last.dst === dst &&
      last.srcOffset + last.size === srcOffset &&
      last.dstOffset + last.size === dstOffset &&
      // Within one buffer, two copies side by side may be allowed where their union overlaps itself.
      src !== dst
    )
      last.size += size
    else this.#pending.push({ src, srcOffset, dst, dstOffset, size })
    return this
  }

  /**
   * Hands all of them over, together with whatever else is recorded, and empties the batch; in one submit when the device has confirmed the
   * memory of all buffers used. All or nothing: when it
   * throws, nothing was recorded, and the batch is as it was.
   * @throws BufferDestroyed or BufferMapped when a buffer has become so since it was added; AllocationFailed when a copy within one
   *   buffer finds no memory for what lies in between
   */
  submit(): MkGpuTransfer {
    const owner = this.#owner
    const pending = this.#pending
    for (const c of pending) owner.checkCopy(c.src, c.srcOffset, c.dst, c.dstOffset, c.size)
    const between = this.#makeBetween()
    this.#pending = []
    const settled = new Set<Promise<MkError | undefined>>()
    let bytes = 0
    for (const [i, { src, srcOffset, dst, dstOffset, size }] of pending.entries()) {
      owner.recordCopy(src, srcOffset, dst, dstOffset, size, between[i])
      for (const buffer of [src, dst, between[i]]) if (buffer) settled.add(buffer.settled)
      bytes += size
    }
    return new MkGpuTransfer(owner, owner.submit(), bytes, pending.length, [...settled])
  }

  /** The buffers in between, for each copy, or none of them. */
  #makeBetween(): (MkDeviceBuffer<B> | undefined)[] {
    const made: (MkDeviceBuffer<B> | undefined)[] = []
    try {
      for (const c of this.#pending) made.push(this.#owner.bufferBetween(c.src, c.dst, c.dstOffset, c.size))
    } catch (error) {
      for (const buffer of made) buffer?.destroy()
      throw error
    }
    return made
  }
}
