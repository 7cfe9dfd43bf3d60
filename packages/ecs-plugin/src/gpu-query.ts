import { u32 } from '@memkit/core'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, UsageUnsupported } from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { EcsWorld } from './ecs.ts'
import { Disposed, InvalidOption } from './errors.ts'
import { Membership } from './membership.ts'
import type { MembershipChanges } from './membership.ts'
import { PackedRows } from './packed-rows.ts'
import type { RowListener } from './packed-rows.ts'
import { SparseSet } from './sparse-set.ts'
import { SyncedBuffer } from './synced-buffer.ts'
import type { BufferSource } from './synced-buffer.ts'
import type { SyncedComponent } from './synced-component.ts'

/**
 * What one instance is drawn of. A device works on the vertices of one instance side by side, so an instance of a few vertices leaves
 * most of it idle: with `perInstance`, an instance draws that many entities, and `vertexCount` counts the vertices of all of them.
 */
export type DrawShape = ({ readonly vertexCount: number } | { readonly indexCount: number }) & {
  /** Entities that one instance draws, default 1. The list then ends with `NOBODY` in the last instance's places that are left over. */
  readonly perInstance?: number
}

/** In the list of a query with `perInstance`: a place that no entity has. Draw nothing there. */
export const NOBODY = 0xffff_ffff

export interface GpuQueryOptions {
  /** Keep indirect draw arguments: `drawIndirect` for a number of vertices, `drawIndexedIndirect` for a number of indices. */
  draw?: DrawShape
  /** List rows of this component's buffer instead of entity ids. Needed where its rows are packed. */
  rowsOf?: object
  /** Debug label of the buffers, default `Query<n>`. */
  label?: string
}

const firstCapacity = 1024
// A device draws no faster with more than a few hundred vertices per instance.
const MOST_PER_INSTANCE = 1024
// In the four u32 of drawIndirect and the five of drawIndexedIndirect alike, the second is the number of instances.
const instanceCountWord = 1

/**
 * A query of the ECS on the device: its entities as a list of `u32`, and arguments for one indirect draw of all of them.
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
  readonly indices: SyncedBuffer<u32>
  readonly #ecs: EcsWorld
  readonly #coordinator: MkCoordinator
  readonly #membership: Membership
  readonly #entities = new SparseSet()
  /** Where rows are asked for and are not the entity ids themselves. */
  readonly #packed: PackedRows | undefined
  readonly #draw: Mirror | undefined
  readonly #perInstance: number
  readonly #forget: (query: GpuQuery) => void
  #words: Uint32Array
  #memory = -1
  #full = false
  #disposed = false

  /** Use `mk.query`. @throws HeapFull, InvalidOption, UsageUnsupported */
  constructor(
    ecs: EcsWorld,
    coordinator: MkCoordinator,
    terms: readonly object[],
    options: {
      readonly draw: DrawShape | undefined
      readonly label: string
      readonly rowsOf: SyncedComponent | undefined
    },
    forget: (query: GpuQuery) => void,
  ) {
    const { draw, label, rowsOf } = options
    this.label = label
    this.#ecs = ecs
    this.#coordinator = coordinator
    this.#packed = rowsOf?.rowMap instanceof PackedRows ? rowsOf.rowMap : undefined
    this.#forget = forget
    const drawWords = draw === undefined ? undefined : drawArguments(draw)
    this.#perInstance = draw?.perInstance ?? 1
    const { capabilities } = coordinator.gpu
    // An entity without a row cannot be drawn by row, so whoever asks for rows gets those that have one.
    const needed = rowsOf === undefined ? [] : [rowsOf.component, ...rowsOf.options.with]
    this.#membership = new Membership(ecs, [
      ...terms,
      ...needed.filter((component) => !terms.includes(component)),
    ])
    let mirror: Mirror | undefined
    try {
      this.mirror = mirror = coordinator.createMirror({
        rows: Math.max(firstCapacity, this.#membership.count),
        schema: u32,
        label,
        usage: MkBufferUsage.INDEX,
      })
      if (drawWords !== undefined && capabilities.indirect) {
        this.#draw = coordinator.createMirror({
          rows: 1,
          stride: drawWords.byteLength,
          label: `${label} draw`,
          usage: MkBufferUsage.INDIRECT,
        })
        this.#draw.write(0, drawWords)
      }
    } catch (error) {
      this.#membership.dispose()
      mirror?.destroy()
      throw error
    }
    this.#words = new Uint32Array(0)
    mirror.used = 0
    this.indices = new SyncedBuffer<u32>(this, coordinator)
    this.#packed?.listeners.push(this)
  }

  /** Entities that matched when last staged: the number of instances to draw where there is no indirect draw. */
  get count(): number {
    return this.#entities.size
  }

  /** The same, as the rows of `indices`. */
  get rows(): number {
    return this.#entities.size
  }

  /**
   * Arguments for `drawIndirect` or `drawIndexedIndirect` at offset 0.
   *
   * @throws InvalidOption when `mk.query` was called without `draw`
   * @throws UsageUnsupported where the device has no INDIRECT buffers (WebGL2): draw `count` instances
   */
  get drawArgs(): MkDeviceBuffer {
    if (this.#disposed) throw new Disposed('drawArgs')
    if (this.#draw !== undefined) return this.#draw.buffer
    const { capabilities } = this.#coordinator.gpu
    if (!capabilities.indirect)
      throw new UsageUnsupported(capabilities.backend, MkBufferUsage.INDIRECT, capabilities.usages)
    throw new InvalidOption('draw', undefined, 'given to mk.query, for example { draw: { vertexCount: 6 } }')
  }

  /** Position of an entity in the list, −1 when it did not match when last staged. */
  rowOf(entity: number): number {
    return this.#entities.positionOf(this.#ecs.rowOf(entity))
  }

  /** Brings what entered and left into the list. After the components, whose rows it may list. @internal */
  stage(): void {
    const membership = this.#membership
    membership.update()
    const before = this.#entities.size
    const refused = this.#makeRoom(this.#instances(membership.count) * this.#perInstance)
    membership.apply(this)
    if (this.#full && refused === undefined) this.#listAgain()
    const { size } = this.#entities
    const instances = this.#instances(size)
    this.#pad(instances * this.#perInstance)
    if (this.#draw !== undefined && instances !== this.#instances(before)) {
      this.#draw.view(Uint32Array)[instanceCountWord] = instances
      this.#draw.mark(0)
    }
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
    this.#membership.dispose()
    this.indices.end()
    this.mirror.destroy()
    this.#draw?.destroy()
    this.#forget(this)
  }

  #list(position: number, entity: number): void {
    // An entity without a packed row yet, for want of memory, is listed again when it gets one (`rowTaken`).
    this.#words[position] = this.#packed === undefined ? entity : this.#packed.rowOf(entity)
    this.mirror.dirty.set(position)
  }

  #instances(count: number): number {
    return Math.ceil(count / this.#perInstance)
  }

  /** Lists nobody in the places that the last instance has left over. */
  #pad(end: number): void {
    const used = Math.min(end, this.mirror.capacity)
    for (let position = this.#entities.size; position < used; position++) {
      if (this.#words[position] === NOBODY) continue
      this.#words[position] = NOBODY
      this.mirror.dirty.set(position)
    }
    this.mirror.used = used
  }

  #makeRoom(count: number): unknown {
    let refused: unknown
    try {
      this.mirror.grow(count)
    } catch (error) {
      refused = error
    }
    if (this.mirror.memoryGeneration !== this.#memory) {
      this.#memory = this.mirror.memoryGeneration
      this.#words = this.mirror.view(Uint32Array)
    }
    return refused
  }

  /** Some found no place when the device allowed no more: now there is room. */
  #listAgain(): void {
    this.#full = false
    const { alive, rows } = this.#membership
    for (let entity = 0; entity < rows; entity++) if (alive.has(entity)) this.entered(entity)
  }
}

/** @throws InvalidOption */
function drawArguments(draw: DrawShape): Uint32Array {
  const [name, count, words] =
    'vertexCount' in draw
      ? (['vertexCount', draw.vertexCount, 4] as const)
      : (['indexCount', draw.indexCount, 5] as const)
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32)
    throw new InvalidOption(`draw.${name}`, count, 'a whole number from 0 to 2³² − 1')
  const { perInstance = 1 } = draw
  if (!Number.isInteger(perInstance) || perInstance < 1 || perInstance > MOST_PER_INSTANCE)
    throw new InvalidOption('draw.perInstance', perInstance, `a whole number from 1 to ${MOST_PER_INSTANCE}`)
  const args = new Uint32Array(words)
  args[0] = count
  return args
}
