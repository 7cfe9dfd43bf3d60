import { u32 } from '@memkit/core'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, UsageUnsupported } from '@memkit/gpu'
import type { DrawShape } from '../buffer/draw-shape.ts'
import { EntityList, listNames } from '../buffer/entity-list.ts'
import type { DispatchArgs, DrawArgs } from '../buffer/indirect-args.ts'
import type { LabelOwners } from '../buffer/label-owners.ts'
import { ListArgs, type ListShapes } from '../buffer/list-args.ts'
import type { BufferSource } from '../buffer/synced-buffer.ts'
import type { EcsWorld } from '../ecs/ecs.ts'
import { Membership, type MembershipChanges } from '../ecs/membership.ts'
import { Disposed } from '../disposed.ts'
import { checkOption } from '../options.ts'
import type { PackedRows } from '../rows/packed-rows.ts'
import type { RowListener } from '../rows/row-map.ts'
import { SparseSet } from '../rows/sparse-set.ts'
import { ListWords } from './list-words.ts'
import type { AnySynced } from './synced-components.ts'

/** What `mk.query` knows of a query. */
export interface GpuQueryParts extends ListShapes {
  readonly terms: readonly object[]
  /** Names buffers, and declarations in WGSL where it was given or made from labels of terms. */
  readonly label: string
  readonly isLabelled: boolean
  readonly labels: LabelOwners
  readonly rowsOf: AnySynced | undefined
}

/**
 * An ECS query on the device: a list of its entities as `u32`, in no particular order, and
 * arguments for indirect draws and dispatches over all of them. It follows the entities that enter
 * and leave, so a frame costs as much as the query changed.
 */
export class GpuQuery implements BufferSource {
  readonly label: string
  readonly schema: u32 = u32
  readonly mirror: Mirror
  /**
   * The list. Bind it as storage, as an index buffer, or as a vertex buffer with one `u32` per
   * instance. On WebGL2 it is an index buffer: `drawElements(POINTS, count, UNSIGNED_INT, 0)` draws a
   * point for each entity from the vertex buffers of its components.
   */
  readonly indices: EntityList
  readonly #ecs: EcsWorld
  readonly #coordinator: MkCoordinator
  readonly #membership: Membership
  readonly #changes: MembershipChanges & RowListener = {
    entered: (entity) => this.#entered(entity),
    left: (entity) => this.#left(entity),
    rowTaken: (_row, entity) => this.#rowTaken(entity),
  }
  readonly #entities = new SparseSet()
  /** Set where the list holds rows that aren't entity ids. */
  readonly #packed: PackedRows | undefined
  readonly #isLabelled: boolean
  readonly #labels: LabelOwners
  readonly #words: ListWords
  readonly #args: ListArgs
  readonly #forget: (query: GpuQuery) => void
  #full = false
  #disposed = false

  constructor(
    ecs: EcsWorld,
    coordinator: MkCoordinator,
    parts: GpuQueryParts,
    forget: (query: GpuQuery) => void,
  ) {
    const { terms, dispatch, label, labels, isLabelled, rowsOf } = parts
    this.label = label
    this.#labels = labels
    this.#isLabelled = isLabelled
    this.#ecs = ecs
    this.#coordinator = coordinator
    this.#packed = rowsOf?.packedRows
    this.#forget = forget
    this.#args = new ListArgs(coordinator, this, parts)
    // An entity without a row can't be drawn by row: a list of rows needs what the component needs.
    this.#membership = new Membership(ecs, [...new Set([...terms, ...(rowsOf?.needed ?? [])])])
    let words: ListWords | undefined
    try {
      this.#words = words = new ListWords(coordinator, label, this.#membership.count)
      this.mirror = words.mirror
      this.indices = new EntityList(this, coordinator, dispatch?.workgroupSize)
      this.#args.open()
    } catch (error) {
      this.#membership.dispose()
      words?.mirror.destroy()
      this.#args.dispose()
      throw error
    }
    this.#packed?.listeners.push(this.#changes)
    if (isLabelled) this.#takeLabel()
  }

  /** Number of entities that matched at the last stage: the instances of a direct draw. */
  get count(): number {
    return this.#entities.size
  }

  /**
   * The entities of the list in its order, as ids without their version. This is a view: don't write
   * to it, and copy it to keep it longer than the frame.
   */
  get entities(): Uint32Array {
    return this.#entities.values()
  }

  /** The same as `count`. */
  get rows(): number {
    return this.#entities.size
  }

  get labelProblem(): string | undefined {
    if (!this.#isLabelled) return 'neither the query nor any of its terms has a label'
    const problem = this.#takeLabel()
    return problem && `${problem}. Give each mk.query its own \`label\`, or a \`name\` here`
  }

  /**
   * Arguments for one `drawIndirect` or `drawIndexedIndirect` in the shape given to `mk.query`.
   * @throws {@link InvalidOption} when `mk.query` was called without `draw`
   * @throws {@link UsageUnsupported} on WebGL2, which has no indirect draws: draw `count` instances
   */
  get drawArgs(): DrawArgs {
    this.#assertIndirect('drawArgs')
    const { first } = this.#args
    const allowed = 'given to mk.query, for example { draw: { vertexCount: 6 } }'
    checkOption(first !== undefined, 'draw', undefined, allowed)
    return first
  }

  /**
   * Makes more draw arguments over the same list, such as for a sprite's shadow. The same shape
   * returns the same arguments. The next `endFrame` uploads them; they live as long as the query.
   * @throws {@link InvalidOption} for a shape that can't be drawn
   * @throws {@link UsageUnsupported} on WebGL2, which has no indirect draws: draw `count` instances
   */
  draw(shape: DrawShape): DrawArgs {
    this.#assertIndirect('draw()')
    const args = this.#args.draw(shape)
    const { size } = this.#entities
    // Where there is no room for the places of the last instance, the next stage reports it.
    if (size > 0) this.#words.makeRoom(this.#args.places(size))
    args.update(size)
    return args
  }

  /**
   * Arguments for `dispatchWorkgroupsIndirect`: a workgroup for each `workgroupSize` entities, in
   * two dimensions where one is too small. The number of entities lies behind them.
   * @throws {@link InvalidOption} when `mk.query` was called without `dispatch`
   * @throws {@link UsageUnsupported} on WebGL2, which has no compute shaders
   */
  get dispatchArgs(): DispatchArgs {
    this.#assertIndirect('dispatchArgs')
    const { dispatch } = this.#args
    const allowed = 'given to mk.query, for example { dispatch: { workgroupSize: 64 } }'
    checkOption(dispatch !== undefined, 'dispatch', undefined, allowed)
    return dispatch
  }

  /** Position of an entity in the list, −1 when it didn't match at the last stage. */
  rowOf(entity: number): number {
    return this.#entities.positionOf(this.#ecs.entityIndexOf(entity))
  }

  /** Updates the list. Runs after the components, whose rows it may list. @internal */
  stage(): void {
    const membership = this.#membership
    membership.update()
    const refused = this.#words.makeRoom(this.#args.places(membership.count))
    if (membership.isChanged) membership.apply(this.#changes)
    if (this.#full && this.#entities.size < this.mirror.capacity) this.#listAgain()
    const { size } = this.#entities
    this.#words.blankFrom(size, this.#args.places(size))
    this.#args.update(size)
    if (refused !== undefined) throw refused
  }

  #entered(entity: number): void {
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

  #left(entity: number): void {
    const position = this.#entities.remove(entity)
    if (position >= 0 && position < this.#entities.size) this.#list(position, this.#entities.at(position))
  }

  #rowTaken(entity: number): void {
    const position = this.#entities.positionOf(entity)
    if (position >= 0) this.#list(position, entity)
  }

  /** Stops following the world and destroys the query's buffers. Idempotent. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    const listeners = this.#packed?.listeners
    listeners?.splice(listeners.indexOf(this.#changes), 1)
    this.#labels.release(this)
    this.#membership.dispose()
    this.indices.end()
    this.mirror.destroy()
    this.#args.dispose()
    this.#forget(this)
  }

  #takeLabel(): string | undefined {
    const isDispatched = this.#args.isDispatched
    return this.#labels.take(this.label, this, (name) => listNames(name, isDispatched))
  }

  #list(position: number, entity: number): void {
    // −1 is NO_ENTITY. An entity that gets its packed row later is listed again (`rowTaken`).
    this.#words.set(position, this.#packed === undefined ? entity : this.#packed.rowOf(entity))
  }

  /** Lists the entities that found no place while memory was full. */
  #listAgain(): void {
    this.#full = false
    const { alive, end } = this.#membership
    for (let entity = 0; entity < end; entity++) if (alive.has(entity)) this.#entered(entity)
  }

  #assertIndirect(call: string): void {
    if (this.#disposed) throw new Disposed({ call })
    const { backend, indirect, usages } = this.#coordinator.gpu.capabilities
    if (!indirect) throw new UsageUnsupported({ backend, usage: MkBufferUsage.INDIRECT, supported: usages })
  }
}
