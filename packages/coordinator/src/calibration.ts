import { DirtyRows, createHeap } from '@memkit/core'
import type { Heap } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { CostModel } from './cost-model.ts'

const { STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage

/** Steps of the platform's clock that a timed batch must take: browsers round it to 0.005, 0.1 or 1 ms. */
const STEPS = 20
/** Milliseconds that a timed batch takes at least, where the clock is fine, and at most. */
const BATCH_LEAST = 0.3
const BATCH_MOST = 4
/** A completion that takes longer says nothing about the device: some browsers look only every 100 ms. */
const ROUND_TRIP_MOST = 5
const ROUNDS = 3
/** Batches that a coarse clock makes longer than this are timed once: there are many of them in one already. */
const COARSE = 1
/** Calls before the first batch, in which the engine compiles, and milliseconds for them. */
const WARM_UP = 200
const WARM_UP_MS = 1
/** Rounds of one term on the device, how well two must agree, and milliseconds for all of them. */
const WALL_ROUNDS = 8
const AGREE = 0.2
const WALL_BUDGET = 12
const SMALL = 16
const LARGE = 1 << 20
const STRIDE = 16
const PAGE = 4096
const LINE = 64
const ROWS = 8192
const FAR_SETS = 3

/** What was measured on an adapter, for the coordinators that come after. */
const known = new Map<string, Promise<CostModel>>()

/**
 * Measures the cost model on a device, on buffers of its own; once per adapter and runtime. The calling thread works for a
 * few milliseconds at a time, and gives way between the terms.
 * @param table what stays where nothing can be measured
 */
export function measuredCosts(gpu: MkGpu, table: CostModel, again = false): Promise<CostModel> {
  const { backend, adapter, runtime } = gpu.capabilities
  const key = `${backend} ${adapter} ${runtime} ${gpu.scatterReady ? 'scatter' : ''}${gpu.debug ? 'debug' : ''}`
  let costs = known.get(key)
  if (!costs || again) {
    costs = new Calibration(gpu, table).run()
    known.set(key, costs)
    // A device lost in the middle says nothing about the adapter.
    costs.catch(() => known.delete(key))
  }
  return costs
}

/** Rows to gather, and where their copies and numbers go. */
interface Spread {
  readonly dirty: DirtyRows
  readonly place: number
}

class Calibration {
  readonly #gpu: MkGpu
  readonly #costs: CostModel
  readonly #heap: Heap
  /** Rows to gather, and bytes to write: `farBytes` of memory. */
  readonly #image: number
  /** Where the next large write reads and lands, so that it finds neither in a cache. */
  #at = 0
  readonly #least: number
  #buffers: MkDeviceBuffer[] = []
  #deadline = 0

  constructor(gpu: MkGpu, table: CostModel) {
    this.#gpu = gpu
    this.#costs = { ...table }
    this.#heap = createHeap({ bytes: table.farBytes + (2 << 20), label: 'calibration' })
    this.#image = this.#heap.alloc(table.farBytes, 64, 'image').offset
    // Pages that were never written are all one page of zeros, which no cache ever misses.
    const words = new Uint32Array(this.#heap.buffer, this.#image, table.farBytes >>> 2)
    for (let i = 0; i < words.length; i += PAGE >>> 2) words[i] = i
    this.#least = Math.min(BATCH_MOST, Math.max(BATCH_LEAST, STEPS * clockStep()))
  }

  async run(): Promise<CostModel> {
    try {
      const target = this.#buffer(this.#costs.farBytes)
      await this.#writes(target)
      this.#deadline = performance.now() + WALL_BUDGET
      const nothing = await this.#wall(target, () => {})
      const trip = nothing !== undefined && nothing <= ROUND_TRIP_MOST ? nothing : undefined
      if (trip !== undefined) await this.#writesOnDevice(target, trip)
      if (this.#gpu.scatterReady) await this.#scatters(target, trip)
      return this.#costs
    } finally {
      for (const buffer of this.#buffers) buffer.destroy()
    }
  }

  /** The thread's part of a call and of a byte: many small writes, a few large ones. */
  async #writes(target: MkDeviceBuffer): Promise<void> {
    const costs = this.#costs
    // Memory that was never written is made at the first write.
    for (let i = 0; i < 8; i++) this.#write(target, LARGE)
    const small = await this.#thread(() => this.#write(target, SMALL))
    const large = await this.#thread(() => this.#write(target, LARGE))
    costs.byteThread = Math.max(0, large - small) / (LARGE - SMALL)
    costs.callThread = Math.max(0, small - SMALL * costs.byteThread)
  }

  /** The device's part: how much later work is done when there is more of it. */
  async #writesOnDevice(target: MkDeviceBuffer, trip: number): Promise<void> {
    const costs = this.#costs
    const calls = 64
    const large = await this.#wall(target, () => {
      for (let i = 0; i < 4; i++) this.#write(target, LARGE)
    })
    if (large !== undefined)
      costs.byteDevice = Math.max(0, (large - trip) * 1e6 - this.#threadOf(4, 4 * LARGE)) / (4 * LARGE)
    const small = await this.#wall(target, () => {
      for (let i = 0; i < calls; i++) this.#gpu.write(target, i * PAGE, this.#heap.buffer, this.#image, SMALL)
    })
    if (small !== undefined)
      costs.callDevice = Math.max(0, (small - trip) * 1e6 - this.#threadOf(calls, calls * SMALL)) / calls
  }

  /** Nanoseconds of the thread for writes. */
  #threadOf(calls: number, bytes: number): number {
    return calls * this.#costs.callThread + bytes * this.#costs.byteThread
  }

  /** A scatter of one row, and of many, into a small and into a large destination. */
  async #scatters(far: MkDeviceBuffer, trip: number | undefined): Promise<void> {
    const costs = this.#costs
    const payload = this.#buffer(ROWS * (STRIDE + 4))
    const near = this.#buffer(costs.nearBytes)
    const spreadNear = this.#spread(costs.nearBytes, 0)
    const spreadFar = Array.from({ length: FAR_SETS }, (_, set) => this.#spread(costs.farBytes, set))
    // Of a small image the rows are in the cache the second time, and that is what it costs.
    costs.rowThread = (await this.#thread(() => this.#gather(spreadNear))) / ROWS
    // Of a large one they are not: each set of rows is gathered once.
    let best = Infinity
    for (const spread of spreadFar) {
      const start = performance.now()
      this.#gather(spread)
      best = Math.min(best, performance.now() - start)
    }
    costs.rowThreadFar = Math.max(costs.rowThread, (best * 1e6) / ROWS)
    costs.scatterThread = await this.#thread(() => this.#scatter(payload, near, spreadNear, 1))
    if (trip === undefined) return
    const single = await this.#wall(near, () => this.#scatter(payload, near, spreadNear, 1))
    if (single === undefined) return
    costs.scatterDevice = Math.max(0, (single - trip) * 1e6 - costs.scatterThread)
    const bytes = (ROWS - 1) * (STRIDE + 4) * (costs.byteThread + costs.byteDevice)
    const perRow = (many: number): number => Math.max(0, (many - single) * 1e6 - bytes) / (ROWS - 1)
    const manyNear = await this.#wall(near, () => this.#scatter(payload, near, spreadNear, ROWS))
    if (manyNear === undefined) return
    costs.rowDevice = perRow(manyNear)
    let turn = 0
    const manyFar = await this.#wall(near, () =>
      this.#scatter(payload, far, spreadFar[turn++ % FAR_SETS], ROWS),
    )
    costs.rowDeviceFar = Math.max(costs.rowDevice, manyFar === undefined ? 0 : perRow(manyFar))
  }

  /** Rows all over an image of `bytes`, each in a cache line of its own and none in two sets, and room to gather them. */
  #spread(bytes: number, set: number): Spread {
    const heap = this.#heap
    const lines = Math.floor(bytes / LINE)
    const dirty = new DirtyRows(bytes / STRIDE, {
      buffer: heap.buffer,
      offset: heap.alloc(DirtyRows.bytesFor(bytes / STRIDE), 64, 'dirty').offset,
    })
    // Steps of the golden ratio go everywhere, and never to the same place soon.
    for (let i = set * ROWS; i < (set + 1) * ROWS; i++)
      dirty.set(Math.floor((i * 0.618_033_988_749_895 * lines) % lines) * (LINE / STRIDE))
    return { dirty, place: heap.alloc(ROWS * (STRIDE + 4), 64, 'payload').offset }
  }

  #gather({ dirty, place }: Spread): void {
    this.#heap.kernels.gather(dirty, 0, dirty.rows, this.#image, STRIDE, place, place + ROWS * STRIDE)
  }

  #scatter(payload: MkDeviceBuffer, target: MkDeviceBuffer, { place }: Spread, count: number): void {
    const rows = ROWS * STRIDE
    const source = this.#heap.buffer
    if (count === 1) this.#gpu.write(payload, 0, source, place + rows, 16)
    else this.#gpu.write(payload, 0, source, place, rows + ROWS * 4)
    const indexOffset = count === 1 ? 0 : rows
    this.#gpu.scatter(target, { payload, stride: STRIDE, count, payloadOffset: 0, indexOffset })
    this.#gpu.submit()
  }

  #write(target: MkDeviceBuffer, bytes: number): void {
    this.#at = (this.#at + LARGE) % (8 * LARGE)
    this.#gpu.write(target, this.#at, this.#heap.buffer, this.#image + this.#at, bytes)
  }

  /**
   * Milliseconds until the device has done `work`: the best of a few rounds, once two of them agree. Undefined where none do,
   * because other programs keep the machine busy: then the table's number is the better guess.
   */
  async #wall(target: MkDeviceBuffer, work: () => void): Promise<number | undefined> {
    const beside = this.#beside()
    let best = Infinity
    for (let round = 0; round < WALL_ROUNDS && performance.now() < this.#deadline; round++) {
      const start = performance.now()
      work()
      // Writes alone may wait for the next submit.
      this.#gpu.copy(target, 0, beside, 0, 4)
      await this.#gpu.whenCompleted(this.#gpu.submit())
      const took = performance.now() - start
      // The first round warms up.
      if (round === 0) continue
      const agree = Math.abs(took - best) <= AGREE * Math.min(took, best)
      best = Math.min(best, took)
      if (agree) return best
    }
    return undefined
  }

  #besideBuffer: MkDeviceBuffer | undefined
  #beside(): MkDeviceBuffer {
    this.#besideBuffer ??= this.#buffer(16)
    return this.#besideBuffer
  }

  /** Nanoseconds of the calling thread for one call of `work`; the best of a few batches. */
  async #thread(work: () => void): Promise<number> {
    let times = 1
    let best = Infinity
    const warm = performance.now() + WARM_UP_MS
    const rounds = this.#least > COARSE ? 1 : ROUNDS
    for (let i = 0; i < WARM_UP && performance.now() < warm; i++) work()
    for (let round = 0; round < rounds;) {
      const start = performance.now()
      for (let i = 0; i < times; i++) work()
      const took = performance.now() - start
      if (took < this.#least && times < 1 << 16) {
        times = Math.max(
          times + 1,
          Math.min(times * 8, Math.ceil((times * this.#least * 1.2) / Math.max(took, 1e-4))),
        )
        continue
      }
      best = Math.min(best, took / times)
      round++
    }
    await this.#gpu.whenCompleted(this.#gpu.submit())
    return best * 1e6
  }

  #buffer(size: number): MkDeviceBuffer {
    const { storage } = this.#gpu.capabilities
    const usage = TRANSFER_SRC | TRANSFER_DST | (storage ? STORAGE : 0)
    const buffer = this.#gpu.createDeviceBuffer(size, usage, { label: 'memkit calibration' })
    this.#buffers.push(buffer)
    return buffer
  }
}

/** Milliseconds of the platform's clock step, as seen now. */
function clockStep(): number {
  let step = Infinity
  for (let i = 0; i < 3; i++) {
    const start = performance.now()
    let now = start
    while (now === start) now = performance.now()
    step = Math.min(step, now - start)
  }
  return step
}
