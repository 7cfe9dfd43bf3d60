import { InvalidSize, strideOf } from '@memkit/core'
import type { DirtyRows, Heap, MkError, Schema } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { InvalidStride, MirrorDestroyed, MirrorOutOfMemory, MirrorTooLarge } from './errors.ts'
import type { Listeners } from './events.ts'
import { findPlace, leavePlace } from './memory-place.ts'
import type { Place } from './memory-place.ts'

/** Who writes the rows: the CPU (`upload`), the device (`download`), or both. */
export type Direction = 'upload' | 'download' | 'both'

/** What `createMirror` takes: rows, and their schema or their stride. */
export interface MirrorOptions {
  /** Rows to make room for: 0 … rows − 1. */
  rows: number
  /** WGSL type of a row; its stride is taken. */
  schema?: Schema | undefined
  /** Bytes per row, a multiple of 4; not needed with a schema. */
  stride?: number | undefined
  /** `MkBufferUsage` flags besides STORAGE, VERTEX, TRANSFER_SRC and TRANSFER_DST. */
  usage?: number | undefined
  /** For errors, reports and the device's debugger. Default `Mirror<n>`. */
  label?: string | undefined
  /** Default `'upload'`. */
  direction?: Direction | undefined
}

/** Typed arrays that a mirror can be seen through. */
export interface ViewType<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T
}

/** What a mirror needs of its coordinator. */
export interface MirrorHost {
  readonly gpu: MkGpu
  readonly heap: Heap
  readonly frame: number
  readonly isLost: boolean
  readonly listeners: Listeners
  /** Destroys the buffer when neither the device nor anyone's next frame can need it. */
  retire(buffer: MkDeviceBuffer): void
  adopt(buffer: MkDeviceBuffer, mirror: Mirror): void
  disown(buffer: MkDeviceBuffer): void
  countReallocation(): void
  forget(mirror: Mirror): void
}

/** Frames between two tries to get a bigger buffer from a device that had no memory: 1, 2, 4 … this. */
const MAX_RETRY_FRAMES = 256

/**
 * The CPU image of one device buffer: `capacity` × `stride` bytes, and the rows that differ from the device.
 *
 * Write rows with `write`, or through `view` and then `mark`; `endFrame` uploads what is dirty. The bytes lie in
 * `heap.buffer` from `offset` on, `dirty` in the same buffer, so kernels can work on both; a mirror is the
 * `PackTarget` of a `ColumnPacker`.
 *
 * `generation` goes up whenever the device buffer or the CPU memory is replaced, `memoryGeneration` with the CPU
 * memory alone. Views and bind groups are good until then.
 */
export class Mirror {
  readonly label: string
  /** Bytes per row. */
  readonly stride: number
  readonly schema: Schema | undefined
  readonly direction: Direction
  /** `MkBufferUsage` flags of the device buffer. */
  readonly usage: number
  readonly #host: MirrorHost
  #place: Place
  #view: { readonly type: unknown; readonly memory: number; readonly array: unknown } | undefined
  #bytes: Uint8Array
  #used: number
  #buffer: MkDeviceBuffer
  /** The buffers to fall back to while a newer one may still turn out to have no memory; the last is in use. */
  #chain: MkDeviceBuffer[] = []
  /** The newest buffer whose memory the device has confirmed. */
  #confirmed: MkDeviceBuffer | undefined
  #generation = 1
  #memoryGeneration = 1
  #destroyed = false
  #retryFrames = 1
  #retryAt = 0

  /** The device buffer to copy rows from before this flush's first write: the device owns them. @internal */
  copyFrom: MkDeviceBuffer | undefined
  /** The device buffer is new: all of it must go up. @internal */
  fresh = false
  /** Rows the device buffer has: fewer than `capacity` after the device ran out of memory. @internal */
  deviceRows = 0
  /** Rows that were ever in use: what a new device buffer must get. @internal */
  reach: number

  /** Made by `MkCoordinator.createMirror`. @internal */
  constructor(host: MirrorHost, options: MirrorOptions, label: string) {
    const stride = options.stride ?? (options.schema === undefined ? 0 : strideOf(options.schema))
    if (!Number.isInteger(stride) || stride <= 0 || stride % 4 !== 0) throw new InvalidStride(label, stride)
    const { rows } = options
    if (!Number.isInteger(rows) || rows < 1 || rows > 2 ** 30)
      throw new InvalidSize(`${label}: rows`, rows, 1, 2 ** 30)
    this.#host = host
    this.label = label
    this.stride = stride
    this.schema = options.schema
    this.direction = options.direction ?? 'upload'
    this.usage =
      (host.gpu.capabilities.storage ? MkBufferUsage.STORAGE : 0) |
      MkBufferUsage.VERTEX |
      MkBufferUsage.TRANSFER_SRC |
      MkBufferUsage.TRANSFER_DST |
      (options.usage ?? 0)
    this.#checkSize(rows)
    this.#used = rows
    this.reach = 0
    this.#place = findPlace(host.heap, rows, stride, label)
    this.#bytes = new Uint8Array(this.#place.heap.buffer, this.#place.offset, rows * stride)
    try {
      this.#buffer = this.#createBuffer(rows)
    } catch (error) {
      leavePlace(this.#place)
      throw error
    }
    this.#use(this.#buffer)
  }

  /** The heap that holds the rows: the coordinator's, or one of its own when they did not fit. */
  get heap(): Heap {
    return this.#place.heap
  }
  /** Byte of row 0 in `heap.buffer`. */
  get offset(): number {
    return this.#place.offset
  }
  /** Rows that differ from the device. Kernels set bits in it directly. */
  get dirty(): DirtyRows {
    return this.#place.dirty
  }
  /** Rows there is room for. */
  get capacity(): number {
    return this.#place.dirty.rows
  }
  /** The device buffer in use now. After `grow` it is filled by the next `endFrame`. */
  get buffer(): MkDeviceBuffer {
    return this.#buffer
  }
  /** Goes up when the device buffer or the CPU memory is replaced. */
  get generation(): number {
    return this.#generation
  }
  /** Goes up when the CPU memory is replaced: make views and packers anew. */
  get memoryGeneration(): number {
    return this.#memoryGeneration
  }
  get destroyed(): boolean {
    return this.#destroyed
  }
  /** The device may write rows: clean rows are never written by a flush. @internal */
  get deviceOwned(): boolean {
    return this.direction !== 'upload'
  }

  /**
   * Rows in use, at first all of them. A `full` upload and `markAll` cover these; a dirty row beyond is uploaded all
   * the same. Setting more than `capacity` is refused: `grow` first.
   */
  get used(): number {
    return this.#used
  }
  set used(rows: number) {
    if (!Number.isInteger(rows) || rows < 0 || rows > this.capacity)
      throw new InvalidSize(`${this.label}: used`, rows, 0, this.capacity)
    this.#used = rows
  }

  /** The rows through a typed array, until `memoryGeneration` goes up. Writes through it need a `mark`. */
  view<T>(type: ViewType<T>): T {
    this.#check()
    const known = this.#view
    if (known && known.type === type && known.memory === this.#memoryGeneration) return known.array as T
    const { heap, offset } = this.#place
    const length = Math.floor((this.capacity * this.stride) / type.BYTES_PER_ELEMENT)
    const array = new type(heap.buffer, offset, length)
    this.#view = { type, memory: this.#memoryGeneration, array }
    return array
  }

  /**
   * Copies bytes to the start of a row and marks it.
   * @throws RowOutOfRange
   * @throws InvalidSize when there are more bytes than the stride
   */
  write(row: number, bytes: ArrayBuffer | ArrayBufferView): void {
    this.#check()
    if (bytes.byteLength > this.stride)
      throw new InvalidSize(`${this.label}: bytes of row ${row}`, bytes.byteLength, 0, this.stride)
    this.dirty.set(row)
    const source = ArrayBuffer.isView(bytes)
      ? bytes instanceof Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes)
    this.#bytes.set(source, row * this.stride)
  }

  /** The row differs from the device. @throws RowOutOfRange */
  mark(row: number): void {
    this.#check()
    this.dirty.set(row)
  }

  /** @throws RowsOutOfRange */
  markRange(first: number, count: number): void {
    this.#check()
    this.dirty.setRange(first, count)
  }

  /** Marks every row in use. */
  markAll(): void {
    this.#check()
    this.dirty.setRange(0, this.#used)
  }

  /**
   * Makes room for at least `rows` rows, for twice as many as before if that is more. The CPU memory and the device
   * buffer are replaced, every row in use is dirty (where the device owns rows they are copied on the device
   * instead, and the dirty ones stay dirty). Nothing happens when there is room already.
   *
   * @throws MirrorTooLarge before anything is changed
   * @throws MirrorOutOfMemory, ReserveRefused: the mirror stays as it was, dirty rows included
   */
  grow(rows: number): void {
    this.#check()
    if (!Number.isInteger(rows) || rows < 0 || rows > 2 ** 30)
      throw new InvalidSize(`${this.label}: rows`, rows, 0, 2 ** 30)
    if (rows <= this.capacity) return
    this.#checkSize(rows)
    const most = Math.floor(this.#maxBytes() / this.stride)
    const capacity = Math.min(Math.max(rows, this.capacity * 2), most)
    const from = this.#place
    const place = findPlace(this.#host.heap, capacity, this.stride, this.label)
    let buffer: MkDeviceBuffer | undefined
    try {
      if (!this.#host.isLost) buffer = this.#createBuffer(capacity)
    } catch (error) {
      leavePlace(place)
      throw error
    }
    const bytes = new Uint8Array(place.heap.buffer, place.offset, capacity * this.stride)
    bytes.set(this.#bytes)
    place.dirty.copyFrom(from.dirty)
    leavePlace(from)
    this.#place = place
    this.#bytes = bytes
    this.#view = undefined
    this.#memoryGeneration++
    if (buffer) this.#replaceBuffer(buffer)
    this.#announce()
  }

  /** Gives memory and buffer back. Using the mirror afterwards is an error; destroying it again is not. */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    for (const buffer of this.#chain) {
      this.#host.disown(buffer)
      this.#host.retire(buffer)
    }
    this.#chain = []
    leavePlace(this.#place)
    this.#host.forget(this)
  }

  /**
   * Called by the flush for a mirror whose device buffer is smaller than its rows: tries again, at growing distances.
   * @internal
   */
  retryBuffer(): void {
    if (this.#host.frame < this.#retryAt) return
    this.#retryAt = this.#host.frame + this.#retryFrames
    this.#retryFrames = Math.min(this.#retryFrames * 2, MAX_RETRY_FRAMES)
    try {
      this.#replaceBuffer(this.#createBuffer(this.capacity))
      this.#announce()
    } catch (error) {
      // Told when it failed first; the rows stay dirty.
      if (!(error instanceof MirrorOutOfMemory)) throw error
    }
  }

  /** The rows of the outgrown buffer are on their way into the new one. @internal */
  copied(): void {
    this.copyFrom = undefined
    this.#letGo()
  }

  /** Called when a new device is there: a new buffer, everything dirty. @internal */
  rebuild(): void {
    for (const buffer of this.#chain) this.#host.disown(buffer)
    this.#chain = []
    this.copyFrom = undefined
    this.#buffer = this.#createBuffer(this.capacity)
    this.#use(this.#buffer)
    this.fresh = true
    this.dirty.setRange(0, Math.max(this.reach, this.#used))
    this.#host.countReallocation()
    this.#announce()
  }

  #announce(): void {
    this.#generation++
    this.#host.listeners.emit('reallocated', {
      mirror: this,
      label: this.label,
      generation: this.#generation,
    })
  }

  #replaceBuffer(buffer: MkDeviceBuffer): void {
    // Rows are copied from the newest buffer that really holds them.
    if (this.deviceOwned) this.copyFrom ??= this.deviceRows > 0 ? this.#buffer : undefined
    else this.dirty.setRange(0, Math.max(this.reach, this.#used))
    this.fresh = !this.deviceOwned
    this.#buffer = buffer
    this.#use(buffer)
    this.#host.countReallocation()
  }

  /** Puts a buffer into use and waits for the device's word on its memory. */
  #use(buffer: MkDeviceBuffer): void {
    this.#chain.push(buffer)
    this.#host.adopt(buffer, this)
    this.deviceRows = Math.min(this.capacity, Math.floor(buffer.size / this.stride))
    void buffer.settled.then((error) => this.#settle(buffer, error))
  }

  #settle(buffer: MkDeviceBuffer, error: MkError | undefined): void {
    const at = this.#chain.indexOf(buffer)
    if (at < 0 || this.#destroyed || this.#host.isLost) return
    if (error === undefined) {
      this.#confirmed = buffer
      this.#retryFrames = 1
      this.#letGo()
      return
    }
    this.#chain.splice(at, 1)
    this.#host.disown(buffer)
    this.#host.retire(buffer)
    if (this.copyFrom === buffer) this.copyFrom = undefined
    const kept = this.#chain.at(-1)
    if (buffer === this.#buffer) {
      this.deviceRows = kept ? Math.min(this.capacity, Math.floor(kept.size / this.stride)) : 0
      if (kept) {
        this.#buffer = kept
        if (this.copyFrom === kept) this.copyFrom = undefined
      }
      this.#retryAt = this.#host.frame + this.#retryFrames
      this.dirty.setRange(0, Math.max(this.reach, this.#used))
      this.fresh = false
      this.#host.countReallocation()
      this.#announce()
    }
    const failure = new MirrorOutOfMemory(this.label, buffer.size, kept?.size ?? 0, this.#maxBytes(), error)
    this.#host.listeners.warn(failure.code, failure.message, failure)
  }

  /** Everything older than the newest confirmed buffer is no longer needed, once its rows were copied. */
  #letGo(): void {
    if (this.copyFrom || !this.#confirmed) return
    const at = this.#chain.indexOf(this.#confirmed)
    for (let i = 0; i < at; i++) {
      this.#host.disown(this.#chain[i])
      this.#host.retire(this.#chain[i])
    }
    if (at > 0) this.#chain.splice(0, at)
  }

  #createBuffer(rows: number): MkDeviceBuffer {
    const size = rows * this.stride
    try {
      return this.#host.gpu.createDeviceBuffer(size, this.usage, { label: this.label })
    } catch (error) {
      if ((error as Partial<MkError>).code !== 'AllocationFailed') throw error
      throw new MirrorOutOfMemory(this.label, size, this.#chain.at(-1)?.size ?? 0, this.#maxBytes(), error)
    }
  }

  #maxBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#host.gpu.capabilities
    return (this.usage & MkBufferUsage.STORAGE) !== 0
      ? Math.min(maxBufferSize, maxStorageBufferBindingSize)
      : maxBufferSize
  }

  #checkSize(rows: number): void {
    const max = this.#maxBytes()
    if (rows * this.stride > max) throw new MirrorTooLarge(this.label, rows * this.stride, max)
  }

  #check(): void {
    if (this.#destroyed) throw new MirrorDestroyed(this.label)
  }
}
