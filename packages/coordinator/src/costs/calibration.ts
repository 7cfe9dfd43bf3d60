import { DirtyRows, createHeap, type Heap } from '@memkit/core'
import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import type { CostModel } from './model.ts'
import { Clock } from './clock.ts'
import { ownBuffer } from '../device/own-buffers.ts'
import { bestOf, isDoubtful, Probe, type BestRuns } from './probe.ts'

const { STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage

/** Milliseconds. A longer round trip says nothing: some browsers look only every 100 ms. */
const MAX_ROUND_TRIP = 5
/** Rounds, which run every probe once, at least; and milliseconds after which none begins. */
const MIN_ROUNDS = 3
const BUDGET = 6
/** Small writes per probe, each into a page of its own, and bytes of each. */
const CALLS = 64
const SMALL = 16
const PAGE = 4096
/** Bytes of a large write. They rotate through the image, so that no near cache has them. */
const LARGE = 1 << 20
/** Rows of a scatter, one per cache line, in sets that take turns, so no near cache has them. */
const ROWS = 2048
const SETS = 4
const STRIDE = 16
const LINE = 64
/** Bytes that travel per scattered row: the row and its number. */
const ROW_BYTES = STRIDE + 4

/** A thread term so many times the table's tells of a busy machine rather than of a slow one. */
const IMPLAUSIBLE = 8

export interface Measurement {
  readonly costs: CostModel
  /** The machine was busy, or a term is implausible: worth another look. */
  readonly doubtful: boolean
  /** What the terms come from; undefined without a clock to measure by. */
  readonly runs: MiniatureRuns | undefined
}

/**
 * A frame in miniature: many small writes, one large one; a scatter of one row, of one row twice,
 * of many rows into a small and into a large destination; many rows gathered and left alone.
 */
type Miniature = 'small' | 'large' | ScatterName
type ScatterName = 'one' | 'two' | 'near' | 'far' | 'gather'

/** The best runs of each miniature frame; without scatters where the device has none. */
interface MiniatureRuns {
  readonly best: Readonly<Record<'small' | 'large', BestRuns> & Partial<Record<ScatterName, BestRuns>>>
  /** Milliseconds of a round trip with nothing to do; undefined where they are too many. */
  readonly trip: number | undefined
}

/** For the coordinators that come after. */
const known = new Map<string, Promise<Measurement>>()

/**
 * Measures the cost model on a device, on buffers of its own; once per adapter and runtime. Takes a
 * few milliseconds of the calling thread at a time.
 * @param table what stays where nothing can be measured
 * @param again measure again: `'merge'` keeps the best runs of both, `'replace'` those of now
 */
export async function measureCosts(
  gpu: MkGpu,
  table: CostModel,
  again?: 'merge' | 'replace',
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

async function calibrate(gpu: MkGpu, table: CostModel, earlier?: Measurement): Promise<Measurement> {
  const clock = Clock.measure()
  if (clock === undefined) return { costs: { ...table }, doubtful: false, runs: undefined }
  const now = await new Calibration(gpu, table, clock).run()
  const runs = earlier?.runs ? merge(now, earlier.runs) : now
  const costs = { ...table }
  threadTerms(costs, runs.best)
  if (runs.trip !== undefined) deviceTerms(costs, runs.best, runs.trip)
  return { costs, doubtful: Object.values(runs.best).some(isDoubtful) || isImplausible(costs, table), runs }
}

function merge(now: MiniatureRuns, earlier: MiniatureRuns): MiniatureRuns {
  const best = { ...now.best }
  for (const name of Object.keys(best) as Miniature[]) {
    const [a, b] = [now.best[name], earlier.best[name]]
    if (a && b) best[name] = bestOf(a, b)
  }
  return { best, trip: now.trip === undefined ? undefined : Math.min(now.trip, earlier.trip ?? Infinity) }
}

function isImplausible(costs: CostModel, table: CostModel): boolean {
  const terms = ['callThread', 'byteThread', 'scatterThread', 'rowThread', 'rowThreadFar'] as const
  return terms.some((term) => costs[term] > table[term] * IMPLAUSIBLE)
}

/**
 * Runs frames in miniature, in turn, and keeps the best of each: their differences are the terms.
 */
class Calibration {
  readonly #gpu: MkGpu
  readonly #table: CostModel
  readonly #clock: Clock
  readonly #heap: Heap
  readonly #buffers: MkDeviceBuffer[] = []
  /** Rows to gather, and bytes to write: `farBytes` of memory. */
  readonly #image: number
  readonly #gathered: number

  constructor(gpu: MkGpu, table: CostModel, clock: Clock) {
    this.#gpu = gpu
    this.#clock = clock
    this.#table = table
    this.#heap = createHeap({ bytes: table.farBytes + (2 << 20), label: 'calibration' })
    this.#image = this.#heap.alloc(table.farBytes, LINE, 'image').offset
    this.#gathered = this.#heap.alloc(ROWS * ROW_BYTES, LINE, 'gathered').offset
    // Untouched pages are all one page of zeros, which no cache ever misses.
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
      let at = 0
      const large = this.#probe(() => {
        at = (at + LARGE) % this.#table.farBytes
        gpu.write(far, at, this.#heap.buffer, this.#image + at, LARGE)
      })
      const probes = { small, large, ...(gpu.scatterReady ? this.#scatters(far) : {}) }
      const trip = await this.#rounds(far, Object.values(probes))
      const best = Object.fromEntries(Object.entries(probes).map(([name, probe]) => [name, probe.best]))
      return { best: best as MiniatureRuns['best'], trip }
    } finally {
      for (const buffer of this.#buffers) buffer.destroy()
    }
  }

  /**
   * Runs all probes in turn until the time is over. The device reads `target` in every round, as
   * draws would: drivers write several times faster into what it never used.
   * @returns `trip`
   */
  async #rounds(target: MkDeviceBuffer, probes: readonly Probe[]): Promise<number | undefined> {
    const gpu = this.#gpu
    const beside = this.#buffer(16)
    // Work on unconfirmed buffers takes more submits than a frame's.
    for (const { allocationError } of this.#buffers) {
      const failed = await allocationError
      if (failed) throw failed
    }
    const finish = (): Promise<void> => {
      // Without the copy, the writes may wait for the next submit.
      gpu.copy(target, 0, beside, 0, 4)
      return gpu.whenCompleted(gpu.submit())
    }
    const wait = async (): Promise<number> => {
      const start = performance.now()
      await finish()
      return performance.now() - start
    }
    // The driver finds staging memory, and the device's pages are there.
    gpu.write(target, 0, this.#heap.buffer, this.#image, target.size)
    await wait()
    for (const probe of probes) probe.prepare()
    await wait()
    let trip = await wait()
    const rounds = Math.max(MIN_ROUNDS, Probe.rounds(this.#clock))
    // A clock too coarse for the thread's short runs is too coarse for the device's.
    const waits = trip <= MAX_ROUND_TRIP && !this.#clock.isCoarse
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

  /** Sets of rows all over `bytes`, each in a cache line of its own. */
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

  #scatter(from: MkDeviceBuffer, target: MkDeviceBuffer, dirty: DirtyRows, count: number, times = 1): void {
    this.#gather(dirty, count)
    this.#gpu.write(from, 0, this.#heap.buffer, this.#gathered, count * ROW_BYTES)
    const rows = { payload: from, stride: STRIDE, count, payloadOffset: 0, indexOffset: count * STRIDE }
    for (let i = 0; i < times; i++) this.#gpu.scatter(target, rows)
    this.#gpu.submit()
  }

  #gather(dirty: DirtyRows, count: number): void {
    const { offset, summaryOffset, rows } = dirty
    const { kernels } = this.#heap
    const place = this.#gathered
    kernels.gather(offset, summaryOffset, 0, rows, this.#image, STRIDE, place, place + count * STRIDE)
  }

  #buffer(size: number): MkDeviceBuffer {
    const { storage } = this.#gpu.capabilities
    const usage = TRANSFER_SRC | TRANSFER_DST | (storage ? STORAGE : 0)
    const buffer = ownBuffer(this.#gpu.createDeviceBuffer(size, usage, { label: 'memkit calibration' }))
    this.#buffers.push(buffer)
    return buffer
  }
}

/** The calling thread's terms. What was too short for the clock keeps the table's value. */
function threadTerms(costs: CostModel, best: MiniatureRuns['best']): void {
  const ns = ({ thread }: BestRuns): number => thread * 1e6
  const small = ns(best.small)
  const large = ns(best.large)
  if (!Number.isFinite(small + large)) return
  costs.byteThread = Math.max(0, large - small / CALLS) / (LARGE - SMALL)
  costs.callThread = Math.max(0, small / CALLS - SMALL * costs.byteThread)
  scatterTerms(costs, 'Thread', best, ns)
}

/** The device's terms: how much later it is done than with nothing to do. */
function deviceTerms(costs: CostModel, best: MiniatureRuns['best'], trip: number): void {
  const later = ({ tail, times }: BestRuns): number => Math.max(0, tail - trip / times) * 1e6
  const { small, large } = best
  if (!Number.isFinite(small.tail + large.tail)) return
  costs.callDevice = later(small) / CALLS
  costs.byteDevice = Math.max(0, later(large) - costs.callDevice) / LARGE
  scatterTerms(costs, 'Device', best, later)
}

/** What scatters cost one side, by the nanoseconds of `of`. */
function scatterTerms(
  costs: CostModel,
  side: 'Thread' | 'Device',
  { one, two, near, far, gather }: MiniatureRuns['best'],
  of: (runs: BestRuns) => number,
): void {
  if (!one || !two || !near || !far || !gather) return
  if (![one, two, near, far, gather].every((runs) => Number.isFinite(of(runs)))) return
  const row = (many: BestRuns): number =>
    Math.max(0, (of(many) - of(one)) / (ROWS - 1) - ROW_BYTES * costs[`byte${side}`])
  costs[`scatter${side}`] = of(one)
  costs[`dispatch${side}`] = Math.min(of(one), Math.max(0, of(two) - of(one)))
  // The payload may be cheaper by the byte than a large write, but the thread gathers every row.
  costs[`row${side}`] = Math.max(row(near), side === 'Thread' ? of(gather) / ROWS : 0)
  costs[`row${side}Far`] = Math.max(costs[`row${side}`], row(far))
}
