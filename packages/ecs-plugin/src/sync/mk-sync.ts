import { columnsInfo, createHeap, Heap, rowsInfo } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import type { CoordinatorEvents, DeviceLease, FrameReport } from '@memkit/coordinator'
import type { MkGpu } from '@memkit/gpu'
import type { World } from 'bitecs'
import type { EcsWorld } from './ecs.ts'
import { Disposed, NotGpuSynced } from './errors.ts'
import { flaggedCount, flaggedSince, isGpuSynced, syncedOptions } from './gpu-synced.ts'
import type { Synced } from './gpu-synced-options.ts'
import { GpuQuery } from './gpu-query.ts'
import { LabelOwners } from './label-owners.ts'
import { borrowGpu, coordinatorConfig, gpuFrom } from './mk-options.ts'
import type { MkOptions } from './mk-options.ts'
import { checkQueryOptions, checkTerms } from './query-options.ts'
import type { GpuQueryOptions } from './query-options.ts'
import type { SharedMarker } from './shared-marker.ts'
import { SyncedBuffer } from './synced-buffer.ts'
import { SyncedComponent } from './synced-component.ts'
import type { SyncedInfo } from './synced-info.ts'
import { labelOfTerms } from './term-labels.ts'

/** A world's sync with the GPU. Made by `attachMk`, `attachKoota` or `MkPlugin`. */
export class MkSync<W extends object = World> {
  readonly coordinator: MkCoordinator
  /** The same three calls as systems, each returning the world: for bitECS's `pipe`. */
  readonly systems: MkSystems<W>
  readonly #ecs: EcsWorld
  readonly #release: () => void
  readonly #debug: boolean
  /** Aborted on dispose: whoever still waits for a device stops. */
  readonly #abort = new AbortController()
  readonly #synced = new Map<object, SyncedComponent>()
  #lastMarked: SyncedComponent | undefined
  /** Those of them whose rows come back. */
  readonly #deviceWritten: SyncedComponent[] = []
  readonly #buffers = new Map<object, SyncedBuffer>()
  readonly #queries = new Set<GpuQuery>()
  #queryCount = 0
  readonly #labels = new LabelOwners()
  readonly #listed: readonly object[] | undefined
  /** Components that could not be synced, and are tried again with each look. */
  readonly #refused = new Set<object>()
  #refusal: unknown
  #flaggedCount = 0
  #staged = false
  #stageError: unknown
  #report: FrameReport
  #disposed = false
  /** Calls under way whose listeners may dispose of the sync: it gives back what they work on when the last one has returned. */
  #calls = 0

  /**
   * Use `attachMk`.
   * @param lease the coordinator's from now on, which ends it
   * @param release called on dispose: the world may be attached again
   * @param waitsForMemory throw `ReserveRefused` instead of making do with plain memory where WebAssembly gives none
   */
  constructor(
    world: W,
    ecs: EcsWorld,
    options: MkOptions,
    lease: DeviceLease,
    release: () => void,
    waitsForMemory = false,
  ) {
    this.#ecs = ecs
    this.#release = release
    this.#debug = options.debug ?? false
    this.#listed = options.components
    this.coordinator = new MkCoordinator(lease, {
      ...coordinatorConfig(options),
      heap: options.heap ?? this.#heapOfComponents() ?? (waitsForMemory ? wasmHeap(options) : undefined),
      recover:
        typeof options.gpu === 'function'
          ? recoverFrom(options.gpu, this.#debug, this.#abort.signal)
          : undefined,
    })
    this.#report = this.coordinator.report
    const system = (run: () => unknown) => (): W => {
      run()
      return world
    }
    this.systems = {
      frameBegin: system(() => this.beginFrame()),
      stage: system(() => this.stage()),
      frameEnd: system(() => this.endFrame()),
    }
    const refused = this.#discover()
    if (refused !== undefined) {
      this.#giveBack()
      throw refused
    }
  }

  get gpu(): MkGpu {
    return this.coordinator.gpu
  }

  /** The WebGPU device in use now; undefined on other backends. */
  get device(): GPUDevice | undefined {
    return (this.gpu.backend as { readonly device?: GPUDevice }).device
  }

  /** After `dispose`: every call but `dispose` throws Disposed. */
  get isDisposed(): boolean {
    return this.#disposed
  }

  /** What the last finished frame did. One object, reused: copy what you keep. */
  get report(): FrameReport {
    return this.#report
  }

  /** Opens a frame. One that is still open (a system threw) is abandoned: what was staged by hand is dropped, dirty rows are kept. */
  beginFrame(): void {
    this.#assertAlive('beginFrame()')
    this.#calls++
    try {
      this.#beginFrame()
    } finally {
      this.#returned()
    }
  }

  #beginFrame(): void {
    this.#staged = false
    this.#stageError = undefined
    // A component that cannot be synced is looked at again, and reported, by `stage`.
    this.#discover()
    // What the CPU wrote between two frames is newer than what comes back now. Errors are for this frame's stage to tell.
    for (const synced of this.#deviceWritten) {
      const first = synced.stagesFirst
      if (first) this.#attempt(synced)
      synced.mirror.arrivalsWait = first && !synced.packed
    }
    this.#stageError = undefined
    this.coordinator.beginFrame()
    for (const synced of this.#deviceWritten) synced.takeArrivals()
  }

  /**
   * Finds the rows that changed and takes them over. What systems write later goes up with the next frame.
   * Called by `endFrame` unless it was called in this frame already.
   *
   * @throws EntityBeyondColumn, ColumnLengthMismatch, SchemaMismatch, UnsupportedColumn, ColumnDetached, ColumnInaccessible,
   *   MirrorTooLarge: after everything else was staged. The frame can be ended.
   * @throws WorldDeleted, as every call that asks the world, once it was deleted
   */
  stage(): void {
    this.#assertAlive('stage()')
    this.#stage()
    const error = this.#stageError
    this.#stageError = undefined
    if (error !== undefined) throw error
  }

  /**
   * Stages, if that was not done in this frame, and brings everything that changed to the device.
   *
   * @throws NoOpenFrame without `beginFrame`
   * @throws what `stage` throws, after everything that could be uploaded was
   */
  endFrame(): FrameReport {
    this.#assertAlive('endFrame()')
    this.#calls++
    try {
      if (!this.#staged && this.coordinator.isFrameOpen) this.#stage()
      this.#report = this.coordinator.endFrame()
    } finally {
      this.#returned()
    }
    const error = this.#stageError
    this.#stageError = undefined
    if (error !== undefined) throw error
    return this.#report
  }

  /** Stages like `stage`, but leaves the error to `endFrame`: a schedule that stops at the first error still flushes. @internal */
  stageForEnd(): void {
    this.#assertAlive('stage()')
    this.#stage()
  }

  /** Says that an entity's row was written. For `changes: 'marked'`; elsewhere it costs little and changes nothing. */
  mark(component: Synced, entity: number): void {
    const last = this.#lastMarked
    // Games mark many entities of one component in a row: a look-up each would take as long as all the rest.
    const synced = last?.component === component ? last : this.#syncedOf(component, 'mark')
    this.#lastMarked = synced
    synced.mark(this.#ecs.rowOf(entity))
  }

  /** Marks the entities with ids `first` … `first + count − 1`. */
  markRange(component: Synced, first: number, count: number): void {
    this.#syncedOf(component, 'markRange').markRange(first, count)
  }

  /** Marks every entity that has the component. */
  markAll(component: Synced): void {
    this.#syncedOf(component, 'markAll').markAll()
  }

  /**
   * Marks rows from other threads, in memory that they share: post it to a worker. The same object each time, until there are so many
   * entities that it takes a bigger one; those handed out before go on to work.
   *
   * @throws SharedMemoryUnavailable on a page that is not cross-origin isolated
   */
  marker(component: Synced): SharedMarker {
    return this.#syncedOf(component, 'marker').marker()
  }

  /**
   * With `debug`: how many rows of a component with `changes: 'marked'` have changed without a mark so far, rows that `'detect'` would
   * have found. A row counts again once it was up to date in between; the first ones come with a warning. Undefined where they are
   * not counted: without `debug`, in other modes, and in direction `'download'`.
   */
  forgottenMarks(component: Synced): number | undefined {
    return this.#syncedOf(component, 'forgottenMarks').forgottenMarks
  }

  /**
   * The buffer that holds a component's rows. The same object each time.
   *
   * @throws NotGpuSynced for a component that was not flagged
   */
  buffer<S extends Schema>(component: Synced<S>): SyncedBuffer<S> {
    const synced = this.#syncedOf(component, 'buffer')
    let buffer = this.#buffers.get(component)
    if (buffer === undefined)
      this.#buffers.set(component, (buffer = new SyncedBuffer(synced, this.coordinator)))
    return buffer as SyncedBuffer<S>
  }

  /** The components that are synced, in the order in which they were found. For tools: a new list each time. */
  synced(): SyncedInfo[] {
    this.#assertAlive('synced')
    return Array.from(this.#synced.values(), (synced) => ({
      component: synced.component as Synced,
      label: synced.label,
      changes: synced.options.changes,
      rowKind: synced.options.rows,
      direction: synced.options.direction,
      entities: synced.entities,
      buffer: this.buffer(synced.component as Synced),
      mirror: synced.mirror,
    }))
  }

  /** The queries that are kept on the device, oldest first. For tools: a new list each time. */
  queries(): GpuQuery[] {
    this.#assertAlive('queries')
    return [...this.#queries]
  }

  /**
   * Keeps a query on the device: a list of entity ids (or rows), and arguments to draw all of them, or run a compute shader over them,
   * with one call.
   *
   * ```ts
   * const shown = mk.query([Position, Visible], { draw: { vertexCount: 6 }, dispatch: { workgroupSize: 64 } })
   * pass.drawIndirect(shown.drawArgs.gpuBuffer, shown.drawArgs.offset)
   * ```
   *
   * In a shader, ask of each place of the list whether it holds an entity: `if (!shownHas(id.x)) { return; }`. The list is bound with all of
   * its capacity, so `arrayLength` is not the number of entities.
   *
   * @param terms what the ECS's own `query` takes: components, `Not`, `Or`, relation pairs
   * @throws UnsupportedTerm for terms whose changes the ECS does not report (bitECS: `Hierarchy`), InvalidOption for terms that are none, NotGpuSynced for `rowsOf`
   */
  query(terms: readonly unknown[], options: GpuQueryOptions = {}): GpuQuery {
    this.#assertAlive('query')
    checkTerms(terms)
    checkQueryOptions(options)
    const { draw, dispatch } = options
    const rowsOf = options.rowsOf === undefined ? undefined : this.#syncedOf(options.rowsOf, 'query')
    const ofTerms = labelOfTerms(
      this.#ecs,
      rowsOf === undefined ? terms : [...new Set([...terms, ...rowsOf.needed])],
    )
    const named = options.label ?? (ofTerms === undefined ? undefined : `${ofTerms}List`)
    const forget = (query: GpuQuery): void => void this.#queries.delete(query)
    const query = new GpuQuery(
      this.#ecs,
      this.coordinator,
      {
        terms,
        draw,
        dispatch,
        rowsOf,
        label: named ?? `Query${++this.#queryCount}`,
        isLabelled: named !== undefined,
        labels: this.#labels,
      },
      forget,
    )
    this.#queries.add(query)
    return query
  }

  /** Listens to what happens to buffers and device. @returns a function that ends it */
  on<E extends keyof CoordinatorEvents>(
    event: E,
    listener: (event: CoordinatorEvents[E]) => void,
  ): () => void {
    return this.coordinator.on(event, listener)
  }

  /**
   * Goes on on a new device after a loss: buffers are made anew, and the next frame uploads everything. Where `gpu` was given
   * as a function, this happens by itself.
   *
   * @throws NotAGpu; DeviceLost when that device is lost too; Disposed when a listener disposes of the sync meanwhile
   */
  async restore(device: GPUDevice | MkGpu): Promise<void> {
    this.#assertAlive('restore()')
    try {
      await this.coordinator.restore(borrowGpu(device, this.#debug))
    } catch (error) {
      this.#assertAlive('restore()')
      throw error
    }
  }

  /**
   * Gives everything back: observers, buffers, heap; also the device, if it came from a function. The world may then be attached again.
   * Idempotent. In a listener that is called in the middle of a frame's call, that call still comes to its end.
   */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#calls === 0) this.#giveBack()
    this.#abort.abort(new Disposed('restore()'))
    this.#release()
  }

  /** A call that listeners may interrupt has come to its end. */
  #returned(): void {
    if (--this.#calls === 0 && this.#disposed) this.#giveBack()
  }

  #giveBack(): void {
    for (const query of [...this.#queries]) query.dispose()
    for (const synced of this.#synced.values()) synced.dispose()
    this.#synced.clear()
    this.#lastMarked = undefined
    this.#deviceWritten.length = 0
    for (const buffer of this.#buffers.values()) buffer.end()
    this.#buffers.clear()
    this.coordinator.dispose()
  }

  #stage(): void {
    const start = performance.now()
    this.#staged = true
    this.#calls++
    try {
      this.#stageError = this.#discover()
      this.#ecs.settle()
      // Components first: queries may list their rows.
      for (const synced of this.#synced.values()) this.#attempt(synced)
      for (const query of this.#queries) this.#attempt(query)
      this.coordinator.noteStageMs(performance.now() - start)
    } finally {
      this.#returned()
    }
  }

  /** The others go up whatever happens to one; the first error is the one to mend first. */
  #attempt(stageable: { stage(): void }): void {
    try {
      stageable.stage()
    } catch (error) {
      this.#stageError ??= error
    }
  }

  /**
   * Takes on components that were flagged or registered since the last look, and those that were refused then.
   * @returns the first error
   */
  #discover(): unknown {
    this.#refusal = undefined
    if (this.#refused.size > 0) this.#tryAgain()
    if (this.#listed !== undefined) {
      if (this.#flaggedCount === 0) this.#listed.forEach(this.#take)
      this.#flaggedCount = flaggedCount()
      return this.#refusal
    }
    this.#ecs.forEachNewComponent(this.#takeFlagged)
    const count = flaggedCount()
    if (count !== this.#flaggedCount) {
      // Those that were registered first and flagged then.
      const flagged = flaggedSince(this.#flaggedCount)
      this.#flaggedCount = count
      if (flagged === undefined) this.#ecs.forEachComponent(this.#takeFlagged)
      else for (const component of flagged) if (this.#ecs.isRegistered(component)) this.#take(component)
    }
    return this.#refusal
  }

  #tryAgain(): void {
    for (const component of [...this.#refused]) {
      this.#refused.delete(component)
      // A world that was reset may not know it any more.
      if (this.#listed !== undefined || this.#ecs.isRegistered(component)) this.#take(component)
    }
  }

  readonly #takeFlagged = (component: object): void => {
    if (isGpuSynced(component)) this.#take(component)
  }

  readonly #take = (component: object): void => {
    try {
      this.#syncedOf(component, 'components')
    } catch (error) {
      this.#refused.add(component)
      this.#refusal ??= error
    }
  }

  #syncedOf(component: object, call: string): SyncedComponent {
    this.#assertAlive(call)
    const known = this.#synced.get(component)
    if (known !== undefined) return known
    const options = syncedOptions(component)
    if (options === undefined) throw new NotGpuSynced(call, columnNames(component))
    // The owner of its rows comes first, here and in every stage.
    const owner = options.rowsOf === undefined ? undefined : this.#syncedOf(options.rowsOf, call)
    const neighbours = { owner, labels: this.#labels }
    const synced = new SyncedComponent(
      this.#ecs,
      this.coordinator,
      component,
      options,
      neighbours,
      this.#debug,
    )
    this.#synced.set(component, synced)
    if (synced.deviceWrites) this.#deviceWritten.push(synced)
    return synced
  }

  /** The heap that the components to sync live in: detection then reads their columns where they are. */
  #heapOfComponents(): Heap | undefined {
    let heap: Heap | undefined
    const look = (component: object): void => {
      const { memory } = columnsInfo(component) ?? rowsInfo(component) ?? {}
      if (heap === undefined && memory instanceof Heap && syncedOptions(component) !== undefined)
        heap = memory
    }
    if (this.#listed !== undefined) this.#listed.forEach(look)
    else this.#ecs.forEachComponent(look)
    return heap
  }

  #assertAlive(call: string): void {
    if (this.#disposed) throw new Disposed(call)
  }
}

/** `beginFrame`, `stage` and `endFrame` as systems. Each ignores its argument and returns the world. */
export interface MkSystems<W> {
  readonly frameBegin: (world?: unknown) => W
  readonly stage: (world?: unknown) => W
  readonly frameEnd: (world?: unknown) => W
}

/** Asks the function for another device. One that comes after the abort is destroyed on arrival. */
function recoverFrom(
  factory: () => Promise<GPUDevice | MkGpu>,
  debug: boolean,
  signal: AbortSignal,
): () => Promise<DeviceLease> {
  return () => gpuFrom(factory, debug, signal)
}

/** ` ({ x, y })`, to tell which component an error is about. */
export function columnNames(component: unknown): string {
  if (typeof component === 'function') return component.name === '' ? '' : ` (${component.name})`
  if (typeof component !== 'object' || component === null) return ` (${String(component)})`
  const names = Object.keys(component)
  return names.length === 0 || names.length > 8 ? '' : ` ({ ${names.join(', ')} })`
}

/** The heap that the coordinator would make, in memory of WebAssembly. Undefined where the size is for the coordinator to refuse. */
function wasmHeap({ heapBytes }: MkOptions): Heap | undefined {
  if (heapBytes === undefined) return createHeap({ memory: 'wasm' })
  const isSize = Number.isInteger(heapBytes) && heapBytes > 0 && heapBytes <= 2 ** 32
  return isSize ? createHeap({ bytes: heapBytes, memory: 'wasm' }) : undefined
}
