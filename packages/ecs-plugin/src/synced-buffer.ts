import type { MkDeviceBuffer } from '@memkit/gpu'
import { WrongBackend } from '@memkit/gpu'
import { RowsOutOfRange } from '@memkit/core'
import type { Schema, u32 } from '@memkit/core'
import { Disposed, InvalidOption } from './errors.ts'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { vertexLayout } from './vertex-layout.ts'
import { storageDeclaration } from './wgsl-binding.ts'
import type { StorageOptions } from './wgsl-binding.ts'

/** What a `SyncedBuffer` shows: rows in a mirror. */
export interface BufferSource {
  /** Names the WGSL struct. */
  readonly label: string
  /** Why the label cannot name anything in a shader; undefined when it can. */
  readonly labelProblem?: string | undefined
  readonly schema: Schema
  readonly mirror: Mirror
  /** Rows in use. */
  readonly rows: number
  /** Row of an entity, −1 when it has none. */
  rowOf(entity: number): number
  /** Entity of a row, −1 when it is nobody's. Left out where rows are not those of entities. */
  entityOf?(row: number): number
  /** Rows as the columns that they are made of have them now; left out where the mirror is all there is. */
  rowsNow?(first: number, count: number): ArrayBuffer
  /** A shader may write the rows. */
  readonly deviceWrites?: boolean
  /** The table row → entity, where rows are packed. */
  rowTable?(): BufferSource | undefined
}

/**
 * The device buffer of a flagged component. One object for as long as the world is attached: what it points to is
 * replaced when the buffer grows, and `generation` goes up. After `mk.dispose()` (of a query's list, after the query's `dispose()`) every
 * member throws Disposed.
 */
export class SyncedBuffer<S extends Schema = Schema> {
  /** Both undefined once it has ended: a buffer that is kept holds on to neither device nor heap. */
  #source: BufferSource | undefined
  #coordinator: MkCoordinator | undefined
  #binding: GPUBufferBinding | undefined
  #bindingGeneration = -1
  #rowTable: SyncedBuffer<u32> | undefined

  /** Made by `mk.buffer(component)`. */
  constructor(source: BufferSource, coordinator: MkCoordinator) {
    this.#source = source
    this.#coordinator = coordinator
  }

  /** The buffer, on every backend. */
  get buffer(): MkDeviceBuffer {
    return this.#alive('buffer').mirror.buffer
  }

  /** The same as a `GPUBuffer`. @throws WrongBackend when the backend is not WebGPU: use `buffer.native` there */
  get gpuBuffer(): GPUBuffer {
    this.#alive('gpuBuffer')
    const { backend } = this.#coordinator!.gpu.capabilities
    if (backend !== 'webgpu') throw new WrongBackend('gpuBuffer', 'webgpu', backend)
    return this.buffer.native as GPUBuffer
  }

  /** All of it as a bind group entry's `resource`. The same object until `generation` changes. @throws WrongBackend */
  get binding(): GPUBufferBinding {
    if (this.#binding === undefined || this.#bindingGeneration !== this.generation) {
      this.#binding = { buffer: this.gpuBuffer }
      this.#bindingGeneration = this.generation
    }
    return this.#binding
  }

  /** Goes up when the buffer is replaced: rebuild bind groups then. */
  get generation(): number {
    return this.#alive('generation').mirror.generation
  }

  /** Rows in use. Entity rows: the highest id ever synced + 1, row 0 and the rows of dead entities included. Packed: entities alive. */
  get rows(): number {
    return this.#alive('rows').rows
  }

  /** Rows the buffer has room for. */
  get capacity(): number {
    return this.#alive('capacity').mirror.capacity
  }

  /** Bytes from one row to the next. */
  get stride(): number {
    return this.#alive('stride').mirror.stride
  }

  get schema(): S {
    return this.#alive('schema').schema as S
  }

  /**
   * Whether rows come back from the device after every frame, where a shader may write them. Set it to false while none of them changes
   * there: a frame then makes no copy. What is under way still arrives. Always false in direction `'upload'`.
   */
  get downloads(): boolean {
    return this.#alive('downloads').mirror.downloads
  }
  set downloads(on: boolean) {
    const { mirror } = this.#alive('downloads')
    mirror.downloads = on && mirror.direction !== 'upload'
  }

  /** Row of an entity, −1 when it has none. Packed rows are those of the last stage. */
  rowOf(entity: number): number {
    return this.#alive('rowOf()').rowOf(entity)
  }

  /** Id of a row's entity, without its version; −1 when the row is nobody's. Packed rows are those of the last stage. */
  entityOf(row: number): number {
    return this.#alive('entityOf()').entityOf?.(row) ?? -1
  }

  /**
   * Packed rows: the table row → entity, a `u32` per row, on the device. Made when first asked for.
   * @throws InvalidOption where row = entity, so that no table is needed
   */
  get rowTable(): SyncedBuffer<u32> {
    const source = this.#alive('rowTable')
    const table = source.rowTable?.()
    if (table === undefined)
      throw new InvalidOption('rows', 'entity', `'packed' for ${source.label} to have a row table`)
    this.#rowTable ??= new SyncedBuffer<u32>(table, this.#coordinator!)
    return this.#rowTable
  }

  /**
   * WGSL that declares the row's struct and a storage binding of the buffer:
   * `@group(0) @binding(1) var<storage, read> position: array<Position>;`
   *
   * @param options.name of the variable, default the label with a small first letter
   * @throws InvalidIdentifier for a name that WGSL refuses, or has already: the label `Target` needs a `name`
   * @throws InvalidOption for `access: 'read_write'` where the CPU owns the rows; without `name` where the component has no label, or
   *   shares it with another one
   */
  wgsl(group: number, binding: number, options: StorageOptions = {}): string {
    return storageDeclaration(this.#alive('wgsl()'), group, binding, options)
  }

  /**
   * Vertex buffer layout with one instance per row, an attribute per field (matrices take one per column).
   *
   * @param firstLocation `@location` of the first attribute, default 0
   * @throws NoVertexFormat for a field that vertices cannot have (f16 vectors of three, arrays, structs, atomics)
   * @throws VertexLimitExceeded for more attributes than the device takes, or a longer stride
   * @throws InvalidOption for a `firstLocation` that is none on this device
   */
  vertexLayout(firstLocation = 0): GPUVertexBufferLayout {
    const { label, schema, mirror } = this.#alive('vertexLayout()')
    const { stride } = mirror
    return vertexLayout({ label, schema, stride }, firstLocation, this.#coordinator!.gpu.capabilities)
  }

  /**
   * What the device holds now, `count` × `stride` bytes. For tests and tools: it waits for the device.
   * @param first row, default 0
   * @param count rows, default up to the last one in use
   * @throws RowsOutOfRange for rows beyond `rows`
   */
  read(first = 0, count: number = this.rows - first): Promise<ArrayBuffer> {
    this.#checkRows(first, count)
    return this.#coordinator!.download(this.buffer, first * this.stride, count * this.stride)
  }

  /**
   * What the CPU has for the same rows at this moment, in the same layout: of a living entity what its columns hold, written or not,
   * marked or not; of a row that is nobody's what it was left with. For tests and tools: it makes a copy.
   *
   * Between two frames it equals `read()`, but for rows that were written since the stage, that a mark was forgotten of, or that
   * a shader writes.
   * @throws RowsOutOfRange for rows beyond `rows`
   * @throws ColumnLengthMismatch, SchemaMismatch when the columns cannot be read
   */
  readCpu(first = 0, count: number = this.rows - first): ArrayBuffer {
    this.#checkRows(first, count)
    const source = this.#alive('readCpu()')
    const { mirror } = source
    const { stride } = mirror
    return (
      source.rowsNow?.(first, count) ??
      mirror.view(Uint8Array).slice(first * stride, (first + count) * stride).buffer
    )
  }

  /** Ends it: what it showed is given back. @internal */
  end(): void {
    this.#rowTable?.end()
    this.#rowTable = undefined
    this.#source = undefined
    this.#coordinator = undefined
    this.#binding = undefined
  }

  /** @throws Disposed */
  #alive(call: string): BufferSource {
    if (this.#source === undefined) throw new Disposed(call)
    return this.#source
  }

  #checkRows(first: number, count: number): void {
    const whole = Number.isInteger(first) && Number.isInteger(count)
    if (!whole || first < 0 || count < 0 || first + count > this.rows)
      throw new RowsOutOfRange(first, count, this.rows)
  }
}
