import { addEntity, createRelation, entityExists, type Relation } from 'bitecs'
import { attachMk, createHeap, GpuSynced, type Synced } from '@memkit/ecs-plugin'
import { DummyBackend, type MkGpu } from '@memkit/gpu'
import { ColumnsModel } from './columns-model.ts'
import { InPlaceModel } from './in-place.ts'
import { ComponentModel } from './model.ts'
import { costModels, possible, type Op, type Setup, type Step } from './program.ts'
import type { Place, Tally, Witness } from './place.ts'
import { MAX_ENTITIES, newSide, type Side } from './side.ts'
import { Store } from '@memkit/testing/stores/store'
import { storeSpecs } from '@memkit/testing/stores/zoo'
import { TwoWayModel } from './two-way.ts'

/** Errors and warnings that are all right while there is no memory. */
const wants = new Set(['HeapFull', 'MirrorOutOfMemory', 'AllocationFailed', 'MirrorHasNoBuffer'])
/** Warnings about what a program does on purpose: holes in plain arrays, writes without a mark, marks past all room. */
const remarks = new Set(['ColumnHoles', 'ForgottenMarks', 'MarkerFull'])

/** The first entity of every world. */
export const TARGET = 1
/** Most ids that a program gives out beside those of the crowd: entities, prefabs, the first entity. */
const MOST_IDS = MAX_ENTITIES + 8

/** A program as it runs: its worlds, what they are made of, and the device. */
export class Session {
  readonly setup: Setup
  readonly place: Place
  readonly tally: Tally
  readonly witness: Witness | undefined
  readonly stores: Store[]
  readonly components: Synced[]
  readonly tags: object[] = [{}, {}]
  /** Pairs of a relation without a store: with the first entity of a world, and with any. */
  readonly relation: Relation<object> = createRelation<object>()
  readonly pairs: readonly object[] = [this.relation(TARGET), this.relation('*')]
  /** Components, then tags: what an entity may have. */
  readonly parts: readonly object[]
  readonly sides: Side[] = []
  readonly deviceErrors: unknown[] = []
  /** Buffers may have no memory. */
  starved = false
  /** The device was destroyed, which it says some time later. */
  losing = false
  gpu!: MkGpu
  /** Warnings that ids have versions, and attachments that may give one each. */
  versionWarnings = 0
  attachments = 0
  #unlisten: (() => void) | undefined
  #sayAgain: (() => void) | undefined

  constructor(setup: Setup, place: Place, tally: Tally, witness?: Witness) {
    const { uploadsOnly = false } = place
    const components = setup.components.map((each) =>
      possible(uploadsOnly ? { ...each, direction: 'upload' } : each),
    )
    this.setup = { ...setup, components, listed: setup.listed || components.some(({ pair }) => pair) }
    this.place = place
    this.tally = tally
    this.witness = witness
    this.stores = components.map(
      ({ store, slots }) => new Store(storeSpecs[store], setup.crowd + slots, setup.crowd + MOST_IDS + 1),
    )
    this.components = components.map((component, i) => {
      const { changes, layout, rows, onRemove, capacity, direction } = component
      const { schema } = storeSpecs[component.store]
      const tagged = component.with ? [this.tags[0]] : []
      const options = { changes, layout, rows, onRemove, capacity, direction, with: tagged, schema }
      const store = this.stores[i].component
      // bitECS hands over the target, which its types do not say.
      const storeOf = ((target: unknown) => (target === TARGET ? store : {})) as () => object
      const related = createRelation({ store: storeOf })
      // Which columns there are is not known to the compiler here.
      const flagged = component.pair ? related(TARGET) : store
      const synced: Synced = GpuSynced(flagged, options as object)
      return synced
    })
    this.parts = [...this.components, ...this.tags]
  }

  /** Replaces the columns of a component by longer ones. @param only the typed column to replace; by default all columns */
  grow(i: number, slots: number, only?: number): void {
    const store = this.stores[i]
    if (store.spec.fixed) return
    store.grow(slots, only)
    for (const { models } of this.sides) models[i].columnsReplaced()
  }

  async start(): Promise<void> {
    await this.open()
    if (this.setup.versioned) this.#countVersionWarnings()
    for (let i = 0; i < this.setup.worlds; i++) {
      const side = newSide(this.setup.versioned)
      this.gather(side)
      await this.attach(side)
      this.sides.push(side)
    }
  }

  async close(): Promise<void> {
    for (const side of this.sides) side.mk.dispose()
    this.#unlisten?.()
    this.#sayAgain?.()
    await this.place.close(this.gpu)
  }

  side(w: number): Side {
    return this.sides[w % this.sides.length]
  }

  look(side: Side, entity: number): void {
    for (const model of side.models) model.look(side.world, entity & side.mask, entity)
  }

  /** Checks every entity, after a change that may concern any of them. */
  lookAtAll(side: Side): void {
    for (const entity of side.entities) this.look(side, entity)
  }

  /** bitECS 0.4.0 takes some living entities for dead where ids have versions: nothing can be done with those. */
  exists(side: Side, entity: number | undefined): entity is number {
    return entity !== undefined && entityExists(side.world, entity)
  }

  mark(c: number, entity: number): void {
    for (const { mk, models } of this.sides) {
      this.unlessWanting(() => mk.mark(this.components[c], entity))
      models[c].mark(entity)
    }
  }

  /** Entities that make ids higher, and no more. */
  gather(side: Side): void {
    while (side.crowd.length < this.setup.crowd + 1) side.crowd.push(addEntity(side.world))
  }

  /** What `act` gives; undefined when there is no memory for it. */
  unlessWanting<T>(act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      if (!this.isWanting(error)) throw error
      return undefined
    }
  }

  /** There may be no memory. */
  get isShort(): boolean {
    return this.starved || this.sides.some(({ unhog }) => unhog !== undefined)
  }

  isWanting(error: unknown): boolean {
    const wanting = this.isShort && wants.has((error as { code?: string }).code ?? '')
    if (wanting) this.tally.shortages++
    return wanting
  }

  clearFaults(): void {
    const { backend } = this.gpu
    if (backend instanceof DummyBackend) backend.faults = {}
    this.place.feed?.(this.gpu)
  }

  async open(): Promise<void> {
    this.gpu = await this.place.open(this.setup)
    this.starved = this.losing = false
    this.#unlisten?.()
    this.#unlisten = this.gpu.onError((error) => this.deviceErrors.push(error))
  }

  async attach(side: Side): Promise<void> {
    this.attachments++
    const { strategy, buffering, heapBytes, kernels, debug, costs } = this.setup
    side.mk = await attachMk(side.world, {
      gpu: this.gpu,
      ...(this.setup.listed ? { components: this.components } : {}),
      strategy,
      buffering,
      ...(kernels === 'js' ? { heap: createHeap({ bytes: heapBytes, kernels }) } : { heapBytes }),
      debug,
      costs: costModels[costs],
    })
    const capacities = new WeakMap<object, number>()
    for (const { layout, mirror } of side.mk.synced())
      if (layout === 'columns') capacities.set(mirror, mirror.capacity)
    side.mk.on('reallocated', ({ mirror }) => {
      if (!('bytesPerRow' in mirror)) return
      // One that was found since has room for the fewest rows at first.
      if (mirror.capacity > (capacities.get(mirror) ?? 64)) this.tally.columnsGrown++
      capacities.set(mirror, mirror.capacity)
    })
    side.mk.on('warning', ({ code, message }) => {
      if (!remarks.has(code) && !this.isWanting({ code })) side.warnings.push(message)
    })
    side.open = side.staged = side.failed = side.flushed = false
    side.pieces = []
    side.generations.clear()
    side.abandoned = 0
    side.queries = []
    side.tables.clear()
    side.models = this.setup.components.map((component, c) => {
      const { changes, onRemove, direction, with: tagged } = component
      const components = [this.components[c], ...(tagged ? [this.tags[0]] : [])]
      const terms = [{ op: 'has' as const, components }]
      if (component.layout === 'columns') return new ColumnsModel(this.stores[c], changes, onRemove, terms)
      const isTyped = this.stores[c].isTyped
      if (readWhenFlushed(component, isTyped, this.setup))
        return new InPlaceModel(this.stores[c], changes, onRemove, terms)
      if (direction === 'upload') return new ComponentModel(this.stores[c], changes, onRemove, terms)
      return new TwoWayModel(this.stores[c], changes, onRemove, terms, direction)
    })
    this.witness?.attached(side)
    this.lookAtAll(side)
    await this.settle()
  }

  /** Ends a world's sync. */
  async detach(side: Side): Promise<void> {
    await this.witness?.detaching(side)
    side.mk.dispose()
  }

  async restore(): Promise<void> {
    await this.noteLoss()
    if (!this.gpu.isLost) return
    const lost = this.gpu
    await this.open()
    for (const side of this.sides) {
      await side.mk.coordinator.restore(this.gpu)
      // What was staged in an open frame is dropped.
      side.pieces.length = 0
      side.flushed = false
      for (const model of side.models) if (model instanceof TwoWayModel) model.replacedDevice()
    }
    await this.place.close(lost)
    await this.settle()
  }

  /** Waits until a loss is known: the Dummy says it a microtask after the call, a real device when it likes. */
  async noteLoss(): Promise<void> {
    if (this.losing) await this.gpu.lost
    for (let i = 0; i < 4; i++) await Promise.resolve()
  }

  /** The console says so, once for each sync. */
  #countVersionWarnings(): void {
    const { warn } = console
    this.#sayAgain = () => {
      console.warn = warn
    }
    console.warn = (text: unknown) => {
      if (String(text).includes('versioned entity ids')) this.versionWarnings++
      else warn(text)
    }
  }

  isPair(part: object): boolean {
    return this.setup.components.some(({ pair }, i) => pair && this.components[i] === part)
  }

  /** Waits until the bytes of the last frame have arrived. */
  async arrive(side: Side): Promise<void> {
    const { backend } = this.gpu
    if (backend instanceof DummyBackend) {
      backend.finish()
      return this.settle()
    }
    await side.mk.coordinator.idle().catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }

  /** Lets scatter get ready, and what was destroyed go. */
  async settle(): Promise<void> {
    if (this.gpu.backend instanceof DummyBackend) await this.place.answered(this.gpu)
    else for (const { mk } of this.sides) await mk.coordinator.ready()
  }
}

/** What some of the steps do to a session. */
export type StepsOf<O extends Op> = {
  readonly [K in O]: (session: Session, step: Extract<Step, { op: K }>) => unknown
}

/**
 * Rows that need no mirror beside them. Those of `heap.rows` have one in the second of two worlds, and are compared as if they had none.
 */
function readWhenFlushed(
  { store, changes, direction, onRemove, rows, pair }: Setup['components'][number],
  isTyped: boolean,
  setup: Setup,
): boolean {
  const copied = changes === 'detect' || direction !== 'upload' || onRemove !== 'keep' || rows !== 'entity'
  return (isTyped || (storeSpecs[store].name === 'rows' && !pair)) && !copied && !setup.debug
}
