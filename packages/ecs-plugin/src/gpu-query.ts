import { u32 } from '@memkit/core'
import { mostMirrorBytes } from '@memkit/coordinator'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, UsageUnsupported } from '@memkit/gpu'
import type { EcsWorld } from './ecs.ts'
import { Disposed, InvalidOption } from './errors.ts'
import { EntityList } from './entity-list.ts'
import { growAsFar, tooFewRows } from './grow-as-far.ts'
import { ListDispatchArgs, ListDrawArgs } from './indirect-args.ts'
import type { DispatchArgs, DrawArgs } from './indirect-args.ts'
import type { LabelOwners } from './label-owners.ts'
import { Membership } from './membership.ts'
import type { MembershipChanges } from './membership.ts'
import { NO_ENTITY } from './no-entity.ts'
import type { PackedRows, RowListener } from './packed-rows.ts'
import { drawWords, workgroupSizeOf } from './query-options.ts'
import type { DispatchShape, DrawShape } from './query-options.ts'
import { SparseSet } from './sparse-set.ts'
import type { BufferSource } from './synced-buffer.ts'
import type { SyncedComponent } from './synced-component.ts'

const firstCapacity = 1024

/** What `mk.query` knows of a query, checked. */
export interface GpuQueryParts {
  readonly terms: readonly object[]
  /** Names buffers; also things in WGSL, where `isLabelled`. */
  readonly label: string
  /** The label was given, or is made of the labels of the terms. */
  readonly isLabelled: boolean
  readonly labels: LabelOwners
  readonly draw: DrawShape | undefined
  readonly dispatch: DispatchShape | undefined
  readonly rowsOf: SyncedComponent | undefined
}

/**
 * A query of the ECS on the device: its entities as a list of `u32`, and arguments for indirect draws and dispatches over all of them.
 * Kept up by what enters and leaves, so a frame costs as much as the query changed. In no particular order.
 */
export class GpuQuery implements BufferSource, MembershipChanges, RowListener {
  readonly label: string
  readonly schema: u32 = u32
  readonly mirror: Mirror
  /**
   * The list. Bind it as storage, as index buffer, or as a vertex buffer with one `u32` per instance. On WebGL2 it is an index buffer
   * alone: `drawElements(POINTS, count, UNSIGNED_INT, 0)` draws a point of each entity from the vertex buffers of its components.
   */
  readonly indices: EntityList
  readonly #ecs: EcsWorld
  readonly #coordinator: MkCoordinator
  readonly #membership: Membership
  readonly #entities = new SparseSet()
  /** Where rows are asked for and are not the entity ids themselves. */
  readonly #packed: PackedRows | undefined
  readonly #isLabelled: boolean
  readonly #labels: LabelOwners
  /** By shape, so that asking again makes no more of them. The first is that of `drawArgs`, where it was asked for. */
  readonly #draws: { readonly key: string; readonly args: ListDrawArgs }[] = []
  readonly #firstDraw: ListDrawArgs | undefined
  readonly #dispatch: ListDispatchArgs | undefined
  readonly #forget: (query: GpuQuery) => void
  #words: Uint32Array
  #memory = -1
  /** Places that hold an entity, or did when last looked at: those from here on are free, and hold `NO_ENTITY`. */
  #taken = 0
  /** Places that were ever given their `NO_ENTITY`. */
  #blank = 0
  #full = false
  #disposed = false

  /** Use `mk.query`. @throws HeapFull, InvalidOption, UsageUnsupported */
  constructor(
    ecs: EcsWorld,
    coordinator: MkCoordinator,
    parts: GpuQueryParts,
    forget: (query: GpuQuery) => void,
  ) {
    const { terms, draw, dispatch, label, labels, isLabelled, rowsOf } = parts
    this.label = label
    this.#labels = labels
    this.#isLabelled = isLabelled
    this.#ecs = ecs
    this.#coordinator = coordinator
    this.#packed = rowsOf?.packedRows
    this.#forget = forget
    const { indirect, maxComputeWorkgroupSizeX } = coordinator.gpu.capabilities
    if (draw !== undefined) drawWords(draw)
    if (dispatch !== undefined) workgroupSizeOf(dispatch, maxComputeWorkgroupSizeX)
    // An entity without a row cannot be drawn by row, so a list of rows has those that have one.
    const needed = rowsOf === undefined ? [] : rowsOf.needed
    this.#membership = new Membership(ecs, [
      ...terms,
      ...needed.filter((component) => !terms.includes(component)),
    ])
    let mirror: Mirror | undefined
    try {
      const most = Math.floor(mostMirrorBytes(coordinator.gpu.capabilities) / Uint32Array.BYTES_PER_ELEMENT)
      // Where the device allows fewer, `stage` says so.
      const capacity = Math.max(1, Math.min(most, Math.max(firstCapacity, this.#membership.count)))
      this.mirror = mirror = coordinator.createMirror({
        rows: capacity,
        schema: u32,
        label,
        usage: MkBufferUsage.INDEX,
      })
      this.indices = new EntityList(this, coordinator, dispatch?.workgroupSize)
      if (draw !== undefined && indirect) this.#firstDraw = this.#addDraw(draw)
      if (dispatch !== undefined && indirect)
        this.#dispatch = new ListDispatchArgs(coordinator, dispatch, this)
    } catch (error) {
      this.#membership.dispose()
      mirror?.destroy()
      for (const { args } of this.#draws) args.dispose()
      throw error
    }
    this.#words = new Uint32Array(0)
    mirror.used = 0
    this.#packed?.listeners.push(this)
    if (isLabelled) labels.take(label, this)
  }

  /** Entities that matched when last staged: the number of instances to draw where there is no indirect draw. */
  get count(): number {
    return this.#entities.size
  }

  /**
   * The entities that matched when last staged, `count` of them, in the order of the list, as ids without their version. A view: copy what
   * is to outlive the frame, and do not write.
   */
  get entities(): Uint32Array {
    return this.#entities.values()
  }

  /** The same number, as the rows of `indices`. */
  get rows(): number {
    return this.#entities.size
  }

  /** Why the label cannot name the list in WGSL; undefined when it can. */
  get labelProblem(): string | undefined {
    if (!this.#isLabelled) return 'no term of the query has a label, and neither has the query'
    if (this.#labels.take(this.label, this)) return undefined
    return `another query or component of this world is called ${this.label} too. Give each mk.query a \`label\` of its own, or a \`name\` here`
  }

  /**
   * Arguments for one `drawIndirect` or `drawIndexedIndirect` of all entities, in the shape that `mk.query` was given.
   *
   * @throws InvalidOption when `mk.query` was called without `draw`
   * @throws UsageUnsupported where the device has no INDIRECT buffers (WebGL2): draw `count` instances
   */
  get drawArgs(): DrawArgs {
    this.#assertIndirect('drawArgs')
    if (this.#firstDraw !== undefined) return this.#firstDraw
    throw new InvalidOption('draw', undefined, 'given to mk.query, for example { draw: { vertexCount: 6 } }')
  }

  /**
   * Further draw arguments over the same list: a sprite and its shadow, a mesh and its outline. The same shape gives the same arguments.
   * They go up with the next `endFrame`, and live as long as the query.
   *
   * @throws InvalidOption
   * @throws UsageUnsupported where the device has no INDIRECT buffers (WebGL2): draw `count` instances
   */
  draw(shape: DrawShape): DrawArgs {
    this.#assertIndirect('draw()')
    return this.#addDraw(shape)
  }

  /**
   * Arguments for `dispatchWorkgroupsIndirect`: a workgroup for each `workgroupSize` entities, in two dimensions where one does not take
   * as many. Behind them lies the number of entities.
   *
   * @throws InvalidOption when `mk.query` was called without `dispatch`
   * @throws UsageUnsupported where the device has no INDIRECT buffers, and no compute shaders (WebGL2)
   */
  get dispatchArgs(): DispatchArgs {
    this.#assertIndirect('dispatchArgs')
    if (this.#dispatch !== undefined) return this.#dispatch
    throw new InvalidOption(
      'dispatch',
      undefined,
      'given to mk.query, for example { dispatch: { workgroupSize: 64 } }',
    )
  }

  /** Position of an entity in the list, −1 when it did not match when last staged. */
  rowOf(entity: number): number {
    return this.#entities.positionOf(this.#ecs.rowOf(entity))
  }

  /** Brings what entered and left into the list. After the components, whose rows it may list. @internal */
  stage(): void {
    const membership = this.#membership
    membership.update()
    const refused = this.#makeRoom(this.#places(membership.count))
    membership.apply(this)
    if (this.#full && this.#entities.size < this.mirror.capacity) this.#listAgain()
    this.#blankFreePlaces()
    this.#updateArgs()
    if (refused !== undefined) throw refused
  }

  entered(entity: number): void {
    let position = this.#entities.positionOf(entity)
    if (position < 0) {
      if (this.#entities.size === this.mirror.capacity) {
        this.#full = true
        return
      }
      position = this.#entities.add(entity)
    }
    this.#list(position, entity)
  }

  left(entity: number): void {
    const position = this.#entities.remove(entity)
    if (position >= 0 && position < this.#entities.size) this.#list(position, this.#entities.at(position))
  }

  rowTaken(_row: number, entity: number): void {
    const position = this.#entities.positionOf(entity)
    if (position >= 0) this.#list(position, entity)
  }

  /** Ends it: nothing observes the world for it any more, its buffers are destroyed. Idempotent. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    const listeners = this.#packed?.listeners
    listeners?.splice(listeners.indexOf(this), 1)
    this.#labels.release(this.label, this)
    this.#membership.dispose()
    this.indices.end()
    this.mirror.destroy()
    for (const { args } of this.#draws) args.dispose()
    this.#dispatch?.dispose()
    this.#forget(this)
  }

  #list(position: number, entity: number): void {
    // An entity without a packed row yet, for want of memory, is listed again when it gets one (`rowTaken`); −1 is NO_ENTITY.
    this.#words[position] = this.#packed === undefined ? entity : this.#packed.rowOf(entity)
    this.mirror.dirty.set(position)
    if (position >= this.#taken) this.#taken = position + 1
  }

  #addDraw(shape: DrawShape): ListDrawArgs {
    const { vertexCount, indexCount, perInstance = 1 } = shape as Record<string, number | undefined>
    const key = `${vertexCount} ${indexCount} ${perInstance}`
    const known = this.#draws.find((draw) => draw.key === key)
    if (known !== undefined) return known.args
    const args = new ListDrawArgs(this.#coordinator, shape, this.label)
    this.#draws.push({ key, args })
    const { size } = this.#entities
    // Where there is no room for the last instance's places now, the next stage says so.
    if (size > 0) this.#makeRoom(this.#places(size))
    args.update(size)
    return args
  }

  #updateArgs(): void {
    const { size } = this.#entities
    for (let i = 0; i < this.#draws.length; i++) this.#draws[i].args.update(size)
    this.#dispatch?.update(size)
  }

  /** Places that are read when `count` entities are drawn. */
  #places(count: number): number {
    let places = count
    for (let i = 0; i < this.#draws.length; i++) places = Math.max(places, this.#draws[i].args.places(count))
    return places
  }

  /** The free places that held an entity before hold none now. */
  #blankFreePlaces(): void {
    const { size } = this.#entities
    for (let position = size; position < this.#taken; position++) {
      this.#words[position] = NO_ENTITY
      this.mirror.dirty.set(position)
    }
    this.#taken = size
    this.mirror.used = Math.min(this.#places(size), this.mirror.capacity)
  }

  #makeRoom(count: number): unknown {
    let refused = growAsFar(this.mirror, count)
    if (refused === undefined && count > this.mirror.capacity) refused = tooFewRows(this.mirror, count)
    if (this.mirror.memoryGeneration !== this.#memory) {
      this.#memory = this.mirror.memoryGeneration
      this.#words = this.mirror.view(Uint32Array)
    }
    const { capacity } = this.mirror
    if (this.#blank < capacity) {
      this.#words.fill(NO_ENTITY, this.#blank)
      this.mirror.dirty.setRange(this.#blank, capacity - this.#blank)
      this.#blank = capacity
    }
    return refused
  }

  /** Some found no place when the device allowed no more: now there is room. */
  #listAgain(): void {
    this.#full = false
    const { alive, rows } = this.#membership
    for (let entity = 0; entity < rows; entity++) if (alive.has(entity)) this.entered(entity)
  }

  /** @throws Disposed, UsageUnsupported */
  #assertIndirect(call: string): void {
    if (this.#disposed) throw new Disposed(call)
    const { backend, indirect, usages } = this.#coordinator.gpu.capabilities
    if (!indirect) throw new UsageUnsupported(backend, MkBufferUsage.INDIRECT, usages)
  }
}
