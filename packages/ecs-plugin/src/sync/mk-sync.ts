import { createHeap, isWhole, type Heap, type Schema } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import type { CoordinatorEvents, DeviceLease, FrameReport } from '@memkit/coordinator'
import type { MkGpu } from '@memkit/gpu'
import type { World } from 'bitecs'
import { Globals, type GlobalFields, type GlobalsClock, type GlobalsStruct } from '../buffer/globals.ts'
import type { ColumnsBuffer } from '../buffer/columns-buffer.ts'
import type { SyncedBuffer } from '../buffer/synced-buffer.ts'
import { Disposed } from '../disposed.ts'
import type { EcsWorld } from '../ecs/ecs.ts'
import type { SharedMarker } from '../marks/shared-marker.ts'
import type { ColumnName } from '../store/schema-types.ts'
import { checkOption } from '../options.ts'
import { GpuQuery } from './gpu-query.ts'
import type { ColumnsSynced, Synced } from './gpu-synced-options.ts'
import { borrowGpu, coordinatorConfig, ownGpu, type MkOptions } from './mk-options.ts'
import { checkQueryOptions, checkTerms, type GpuQueryOptions } from './query-options.ts'
import type { SyncedComponent, SyncedInfo } from './synced-component.ts'
import { heapOfComponents, SyncedComponents, type AnySynced } from './synced-components.ts'
import { Steps } from './steps.ts'
import { labelOfTerms } from './term-labels.ts'

/** Syncs a world with the GPU. Made by `attachMk`, `attachKoota` or `MkPlugin`. */
export class MkSync<W extends object = World> {
  readonly coordinator: MkCoordinator
  /** The same three calls as systems, each returning the world: for bitECS's `pipe`. */
  readonly systems: MkSystems<W>
  readonly #ecs: EcsWorld
  readonly #release: () => void
  readonly #debug: boolean
  readonly #components: SyncedComponents
  #lastMarked: AnySynced | undefined
  readonly #queries = new Set<GpuQuery>()
  /** Components first: queries may list their rows. */
  readonly #stageables: readonly Iterable<{ stage(): void }>[]
  #queryCount = 0
  /** Everything was staged once in this frame, by `stage` or by `endFrame`. */
  #isStaged = false
  /** What went wrong first when the frame was staged, until it's thrown. */
  #stageError: unknown
  #report: FrameReport
  /** Of components with `history: 'step'`. */
  readonly #steps: Steps
  /** Undefined until they are asked for: a frame without costs nothing. */
  #globals: Globals | undefined
  /** Where globals have their time from: an App's. @internal */
  clock: GlobalsClock | undefined
  #disposed = false
  /** Calls under way, whose listeners may dispose of the sync: it ends after the last. */
  #calls = 0

  /**
   * Use `attachMk`.
   * @param lease the coordinator's from now on, which ends it
   * @param release called on dispose: the world may be attached again
   * @param waitsForMemory throw `ReserveRefused` where WebAssembly has no memory, not use plain memory
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
    const { components, gpu } = options
    this.coordinator = new MkCoordinator(lease, {
      ...coordinatorConfig(options),
      heap:
        options.heap ?? heapOfComponents(ecs, components) ?? (waitsForMemory ? wasmHeap(options) : undefined),
      recover: typeof gpu === 'function' ? ownGpu(gpu, this.#debug) : undefined,
    })
    this.#components = new SyncedComponents(ecs, this.coordinator, components, this.#debug)
    this.#stageables = [this.#components.all, this.#queries]
    this.#steps = new Steps(ecs, this.coordinator, this.#components)
    this.#report = this.coordinator.report
    const system = (run: () => unknown) => (): W => {
      run()
      return world
    }
    this.systems = {
      frameBegin: system(() => this.beginFrame()),
      stepBegin: system(() => this.beginStep()),
      stage: system(() => this.stage()),
      frameEnd: system(() => this.endFrame()),
    }
    const refused = this.#components.look()
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

  /**
   * A frame's globals in a uniform buffer: `alpha`, `delta`, `elapsed`, `frame`. They exist once they are
   * first asked for, and cost one write a frame from then on.
   * @throws WrongBackend where shaders bind no buffers of memkit, as with three.js: use its uniforms
   */
  get globals(): Globals {
    this.globalsWith({})
    return this.#globals!
  }

  /**
   * Returns the globals with fields of your own behind those of the clock, a camera for example. The same
   * object each time: name the fields where they are first asked for.
   *
   * ```ts
   * const globals = mk.globalsWith({ viewProjection: mat4x4f })
   * globals.set({ viewProjection: camera.matrix })
   * ```
   * @throws InvalidOption for fields that exist already with another type, or came too late
   * @throws InvalidLayout for what can't be in a uniform buffer
   * @throws WrongBackend where shaders bind no buffers of memkit, as with three.js: use its uniforms
   */
  globalsWith<const F extends GlobalFields>(fields: F): Globals<GlobalsStruct<F>> {
    this.#assertAlive('globals')
    this.#globals ??= new Globals(this.coordinator, fields)
    const made = this.#globals.fields
    for (const name of Object.keys(fields))
      checkOption(
        made[name] === fields[name],
        'fields',
        name,
        'those that the globals were made with: ask for all of them before mk.globals is first used',
      )
    return this.#globals as unknown as Globals<GlobalsStruct<F>>
  }

  /** Opens a frame. One that is open is abandoned: dirty rows stay, what was staged by hand is dropped. */
  beginFrame(): void {
    this.#enter('beginFrame()')
    try {
      this.#isStaged = false
      this.#stageError = undefined
      this.#steps.beginFrame()
      const { deviceWritten } = this.#components
      // A component that cannot be synced is tried again, and reported, by `stage`.
      if (!this.#components.isComplete) this.#components.look()
      // What the CPU wrote between two frames is newer than what comes back now.
      for (const synced of deviceWritten) synced.prepareArrivals()
      this.coordinator.beginFrame()
      for (const synced of deviceWritten) synced.takeArrivals()
    } finally {
      this.#leave()
    }
  }

  /**
   * Finds the rows that changed and packs them, if you want that before `endFrame` does it. What
   * systems write later goes up with the next frame.
   * @throws EntityBeyondColumn, ColumnLengthMismatch, SchemaMismatch, UnsupportedColumn,
   *   ColumnDetached, ColumnInaccessible, MirrorTooLarge: after everything else was staged. The
   *   frame can be ended.
   * @throws WorldDeleted, as every call that asks the world, once it was deleted
   */
  stage(): void {
    this.stageForEnd()
    if (this.#stageError !== undefined) this.#throwStageError()
  }

  /**
   * Uploads everything that changed. Stages first, if that was not done in this frame.
   * @throws NoOpenFrame without `beginFrame`
   * @throws what `stage` throws, after everything that could be uploaded was
   */
  endFrame(): FrameReport {
    this.#enter('endFrame()')
    try {
      if (!this.#isStaged && this.coordinator.isFrameOpen) this.stageForEnd()
      this.#report = this.coordinator.endFrame()
      this.#stageError ??= this.#steps.error
      if (this.#components.hasSteps) this.#steps.endFrame(this.#report)
    } finally {
      this.#leave()
    }
    if (this.#stageError !== undefined) this.#throwStageError()
    return this.#report
  }

  /**
   * Says that a fixed step begins, for components with `history: 'step'`: what the step before left is
   * their previous rows from the next upload on. `MkPlugin` calls it; in a loop of your own:
   *
   * ```ts
   * for (let left = due; left > 0; left--) { mk.beginStep(left); simulate() }
   * ```
   *
   * Where a frame has several steps, the components are staged and uploaded once before the last one.
   * What goes wrong then is thrown by `endFrame`.
   * @param left steps still to run in this frame, with this one. Without it there is an upload per step
   * @throws NoOpenFrame without `beginFrame`
   * @throws InvalidOption for what is not a whole number from 1 on
   */
  beginStep(left = 1): void {
    checkOption(isWhole(left, 1, Infinity), 'left', left, 'a whole number of steps, 1 or more')
    this.#enter('beginStep()')
    try {
      this.#steps.begin(left)
    } finally {
      this.#leave()
    }
  }

  /**
   * Says that entities jumped, such as through a portal: their previous row is their current one after
   * the next upload. New entities need no call.
   * @throws InvalidOption for a component without `history`
   */
  resetHistory(component: Synced, entities: number | ArrayLike<number>): void {
    const synced = this.#syncedOf(component, 'resetHistory')
    const { history, label } = synced.options
    checkOption(history !== undefined, 'history', undefined, `'step' or 'frame' for ${label} to be reset`)
    const list = typeof entities === 'number' ? [entities] : entities
    for (let i = 0; i < list.length; i++)
      (synced as SyncedComponent).resetHistory(this.#ecs.entityIndexOf(list[i]))
  }

  /**
   * Marks an entity's row as written, or those of a list of entities, as a query returns it. For
   * `changes: 'marked'`; in other modes it does nothing.
   * @throws RowOutOfRange for what can't be an entity; all others of a list are marked
   */
  mark(component: Synced, entities: number | ArrayLike<number>): void {
    const last = this.#lastMarked
    // Games mark many entities of one component in a row: a look-up each would take as long as all the rest.
    const synced = last?.component === component ? last : this.#syncedOf(component, 'mark')
    this.#lastMarked = synced
    if (typeof entities === 'number') synced.marks.mark(this.#ecs.entityIndexOf(entities))
    else synced.marks.markList(entities, this.#ecs)
  }

  /** Marks the entities with ids `first` … `first + count − 1`. */
  markRange(component: Synced, first: number, count: number): void {
    this.#syncedOf(component, 'markRange').marks.markRange(first, count)
  }

  /** Marks every entity that has the component; without one, those of all components, as after loading a game. */
  markAll(component?: Synced): void {
    if (component !== undefined) return this.#syncedOf(component, 'markAll').marks.markAll()
    this.#assertAlive('markAll')
    for (const synced of this.#components.all) synced.marks.markAll()
  }

  /**
   * Returns what marks rows from other threads, in memory that they share: post it to a worker. The
   * same object each time, until there are too many entities for it; earlier ones still work.
   * @throws SharedMemoryUnavailable on a page that is not cross-origin isolated
   */
  marker(component: Synced): SharedMarker {
    return this.#syncedOf(component, 'marker').marker()
  }

  /**
   * Counts the rows of a component with `changes: 'marked'` that changed without a mark so far. The
   * first ones come with a warning. Undefined without `debug`, and where marks don't count.
   */
  forgottenMarks(component: Synced): number | undefined {
    return this.#syncedOf(component, 'forgottenMarks').forgottenMarks
  }

  /**
   * Returns the buffer that holds a component's rows: the same object each time.
   * @throws NotGpuSynced for a component that was not flagged
   */
  buffer<S extends Schema>(component: ColumnsSynced<S>): ColumnsBuffer<S, ColumnName<S>>
  buffer<S extends Schema>(component: Synced<S>): SyncedBuffer<S>
  buffer<S extends Schema>(component: Synced<S>): SyncedBuffer<S> {
    return this.#syncedOf(component, 'buffer').buffer as SyncedBuffer<S>
  }

  /** Lists the synced components, in the order in which they were found. For tools: a new list each time. */
  synced(): SyncedInfo[] {
    this.#assertAlive('synced')
    return this.#components.all.map((synced) => synced.info)
  }

  /** Lists the queries that are kept on the device, oldest first. For tools: a new list each time. */
  queries(): GpuQuery[] {
    this.#assertAlive('queries')
    return [...this.#queries]
  }

  /**
   * Keeps a query on the device: a list of entity ids (or rows), and arguments to draw all of them,
   * or run a compute shader over them, with one call.
   *
   * ```ts
   * const shown = mk.query([Position, Visible], { draw: { vertexCount: 6 }, dispatch: { workgroupSize: 64 } })
   * pass.drawIndirect(shown.drawArgs.gpuBuffer, shown.drawArgs.offset)
   * ```
   *
   * In a shader, ask whether a place of the list holds an entity: `if (!shownHas(id.x)) { return; }`.
   * @param terms what the ECS's own `query` takes: components, `Not`, `Or`, relation pairs
   * @throws UnsupportedTerm for terms whose changes the ECS does not report (bitECS: `Hierarchy`)
   * @throws InvalidOption for what isn't a term
   * @throws NotGpuSynced for `rowsOf`
   */
  query(terms: readonly unknown[], options: GpuQueryOptions = {}): GpuQuery {
    this.#assertAlive('query')
    checkTerms(terms)
    checkQueryOptions(options)
    const { draw, dispatch } = options
    const rowsOf = options.rowsOf === undefined ? undefined : this.#syncedOf(options.rowsOf, 'query')
    const listed = rowsOf === undefined ? terms : new Set([...terms, ...rowsOf.needed])
    const ofTerms = labelOfTerms(this.#ecs, [...listed])
    const named = options.label ?? (ofTerms === undefined ? undefined : `${ofTerms}List`)
    const label = named ?? `Query${++this.#queryCount}`
    const { labels } = this.#components
    const parts = { terms, draw, dispatch, rowsOf, label, isLabelled: named !== undefined, labels }
    const query = new GpuQuery(this.#ecs, this.coordinator, parts, (ended) => this.#queries.delete(ended))
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
   * Moves to a new device after a loss: makes the buffers there, and the next frame uploads
   * everything. Where `gpu` was given as a function, this happens by itself.
   * @throws NotAGpu, DeviceLost (that one, too), Disposed (by a listener, meanwhile)
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
   * Releases observers, buffers and heap; also the device, if it came from a function. The world may
   * then be attached again. Idempotent. A call under way still completes.
   */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#calls === 0) this.#giveBack()
    this.#release()
  }

  /** Begins a call that listeners may interrupt. */
  #enter(call: string): void {
    if (this.#disposed) throw new Disposed({ call })
    this.#calls++
  }

  #leave(): void {
    if (--this.#calls === 0 && this.#disposed) this.#giveBack()
  }

  #giveBack(): void {
    for (const query of [...this.#queries]) query.dispose()
    this.#components.dispose()
    this.#globals?.dispose()
    this.#lastMarked = undefined
    this.coordinator.dispose()
  }

  /** Stages, but leaves the error to `endFrame`: a schedule that stops at errors still flushes. @internal */
  stageForEnd(): void {
    this.#enter('stage()')
    try {
      const start = performance.now()
      this.#isStaged = true
      this.#stageError = this.#components.isComplete ? undefined : this.#components.look()
      this.#globals?.tick(this.clock, this.#report.frame + 1)
      this.#ecs.settle?.()
      for (const list of this.#stageables)
        for (const stageable of list)
          try {
            stageable.stage()
          } catch (error) {
            // The others are staged whatever happens to one.
            this.#stageError ??= error
          }
      this.coordinator.noteStageMs(performance.now() - start)
    } finally {
      this.#leave()
    }
  }

  #throwStageError(): never {
    const error = this.#stageError
    this.#stageError = undefined
    throw error
  }

  #syncedOf(component: object, call: string): AnySynced {
    this.#assertAlive(call)
    return this.#components.of(component, call)
  }

  #assertAlive(call: string): void {
    if (this.#disposed) throw new Disposed({ call })
  }
}

/** `beginFrame`, `stage` and `endFrame` as systems. Each ignores its argument and returns the world. */
export interface MkSystems<W> {
  readonly frameBegin: (world?: unknown) => W
  /** `beginStep`, for components with `history: 'step'`. */
  readonly stepBegin: (world?: unknown) => W
  readonly stage: (world?: unknown) => W
  readonly frameEnd: (world?: unknown) => W
}

/** The heap that the coordinator would make, in WebAssembly. Undefined for sizes that it refuses. */
function wasmHeap({ heapBytes }: MkOptions): Heap | undefined {
  if (heapBytes === undefined) return createHeap({ memory: 'wasm' })
  return isWhole(heapBytes, 1, 2 ** 32) ? createHeap({ bytes: heapBytes, memory: 'wasm' }) : undefined
}
