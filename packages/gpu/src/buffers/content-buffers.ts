import {
  InvalidSchema,
  asType,
  checkLayout,
  isRuntimeSized,
  readValue,
  sizeOf,
  strideOf,
  writeValue,
} from '@memkit/core'
import type { Converted, Infer, InferInput, TypeLike, WgslType } from '@memkit/core'
import type { MkGpuBackend } from '../backends/backend.ts'
import { MkDeviceBuffer, type BufferParts, type MkBuffer, type MkBufferDescription } from './buffers.ts'
import type { DeviceBufferOptions, DeviceMemory } from './device-memory.ts'
import { OutOfRange, requireFit, requireLimit, requireWhole } from './bounds.ts'
import { MkBufferUsage } from '../backends/usage.ts'

/** Options of the buffers typed by content. */
export interface ContentBufferOptions extends DeviceBufferOptions {
  /** `MkBufferUsage` flags beside those the content implies, e.g. STORAGE for vertices. */
  usage?: number
}

/** What these buffers need of their gpu. */
export interface ContentOwner<B extends MkGpuBackend> {
  write(dst: MkBuffer<B>, dstOffset: number, source: ArrayBufferLike, srcOffset?: number, size?: number): void
  read(buffer: MkBuffer<B>, offset?: number, size?: number): Promise<ArrayBuffer>
}

/** What the constructors of these buffers are handed. */
interface ContentParts<B extends MkGpuBackend> extends BufferParts<B> {
  readonly gpu: ContentOwner<B>
}

/** A device buffer that knows what it holds. It can be used like any MkDeviceBuffer. */
abstract class ContentBuffer<B extends MkGpuBackend> extends MkDeviceBuffer<B> {
  abstract readonly content: string
  protected readonly gpu: ContentOwner<B>

  constructor(parts: ContentParts<B>) {
    super(parts)
    this.gpu = parts.gpu
  }

  /** Puts a typed array on the queue; it may start at any byte of its own memory. */
  protected writeArray(data: Float32Array | Uint16Array | Uint32Array, first: number): void {
    const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = data
    requireFit('first', first, data.length, this.size / BYTES_PER_ELEMENT, `'${this.label}'`, 'elements')
    const offset = first * BYTES_PER_ELEMENT
    if (byteOffset % 4 === 0) this.gpu.write(this, offset, buffer, byteOffset, byteLength)
    else this.gpu.write(this, offset, buffer.slice(byteOffset, byteOffset + byteLength))
  }
}

/** Vertices: floats, in whatever arrangement the pipeline reads them. */
export class MkVertexBuffer<B extends MkGpuBackend = MkGpuBackend> extends ContentBuffer<B> {
  readonly content = 'vertices'

  /** Writes from float `first` on. @throws {@link OutOfRange} past the end, and as `gpu.write` */
  write(data: Float32Array, first: number = 0): void {
    this.writeArray(data, first)
  }
}

/** Width of one index, as WebGPU calls it. */
export type MkIndexFormat = 'uint16' | 'uint32'

/** Indices, all of one width. */
export class MkIndexBuffer<B extends MkGpuBackend = MkGpuBackend> extends ContentBuffer<B> {
  readonly content = 'indices'
  /** For `setIndexBuffer`, and the pipelines of triangle strips. On WebGL: UNSIGNED_SHORT or UNSIGNED_INT. */
  readonly indexFormat: MkIndexFormat
  /** Indices in it. */
  readonly count: number

  constructor(parts: ContentParts<B>, indexFormat: MkIndexFormat, count: number) {
    super(parts)
    this.indexFormat = indexFormat
    this.count = count
  }

  /**
   * @param data of the width it was made with
   * @param first number of the index at which `data` starts. 16-bit indices are written in pairs,
   *   unless they end with the buffer
   * @throws {@link OutOfRange} past the end or for the other width
   * @throws {@link MisalignedCopy}, and as `gpu.write`
   */
  write(data: Uint16Array | Uint32Array, first: number = 0): void {
    const bytes = this.indexFormat === 'uint16' ? 2 : 4
    const where = `for '${this.label}', which is ${this.indexFormat},`
    requireWhole('data.BYTES_PER_ELEMENT', data.BYTES_PER_ELEMENT, bytes, bytes, where)
    this.writeArray(data, first)
  }
}

/** One value of a WGSL type, for `var<uniform>`. */
export class MkUniformBuffer<
  S extends WgslType = WgslType,
  B extends MkGpuBackend = MkGpuBackend,
> extends ContentBuffer<B> {
  readonly content = 'uniform'
  readonly schema: S
  /** What the buffer holds: fields that a `write` leaves out keep their values. */
  readonly #view: DataView<ArrayBuffer>

  constructor(parts: ContentParts<B>, schema: S, view: DataView<ArrayBuffer>) {
    super(parts)
    this.schema = schema
    this.#view = view
  }

  /**
   * Writes a value, now. Fields that are left out keep their values.
   * @throws {@link InvalidValue}, and then writes nothing; as `gpu.write`
   */
  write(value: InferInput<S>): void {
    writeValue(this.schema, value, this.#view)
    this.gpu.write(this, 0, this.#view.buffer)
  }
}

/** Rows of a WGSL type, for `var<storage>`: `array<S>`. */
export class MkStorageBuffer<
  S extends WgslType = WgslType,
  B extends MkGpuBackend = MkGpuBackend,
> extends ContentBuffer<B> {
  readonly content = 'rows'
  readonly schema: S
  readonly rows: number
  /** Bytes from one row to the next. */
  readonly stride: number

  constructor(parts: ContentParts<B>, schema: S, rows: number) {
    super(parts)
    this.schema = schema
    this.rows = rows
    this.stride = strideOf(schema)
  }

  /**
   * Writes rows that follow each other, in one call. Fields that are left out become 0. For bytes:
   * `gpu.write(buffer, row * buffer.stride, …)`.
   * @param first number of the first row
   * @throws {@link OutOfRange}, {@link InvalidValue}, and then writes nothing
   * @throws {@link MisalignedCopy} for an odd number of 2-byte rows, and as `gpu.write`
   */
  write(first: number, rows: readonly InferInput<S>[]): void {
    this.#check(first, rows.length)
    if (rows.length === 0) return
    const view = new DataView(new ArrayBuffer(rows.length * this.stride))
    rows.forEach((row, i) => writeValue(this.schema, row, view, i * this.stride))
    this.gpu.write(this, first * this.stride, view.buffer)
  }

  /** Reads rows as they are after everything handed over so far. Rejects as `gpu.read`. */
  async read(first: number = 0, count: number = this.rows - first): Promise<Infer<S>[]> {
    this.#check(first, count)
    const view = new DataView(await this.gpu.read(this, first * this.stride, count * this.stride))
    return Array.from({ length: count }, (_, i) => readValue(this.schema, view, i * this.stride))
  }

  #check(first: number, count: number): void {
    requireWhole('first', first, 0, this.rows, `in '${this.label}'`)
    requireWhole('rows', count, 0, this.rows - first, `from row ${first} of '${this.label}'`)
  }
}

const { VERTEX, INDEX, UNIFORM, STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage

/** Makes the buffers of one gpu that are typed by content. */
export class ContentBuffers<B extends MkGpuBackend> {
  readonly #memory: DeviceMemory<B>
  readonly #gpu: ContentOwner<B>

  constructor(memory: DeviceMemory<B>, gpu: ContentOwner<B>) {
    this.#memory = memory
    this.#gpu = gpu
  }

  vertices(data: Float32Array, options: ContentBufferOptions): MkVertexBuffer<B> {
    const buffer = new MkVertexBuffer<B>(this.#allocate(this.#describe(data.byteLength, VERTEX, options)))
    return this.#filled(buffer, () => buffer.write(data))
  }

  indices(data: Uint16Array | Uint32Array, options: ContentBufferOptions): MkIndexBuffer<B> {
    const format = data.BYTES_PER_ELEMENT === 2 ? 'uint16' : 'uint32'
    const parts = this.#allocate(this.#describe(data.byteLength, INDEX, options))
    const buffer = new MkIndexBuffer<B>(parts, format, data.length)
    return this.#filled(buffer, () => buffer.write(data))
  }

  uniform<S extends TypeLike>(
    like: S,
    value: InferInput<Converted<S>> | undefined,
    options: ContentBufferOptions,
  ): MkUniformBuffer<Converted<S>, B> {
    const schema = asType(like) as Converted<S>
    checkLayout(schema, 'uniform')
    // GLSL rounds blocks up to 16 bytes, and WebGL refuses to draw with a buffer that is shorter.
    const size = Math.ceil(schema.size / 16) * 16
    const description = this.#describe(size, UNIFORM, options, 'maxUniformBufferBindingSize')
    const view = new DataView(new ArrayBuffer(size))
    // Before anything is made: a value that does not fit the type costs no call.
    if (value !== undefined) writeValue(schema, value, view)
    const buffer = new MkUniformBuffer<Converted<S>, B>(this.#allocate(description), schema, view)
    return this.#filled(buffer, () => value !== undefined && this.#gpu.write(buffer, 0, view.buffer))
  }

  rows<S extends TypeLike>(
    like: S,
    rows: number,
    options: ContentBufferOptions,
  ): MkStorageBuffer<Converted<S>, B> {
    const schema = asType(like) as Converted<S>
    if (isRuntimeSized(schema))
      throw new InvalidSchema({
        schema: schema.type,
        reason: `a row has a size of its own; pass the type of one element and how many there are (${sizeOf(schema, 1)} bytes hold one)`,
      })
    const stride = strideOf(schema)
    if (!Number.isInteger(rows) || rows < 1) {
      const max = Math.floor(this.#memory.backend.capabilities.maxStorageBufferBindingSize / stride)
      throw new OutOfRange({ what: 'rows', value: rows, min: 1, max, where: `of ${stride} bytes` })
    }
    const description = this.#describe(rows * stride, STORAGE, options, 'maxStorageBufferBindingSize')
    return this.#memory.adopt(new MkStorageBuffer<Converted<S>, B>(this.#allocate(description), schema, rows))
  }

  #describe(
    size: number,
    usage: number,
    options: ContentBufferOptions,
    limit?: 'maxUniformBufferBindingSize' | 'maxStorageBufferBindingSize',
  ): MkBufferDescription {
    const usages = usage | TRANSFER_SRC | TRANSFER_DST | (options.usage ?? 0)
    const description = this.#memory.describe(size, usages, options)
    if (limit) requireLimit(description.label, size, this.#memory.backend.capabilities[limit], limit)
    return description
  }

  #allocate(description: MkBufferDescription): ContentParts<B> {
    return { ...this.#memory.allocate(description), gpu: this.#gpu }
  }

  /** Adds a buffer to the books with its first content, or not at all. */
  #filled<T extends ContentBuffer<B>>(buffer: T, fill: () => void): T {
    this.#memory.adopt(buffer)
    try {
      fill()
    } catch (error) {
      buffer.destroy()
      throw error
    }
    return buffer
  }
}
