import { bytesPerRow, strideOf, type Schema } from '@memkit/core'
import type { ColumnMirror, MkCoordinator } from '@memkit/coordinator'
import { checkOption } from '../options.ts'
import type { DeviceColumn, ElementKind } from '../store/device-columns.ts'
import { columnsDeclaration, type ColumnsDeclaration, type ColumnsSource } from './columns-wgsl.ts'
import { columnVertexLayouts } from './columns-vertices.ts'
import { perGeneration } from './per-generation.ts'
import { checkRows, SyncedBuffer, type BufferSource, type VertexSlots } from './synced-buffer.ts'

/** Where a column lies in the device buffer. */
export interface DeviceSection {
  /** The column: its path from the component, empty when the component is the column. */
  readonly name: string
  readonly kind: ElementKind
  /** Numbers per row. */
  readonly arity: number
  /** Bytes from one row to the next. */
  readonly stride: number
  /** Bytes from the start of the buffer. */
  readonly offset: number
  /** Bytes up to the next section. */
  readonly size: number
}

/** What a `ColumnsBuffer` shows. */
export interface ColumnsBufferSource extends ColumnsSource, BufferSource {
  readonly mirror: ColumnMirror
}

interface Live {
  readonly source: ColumnsBufferSource
  readonly coordinator: MkCoordinator
  readonly sections: () => readonly DeviceSection[]
  readonly bindings: Map<string, () => GPUBufferBinding>
}

/**
 * The device buffer of a component with `layout: 'columns'`: one section for each column, as in the
 * component. The same object for as long as the world is attached. When the device buffer grows, it
 * is replaced, `generation` goes up, and all sections move.
 *
 * `binding` is the whole buffer, and shaders need it whole: they find the sections from its length.
 */
export class ColumnsBuffer<S extends Schema = Schema, N extends string = string> extends SyncedBuffer<S> {
  #live: Live | undefined

  constructor(source: ColumnsBufferSource, coordinator: MkCoordinator) {
    super(source, coordinator)
    this.#live = {
      source,
      coordinator,
      sections: perGeneration([this], () => sectionsOf(source)),
      bindings: new Map(),
    }
  }

  /** Where each column lies, in the order of the schema. The same list until `generation` changes. */
  get sections(): readonly DeviceSection[] {
    return this.#alive('sections').sections()
  }

  /**
   * Returns the section of one column as a bind group entry's `resource`, for `array<f32>` or another
   * array of the column's own numbers. The same object until `generation` changes.
   *
   * @throws {@link InvalidOption} for a name that isn't a column's, or a column of 1 or 2 bytes, which
   *   WGSL can't declare
   * @throws {@link WrongBackend} when the backend is not WebGPU: use `sections` there
   */
  column(name: N): GPUBufferBinding {
    const { bindings, source } = this.#alive('column()')
    const known = bindings.get(name)
    if (known !== undefined) return known()
    const index = this.#indexOf('column()', name)
    const { elementBytes, kind } = source.deviceColumns.columns[index]
    const allowed = `a column of 32-bit numbers: WGSL has no array of ${kind}. Read it with the functions of wgsl(group, binding)`
    checkOption(elementBytes === 4, 'name', name, allowed)
    const binding = perGeneration([this], () => {
      const { offset, size } = this.sections[index]
      return { buffer: this.gpuBuffer, offset, size }
    })
    const made = binding()
    bindings.set(name, binding)
    return made
  }

  /**
   * Returns WGSL that declares the columns and functions that read them:
   *
   * ```wgsl
   * struct Body { x: f32, hp: u32 }
   * @group(0) @binding(1) var<storage, read> bodyWords: array<u32>;
   * fn body_x(row: u32) -> f32 { … }
   * fn body_hp(row: u32) -> u32 { … }
   * fn bodyRow(row: u32) -> Body { … }
   * fn bodyCapacity() -> u32 { … }
   * ```
   *
   * @throws {@link InvalidIdentifier} when a name is a word of WGSL's
   * @throws {@link InvalidOption} when two names are equal; without `name` where the component has no
   *   label, or a name that is made of it belongs to another component or query
   */
  override wgsl(group: number, binding: number, options: ColumnsDeclaration = {}): string {
    return columnsDeclaration(this.#alive('wgsl()').source, group, binding, options)
  }

  /**
   * Columns have no such layout: each has its own.
   *
   * @deprecated Call `vertexLayouts()`, or flag the component with `layout: 'rows'`.
   * @throws {@link InvalidOption} always
   */
  override vertexLayout(this: never): never
  override vertexLayout(): never {
    const allowed = "'rows' for vertexLayout(): columns have a layout each. Call vertexLayouts() instead"
    checkOption(false, 'layout', 'columns', allowed)
    throw new Error()
  }

  /**
   * Returns a vertex buffer layout for each column, with one instance per row, and one attribute
   * unless the column holds matrices. Draw with `bindVertices`.
   *
   * @param firstLocation `@location` of the first attribute, default 0
   * @param columns the columns to draw from, default all of them
   * @throws {@link NoVertexFormat} for a column whose rows take 1, 2, 3 … bytes instead of
   *   a multiple of 4, or hold an array
   * @throws {@link VertexLimitExceeded} beyond the device's number of attributes or vertex buffers
   * @throws {@link InvalidOption} for a location or a column that isn't there
   */
  override vertexLayouts(firstLocation = 0, columns?: readonly N[]): readonly GPUVertexBufferLayout[] {
    const { coordinator, source } = this.#alive('vertexLayouts()')
    const chosen = this.#indicesOf('vertexLayouts()', columns)
    const { gpu } = coordinator
    const { limits } = (gpu.backend as { readonly device?: GPUDevice }).device ?? {}
    const maxBuffers = limits?.maxVertexBuffers ?? DEFAULT_VERTEX_BUFFERS
    const { deviceColumns, label } = source
    return columnVertexLayouts(label, deviceColumns, chosen, firstLocation, gpu.capabilities, maxBuffers)
  }

  /**
   * Sets a vertex buffer for each column, in the order of `vertexLayouts`. Call it for every frame
   * that draws: sections move with `generation`.
   *
   * @param firstSlot default 0
   * @param columns the columns that were given to `vertexLayouts`
   * @throws {@link WrongBackend}
   */
  override bindVertices(pass: VertexSlots, firstSlot = 0, columns?: readonly N[]): void {
    const chosen = this.#indicesOf('bindVertices()', columns)
    const { gpuBuffer, sections } = this
    chosen.forEach((index, i) => {
      const { offset, size } = sections[index]
      pass.setVertexBuffer(firstSlot + i, gpuBuffer, offset, size)
    })
  }

  /** Reads rows of the schema, as `SyncedBuffer.read` does, from all sections. */
  override async read(first = 0, count: number = this.rows - first): Promise<ArrayBuffer> {
    checkRows(this, first, count)
    const { coordinator, source } = this.#alive('read()')
    const { columns, scalars, schema } = source.deviceColumns
    // All at once, so that they are of the same time.
    const parts = await Promise.all(
      this.sections.map(async ({ offset, stride }, i) => {
        const from = first * stride
        const start = from & -4
        const end = (from + count * stride + 3) & -4
        if (end === start) return new Uint8Array(0)
        const bytes = await coordinator.download(this.buffer, offset + start, end - start)
        return elementsOf(columns[i], bytes, from - start, count)
      }),
    )
    const rowWords = strideOf(schema) / 4
    const rows = new Uint32Array(count * rowWords)
    for (const [offset, { column, index }] of scalars) {
      const part = parts[column]
      const { arity } = columns[column]
      for (let row = 0; row < count; row++) rows[row * rowWords + offset / 4] = part[row * arity + index]
    }
    return rows.buffer
  }

  /** @internal */
  override end(): void {
    super.end()
    this.#live = undefined
  }

  #alive(call: string): Live {
    return this.#live ?? this.gone(call)
  }

  #indicesOf(call: string, names: readonly string[] | undefined): number[] {
    const { columns } = this.#alive(call).source.deviceColumns
    return names === undefined ? columns.map((_, i) => i) : names.map((name) => this.#indexOf(call, name))
  }

  #indexOf(call: string, name: string): number {
    const { deviceColumns, label } = this.#alive(call).source
    const index = deviceColumns.columns.findIndex((column) => column.name === name)
    const names = deviceColumns.columns.map((column) => `'${column.name}'`).join(', ')
    checkOption(index >= 0, 'column', name, `a column of ${label}: ${names}`)
    return index
  }
}

/** WebGPU's default limit. */
const DEFAULT_VERTEX_BUFFERS = 8

function sectionsOf({ deviceColumns, mirror }: ColumnsBufferSource): DeviceSection[] {
  return mirror.sections.map(({ offset, size }, i) => {
    const column = deviceColumns.columns[i]
    const { arity, kind, name } = column
    return { name, kind, arity, stride: bytesPerRow(column), offset, size }
  })
}

type Elements = Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array

/** Elements of `count` rows, 32-bit ones as their bits. */
function elementsOf(
  { arity, kind }: DeviceColumn,
  bytes: ArrayBuffer,
  from: number,
  count: number,
): Elements {
  const length = count * arity
  switch (kind) {
    case 'i8':
      return new Int8Array(bytes, from, length)
    case 'u8':
      return new Uint8Array(bytes, from, length)
    case 'i16':
      return new Int16Array(bytes, from, length)
    case 'u16':
      return new Uint16Array(bytes, from, length)
    default:
      return new Uint32Array(bytes, from, length)
  }
}
