import {
  addComponent,
  addEntity,
  And,
  createWorld,
  Not,
  Or,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
} from 'bitecs'
import { attachMk, createHeap, GpuSynced } from '@memkit/ecs-plugin'
import type { GpuQuery, Heap, MkSync, Synced, SyncedBuffer } from '@memkit/ecs-plugin'
import { DummyBackend } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { ComponentModel, QueryModel } from './model.ts'
import type { Term } from './model.ts'
import { costModels } from './program.ts'
import type { Op, Program, Setup, Step } from './program.ts'
import { Store, storeSpecs } from './stores.ts'

/** Most entities of a world, so that a program stays quick. */
const MAX_ENTITIES = 160

/** What was done, summed up over programs. */
export interface Tally {
  programs: number
  steps: number
  /** Frames whose device contents were compared with the model. */
  frames: number
  bytes: number
  losses: number
  /** Errors and warnings for want of memory. */
  shortages: number
}

export function newTally(): Tally {
  return { programs: 0, steps: 0, frames: 0, bytes: 0, losses: 0, shortages: 0 }
}

/** Where programs run. */
export interface Place {
  /** A device for a program, or for what comes after a loss. */
  open(setup: Setup): Promise<MkGpu>
  /** The program is over. */
  close(gpu: MkGpu): Promise<void>
}

interface LivingQuery {
  readonly query: GpuQuery
  readonly model: QueryModel
  readonly draw: readonly number[] | undefined
  /** Index of the component whose rows it lists. */
  readonly rowsOf: number | undefined
}

/** One world with its sync and its models. */
interface Side {
  readonly world: object
  mk: MkSync<object>
  models: ComponentModel[]
  queries: LivingQuery[]
  tables: Set<number>
  /** Entities that nothing ever happens to. */
  crowd: number[]
  /** Living entities besides them, in the order in which they came. */
  entities: number[]
  open: boolean
  staged: boolean
  /** Frames abandoned since the last report. */
  abandoned: number
  /** Nothing was done since the last frame ended. */
  quiet: boolean
  warnings: string[]
  /** What was staged in the open frame, and what must be there at its end. */
  pieces: { readonly buffer: MkDeviceBuffer; readonly offset: number; readonly words: Uint32Array }[]
  /** Lets go of memory that was taken from the heap. */
  unhog: (() => void) | undefined
  /** Staging failed for want of memory: the device need not hold everything in this frame. */
  failed: boolean
}

/** Errors and warnings that are all right while there is no memory. */
const wants = new Set(['HeapFull', 'MirrorOutOfMemory', 'AllocationFailed', 'MirrorHasNoBuffer'])
/** Warnings about what a program does on purpose: holes in plain arrays, writes without a mark. */
const remarks = new Set(['ColumnHoles', 'ForgottenMarks'])
/** Frames after which every retry has come: distances of 1, 2, 4 … frames, after at most six failures. */
const RETRY_FRAMES = 130

/** Runs a program and compares what the device holds with the model after every frame. Throws at the first difference. */
export async function run(program: Program, place: Place, tally: Tally): Promise<void> {
  const { setup, steps } = program
  const session = new Session(setup, place, tally)
  await session.start()
  try {
    for (const [i, step] of steps.entries()) {
      try {
        await session.step(step)
      } catch (error) {
        throw new Error(`step ${i}, ${JSON.stringify(step)}: ${String(error)}`, { cause: error })
      }
      tally.steps++
    }
    await session.finish()
    tally.programs++
  } finally {
    await session.close()
  }
}

class Session {
  readonly #setup: Setup
  readonly #place: Place
  readonly #tally: Tally
  readonly #stores: Store[]
  readonly #components: Synced[]
  readonly #tags: object[] = [{}, {}]
  readonly #sides: Side[] = []
  readonly #deviceErrors: unknown[] = []
  /** Buffers may have no memory. */
  #starved = false
  #gpu!: MkGpu

  constructor(setup: Setup, place: Place, tally: Tally) {
    this.#setup = setup
    this.#place = place
    this.#tally = tally
    this.#stores = setup.components.map(
      ({ store, slots }) => new Store(storeSpecs[store], setup.crowd + slots, setup.crowd + MAX_ENTITIES + 2),
    )
    this.#components = setup.components.map((component, i) => {
      const { changes, rows, onRemove, capacity } = component
      const { schema } = storeSpecs[component.store]
      const tagged = component.with ? [this.#tags[0]] : []
      const options = { changes, rows, onRemove, capacity, with: tagged, schema }
      // Which columns there are is not known to the compiler here.
      const synced: Synced = GpuSynced(this.#stores[i].component, options as object)
      return synced
    })
  }

  async start(): Promise<void> {
    await this.#open()
    for (let i = 0; i < this.#setup.worlds; i++) {
      const side: Side = {
        world: createWorld(),
        mk: undefined as never,
        models: [],
        queries: [],
        tables: new Set(),
        crowd: [],
        entities: [],
        open: false,
        staged: false,
        abandoned: 0,
        quiet: false,
        warnings: [],
        pieces: [],
        unhog: undefined,
        failed: false,
      }
      this.#gather(side)
      await this.#attach(side)
      this.#sides.push(side)
    }
  }

  async step(step: Step): Promise<void> {
    const { op } = step
    if (op !== 'end' && op !== 'idle') for (const side of this.#sides) side.quiet = false
    await (this.#ops[op] as (step: Step) => unknown)(step)
    if (this.#deviceErrors.length > 0) throw this.#deviceErrors[0]
    for (const { warnings } of this.#sides)
      if (warnings.length > 0) throw new Error(`warning: ${warnings[0]}`)
  }

  /** The last frame of every world; then nothing may be left. */
  async finish(): Promise<void> {
    this.#clearFaults()
    await this.step({ op: 'restore' })
    await this.step({ op: 'feed' })
    for (const [w] of this.#sides.entries()) await this.step({ op: 'end', w })
    for (const side of this.#sides) side.mk.dispose()
    await this.#settle()
    const leaks = this.#gpu.leaks()
    if (leaks.length > 0) throw new Error(`left behind: ${leaks.map(({ label }) => label).join(', ')}`)
  }

  async close(): Promise<void> {
    for (const side of this.#sides) side.mk.dispose()
    await this.#place.close(this.#gpu)
  }

  readonly #ops: { [K in Op]: (step: Extract<Step, { op: K }>) => unknown } = {
    spawn: ({ w, parts, seed, beyond }) => {
      const side = this.#side(w)
      if (side.entities.length >= MAX_ENTITIES) return
      const entity = addEntity(side.world)
      side.entities.push(entity)
      this.#look(side, entity)
      for (const [i, part] of this.#parts().entries()) {
        if (((parts >> i) & 1) === 0) continue
        addComponent(side.world, entity, part)
        this.#look(side, entity)
      }
      this.#stores.forEach((store, c) => {
        if (beyond !== 0 && !store.torn && store.slots <= entity) store.grow(entity * 2)
        store.write(entity, seed + c)
      })
      for (let c = 0; c < this.#stores.length; c++) this.#mark(c, entity)
    },
    despawn: ({ w, e }) => {
      const side = this.#side(w)
      if (side.entities.length === 0) return
      const [entity] = side.entities.splice(e % side.entities.length, 1)
      removeEntity(side.world, entity)
      this.#look(side, entity)
    },
    add: ({ w, e, part }) => this.#alter(w, e, part, addComponent),
    remove: ({ w, e, part }) => this.#alter(w, e, part, removeComponent),
    write: ({ c, e, seed, mark }) => {
      const i = c % this.#stores.length
      const entity = this.#setup.crowd + (e % MAX_ENTITIES)
      this.#stores[i].write(entity, seed)
      if (mark !== 0) this.#mark(i, entity)
    },
    fill: ({ c, first, count, step, seed, mark }) => {
      const i = c % this.#stores.length
      const from = this.#setup.crowd + first
      const end = Math.min(from + count, this.#setup.crowd + MAX_ENTITIES)
      for (let entity = from; entity < end; entity += step + 1) this.#stores[i].write(entity, seed + entity)
      for (const { mk, models } of this.#sides) {
        if (mark === 1) {
          this.#unlessWanting(() => mk.markRange(this.#components[i], from, count))
          for (let entity = from; entity < from + count; entity++) models[i].mark(entity)
        } else if (mark === 2) {
          this.#unlessWanting(() => mk.markAll(this.#components[i]))
          for (const entity of models[i].alive) models[i].mark(entity)
        }
      }
    },
    grow: ({ c, by }) => {
      const store = this.#stores[c % this.#stores.length]
      store.grow(Math.max(by, ...this.#sides.flatMap(({ entities }) => entities).map((entity) => entity + 1)))
    },
    tear: ({ c, k }) => {
      const store = this.#stores[c % this.#stores.length]
      if (Number.isFinite(store.slots)) store.grow(store.slots + 1 + k, k)
    },
    look: ({ w, q }) => {
      const { world } = this.#side(w)
      query(world, this.#bitecsTerms(this.#terms(q)))
    },
    removeQuery: ({ w, c }) => {
      const { world, models } = this.#side(w)
      const model = models[c % models.length]
      removeQuery(
        world,
        model.terms.flatMap(({ components }) => components),
      )
      // The rescan takes everyone in anew.
      for (const other of models)
        if (sameTerms(other.terms, model.terms)) for (const entity of other.alive) other.pending.add(entity)
    },
    reset: ({ w }) => {
      const side = this.#side(w)
      resetWorld(side.world)
      side.crowd = []
      for (const entity of side.entities.splice(0)) this.#look(side, entity)
      this.#gather(side)
    },
    begin: ({ w }) => this.#begin(this.#side(w)),
    stage: ({ w }) => {
      const side = this.#side(w)
      this.#stageModel(
        side,
        this.#expectError(side, () => side.mk.stage()),
      )
    },
    end: ({ w }) => this.#end(this.#side(w)),
    idle: async ({ w }) => {
      const side = this.#side(w)
      await this.#end(side)
      await this.#end(side)
    },
    query: ({ w, q, draw, rowsOf }) => {
      const side = this.#side(w)
      if (side.queries.length >= 4) return
      const c = rowsOf < this.#components.length ? rowsOf : undefined
      const terms = this.#terms(q)
      const shape = draw === 1 ? { vertexCount: 6 } : draw === 2 ? { indexCount: 36 } : undefined
      const made = this.#unlessWanting(() =>
        side.mk.query(this.#bitecsTerms(terms), {
          ...(shape === undefined || !this.#gpu.capabilities.indirect ? {} : { draw: shape }),
          ...(c === undefined ? {} : { rowsOf: this.#components[c] }),
        }),
      )
      if (made === undefined) return
      side.queries.push({
        query: made,
        model: new QueryModel(c === undefined ? terms : [...terms, ...side.models[c].terms]),
        draw: shape === undefined ? undefined : draw === 1 ? [6, 0, 0, 0] : [36, 0, 0, 0, 0],
        rowsOf: c,
      })
    },
    closeQuery: ({ w, i }) => {
      const { queries } = this.#side(w)
      if (queries.length === 0) return
      const [{ query }] = queries.splice(i % queries.length, 1)
      query.dispose()
    },
    rowTable: ({ w, c }) => {
      const side = this.#side(w)
      const i = c % this.#components.length
      if (this.#setup.components[i].rows !== 'packed') return
      if (this.#unlessWanting(() => side.mk.buffer(this.#components[i]).rowTable)) side.tables.add(i)
    },
    teleport: ({ w, words, seed }) => {
      const side = this.#side(w)
      if (!side.open || this.#gpu.isLost || this.#starved) return
      const { coordinator } = side.mk
      const view = coordinator.frameAlloc(Uint32Array, words + 1).fill(seed)
      const { buffer, offset } = coordinator.stageForUpload(view)
      // Bytes are read at the end of the frame.
      view[words] = seed + 1
      side.pieces.push({ buffer, offset, words: view.slice() })
    },
    attach: async ({ w }) => {
      // One cannot attach to a lost device.
      this.#clearFaults()
      await this.#restore()
      const side = this.#side(w)
      side.unhog?.()
      side.mk.dispose()
      await this.#attach(side)
    },
    lose: async ({ at }) => {
      const { backend } = this.#gpu
      if (this.#gpu.isLost) return
      this.#tally.losses++
      if (backend instanceof DummyBackend) {
        if (at === 0) backend.lose()
        else backend.faults = { ...backend.faults, loseAtCall: backend.callCount + at }
      } else (backend as unknown as { device: GPUDevice }).device.destroy()
      if (at === 0 || !(backend instanceof DummyBackend)) await this.#gpu.lost
    },
    restore: () => this.#restore(),
    hang: ({ on }) => {
      const { backend } = this.#gpu
      if (backend instanceof DummyBackend) backend.faults = { ...backend.faults, neverComplete: on === 1 }
    },
    starve: ({ n, late }) => {
      const { backend } = this.#gpu
      if (!(backend instanceof DummyBackend) || this.#gpu.isLost) return
      const next = backend.calls.buffersCreated + 1
      backend.faults = {
        ...backend.faults,
        outOfMemoryAt: Array.from({ length: n + 1 }, (_, i) => next + i),
        outOfMemory: late === 0 ? 'throw' : 'late',
      }
      this.#starved = true
    },
    hog: ({ w, leave }) => {
      const side = this.#side(w)
      const { heap } = side.mk.coordinator
      if (side.unhog !== undefined) return
      const blocks: ReturnType<Heap['alloc']>[] = []
      for (let i = 0; i < 1000 && heap.stats.largestFree > leave * 100 + 64; i++)
        blocks.push(heap.alloc(heap.stats.largestFree - leave * 100 - 64, 16, 'hog'))
      side.unhog = () => {
        for (const block of blocks) heap.free(block)
        side.unhog = undefined
      }
    },
    feed: async () => {
      for (const { unhog } of this.#sides) unhog?.()
      const { backend } = this.#gpu
      if (!this.#starved || !(backend instanceof DummyBackend)) return
      backend.faults = { ...backend.faults, outOfMemoryAt: [] }
      for (const side of this.#sides) {
        // The device says late that there was no memory; then buffers are tried for again, at growing distances.
        for (let i = 0; i < RETRY_FRAMES; i++) {
          if (i < 3) await new Promise((resolve) => setTimeout(resolve, 1))
          await this.#end(side)
        }
      }
      this.#starved = false
      for (const side of this.#sides) await this.#end(side)
    },
  }

  #side(w: number): Side {
    return this.#sides[w % this.#sides.length]
  }

  /** Components, then tags: what an entity may have. */
  #parts(): object[] {
    return [...this.#components, ...this.#tags]
  }

  /** Terms of a query that a number stands for. */
  #terms(q: number): Term[] {
    const [first, second] = this.#tags
    const component = this.#components[q % this.#components.length]
    const has = (...components: object[]): Term => ({ op: 'has', components })
    switch (q % 7) {
      case 0:
        return [has(component)]
      case 1:
        return [has(component, first)]
      case 2:
        return [has(component), { op: 'not', components: [first] }]
      case 3:
        return [has(component), { op: 'or', components: [first, second] }]
      case 4:
        return [{ op: 'not', components: [first, second] }]
      case 5:
        return [has(second), { op: 'not', components: [component] }]
      default:
        return [{ op: 'or', components: [component, second] }]
    }
  }

  #bitecsTerms(terms: readonly Term[]): object[] {
    return terms.flatMap(({ op, components }): object[] => {
      if (op === 'or') return [Or(...components)]
      if (op === 'not') return [Not(...components)]
      return components.length > 1 ? [And(...components)] : [...components]
    })
  }

  #alter(
    w: number,
    e: number,
    part: number,
    change: (world: object, entity: number, component: object) => unknown,
  ): void {
    const side = this.#side(w)
    if (side.entities.length === 0) return
    const entity = side.entities[e % side.entities.length]
    const parts = this.#parts()
    change(side.world, entity, parts[part % parts.length])
    this.#look(side, entity)
  }

  #look(side: Side, entity: number): void {
    for (const model of side.models) model.look(side.world, entity)
  }

  #mark(c: number, entity: number): void {
    for (const { mk, models } of this.#sides) {
      this.#unlessWanting(() => mk.mark(this.#components[c], entity))
      models[c].mark(entity)
    }
  }

  #begin(side: Side): void {
    if (side.open) side.abandoned++
    side.mk.beginFrame()
    if (side.open && side.warnings.shift() === undefined)
      throw new Error('an abandoned frame gave no warning')
    side.open = true
    side.staged = side.failed = false
    side.pieces.length = 0
  }

  #stageModel(side: Side, failed: boolean): void {
    side.staged = true
    side.failed ||= failed
    for (const [c, model] of side.models.entries()) {
      const waiting = failed && model.changes === 'marked' ? [...model.pending] : []
      model.stage(failed)
      // Which component had no memory is not known here: mark again what may have been left out.
      for (const entity of waiting) this.#mark(c, entity)
    }
    for (const { model } of side.queries) model.stage(side.world, [...side.crowd, ...side.entities])
  }

  /** Entities that make ids higher, and no more. */
  #gather(side: Side): void {
    while (side.crowd.length < this.#setup.crowd) side.crowd.push(addEntity(side.world))
  }

  /** What `act` gives; undefined when there is no memory for it. */
  #unlessWanting<T>(act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      if (!this.#isWanting(error)) throw error
      return undefined
    }
  }

  /** There may be no memory. */
  get #isShort(): boolean {
    return this.#starved || this.#sides.some(({ unhog }) => unhog !== undefined)
  }

  #isWanting(error: unknown): boolean {
    const wanting = this.#isShort && wants.has((error as { code?: string }).code ?? '')
    if (wanting) this.#tally.shortages++
    return wanting
  }

  async #end(side: Side): Promise<void> {
    const { quiet } = side
    // What was written after staging goes up with the next frame.
    const { staged } = side
    if (!side.open) this.#begin(side)
    const lost = this.#gpu.isLost
    if (side.staged) side.mk.endFrame()
    else {
      this.#stageModel(
        side,
        this.#expectError(side, () => side.mk.endFrame()),
      )
    }
    side.open = side.staged = false
    const { report } = side.mk
    if (report.abandoned !== side.abandoned)
      throw new Error(`abandoned: ${report.abandoned}, not ${side.abandoned}`)
    side.abandoned = 0
    if (lost && report.apiCalls > 0) throw new Error('calls to a lost device')
    if (quiet && !side.models.some(({ changes, alive }) => changes === 'all' && alive.size > 0))
      if (report.apiCalls > 0) throw new Error(`${report.apiCalls} calls in a frame without changes`)
    if (!this.#starved && !side.failed) await this.#compare(side)
    side.pieces.length = 0
    side.quiet =
      !staged && !this.#starved && !side.failed && !this.#gpu.isLost && this.#foreseen(side, true).size === 0
  }

  /** Staging gives the errors that the model foresees, and no others. @returns whether it failed for want of memory */
  #expectError(side: Side, stage: () => void): boolean {
    const expected = this.#foreseen(side, true)
    try {
      stage()
    } catch (error) {
      const { code } = error as { code?: string }
      // Only the first error is thrown: behind any there may be one of these.
      if (this.#isWanting(error) || (this.#isShort && expected.has(code ?? ''))) return true
      if (code === undefined || !expected.has(code)) throw error
      return false
    }
    const certain = this.#foreseen(side, false)
    if (certain.size > 0) throw new Error(`staging gave no ${[...certain].join(' or ')}`)
    return false
  }

  /** Codes of the errors that staging may give, or must: of a component that nobody ever had the sync need not know. */
  #foreseen({ models }: Side, may: boolean): Set<string> {
    const codes = new Set<string>()
    for (const { error, highest } of models)
      if (error !== undefined && (may || this.#setup.listed || highest >= 0)) codes.add(error)
    return codes
  }

  /** Reads the device back and compares all of it with the model. */
  async #compare(side: Side): Promise<void> {
    await this.#noteLoss()
    if (this.#gpu.isLost) return
    const reads: { what: string; bytes: Promise<ArrayBuffer>; check: (bytes: Uint8Array) => void }[] = []
    const read = (what: string, bytes: Promise<ArrayBuffer>, check: (bytes: Uint8Array) => void): void =>
      void reads.push({ what, bytes, check })
    for (const [c, model] of side.models.entries()) {
      if (model.stagedRows === 0) continue
      const buffer = side.mk.buffer(this.#components[c])
      const label = `${storeSpecs[this.#setup.components[c].store].name}, component ${c}`
      if (this.#setup.components[c].rows === 'entity') {
        // One that entered and left between two stages may have been seen, or not.
        if (buffer.rows < model.stagedRows || buffer.rows > model.highest + 1)
          throw new Error(
            `${label}: ${buffer.rows} rows, expected ${model.stagedRows} to ${model.highest + 1}`,
          )
        read(label, this.#all(side, buffer), (bytes) => this.#checkEntityRows(model, buffer, bytes))
      } else {
        expectEqual(`${label}: rows`, buffer.rows, model.staged.size)
        checkRowNumbers(label, buffer, model.staged)
        read(label, this.#all(side, buffer), (bytes) => this.#checkPackedRows(model, buffer, bytes))
        if (side.tables.has(c))
          read(`${label}: row table`, buffer.rowTable.read(), (bytes) => {
            const table = new Uint32Array(bytes.buffer)
            expectEqual('length', table.length, model.staged.size)
            table.forEach((entity, row) => expectEqual(`row of ${entity}`, buffer.rowOf(entity), row))
          })
      }
    }
    for (const [i, { query, model, draw, rowsOf }] of side.queries.entries()) {
      const label = `query ${i}`
      expectEqual(`${label}: count`, query.count, model.staged.size)
      // Entity rows need no question: an entity that was removed since the stage has none any more.
      const packed = rowsOf !== undefined && this.#setup.components[rowsOf].rows === 'packed'
      const rows = packed ? side.mk.buffer(this.#components[rowsOf]) : undefined
      const wanted = [...model.staged].map((entity) => rows?.rowOf(entity) ?? entity)
      read(label, query.indices.read(), (bytes) =>
        expectEqual('entities', sorted(new Uint32Array(bytes.buffer)), sorted(wanted)),
      )
      if (draw !== undefined && this.#gpu.capabilities.indirect)
        read(`${label}: draw arguments`, side.mk.coordinator.download(query.drawArgs), (bytes) =>
          expectEqual(
            'words',
            [...new Uint32Array(bytes.buffer)].join(' '),
            draw.with(1, model.staged.size).join(' '),
          ),
        )
    }
    for (const { buffer, offset, words } of side.pieces)
      read('staged piece', side.mk.coordinator.download(buffer, offset, words.byteLength), (bytes) =>
        expectBytes(bytes, new Uint8Array(words.buffer), 4),
      )
    const { backend } = this.#gpu
    if (backend instanceof DummyBackend) backend.finish()
    for (const { bytes } of reads) bytes.catch(() => undefined)
    for (const { what, bytes, check } of reads) {
      let found: Uint8Array
      try {
        found = new Uint8Array(await bytes)
      } catch (error) {
        await this.#noteLoss()
        if (this.#gpu.isLost) return
        throw error
      }
      try {
        check(found)
      } catch (error) {
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
      }
      this.#tally.bytes += found.length
    }
    this.#tally.frames++
  }

  #all(side: Side, { buffer }: { buffer: MkDeviceBuffer }): Promise<ArrayBuffer> {
    return side.mk.coordinator.download(buffer)
  }

  #checkEntityRows(model: ComponentModel, { capacity, stride }: SyncedBuffer, bytes: Uint8Array): void {
    const expected = new Uint8Array(capacity * stride)
    for (const [entity, row] of model.rows) expected.set(row, entity * stride)
    for (const entity of model.unsure)
      expected.set(bytes.subarray(entity * stride, (entity + 1) * stride), entity * stride)
    expectBytes(bytes, expected, stride)
  }

  #checkPackedRows(model: ComponentModel, buffer: SyncedBuffer, bytes: Uint8Array): void {
    const { stride, rows, capacity } = buffer
    for (const entity of model.staged) {
      // One that could not be read yet: the error has said so.
      if (model.unread.has(entity) || model.unsure.has(entity)) continue
      const at = buffer.rowOf(entity) * stride
      const expected = model.rows.get(entity) ?? new Uint8Array(stride)
      expectBytes(bytes.subarray(at, at + stride), expected, stride, entity)
    }
    if (model.onRemove === 'zero')
      expectBytes(bytes.subarray(rows * stride), new Uint8Array((capacity - rows) * stride), stride)
  }

  #clearFaults(): void {
    const { backend } = this.#gpu
    if (backend instanceof DummyBackend) backend.faults = {}
  }

  async #open(): Promise<void> {
    this.#gpu = await this.#place.open(this.#setup)
    this.#starved = false
    const gpu = this.#gpu
    gpu.onError((error) => this.#deviceErrors.push(error))
  }

  async #attach(side: Side): Promise<void> {
    const { strategy, buffering, heapBytes, kernels, debug, costs } = this.#setup
    side.mk = await attachMk(side.world, {
      gpu: this.#gpu,
      ...(this.#setup.listed ? { components: this.#components } : {}),
      strategy,
      buffering,
      ...(kernels === 'js' ? { heap: createHeap({ bytes: heapBytes, kernels }) } : { heapBytes }),
      debug,
      costs: costModels[costs],
    })
    side.mk.on('warning', ({ code, message }) => {
      if (!remarks.has(code) && !this.#isWanting({ code })) side.warnings.push(message)
    })
    side.open = side.staged = side.failed = false
    side.pieces = []
    side.abandoned = 0
    side.queries = []
    side.tables.clear()
    side.models = this.#setup.components.map(({ changes, onRemove, with: tagged }, c) => {
      const components = [this.#components[c], ...(tagged ? [this.#tags[0]] : [])]
      return new ComponentModel(this.#stores[c], changes, onRemove, [{ op: 'has', components }])
    })
    for (const entity of side.entities) this.#look(side, entity)
    await this.#settle()
  }

  async #restore(): Promise<void> {
    await this.#noteLoss()
    if (!this.#gpu.isLost) return
    const lost = this.#gpu
    await this.#open()
    for (const { mk, pieces } of this.#sides) {
      await mk.coordinator.restore(this.#gpu)
      // What was staged in an open frame is dropped.
      pieces.length = 0
    }
    await this.#place.close(lost)
    await this.#settle()
  }

  /** The Dummy says a microtask after the call that it was lost. */
  async #noteLoss(): Promise<void> {
    for (let i = 0; i < 4; i++) await Promise.resolve()
  }

  /** Lets scatter get ready, and what was destroyed go. */
  async #settle(): Promise<void> {
    if (this.#gpu.backend instanceof DummyBackend) for (let i = 0; i < 20; i++) await Promise.resolve()
    else for (const { mk } of this.#sides) await mk.coordinator.ready()
  }
}

function sameTerms(a: readonly Term[], b: readonly Term[]): boolean {
  const flat = (terms: readonly Term[]): object[] => terms.flatMap(({ components }) => components)
  const [x, y] = [flat(a), flat(b)]
  return x.length === y.length && x.every((component) => y.includes(component))
}

function sorted(numbers: Iterable<number>): string {
  return [...numbers].sort((a, b) => a - b).join(' ')
}

function expectEqual(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`)
}

function checkRowNumbers(label: string, buffer: SyncedBuffer, entities: ReadonlySet<number>): void {
  const rows = sorted([...entities].map((entity) => buffer.rowOf(entity)))
  expectEqual(`${label}: row numbers`, rows, [...entities].map((_, row) => row).join(' '))
}

function expectBytes(found: Uint8Array, expected: Uint8Array, stride: number, entity?: number): void {
  if (found.length !== expected.length) throw new Error(`${found.length} bytes, expected ${expected.length}`)
  const at = found.findIndex((byte, i) => byte !== expected[i])
  if (at < 0) return
  const row = Math.floor(at / stride)
  const words = (bytes: Uint8Array): string =>
    [...new Uint32Array(bytes.slice(row * stride, (row + 1) * stride).buffer)]
      .map((word) => word.toString(16))
      .join(' ')
  throw new Error(
    `row ${row}${entity === undefined ? '' : ` (entity ${entity})`}, byte ${at % stride}: found ${words(found)}, expected ${words(expected)}`,
  )
}
