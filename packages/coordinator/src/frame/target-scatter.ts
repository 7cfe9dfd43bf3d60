import type { Heap } from '@memkit/core'
import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import type { CostModel } from '../costs/model.ts'
import { AwaitedBuffer } from '../device/awaited-buffer.ts'
import type { FlushScratch } from '../flush/scratch.ts'

const { STORAGE, TRANSFER_DST } = MkBufferUsage
const USAGE = STORAGE | TRANSFER_DST
const LABEL = 'memkit staged pieces'
const FIRST_BYTES = 64 << 10
const MAX_BYTES = 64 << 20
/** Bytes that are moved as one: above it, a row of the scatter saves nothing. */
const MAX_UNIT = 256
/** The number of a row that goes nowhere: past the end of any buffer. */
const NOWHERE = 0xffff_ffff

const noBuffer = undefined as unknown as MkDeviceBuffer

/** Whether pieces are scattered: as a strategy forces it, or as these costs say. */
export type ScatterChoice = CostModel | 'always' | 'never'

/** Pieces of frame memory, by number: first byte at the destination, bytes, and where they lie in the heap. */
export interface Pieces {
  readonly offset: readonly number[]
  readonly length: readonly number[]
  readonly source: readonly number[]
}

/**
 * Brings many separate pieces to one buffer with two writes and a scatter, where a write for each
 * would cost more. The range of frame memory that they lie in goes up as it is; units of it that are
 * no piece go nowhere.
 *
 *     arena     [ a a ][ x ][ b ][ c c c ]        x was not staged to this buffer
 *     numbers     4 5    –    0    8 9 10         where in the buffer, in units of what all have in common
 *
 * Where the pieces lie too far apart, they are packed first.
 */
export class TargetScatter {
  readonly #heap: Heap
  readonly #bytes: Uint8Array
  readonly #u32: Uint32Array
  readonly #retire: (buffer: MkDeviceBuffer) => void
  readonly #awaited = new AwaitedBuffer()
  #payload: MkDeviceBuffer | undefined
  /** Bytes of the payload that this frame has filled. */
  #used = 0
  readonly #job = { payload: noBuffer, stride: 0, count: 0, payloadOffset: 0, indexOffset: 0 }
  // What `#measure` found.
  #total = 0
  #unit = 0
  #runs = 0
  #first = 0
  #end = 0

  /** @param retire destroys a payload that the device may still read */
  constructor(heap: Heap, retire: (buffer: MkDeviceBuffer) => void) {
    this.#heap = heap
    this.#bytes = new Uint8Array(heap.buffer)
    this.#u32 = new Uint32Array(heap.buffer, 0, Math.floor(heap.buffer.byteLength / 4))
    this.#retire = retire
  }

  beginFrame(): void {
    this.#used = 0
    const bigger = this.#awaited.takeInFrame()
    if (bigger === undefined) return
    if (this.#payload !== undefined) this.#retire(this.#payload)
    this.#payload = bigger
  }

  /**
   * Scatters the pieces `order[start … end − 1]`, which lie in the order of their offsets in one
   * buffer, if that is cheaper than a write for each run of them, or asked for.
   * @returns false when it isn't, or can't be done: nothing was recorded
   */
  take(
    gpu: MkGpu,
    scratch: FlushScratch,
    buffer: MkDeviceBuffer,
    { order, start, end }: { readonly order: Uint32Array; readonly start: number; readonly end: number },
    pieces: Pieces,
    choice: ScatterChoice,
  ): boolean {
    if (choice === 'never' || !canScatter(gpu, buffer)) return false
    if (!this.#measure(order, start, end, pieces)) return false
    if (choice !== 'always' && !isCheaper(choice, this.#runs, this.#total, this.#unit)) return false
    // Units between pieces travel in vain: up to a quarter more is cheaper than packing.
    const range = this.#end - this.#first
    const isDense = range <= this.#total * 1.25
    return (
      (isDense && this.#send(gpu, scratch, buffer, order, start, end, pieces, true)) ||
      this.#send(gpu, scratch, buffer, order, start, end, pieces, false)
    )
  }

  /** For another device. */
  rebuild(): void {
    this.#payload?.destroy()
    this.#payload = undefined
    this.#awaited.reset()
  }

  dispose(): void {
    this.#payload?.destroy()
    this.#payload = undefined
    this.#awaited.drop()
  }

  /** @returns false for one run, and when pieces overlap: the later one wins, and a scatter has no order */
  #measure(order: Uint32Array, start: number, end: number, { offset, length, source }: Pieces): boolean {
    let bits = MAX_UNIT
    let total = 0
    let runs = 0
    let reach = -1
    let first = Infinity
    let last = 0
    for (let i = start; i < end; i++) {
      const piece = order[i]
      const at = offset[piece]
      const bytes = length[piece]
      if (at < reach) return false
      if (at !== reach) runs++
      reach = at + bytes
      bits |= at | bytes | source[piece]
      total += bytes
      first = Math.min(first, source[piece])
      last = Math.max(last, source[piece] + bytes)
    }
    this.#unit = bits & -bits
    this.#total = total
    this.#runs = runs
    this.#first = first
    this.#end = last
    return runs > 1
  }

  /**
   * Writes bytes and numbers, and records the scatter.
   * @param asTheyLie the range of frame memory as it is, instead of the pieces side by side
   */
  #send(
    gpu: MkGpu,
    scratch: FlushScratch,
    buffer: MkDeviceBuffer,
    order: Uint32Array,
    start: number,
    end: number,
    pieces: Pieces,
    asTheyLie: boolean,
  ): boolean {
    const unit = this.#unit
    const bytes = asTheyLie ? this.#end - this.#first : this.#total
    const count = bytes / unit
    const at = this.#place(gpu, bytes + count * 4)
    if (at < 0) return false
    const place = scratch.reserve(this.#heap, (asTheyLie ? 0 : bytes) + count * 4)
    if (place < 0) return false
    const numbers = asTheyLie ? place : place + bytes
    const isListed = asTheyLie
      ? this.#listAsTheyLie(order, start, end, pieces, numbers / 4, count)
      : this.#pack(order, start, end, pieces, place, numbers / 4)
    // A view that was staged to two places at once.
    if (!isListed) return false
    const payload = this.#payload!
    const { buffer: memory } = this.#heap
    if (asTheyLie) {
      gpu.write(payload, at, memory, this.#first, bytes)
      gpu.write(payload, at + bytes, memory, numbers, count * 4)
    } else gpu.write(payload, at, memory, place, bytes + count * 4)
    const job = this.#job
    job.payload = payload
    job.stride = unit
    job.count = count
    job.payloadOffset = at
    job.indexOffset = at + bytes
    gpu.scatter(buffer, job)
    this.#used = at + bytes + count * 4
    return true
  }

  /** @returns byte of the payload with room for so many bytes, −1 without: a bigger one is asked for */
  #place(gpu: MkGpu, bytes: number): number {
    const at = Math.ceil(this.#used / 16) * 16
    if (at + bytes <= (this.#payload?.size ?? 0)) return at
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.capabilities
    const most = Math.min(MAX_BYTES, maxBufferSize, maxStorageBufferBindingSize)
    const wanted = Math.min(most, Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(at + bytes))))
    if (wanted > (this.#payload?.size ?? 0)) this.#awaited.ask(gpu, wanted, USAGE, LABEL)
    return -1
  }

  #listAsTheyLie(
    order: Uint32Array,
    start: number,
    end: number,
    { offset, length, source }: Pieces,
    numbers: number,
    count: number,
  ): boolean {
    const u32 = this.#u32
    const unit = this.#unit
    u32.fill(NOWHERE, numbers, numbers + count)
    for (let i = start; i < end; i++) {
      const piece = order[i]
      let number = offset[piece] / unit
      let at = numbers + (source[piece] - this.#first) / unit
      for (const past = at + length[piece] / unit; at < past; at++) {
        if (u32[at] !== NOWHERE) return false
        u32[at] = number++
      }
    }
    return true
  }

  #pack(
    order: Uint32Array,
    start: number,
    end: number,
    { offset, length, source }: Pieces,
    place: number,
    numbers: number,
  ): boolean {
    const u32 = this.#u32
    const unit = this.#unit
    for (let i = start, at = place; i < end; i++) {
      const piece = order[i]
      const bytes = length[piece]
      this.#bytes.copyWithin(at, source[piece], source[piece] + bytes)
      at += bytes
      const first = offset[piece] / unit
      for (let k = 0; k < bytes / unit; k++) u32[numbers++] = first + k
    }
    return true
  }
}

/** Whether the device scatters into that buffer, in memory that it has confirmed. */
function canScatter(gpu: MkGpu, { allocated, allocatedSize, usage }: MkDeviceBuffer): boolean {
  return (
    (usage & STORAGE) !== 0 &&
    allocated &&
    gpu.scatterReady &&
    allocatedSize <= gpu.capabilities.maxStorageBufferBindingSize &&
    gpu.scatterRoom > 0
  )
}

function isCheaper(costs: CostModel, runs: number, bytes: number, unit: number): boolean {
  const { lambda } = costs
  const units = bytes / unit
  // The device moves vectors of 16 bytes; words cost two thirds of one each.
  const moves = lambda * (unit % 16 === 0 ? unit / 16 : unit / 6)
  const writing = runs * (costs.callThread + lambda * costs.callDevice)
  const scattering = costs.scatterThread + lambda * costs.scatterDevice
  return scattering + units * (costs.rowThread + moves * costs.rowDevice) < writing
}
