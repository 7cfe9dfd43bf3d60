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
import type { BackendAllocation, MkGpuBackend, NativeOf } from './backend.ts'
import { MkDeviceBuffer } from './buffers.ts'
import type { BufferOwner, MkBuffer, MkBufferDescription } from './buffers.ts'
import type { DeviceBufferOptions, DeviceMemory } from './device-memory.ts'
import { BufferTooLarge, OutOfRange } from './errors.ts'
import { MkBufferUsage } from './usage.ts'

/** What may be said about a buffer typed by content. */
export interface ContentBufferOptions extends DeviceBufferOptions {
  /** `MkBufferUsage` flags beside those the content implies, e.g. STORAGE for vertices that a shader writes. */
  usage?: number
}

/** What these buffers need of their gpu. */
export interface ContentOwner<B extends MkGpuBackend> {
  write(
    dst: MkBuffer<B>,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset?: number,
    size?: number,
  ): void
  read(buffer: MkBuffer<B>, offset?: number, size?: number): Promise<ArrayBuffer>
}

/** What the constructors of these buffers are handed. */
interface ContentParts<B extends MkGpuBackend> {
  readonly owner: BufferOwner<B>
  readonly gpu: ContentOwner<B>
  readonly description: MkBufferDescription
  readonly allocation: BackendAllocation<NativeOf<B>>
}

/** A device buffer that knows what is in it. Everything that takes an MkDeviceBuffer takes it too. */
abstract class ContentBuffer<B extends MkGpuBackend> extends MkDeviceBuffer<B> {
  /** What is in it. */
  abstract readonly content: string
  protected readonly gpu: ContentOwner<B>

  constructor({ owner, gpu, description, allocation }: ContentParts<B>) {
    super(owner, description, allocation)
    this.gpu = gpu
  }

  /** Puts a typed array on the queue; its start may lie anywhere in its own memory. */
  protected writeArray(data: Float32Array | Uint16Array | Uint32Array, first: number): void {
    const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = data
    const most = this.size / BYTES_PER_ELEMENT
    if (!Number.isInteger(first) || first < 0 || first > most - data.length)
      throw new OutOfRange(
        'first',
        first,
        0,
        Math.max(0, most - data.length),
        `of ${data.length} elements among the ${most} of '${this.label}'`,
      )
    const offset = first * BYTES_PER_ELEMENT
    if (byteOffset % 4 === 0) this.gpu.write(this, offset, buffer, byteOffset, byteLength)
    else this.gpu.write(this, offset, buffer.slice(byteOffset, byteOffset + byteLength))
  }
}

/** Vertices: floats, in whatever arrangement the pipeline reads them. */
export class MkVertexBuffer<B extends MkGpuBackend = MkGpuBackend> extends ContentBuffer<B> {
  readonly content = 'vertices'

  /**
   * @param first number of the float at which `data` starts
   * @throws OutOfRange, BufferDestroyed, DeviceLost
   */
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
   * @param first number of the index at which `data` starts; with 16-bit indices even, and so is how many there are, unless
   *   they end with the buffer
   * @throws OutOfRange (also for the other width), MisalignedCopy, BufferDestroyed, DeviceLost
   */
  write(data: Uint16Array | Uint32Array, first: number = 0): void {
    const bytes = this.indexFormat === 'uint16' ? 2 : 4
    if (data.BYTES_PER_ELEMENT !== bytes)
      throw new OutOfRange(
        'data.BYTES_PER_ELEMENT',
        data.BYTES_PER_ELEMENT,
        bytes,
        bytes,
        `for '${this.label}', which is ${this.indexFormat},`,
      )
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

  /** @param view what it is to hold at first, as many bytes as it has */
  constructor(parts: ContentParts<B>, schema: S, view: DataView<ArrayBuffer>) {
    super(parts)
    this.schema = schema
    this.#view = view
  }

  /**
   * Writes a value, now. Fields that are left out keep what they have.
   * @throws InvalidValue, and then nothing is written; BufferDestroyed, DeviceLost
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
   * Writes rows that follow each other, in one call. Fields that are left out become 0. For data that is in bytes already:
   * `gpu.write(buffer, row * buffer.stride, …)`.
   * @param first number of the first row
   * @throws OutOfRange, InvalidValue, and then nothing is written; MisalignedCopy (rows of 2 bytes are written in pairs),
   *   BufferDestroyed, DeviceLost
   */
  write(first: number, rows: readonly InferInput<S>[]): void {
    this.#check(first, rows.length)
    if (rows.length === 0) return
    const view = new DataView(new ArrayBuffer(rows.length * this.stride))
    rows.forEach((row, i) => writeValue(this.schema, row, view, i * this.stride))
    this.gpu.write(this, first * this.stride, view.buffer)
  }

  /**
   * What the device holds after everything handed over so far.
   * @param count default: all rows from `first` on
   * @returns rejects as `gpu.read`
   */
  async read(first: number = 0, count: number = this.rows - first): Promise<Infer<S>[]> {
    this.#check(first, count)
    const view = new DataView(await this.gpu.read(this, first * this.stride, count * this.stride))
    return Array.from({ length: count }, (_, i) => readValue(this.schema, view, i * this.stride))
  }

  #check(first: number, count: number): void {
    if (!Number.isInteger(first) || first < 0 || first > this.rows)
      throw new OutOfRange('first', first, 0, this.rows, `in '${this.label}'`)
    if (!Number.isInteger(count) || count < 0 || count > this.rows - first)
      throw new OutOfRange('rows', count, 0, this.rows - first, `from row ${first} of '${this.label}'`)
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

  /** As `gpu.vertexBuffer`. */
  vertices(data: Float32Array, options: ContentBufferOptions): MkVertexBuffer<B> {
    const buffer = new MkVertexBuffer<B>(this.#allocate(this.#describe(data.byteLength, VERTEX, options)))
    return this.#filled(buffer, () => buffer.write(data))
  }

  /** As `gpu.indexBuffer`. */
  indices(data: Uint16Array | Uint32Array, options: ContentBufferOptions): MkIndexBuffer<B> {
    const format = data.BYTES_PER_ELEMENT === 2 ? 'uint16' : 'uint32'
    const parts = this.#allocate(this.#describe(data.byteLength, INDEX, options))
    const buffer = new MkIndexBuffer<B>(parts, format, data.length)
    return this.#filled(buffer, () => buffer.write(data))
  }

  /** As `gpu.uniformBuffer`. */
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

  /** As `gpu.storageBuffer`. */
  rows<S extends TypeLike>(
    like: S,
    rows: number,
    options: ContentBufferOptions,
  ): MkStorageBuffer<Converted<S>, B> {
    const schema = asType(like) as Converted<S>
    if (isRuntimeSized(schema))
      throw new InvalidSchema(
        schema.type,
        `a row has a size of its own; pass the type of one element and how many there are (${sizeOf(schema, 1)} bytes hold one)`,
      )
    const stride = strideOf(schema)
    if (!Number.isInteger(rows) || rows < 1) {
      const max = Math.floor(this.#memory.backend.capabilities.maxStorageBufferBindingSize / stride)
      throw new OutOfRange('rows', rows, 1, max, `of ${stride} bytes`)
    }
    const description = this.#describe(rows * stride, STORAGE, options, 'maxStorageBufferBindingSize')
    const parts = this.#allocate(description)
    return this.#memory.adopt(new MkStorageBuffer<Converted<S>, B>(parts, schema, rows))
  }

  #describe(
    size: number,
    usage: number,
    options: ContentBufferOptions,
    limit?: 'maxUniformBufferBindingSize' | 'maxStorageBufferBindingSize',
  ): MkBufferDescription {
    const memory = this.#memory
    const usages = usage | TRANSFER_SRC | TRANSFER_DST | (options.usage ?? 0)
    const description = memory.describe(size, usages, options)
    const max = limit === undefined ? Infinity : memory.backend.capabilities[limit]
    if (size > max) throw new BufferTooLarge(description.label, size, max, limit)
    return description
  }

  #allocate(description: MkBufferDescription): ContentParts<B> {
    const owner = this.#memory
    return { owner, gpu: this.#gpu, description, allocation: owner.allocate(description) }
  }

  /** Takes a buffer into the books with its first content, or not at all. */
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
