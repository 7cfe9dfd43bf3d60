import { isWhole } from '@memkit/core'
import type { MkGpuBackend, ScatterRows } from '../backends/backend.ts'
import { MkBufferUsage } from '../backends/usage.ts'
import { requireLimit, requireRange, requireWhole, requireWords } from '../buffers/bounds.ts'
import type { MkBuffer, MkDeviceBuffer } from '../buffers/buffers.ts'
import type { DeviceMemory } from '../buffers/device-memory.ts'
import type { MkStagingBuffer } from '../buffers/staging-buffer.ts'
import { checkKinds, checkRange, paddedSize, usable } from './copy-rules.ts'
import { OverlappingCopy, ScatterUnavailable } from './errors.ts'
import type { Timeline } from './timeline.ts'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC, INDEX } = MkBufferUsage

/** Rows to scatter; offsets and sizes in bytes, all multiples of 4. */
export interface ScatterJob<B extends MkGpuBackend = MkGpuBackend> extends ScatterRows {
  /** Holds the rows and the row numbers. Needs STORAGE. */
  readonly payload: MkDeviceBuffer<B>
}

/**
 * Checks and records what acts at the next submit: copies, scatters, and the copies of readbacks.
 *
 * A device refuses a submit as a whole when one of its buffers has no memory, which is known only
 * some time after the buffer was made. So operations on unconfirmed buffers share a part of the
 * submit with operations on the same ones; all operations on confirmed buffers share one.
 *
 *     copy a → b    scatter → b     copy c → d           a, b, d confirmed, c not
 *     └──────── one part ─────┘     └─ another ─┘
 */
export class Recorder<B extends MkGpuBackend> {
  readonly #memory: DeviceMemory<B>
  readonly #timeline: Timeline
  /** The unconfirmed buffers that the part being recorded depends on. */
  #one: MkBuffer<B> | undefined
  #other: MkBuffer<B> | undefined

  constructor(memory: DeviceMemory<B>, timeline: Timeline) {
    this.#memory = memory
    this.#timeline = timeline
  }

  checkCopy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    usable(this.#memory, src, TRANSFER_SRC, 'copy')
    usable(this.#memory, dst, TRANSFER_DST, 'copy')
    checkRange(src, srcOffset, size, 'srcOffset')
    checkRange(dst, dstOffset, size, 'dstOffset')
    paddedSize(dst, dstOffset, size)
    if (src === dst) throw new OverlappingCopy({ label: src.label, srcOffset, dstOffset, size })
    checkKinds(this.#memory.backend.capabilities, src, dst)
  }

  /** Records a copy that was checked. */
  recordCopy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, size: number): void {
    const bytes = paddedSize(dst, dstOffset, size)
    if (bytes > 0) this.#copy(src, srcOffset, dst, dstOffset, bytes)
  }

  /** Checks and records a scatter. */
  scatter(dst: MkDeviceBuffer<B>, job: ScatterJob<B>): void {
    const { payload } = job
    this.#checkScatter(dst, job)
    if (job.count === 0) return
    this.#enterPart(dst, payload)
    this.#memory.backend.scatter(dst.native, payload.native, job)
    this.#noteUse(dst, payload)
  }

  checkRead(buffer: MkBuffer<B>, offset: number, size: number): void {
    usable(this.#memory, buffer, TRANSFER_SRC, 'read')
    requireRange(buffer, offset, size)
  }

  /** Records the copy of a readback: whole words, which may reach into the padding of the source. */
  recordRead(src: MkBuffer<B>, srcOffset: number, staging: MkStagingBuffer<B>, size: number): void {
    checkKinds(this.#memory.backend.capabilities, src, staging)
    this.#copy(src, srcOffset, staging, 0, size)
  }

  submitted(): void {
    this.#one = undefined
    this.#other = undefined
  }

  #checkScatter(dst: MkDeviceBuffer<B>, job: ScatterJob<B>): void {
    const { payload, stride, count, payloadOffset, indexOffset, dstOffset = 0 } = job
    usable(this.#memory, dst, STORAGE, 'scatter')
    usable(this.#memory, payload, STORAGE, 'scatter')
    const { capabilities, scatterReady } = this.#memory.backend
    const { backend, scatter: later, maxStorageBufferBindingSize: max } = capabilities
    if (!scatterReady) throw new ScatterUnavailable({ backend, later })
    requireWhole('stride', stride, 4, max)
    requireWords('stride', stride)
    const most = Math.floor(payload.size / stride)
    if (!isWhole(count, 0, most))
      requireWhole('count', count, 0, most, `of rows of ${stride} bytes in '${payload.label}'`)
    const size = count * stride
    checkRange(payload, payloadOffset, size, 'payloadOffset')
    checkRange(payload, indexOffset, count * 4, 'indexOffset')
    checkRange(dst, dstOffset, 0, 'dstOffset')
    if (dst === payload)
      throw new OverlappingCopy({ label: dst.label, srcOffset: payloadOffset, dstOffset, size })
    requireLimit(dst.label, dst.allocatedSize, max, 'maxStorageBufferBindingSize')
    requireLimit(payload.label, payload.allocatedSize, max, 'maxStorageBufferBindingSize')
  }

  #copy(src: MkBuffer<B>, srcOffset: number, dst: MkBuffer<B>, dstOffset: number, bytes: number): void {
    this.#enterPart(src, dst)
    this.#memory.backend.copy(src.native, srcOffset, dst.native, dstOffset, bytes)
    this.#noteUse(src, dst)
    dst.holdsIndices ??= (src.usage & INDEX) !== 0
  }

  /** Call before recording an operation on two buffers: begins a part where they need one. */
  #enterPart(a: MkBuffer<B>, b: MkBuffer<B>): void {
    const one = a.allocated ? undefined : a
    const other = b.allocated ? undefined : b
    const same = one === this.#one && other === this.#other
    if (same || (one === this.#other && other === this.#one)) return
    this.#one = one
    this.#other = other
    if (this.#timeline.recorded) this.#memory.backend.separate?.()
  }

  #noteUse(a: MkBuffer<B>, b: MkBuffer<B>): void {
    this.#timeline.record(a)
    this.#timeline.record(b)
  }
}
