import { DirtyRows, createHeap } from '@memkit/core'
import type { Heap } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { CostModel } from './cost-model.ts'
import { Clock } from './clock.ts'
import { ownBuffer } from './own-buffers.ts'
import { bestOf, isDoubtful, Probe } from './probe.ts'
import type { BestRuns } from './probe.ts'

const { STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage

/** A completion that takes longer says nothing about the device: some browsers look only every 100 ms. Milliseconds. */
const ROUND_TRIP_MOST = 5
/** Every round runs every probe once. So many at least, and milliseconds after which no further one begins. */
const ROUNDS_LEAST = 3
const BUDGET = 6
/** Small writes per probe, each into a page of its own. */
const CALLS = 64
const SMALL = 16
const PAGE = 4096
/** Bytes of a large write. They rotate through the image, so that they are in no near cache. */
const LARGE = 1 << 20
/** Rows of a scatter, one per cache line, and sets of them that take turns, so that none is in a near cache when it returns. */
const ROWS = 2048
const SETS = 4
const STRIDE = 16
const LINE = 64
/** Bytes that travel per scattered row: the row and its number. */
const ROW_BYTES = STRIDE + 4

/** A thread term that many times the table's is more likely a busy machine than a slow one. */
const IMPLAUSIBLE = 8

/** What was measured on an adapter. */
export interface Measurement {
  readonly costs: CostModel
  /** The machine was busy, or a term is implausible: worth another look. */
  readonly doubtful: boolean
  /** What the terms were worked out from; none where there is no clock to measure by. */
  readonly runs: MiniatureRuns | undefined
}

/** The best runs of each miniature frame. */
interface MiniatureRuns {
  readonly small: BestRuns
  readonly large: BestRuns
  /** A scatter of one row, of one row twice, of many into a small and a large destination; many rows gathered and left alone. */
  readonly scatters: Readonly<Record<ScatterName, BestRuns>> | undefined
  /** Milliseconds of a round trip with nothing to do; undefined where it takes too long to tell anything. */
  readonly trip: number | undefined
}

type ScatterName = 'one' | 'two' | 'near' | 'far' | 'gather'

/** For the coordinators that come after. */
const known = new Map<string, Promise<Measurement>>()

/**
 * Measures the cost model on a device, on buffers of its own; once per adapter and runtime. The calling thread works for a
 * few milliseconds at a time, and gives way in between.
 * @param table what stays where nothing can be measured
 * @param again measure though it was measured before: `'merge'` keeps the best runs of both, `'afresh'` those of now
 */
export async function measureCosts(
  gpu: MkGpu,
  table: CostModel,
  again?: 'merge' | 'afresh',
): Promise<Measurement> {
  const { backend, adapter, runtime } = gpu.capabilities
  const key = `${backend} ${adapter} ${runtime} ${gpu.scatterReady ? 'scatter' : ''}${gpu.debug ? 'debug' : ''}`
  const before = known.get(key)
  if (before && again === undefined) return before
  const measuring = calibrate(gpu, table, again === 'merge' ? await before : undefined)
  known.set(key, measuring)
  try {
    return await measuring
  } catch (error) {
    // A device lost in the middle says nothing about the adapter.
    if (known.get(key) === measuring) {
      if (before) known.set(key, before)
      else known.delete(key)
    }
    throw error
  }
}

async function calibrate(
  gpu: MkGpu,
  table: CostModel,
  earlier: Measurement | undefined,
): Promise<Measurement> {
  const clock = Clock.measure()
  if (clock === undefined) return { costs: { ...table }, doubtful: false, runs: undefined }
  const now = await new Calibration(gpu, table, clock).run()
  const runs = earlier?.runs ? merge(now, earlier.runs) : now
  const costs = { ...table }
  threadTerms(costs, runs)
  if (runs.trip !== undefined) deviceTerms(costs, runs, runs.trip)
  return { costs, doubtful: allRuns(runs).some(isDoubtful) || isImplausible(costs, table), runs }
}

function merge(now: MiniatureRuns, earlier: MiniatureRuns): MiniatureRuns {
  const scatters = now.scatters &&
    earlier.scatters && {
      one: bestOf(now.scatters.one, earlier.scatters.one),
      two: bestOf(now.scatters.two, earlier.scatters.two),
      near: bestOf(now.scatters.near, earlier.scatters.near),
      far: bestOf(now.scatters.far, earlier.scatters.far),
      gather: bestOf(now.scatters.gather, earlier.scatters.gather),
    }
  return {
    small: bestOf(now.small, earlier.small),
    large: bestOf(now.large, earlier.large),
    scatters: scatters ?? now.scatters,
    trip: now.trip === undefined ? undefined : Math.min(now.trip, earlier.trip ?? Infinity),
  }
}

function allRuns({ small, large, scatters }: MiniatureRuns): BestRuns[] {
  return [small, large, ...Object.values(scatters ?? {})]
}

function isImplausible(costs: CostModel, table: CostModel): boolean {
  const terms = ['callThread', 'byteThread', 'scatterThread', 'rowThread', 'rowThreadFar'] as const
  return terms.some((term) => costs[term] > table[term] * IMPLAUSIBLE)
}

/**
 * Runs frames in miniature, all of them in turn, and keeps the best of each: many small writes, a large one, a scatter of
 * one row, of one row twice, of many into a small destination, of many into a large one. The terms are their differences.
 */
class Calibration {
  readonly #gpu: MkGpu
  readonly #table: CostModel
  readonly #clock: Clock
  readonly #heap: Heap
  readonly #buffers: MkDeviceBuffer[] = []
  /** Rows to gather, and bytes to write: `farBytes` of memory. */
  readonly #image: number
  /** Where gathered rows and their numbers go. */
  readonly #gathered: number
  /** Where the next large write reads and lands. */
  #at = 0

  constructor(gpu: MkGpu, table: CostModel, clock: Clock) {
    this.#gpu = gpu
    this.#clock = clock
    this.#table = table
    this.#heap = createHeap({ bytes: table.farBytes + (2 << 20), label: 'calibration' })
    this.#image = this.#heap.alloc(table.farBytes, LINE, 'image').offset
    this.#gathered = this.#heap.alloc(ROWS * ROW_BYTES, LINE, 'gathered').offset
    // Pages that were never written are all one page of zeros, which no cache ever misses.
    const words = new Uint32Array(this.#heap.buffer, this.#image, table.farBytes >>> 2)
    for (let i = 0; i < words.length; i += PAGE >>> 2) words[i] = i
  }

  async run(): Promise<MiniatureRuns> {
    const gpu = this.#gpu
    try {
      const far = this.#buffer(this.#table.farBytes)
      const small = this.#probe(() => {
        for (let i = 0; i < CALLS; i++) gpu.write(far, i * PAGE, this.#heap.buffer, this.#image, SMALL)
      })
      const large = this.#probe(() => this.#writeLarge(far))
      const scatters = gpu.scatterReady ? this.#scatters(far) : undefined
      const trip = await this.#rounds(far, [small, large, ...Object.values(scatters ?? {})])
      return {
        small: small.best,
        large: large.best,
        scatters: scatters && {
          one: scatters.one.best,
          two: scatters.two.best,
          near: scatters.near.best,
          far: scatters.far.best,
          gather: scatters.gather.best,
        },
        trip,
      }
    } finally {
      for (const buffer of this.#buffers) buffer.destroy()
    }
  }

  /**
   * Runs all probes in turn until the time is over. The device reads `target` in every round as a game's draws would: what no
   * device has ever used, some drivers write straight into, several times faster than any buffer in use.
   * @returns milliseconds of a round trip with nothing to do; undefined where it takes too long to tell anything
   */
  async #rounds(target: MkDeviceBuffer, probes: readonly Probe[]): Promise<number | undefined> {
    const gpu = this.#gpu
    const beside = this.#buffer(16)
    // Work on unconfirmed buffers goes to the queue in more submits than a frame's.
    for (const { settled } of this.#buffers) {
      const failed = await settled
      if (failed) throw failed
    }
    const finish = (): Promise<void> => {
      // Writes alone may wait for the next submit.
      gpu.copy(target, 0, beside, 0, 4)
      return gpu.whenCompleted(gpu.submit())
    }
    const wait = async (): Promise<number> => {
      const start = performance.now()
      await finish()
      return performance.now() - start
    }
    // The driver finds its staging memory, and the device's pages are there.
    gpu.write(target, 0, this.#heap.buffer, this.#image, target.size)
    await wait()
    for (const probe of probes) probe.prepare()
    await wait()
    let trip = await wait()
    const rounds = Math.max(ROUNDS_LEAST, Probe.rounds(this.#clock))
    // A clock that is too coarse for the thread's short runs tells nothing about the device either.
    const waits = trip <= ROUND_TRIP_MOST && !this.#clock.isCoarse
    const deadline = performance.now() + BUDGET
    for (let round = 0; round < rounds || performance.now() < deadline; round++) {
      for (const probe of probes) {
        if (waits) await probe.run(finish)
        else probe.runThread()
      }
      trip = Math.min(trip, await wait())
    }
    return waits ? trip : undefined
  }

  #scatters(far: MkDeviceBuffer): Record<ScatterName, Probe> {
    const payload = this.#buffer(ROWS * ROW_BYTES)
    const near = this.#buffer(this.#table.nearBytes)
    const nearSets = this.#sets(this.#table.nearBytes)
    const farSets = this.#sets(this.#table.farBytes)
    const one = new DirtyRows(ROWS, this.#place(ROWS))
    one.set(1)
    let turn = 0
    return {
      one: this.#probe(() => this.#scatter(payload, near, one, 1)),
      two: this.#probe(() => this.#scatter(payload, near, one, 1, 2)),
      near: this.#probe(() => this.#scatter(payload, near, nearSets[turn++ % SETS], ROWS)),
      far: this.#probe(() => this.#scatter(payload, far, farSets[turn++ % SETS], ROWS)),
      gather: this.#probe(() => this.#gather(nearSets[turn++ % SETS], ROWS)),
    }
  }

  #probe(work: () => void): Probe {
    return new Probe(work, this.#clock)
  }

  /** Sets of rows all over an image of `bytes`, each row in a cache line of its own. */
  #sets(bytes: number): DirtyRows[] {
    const lines = Math.floor(bytes / LINE)
    return Array.from({ length: SETS }, (_, set) => {
      const dirty = new DirtyRows(bytes / STRIDE, this.#place(bytes / STRIDE))
      // Steps of the golden ratio go everywhere, and never to the same place soon.
      for (let i = set * ROWS; i < (set + 1) * ROWS; i++)
        dirty.set(Math.floor((i * 0.618_033_988_749_895 * lines) % lines) * (LINE / STRIDE))
      return dirty
    })
  }

  #place(rows: number): { buffer: ArrayBuffer; offset: number } {
    const heap = this.#heap
    return { buffer: heap.buffer, offset: heap.alloc(DirtyRows.bytesFor(rows), LINE, 'dirty').offset }
  }

  #scatter(
    payload: MkDeviceBuffer,
    target: MkDeviceBuffer,
    dirty: DirtyRows,
    count: number,
    dispatches = 1,
  ): void {
    this.#gather(dirty, count)
    this.#gpu.write(payload, 0, this.#heap.buffer, this.#gathered, count * ROW_BYTES)
    const rows = { payload, stride: STRIDE, count, payloadOffset: 0, indexOffset: count * STRIDE }
    for (let i = 0; i < dispatches; i++) this.#gpu.scatter(target, rows)
    this.#gpu.submit()
  }

  #gather(dirty: DirtyRows, count: number): void {
    const place = this.#gathered
    this.#heap.kernels.gather(dirty, 0, dirty.rows, this.#image, STRIDE, place, place + count * STRIDE)
  }

  #writeLarge(target: MkDeviceBuffer): void {
    this.#at = (this.#at + LARGE) % this.#table.farBytes
    this.#gpu.write(target, this.#at, this.#heap.buffer, this.#image + this.#at, LARGE)
  }

  #buffer(size: number): MkDeviceBuffer {
    const { storage } = this.#gpu.capabilities
    const usage = TRANSFER_SRC | TRANSFER_DST | (storage ? STORAGE : 0)
    const buffer = ownBuffer(this.#gpu.createDeviceBuffer(size, usage, { label: 'memkit calibration' }))
    this.#buffers.push(buffer)
    return buffer
  }
}

/** The calling thread's terms, in nanoseconds. A term whose runs were too short for the clock keeps the table's value. */
function threadTerms(costs: CostModel, { small, large, scatters }: MiniatureRuns): void {
  if (!Number.isFinite(small.thread + large.thread)) return
  const perCall = (small.thread * 1e6) / CALLS
  costs.byteThread = Math.max(0, large.thread * 1e6 - perCall) / (LARGE - SMALL)
  costs.callThread = Math.max(0, perCall - SMALL * costs.byteThread)
  if (!scatters || !Object.values(scatters).every(({ thread }) => Number.isFinite(thread))) return
  const one = scatters.one.thread * 1e6
  const row = (many: BestRuns): number =>
    Math.max(0, (many.thread * 1e6 - one) / (ROWS - 1) - ROW_BYTES * costs.byteThread)
  costs.scatterThread = one
  costs.dispatchThread = Math.min(one, Math.max(0, scatters.two.thread * 1e6 - one))
  // Its payload may be cheaper by the byte than a large write; the gathering is the least that a row costs.
  costs.rowThread = Math.max(row(scatters.near), (scatters.gather.thread * 1e6) / ROWS)
  costs.rowThreadFar = Math.max(costs.rowThread, row(scatters.far))
}

/** The device's terms: how much later it is done than with nothing to do. */
function deviceTerms(costs: CostModel, { small, large, scatters }: MiniatureRuns, trip: number): void {
  const later = (runs: BestRuns): number => Math.max(0, runs.tail - trip / runs.times) * 1e6
  if (!Number.isFinite(small.tail + large.tail)) return
  costs.callDevice = later(small) / CALLS
  costs.byteDevice = Math.max(0, later(large) - costs.callDevice) / LARGE
  if (!scatters || !Object.values(scatters).every(({ tail }) => Number.isFinite(tail))) return
  const one = later(scatters.one)
  const row = (many: BestRuns): number =>
    Math.max(0, (later(many) - one) / (ROWS - 1) - ROW_BYTES * costs.byteDevice)
  costs.scatterDevice = one
  costs.dispatchDevice = Math.min(one, Math.max(0, later(scatters.two) - one))
  costs.rowDevice = row(scatters.near)
  costs.rowDeviceFar = Math.max(costs.rowDevice, row(scatters.far))
}
