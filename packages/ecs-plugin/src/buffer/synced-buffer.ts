import type { MkDeviceBuffer } from '@memkit/gpu'
import { RowsOutOfRange, type Schema, type u32 } from '@memkit/core'
import type { AnyMirror, Mirror, MkCoordinator } from '@memkit/coordinator'
import { Disposed } from '../disposed.ts'
import { checkOption } from '../options.ts'
import { gpuBufferOf } from './gpu-buffer.ts'
import { perGeneration } from './per-generation.ts'
import { vertexLayout } from './vertex-layout.ts'
import { storageDeclaration, type StorageOptions, type StorageSource } from './wgsl-binding.ts'

/** What a `SyncedBuffer` shows: rows in a mirror. */
export interface BufferSource extends StorageSource {
  readonly mirror: AnyMirror
  /** Rows in use. */
  readonly rows: number
  rowOf(entity: number): number
  /** Left out where rows don't belong to entities. */
  entityOf?(row: number): number
  /** Returns rows as their columns are now. Left out where there are no columns, only the mirror. */
  rowsNow?(first: number, count: number): ArrayBuffer
  /** Returns the table row → entity, where rows are packed. */
  rowTable?(): BufferSource | undefined
}

interface Live {
  readonly source: BufferSource
  readonly coordinator: MkCoordinator
  binding?: () => GPUBufferBinding
  rowTable?: SyncedBuffer<u32>
  previous?: PreviousRows
}

/** The previous rows of a component with `history`: the same rows and layout, as they were before. */
export type PreviousRows = Pick<
  SyncedBuffer,
  'buffer' | 'gpuBuffer' | 'binding' | 'generation' | 'rows' | 'capacity' | 'stride' | 'vertexLayout' | 'read'
>

/** A render pass or a render bundle, as `bindVertices` uses it. */
export type VertexSlots = Pick<GPURenderPassEncoder, 'setVertexBuffer'>

/**
 * The device buffer of a flagged component: the same object for as long as the world is attached.
 * When the device buffer grows, it is replaced and `generation` goes up. After `mk.dispose()` (for a
 * query's list, after the query's) every member throws `Disposed`.
 */
export class SyncedBuffer<S extends Schema = Schema> {
  /** Undefined once it has ended, so that keeping this object keeps no device and no heap alive. */
  #live: Live | undefined

  constructor(source: BufferSource, coordinator: MkCoordinator) {
    this.#live = { source, coordinator }
  }

  /** The buffer, on any backend. */
  get buffer(): MkDeviceBuffer {
    return this.#alive('buffer').source.mirror.buffer
  }

  /**
   * The same buffer as a `GPUBuffer`.
   * @throws {@link WrongBackend} when the backend is not WebGPU: use `buffer.native` there
   */
  get gpuBuffer(): GPUBuffer {
    const { source, coordinator } = this.#alive('gpuBuffer')
    return gpuBufferOf(source.mirror.buffer, coordinator)
  }

  /**
   * The buffer as a bind group entry's `resource`. The same object until `generation` changes.
   * @throws {@link WrongBackend}
   */
  get binding(): GPUBufferBinding {
    const live = this.#alive('binding')
    live.binding ??= perGeneration([this], () => ({ buffer: this.gpuBuffer }))
    return live.binding()
  }

  /** Goes up when the buffer is replaced: rebuild bind groups then. */
  get generation(): number {
    return this.#alive('generation').source.mirror.generation
  }

  /** Rows in use: the highest entity ever synced + 1 (dead ones included). Packed: live entities. */
  get rows(): number {
    return this.#alive('rows').source.rows
  }

  /**
   * The rows as they were at the end of the last fixed step or frame, as `history` says. Row i is that
   * of the same entity in both buffers, which are replaced together.
   * @throws {@link InvalidOption} for a component without `history`
   */
  get previous(): PreviousRows {
    const live = this.#alive('previous')
    const { source, coordinator } = live
    const { mirror } = source
    const allowed = `'step' or 'frame' for ${source.label} to have previous rows`
    checkOption('previous' in mirror && mirror.history !== undefined, 'history', undefined, allowed)
    if (live.previous !== undefined) return live.previous
    const { label, schema } = source
    const previous = {
      label: `${label}Previous`,
      schema,
      mirror: previousOf(mirror),
      get rows(): number {
        return source.rows
      },
      rowOf: (entity: number) => source.rowOf(entity),
    }
    return (live.previous = new SyncedBuffer(previous, coordinator))
  }

  /** Number of rows the buffer has room for. */
  get capacity(): number {
    return this.#alive('capacity').source.mirror.capacity
  }

  /** Bytes from one row to the next; with `layout: 'columns'`, those of a row in all columns together. */
  get stride(): number {
    const { mirror } = this.#alive('stride').source
    return 'bytesPerRow' in mirror ? mirror.bytesPerRow : mirror.stride
  }

  get schema(): S {
    return this.#alive('schema').source.schema as S
  }

  /**
   * Whether rows that a shader may write come back after every frame. Set it to false while no shader
   * writes them: frames then make no copy. Always false in direction `'upload'`.
   */
  get downloads(): boolean {
    const { mirror } = this.#alive('downloads').source
    return 'downloads' in mirror && mirror.downloads
  }
  set downloads(on: boolean) {
    const { mirror } = this.#alive('downloads').source
    if ('downloads' in mirror) mirror.downloads = on && mirror.direction !== 'upload'
  }

  /** Returns the row of an entity, −1 when it has none. Packed rows are those of the last stage. */
  rowOf(entity: number): number {
    return this.#alive('rowOf()').source.rowOf(entity)
  }

  /** Returns a row's entity, without its version; −1 when it has none. See `rowOf`. */
  entityOf(row: number): number {
    return this.#alive('entityOf()').source.entityOf?.(row) ?? -1
  }

  /**
   * The table row → entity of packed rows on the device, a `u32` per row. Made on first use.
   * @throws {@link InvalidOption} where row = entity, so that no table is needed
   */
  get rowTable(): SyncedBuffer<u32> {
    const live = this.#alive('rowTable')
    const { source, coordinator } = live
    const table = source.rowTable?.()
    checkOption(table !== undefined, 'rows', 'entity', `'packed' for ${source.label} to have a row table`)
    return (live.rowTable ??= new SyncedBuffer<u32>(table, coordinator))
  }

  /**
   * Returns WGSL that declares the row's struct, a storage binding of the buffer, and for a component
   * a function that reads a row, as with `layout: 'columns'`:
   *
   * ```wgsl
   * @group(0) @binding(1) var<storage, read> position: array<Position>;
   * fn positionRow(row: u32) -> Position { … }
   * ```
   * @param options.name names the variable, default the label with a small first letter
   * @throws {@link InvalidIdentifier} for a name that WGSL refuses or reserves, such as `target`
   * @throws {@link InvalidOption} for `access: 'read_write'` where the CPU owns the rows; without
   *   `name` where the component has no label, or the same one as another component
   */
  wgsl(group: number, binding: number, options: StorageOptions = {}): string {
    return storageDeclaration(this.#alive('wgsl()').source, group, binding, options)
  }

  /**
   * Returns a vertex buffer layout with one instance per row, and an attribute for each field or
   * column of a matrix, in the order of the fields.
   * @param firstLocation `@location` of the first attribute, default 0
   * @throws {@link NoVertexFormat} for an f16 vector of three, an array, a struct or an atomic
   * @throws {@link VertexLimitExceeded} beyond the device's number of attributes or longest stride
   * @throws {@link InvalidOption} for a `firstLocation` that this device doesn't have
   */
  vertexLayout(firstLocation = 0): GPUVertexBufferLayout {
    const { source, coordinator } = this.#alive('vertexLayout()')
    return vertexLayout(source, this.stride, firstLocation, coordinator.gpu.capabilities)
  }

  /**
   * Returns `vertexLayout` as the list of one that a pipeline's `buffers` take: with
   * `layout: 'columns'` there is one for each column. Draw with `bindVertices`.
   */
  vertexLayouts(firstLocation = 0): readonly GPUVertexBufferLayout[] {
    return [this.vertexLayout(firstLocation)]
  }

  /**
   * Sets the vertex buffers that `vertexLayouts` describes: one, or with `layout: 'columns'` one for
   * each column. Call it for every frame that draws, as buffers are replaced when they grow.
   *
   * @param firstSlot default 0
   * @throws {@link WrongBackend}
   */
  bindVertices(pass: VertexSlots, firstSlot = 0): void {
    pass.setVertexBuffer(firstSlot, this.gpuBuffer)
  }

  /**
   * Reads what the device holds now. For tests and tools: it waits for the device.
   * @param first first row, default 0
   * @param count number of rows, default up to the last one in use
   * @throws {@link RowsOutOfRange} for rows beyond `rows`
   */
  read(first = 0, count: number = this.rows - first): Promise<ArrayBuffer> {
    checkRows(this, first, count)
    return this.#alive('read()').coordinator.download(this.buffer, first * this.stride, count * this.stride)
  }

  /**
   * Returns what the CPU has for the same rows now, in the same layout: what columns hold, marked or
   * not; the last values for a row without an entity. For tests and tools: it makes a copy.
   *
   * Between two frames it equals `read()`, except for rows that were written since the stage, whose
   * mark was forgotten, or that a shader writes.
   * @throws {@link RowsOutOfRange} for rows beyond `rows`
   * @throws {@link ColumnLengthMismatch} or {@link SchemaMismatch} when the columns can't be read
   */
  readCpu(first = 0, count: number = this.rows - first): ArrayBuffer {
    checkRows(this, first, count)
    const { source } = this.#alive('readCpu()')
    if (source.rowsNow !== undefined) return source.rowsNow(first, count)
    const { stride } = this
    const bytes = (source.mirror as Mirror).view(Uint8Array)
    return bytes.slice(first * stride, (first + count) * stride).buffer
  }

  /** @internal */
  end(): void {
    this.#live?.rowTable?.end()
    ;(this.#live?.previous as SyncedBuffer | undefined)?.end()
    this.#live = undefined
  }

  #alive(call: string): Live {
    return this.#live ?? this.gone(call)
  }

  /** @internal */
  protected gone(call: string): never {
    throw new Disposed({ call })
  }
}

/** A mirror as its previous rows see it. */
function previousOf(mirror: Mirror): Mirror {
  return Object.create(mirror, { buffer: { get: () => mirror.previous } }) as Mirror
}

/** @throws {@link RowsOutOfRange} */
export function checkRows({ rows }: { readonly rows: number }, first: number, count: number): void {
  const whole = Number.isInteger(first) && Number.isInteger(count)
  if (!whole || first < 0 || count < 0 || first + count > rows)
    throw new RowsOutOfRange({ first, count, rows })
}
