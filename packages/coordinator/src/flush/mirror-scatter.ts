import type { Heap } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { DeviceInUse } from '../device/device-in-use.ts'
import type { FlushRecorder } from './flush-recorder.ts'
import type { MirrorPlan } from './mirror-plan.ts'
import type { ScatterPayload } from './scatter-payload.ts'
import type { FlushScratch } from './scratch.ts'

const noBuffer = undefined as unknown as MkDeviceBuffer

/**
 * Scatters the rows of mirrors: gathers them into one block, and records one write and one dispatch
 * per mirror. A mirror in an overflow heap is gathered there, and costs a write of its own.
 *
 *     payload   [ rows, numbers of A ][ rows, numbers of B ]  [ rows, numbers of C ]
 *               └── in the coordinator's heap: one write ──┘  └── in another heap ─┘
 */
export class MirrorScatter {
  /** `beginFrame` has something to do. */
  isUsed = false
  /** Mirrors whose plan is to scatter in this frame. */
  planned = 0
  /** Bytes that the frame may still scatter. */
  freeBytes = 0
  readonly payload: ScatterPayload
  readonly #heap: Heap
  readonly #scratch: FlushScratch
  /** Bytes of all that is planned, and of the part that lies in the coordinator's heap. */
  #bytes = 0
  #sharedBytes = 0
  /** Scatters that the device has room for in this frame; −1 until a plan asks. */
  #room = -1
  readonly #job = { payload: noBuffer, stride: 0, count: 0, payloadOffset: 0, indexOffset: 0, dstOffset: 0 }
  readonly #device: DeviceInUse

  constructor(device: DeviceInUse, heap: Heap, scratch: FlushScratch, payload: ScatterPayload) {
    this.#device = device
    this.#heap = heap
    this.#scratch = scratch
    this.payload = payload
  }

  rebuild(): void {
    this.payload.rebuild()
    this.beginFrame()
  }

  beginFrame(): void {
    const { payload } = this
    if (payload.isWanting) payload.beginFrame()
    this.planned = this.#bytes = this.#sharedBytes = 0
    this.freeBytes = payload.buffer === undefined ? 0 : payload.maxBytes
    this.#room = -1
    this.isUsed = false
  }

  /** Reserves room for a plan. @returns false where there is none: plan it another way */
  take({ mirror, rows }: MirrorPlan): boolean {
    const bytes = aligned(rows * (mirror.stride + 4))
    this.isUsed = true
    if (bytes > this.freeBytes) return false
    if (this.#room < 0) this.#room = this.#device.gpu.scatterRoom
    const left = this.#room - this.planned
    if (left <= 1) this.payload.wantScatters(this.#room)
    if (left <= 0) return false
    this.planned++
    this.freeBytes -= bytes
    this.#bytes += bytes
    if (mirror.heap === this.#heap) this.#sharedBytes += bytes
    return true
  }

  /** Gathers and writes what is planned. A plan without room gets a negative `payload`. */
  gather(plans: readonly MirrorPlan[], recorder?: FlushRecorder): void {
    const buffer = this.payload.buffer!
    this.payload.wantBytes(this.#bytes)
    const wanted = Math.min(this.#sharedBytes, buffer.size)
    const base = wanted > 0 ? this.#scratch.reserve(this.#heap, wanted) : -1
    let at = 0
    // First those of the shared heap, which one write takes; then the others.
    for (let shared = 1; shared >= 0; shared--) {
      for (let i = 0; i < plans.length; i++) {
        const plan = plans[i]
        const { heap } = plan.mirror
        if (plan.strategy !== 'scatter' || (heap === this.#heap) !== (shared === 1)) continue
        let place = -1
        if (at + plan.bytes <= buffer.size) {
          if (shared === 0) place = this.#scratch.reserve(heap, plan.bytes)
          else if (base >= 0) place = base + at
        }
        plan.payload = place < 0 ? -1 : at
        if (place < 0) continue
        gatherRows(plan, place)
        recorder?.scattered(plan.mirror, place, plan.rows)
        if (shared === 0) this.#device.gpu.write(buffer, at, heap.buffer, place, plan.bytes)
        at += aligned(plan.bytes)
      }
      if (shared === 1 && at > 0) this.#device.gpu.write(buffer, 0, this.#heap.buffer, base, at)
    }
  }

  /** Records a dispatch per plan. */
  record(plans: readonly MirrorPlan[]): void {
    const job = this.#job
    job.payload = this.payload.buffer!
    for (let i = 0; i < plans.length; i++) {
      const { mirror, strategy, rows, payload } = plans[i]
      if (strategy !== 'scatter') continue
      const slice = mirror.device.slice!
      job.stride = mirror.stride
      job.count = rows
      job.payloadOffset = payload
      job.indexOffset = payload + rows * mirror.stride
      job.dstOffset = slice.offset
      this.#device.gpu.scatter(slice.buffer, job)
    }
  }
}

/**
 * Payloads start at multiples of 16, so that the shader may move whole vectors. No bit mask: bytes
 * may pass 2³¹.
 */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}

/** Copies a mirror's dirty rows, then their numbers, to `place` in its heap. */
function gatherRows({ mirror, rows }: MirrorPlan, place: number): void {
  const { heap, dirty, offset, source, stride } = mirror
  if (source) return source.gather(dirty, heap, place, rows)
  const { offset: words, summaryOffset } = dirty
  heap.kernels.gather(words, summaryOffset, 0, dirty.rows, offset, stride, place, place + rows * stride)
}
