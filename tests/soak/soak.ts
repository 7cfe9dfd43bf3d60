import { attachMk, createHeap, MkBufferUsage, type MkSync, type Strategy } from '@memkit/ecs-plugin'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { randomFrom } from '@memkit/testing/random'
import { Expected } from './expected.ts'
import { MOST } from './kinds.ts'
import { ROUND, type MemorySample } from './memory.ts'
import type { SoakPlace } from './places.ts'
import { Population } from './population.ts'
import { makeQuery, Readback, type LivingQuery } from './readback.ts'

export interface SoakOptions {
  readonly frames: number
  /** Frames from attaching the world to disposing of the sync. */
  readonly cycle: number
  readonly seed: number
  /** Rows of every component that are read back after each frame. */
  readonly sample: number
  /** Frames between two comparisons of everything. */
  readonly fullEvery: number
  /** Frames between two losses, on average. */
  readonly loseEvery: number
  /** After every frame. */
  readonly onFrame?: (soak: Soak) => void
  /** At the end of every cycle. */
  readonly onSample?: (soak: Soak, sample: MemorySample) => void
}

const { STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage
/** One for each cycle of a round. */
const strategies: readonly Strategy[] = ['auto', 'scatter', 'runs', 'full']
const WARNINGS_TO_KEEP = 10
const TARGET_BYTES = 4096

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * A world that lives on and on: it is attached, grows from a few entities to thousands, is written, queried, read back, loses its
 * device, and is let go of again; and after every frame the device must hold what the world held.
 */
export class Soak {
  frame = 0
  losses = 0
  attached = 0
  grown = 0
  readonly readback: Readback = new Readback()
  readonly samples: MemorySample[] = []
  readonly place: SoakPlace
  readonly options: SoakOptions
  readonly #random: () => number
  readonly #heaps = [createHeap({ bytes: 16 << 20 }), createHeap({ bytes: 16 << 20, kernels: 'js' })] as const
  readonly #population: Population
  readonly #expected: readonly Expected[]
  readonly #problems: string[] = []
  readonly #queries: LivingQuery[] = []
  /** The least that a sensor may say: what it said before. */
  readonly #heard: Float32Array
  #mk!: MkSync<object>
  /** Lent to the sync, in cycles in which it has no function to ask for another. */
  #lent: MkGpu | undefined
  #target: { readonly gpu: MkGpu; readonly buffer: MkDeviceBuffer } | undefined
  #lostFor = 0
  #unfinished = 0
  #mostDeferred = 0
  #mostInFlight = 0

  constructor(place: SoakPlace, options: SoakOptions) {
    this.place = place
    this.options = options
    this.#random = randomFrom(options.seed)
    this.#population = new Population(this.#heaps[0], this.#random)
    this.#expected = this.#population.kinds.map((_, k) => new Expected(this.#population, k))
    this.#heard = new Float32Array(this.#population.sensed.length)
  }

  /** What went wrong: mismatches first, then errors, warnings and leaks. */
  get problems(): readonly string[] {
    return [...this.readback.mismatches, ...this.#problems]
  }

  /** Runs until all frames are done, or something is wrong. */
  async run(): Promise<void> {
    const { frames, cycle } = this.options
    while (this.frame < frames && this.problems.length === 0) {
      await this.#attach()
      const end = Math.min(frames, this.frame + cycle)
      for (let t = 0; this.frame < end && this.problems.length === 0; t++) await this.#runFrame(t / cycle)
      await this.#detach()
    }
    this.#lent?.destroy()
  }

  async #open(): Promise<MkGpu> {
    const gpu = await this.place.open()
    gpu.onError((error) => this.#report(`frame ${this.frame}: ${error.message}`))
    return gpu
  }

  #report(problem: string): void {
    if (this.#problems.length < WARNINGS_TO_KEEP) this.#problems.push(problem)
  }

  async #attach(): Promise<void> {
    const count = this.attached++
    const lends = count % 2 === 0
    if (lends && (this.#lent === undefined || this.#lent.isLost)) {
      this.#lent?.destroy()
      this.#lent = await this.#open()
    }
    const population = this.#population
    // Every other time the world is nearly empty, and buffers grow as it fills up.
    if (count % ROUND < 2) while (population.alive.length > 10) population.churn(0, this.frame)
    this.#mk = await attachMk(population.world, {
      gpu: lends ? this.#lent! : this.#factory(),
      components: population.kinds.map(({ component }) => component),
      heap: this.#heaps[count % ROUND === 3 ? 1 : 0],
      strategy: strategies[count % ROUND],
      debug: count % ROUND === 2,
    })
    population.mk = this.#mk
    // That no device comes at the first try is what the soak has arranged.
    this.#mk.on(
      'warning',
      ({ code, message }) => code !== 'DeviceUnavailable' && this.#report(`frame ${this.frame}: ${message}`),
    )
    this.#mk.on('lost', () => void this.losses++)
    this.#mk.on('restored', () => this.#expected.forEach((expected) => expected.lose()))
    this.#mk.on('reallocated', () => void this.grown++)
    this.#expected.forEach((expected) => expected.forget())
    this.#heard.fill(0)
    await this.#mk.coordinator.ready()
  }

  /** Gives a device whenever it is asked, but every third time only when it is asked again. */
  #factory(): () => Promise<MkGpu> {
    let asked = 0
    return async () => {
      if (++asked % 3 === 0) throw new Error('no device yet')
      return this.#open()
    }
  }

  async #runFrame(progress: number): Promise<void> {
    const random = this.#random
    const population = this.#population
    this.frame++
    const goal =
      progress < 0.5 ? MOST * Math.min(1, progress * 4) : MOST * (0.8 + 0.2 * Math.cos(progress * 40))
    const many = random() < 0.05
    // Some of what happens to a world happens outside of frames.
    const early = random() < 0.3
    if (early) population.churn(goal, this.frame)
    if (random() < 1 / this.options.loseEvery && !this.#mk.gpu.isLost) this.place.lose(this.#mk.gpu, random)
    this.#mk.beginFrame()
    this.#checkSensors()
    if (!early) population.churn(goal, this.frame)
    population.write(many ? population.alive.length >> 1 : Math.floor(random() * 30), this.frame)
    this.#changeQueries()
    const staged = this.#stage()
    if (random() < 0.1) this.#mk.stage()
    this.#mk.endFrame()
    this.#expected.forEach((expected) => expected.stage())
    this.#sense()
    if (!this.#mk.gpu.isLost) {
      staged()
      this.#compare(this.frame % this.options.fullEvery === 0)
    }
    if (this.frame % 16 === 0) this.#notePeaks()
    await this.#breathe()
    this.options.onFrame?.(this)
  }

  /** A sensor never says what the device said earlier, or said of another entity. */
  #checkSensors(): void {
    const { staged } = this.#expected[4]
    const { sensed } = this.#population
    for (let entity = 0; entity < staged.length; entity++) {
      if (staged[entity] === 0) continue
      if (sensed[entity] < this.#heard[entity] || sensed[entity] > this.frame)
        this.#report(
          `frame ${this.frame}: sensor ${entity} says ${sensed[entity]} after ${this.#heard[entity]}`,
        )
      this.#heard[entity] = sensed[entity]
    }
  }

  #changeQueries(): void {
    const random = this.#random
    if (random() > 0.03) return
    if (this.#queries.length === 3 || (this.#queries.length > 0 && random() < 0.4))
      this.#queries.splice(Math.floor(random() * this.#queries.length), 1)[0].query.dispose()
    else if (!this.#mk.gpu.isLost)
      this.#queries.push(makeQuery(this.#mk, this.#population, Math.floor(random() * 3)))
  }

  /** Stages frame memory, and uploads a slice now and then. @returns compares what the device has of it */
  #stage(): () => void {
    const random = this.#random
    const { coordinator, gpu } = this.#mk
    const checks: (() => void)[] = []
    const fill = (words: Uint32Array): Uint32Array => words.map(() => random() * 2 ** 32)
    for (let i = Math.floor(random() * 3); i >= 0; i--) {
      const view = coordinator.frameAlloc(Uint32Array, 1 + Math.floor(random() * 200))
      const words = fill(view)
      view.set(words)
      const offset = Math.floor((random() * (TARGET_BYTES - view.byteLength)) / 4) * 4
      const target =
        random() < 0.3 && i === 0 && !gpu.isLost ? { buffer: this.#targetOn(gpu), offset } : undefined
      const slice = coordinator.stageForUpload(view, target)
      checks.push(() =>
        this.readback.bytesOf(this.#mk, slice.buffer, slice.offset, words, this.#where('staged')),
      )
    }
    if (random() < 0.03 && !gpu.isLost) {
      const words = fill(new Uint32Array(64))
      const slice = coordinator.uploadSlice(words)
      checks.push(() => this.readback.bytesOf(this.#mk, slice, 0, words, this.#where('slice')))
      // Work that was handed over goes on.
      checks.push(() => slice.destroy())
    }
    return () => checks.forEach((check) => check())
  }

  #targetOn(gpu: MkGpu): MkDeviceBuffer {
    if (this.#target?.gpu !== gpu)
      this.#target = {
        gpu,
        buffer: gpu.createDeviceBuffer(TARGET_BYTES, STORAGE | TRANSFER_SRC | TRANSFER_DST, {
          label: 'target',
        }),
      }
    return this.#target.buffer
  }

  /** What a shader would do after this frame's upload. */
  #sense(): void {
    const { gpu } = this.#mk
    const { component } = this.#population.kinds[4]
    const { staged, floats } = this.#expected[4]
    if (gpu.isLost) return
    const { buffer, stride } = this.#mk.buffer(component)
    const value = new Float32Array([this.frame])
    for (let i = 0; i < 8; i++) {
      const entity = this.#population.any()
      if (staged[entity] === 0) continue
      gpu.write(buffer, entity * stride, value.buffer, 0, 4)
      floats[entity * 2] = this.frame
    }
  }

  #where(what: string): string {
    return `seed ${this.options.seed}, frame ${this.frame}, ${what}`
  }

  #compare(everything: boolean): void {
    const { sample } = this.options
    const where = this.#where(this.#mk.gpu.capabilities.backend)
    for (const expected of this.#expected) {
      const most = Math.max(1, this.#mk.buffer(expected.kind.component).rows)
      const first = everything ? 0 : Math.floor(this.#random() * most)
      this.readback.rows(this.#mk, expected, first, everything ? Infinity : sample, where)
    }
    if (everything)
      for (const living of this.#queries) this.readback.list(this.#mk, this.#population, living, where)
  }

  /** Between two frames: the device gets on, and a loss is seen to. */
  async #breathe(): Promise<void> {
    const { gpu, coordinator } = this.#mk
    if (this.#unfinished++ > 5 || this.#random() < 0.5) {
      this.#unfinished = 0
      this.place.finish(gpu)
      await coordinator.pace()
    }
    if (this.readback.waiting > 40) {
      this.place.finish(gpu)
      await this.readback.settle()
    }
    if (this.frame % 16 === 0 || gpu.isLost) await turn()
    if (gpu.isLost && gpu === this.#lent && ++this.#lostFor > 4) await this.#replaceLent()
  }

  #notePeaks(): void {
    const { deferredFrees, slotsInFlight } = this.#mk.coordinator.stats
    this.#mostDeferred = Math.max(this.#mostDeferred, deferredFrees)
    this.#mostInFlight = Math.max(this.#mostInFlight, slotsInFlight)
  }

  async #replaceLent(): Promise<void> {
    this.#lostFor = 0
    const lost = this.#lent
    this.#lent = await this.#open()
    await this.#mk.restore(this.#lent)
    lost?.destroy()
  }

  /** Ends a cycle: what is under way arrives, all is compared, and nothing may stay behind. */
  async #detach(): Promise<void> {
    const mk = this.#mk
    if (this.problems.length === 0) {
      await this.#settle()
      this.#checkArrived()
      this.#compare(true)
      this.place.finish(mk.gpu)
      await this.readback.settle()
      for (const { query } of this.#queries.splice(0)) query.dispose()
      await this.#settle()
      const sample = await this.#measure()
      this.samples.push(sample)
      this.options.onSample?.(this, sample)
    }
    const { gpu } = mk
    this.#target?.buffer.destroy()
    this.#target = undefined
    this.#queries.length = 0
    mk.dispose()
    this.#population.mk = undefined
    this.place.finish(gpu)
    for (const { label } of gpu.leaks())
      this.#report(`frame ${this.frame}: buffer '${label}' was left behind`)
    const [columns, ...others] = this.#heaps.flatMap((heap) => heap.leaks())
    for (const { label } of others)
      this.#report(`frame ${this.frame}: block '${label}' was left behind (${columns.label})`)
  }

  /** Frames in which nothing is done, until what is on its way has come. */
  async #settle(): Promise<void> {
    for (let i = 0, quiet = 0; quiet < 8; i++) {
      if (i > 3000) return this.#report(`frame ${this.frame}: the device did not come back`)
      quiet = this.#mk.gpu.isLost ? 0 : quiet + 1
      this.#mk.beginFrame()
      this.#mk.endFrame()
      this.#expected.forEach((expected) => expected.stage())
      this.place.finish(this.#mk.gpu)
      await this.#mk.coordinator.idle().catch(() => undefined)
      await this.#breathe()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** What the device wrote is in the columns. */
  #checkArrived(): void {
    const { staged, floats } = this.#expected[4]
    const { sensed } = this.#population
    const at = staged.findIndex((has, entity) => has === 1 && sensed[entity] !== floats[entity * 2])
    if (at >= 0) this.#report(`frame ${this.frame}: sensor ${at} says ${sensed[at]}, not ${floats[at * 2]}`)
  }

  async #measure(): Promise<MemorySample> {
    const collect = (globalThis as { gc?: () => void }).gc
    // Twice: what is finalised after the first is gone after the second.
    for (let i = 0; i < 2; i++) {
      collect?.()
      await turn()
    }
    const { heapUsed, external, rss } = process.memoryUsage()
    const { coordinator, gpu } = this.#mk
    const { buffers, bytes } = gpu.stats.buffers
    const sample: MemorySample = {
      frame: this.frame,
      jsHeap: heapUsed,
      external,
      process: rss,
      heapUsed: this.#heaps[0].stats.used + this.#heaps[1].stats.used,
      arenaHighWater: coordinator.stats.arenaHighWater,
      gpuBuffers: buffers,
      gpuBytes: bytes,
      deferredFrees: this.#mostDeferred,
      framesInFlight: this.#mostInFlight,
    }
    this.#mostDeferred = this.#mostInFlight = 0
    return sample
  }
}
