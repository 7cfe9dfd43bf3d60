import { makers, type Crowd, type Way } from '../moving/ways.ts'
import type { Kind } from '../moving/systems.ts'
import { readBuffer, type Place } from '../place.ts'
import { ratioOf, summarise, type Ratio, type Summary } from '../statistics.ts'
import type { Run } from './program.ts'

/** How long a way takes in a frame in which everything moves. Milliseconds of the calling thread. */
interface MovingEntry {
  readonly name: string
  readonly store: string
  /** The game's own loop and the sync. */
  readonly total: Summary | undefined
  readonly sync: Summary | undefined
  /** Sync ÷ that of a `writeBuffer` per column; total ÷ that of rows by hand. */
  readonly syncRatio: Ratio | undefined
  readonly totalRatio: Ratio | undefined
}

/** `tight`: frames in a row. `in a frame`: caches are cold, and a pass reads the buffer after each. */
type Pace = 'tight' | 'in a frame'

export interface MovingCell extends Crowd {
  readonly pace: Pace
  readonly entries: readonly MovingEntry[]
}

const ENTITIES: readonly number[] = [1_000, 10_000, 50_000, 100_000]
const KINDS: readonly Kind[] = ['transform', 'matrix']
/**
 * Frames until the engine has optimised what runs once per frame: 3 000 to 4 000. memkit's ways share that code, and time goes
 * into loops where there are many entities.
 */
const warmFrames = (entities: number): number => (entities > 10_000 ? 1_500 : 5_000)
/** Bytes that are touched between a game's loop and its sync, as the rest of a frame would. */
const COLD_BYTES = 8 << 20

/**
 * What a game most often is: everything moves in every frame. One size and one kind per process or page
 * (`run.variant`), since loops that the engine has seen with several shapes run slower.
 */
export async function moving(place: Place, run: Run): Promise<MovingCell[]> {
  const [kind, size] = (run.variant ?? 'transform 10000').split(' ') as [Kind, string]
  const crowd: Crowd = { kind, entities: Number(size) }
  const ways: Way[] = []
  for (const make of makers) ways.push(await make(place, crowd))
  const frames = run.quick ? 300 : warmFrames(crowd.entities)
  const reader = new Reader(place.device!)
  for (const [i, way] of ways.entries()) {
    run.progress((i / ways.length) * 0.5, `${run.variant}: warming up ${way.name}`)
    for (let frame = 0; frame < frames; frame++) {
      frameOf(way)
      if (frame % 20 === 19) await reader.read(way)
    }
  }
  const cells: MovingCell[] = []
  for (const pace of ['tight', 'in a frame'] as const) {
    run.progress(pace === 'tight' ? 0.5 : 0.75, `${run.variant}, ${pace}`)
    const entries = await measure(ways, reader, pace, run.quick ? 12 : 60)
    cells.push({ ...crowd, pace, entries })
  }
  for (const way of ways) {
    await check(place.device!, way)
    way.dispose()
  }
  return cells
}

/** One variant for each process or page that `moving` is to run in. */
export function movingVariants(quick: boolean): string[] {
  if (quick) return ['transform 10000']
  return KINDS.flatMap((kind) => ENTITIES.map((entities) => `${kind} ${entities}`))
}

interface Times {
  sync: number
  total: number
}

const junk = new Float64Array(COLD_BYTES / 8)

function frameOf(way: Way, cold = false): Times {
  const start = performance.now()
  way.begin()
  const begun = performance.now()
  way.system()
  const moved = performance.now()
  if (cold) for (let i = 0; i < junk.length; i += 8) junk[i] += 1
  const before = performance.now()
  way.sync()
  const end = performance.now()
  const sync = begun - start + (end - before)
  return { sync, total: sync + (moved - begun) }
}

async function measure(
  ways: readonly Way[],
  reader: Reader,
  pace: Pace,
  rounds: number,
): Promise<MovingEntry[]> {
  const frames = 4
  const taken: Times[][] = ways.map(() => [])
  for (let round = -2; round < rounds; round++)
    for (let k = 0; k < ways.length; k++) {
      const at = (k + round + 2) % ways.length
      const way = ways[round % 2 === 0 ? at : ways.length - 1 - at]
      const into = taken[ways.indexOf(way)]
      let sync = 0
      let total = 0
      for (let i = 0; i < frames; i++) {
        const times = frameOf(way, pace === 'in a frame')
        sync += times.sync / frames
        total += times.total / frames
        if (pace === 'in a frame') await reader.read(way)
      }
      await reader.read(way)
      if (round >= 0) into.push({ sync, total })
    }
  const syncs = taken.map((each) => each.map(({ sync }) => sync))
  const totals = taken.map((each) => each.map(({ total }) => total))
  return ways.map(({ name, store }, i) => ({
    name,
    store,
    total: summarise(totals[i]),
    sync: summarise(syncs[i]),
    syncRatio: ratioOf(syncs[i], syncs[1]),
    totalRatio: ratioOf(totals[i], totals[0]),
  }))
}

/** A pass that reads the buffers of a way, as a draw would. Resolves when the device is done. */
class Reader {
  readonly #device: GPUDevice
  readonly #pipeline: GPUComputePipeline
  readonly #seen: GPUBuffer
  readonly #groups = new Map<GPUBuffer, GPUBindGroup>()

  constructor(device: GPUDevice) {
    this.#device = device
    const code = `@group(0) @binding(0) var<storage, read> held: array<u32>;
      @group(0) @binding(1) var<storage, read_write> seen: array<u32>;
      @compute @workgroup_size(64) fn sample(@builtin(global_invocation_id) id: vec3u) {
        seen[id.x] = held[id.x * (arrayLength(&held) / 64u)];
      }`
    const module = device.createShaderModule({ code })
    this.#pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
    // STORAGE
    this.#seen = device.createBuffer({ size: 256, usage: 0x80 })
  }

  async read(way: Way): Promise<void> {
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(this.#pipeline)
    for (const buffer of way.buffers()) {
      pass.setBindGroup(0, this.#groupOf(buffer))
      pass.dispatchWorkgroups(1)
    }
    pass.end()
    this.#device.queue.submit([encoder.finish()])
    await this.#device.queue.onSubmittedWorkDone()
  }

  #groupOf(buffer: GPUBuffer): GPUBindGroup {
    const known = this.#groups.get(buffer)
    if (known) return known
    const entries = [buffer, this.#seen].map((each, binding) => ({ binding, resource: { buffer: each } }))
    const group = this.#device.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries })
    this.#groups.set(buffer, group)
    return group
  }
}

/** @throws when the device does not hold what the game has */
async function check(device: GPUDevice, way: Way): Promise<void> {
  const expected = way.expected()
  for (const [i, buffer] of way.buffers().entries()) {
    const held = new Uint8Array(await readBuffer(device, buffer, expected[i].byteLength))
    const at = expected[i].findIndex((byte, k) => byte !== held[k])
    if (at >= 0) throw new Error(`${way.name}, ${way.store}: byte ${at} of buffer ${i} differs`)
  }
}
