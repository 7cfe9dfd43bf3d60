import { DirtyRows, InvalidSize, strideOf } from '@memkit/core'
import type { Heap, MkError, Schema } from '@memkit/core'
import { MkBufferUsage } from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { InvalidConfig, InvalidStride, MirrorDestroyed, MirrorHasNoBuffer } from './errors.ts'
import { findPlace, givenPlace, leavePlace, MOST_ROW_BYTES, overflowPlace } from './memory-place.ts'
import type { GivenRows, Place } from './memory-place.ts'
import { MirrorBuffer } from './mirror-buffer.ts'
import type { MirrorHost } from './mirror-host.ts'
import type { Plan } from './planner.ts'

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
  /**
   * Rows that lie in a heap already, those of a `heap.rows` store for one: the mirror is these, instead of a copy of them. Writing there is
   * writing the mirror. It neither moves nor grows nor gives them back, and only the CPU may write them (`direction: 'upload'`).
   */
  memory?: GivenRows | undefined
}

/** Typed arrays that a mirror can be seen through. */
export interface ViewType<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T
}

const MAX_ROWS = 2 ** 30

/**
 * The CPU image of one device buffer: `capacity` × `stride` bytes, and the rows that differ from the device.
 *
 * Write rows with `write`, or through `view` and then `mark`; `endFrame` uploads what is dirty. The bytes lie in
 * `heap.buffer` from `offset` on, `dirty` in the same buffer, so kernels can work on both; a mirror is the
 * `PackTarget` of a `ColumnPacker`.
 *
 * `generation` goes up whenever the device buffer or the CPU memory is replaced, `memoryGeneration` with the CPU
 * memory alone. Views and bind groups are good until then.
 *
 * Where the device owns rows (`direction` is not `upload`), a flush writes dirty rows and no other, and rows come back a
 * few frames after the device wrote them: those that did are in `arrived`.
 */
export class Mirror {
  readonly label: string
  /** Bytes per row. */
  readonly stride: number
  readonly schema: Schema | undefined
  readonly direction: Direction
  /** `MkBufferUsage` flags of the device buffer. */
  readonly usage: number
  /** Bring rows back in every frame; false pauses it. Only where the device owns rows. */
  downloads: boolean
  /** Hold what comes back until this is false again: changes of the CPU, which are newer, were not brought into the mirror yet. */
  arrivalsWait = false
  /** Number of the frame whose end `arrived` rows are from; 0 before the first. */
  arrivedFrame = 0
  readonly #host: MirrorHost
  readonly #device: MirrorBuffer
  #place: Place
  #bytes: Uint8Array
  #arrived: DirtyRows | undefined
  #view: { readonly type: unknown; readonly memory: number; readonly array: unknown } | undefined
  #used: number
  #generation = 1
  #memoryGeneration = 1
  #destroyed = false
  /** Rows uploaded since the device buffer was replaced and not yet confirmed: lost if it has no memory. */
  #unconfirmed: DirtyRows | undefined
  /** The device buffer is new: all of it must go up. */
  #fresh = false
  /** Rows that were ever in use: what a new device buffer must get. */
  #reach = 0

  /** For `MkCoordinator.createMirror`. @internal */
  static create(host: MirrorHost, options: MirrorOptions, label: string): Mirror {
    return new Mirror(host, options, label)
  }

  /** Use `co.createMirror`. */
  private constructor(host: MirrorHost, options: MirrorOptions, label: string) {
    const stride = options.stride ?? (options.schema === undefined ? 0 : strideOf(options.schema))
    if (!Number.isInteger(stride) || stride <= 0 || stride % 4 !== 0) throw new InvalidStride(label, stride)
    const { rows } = options
    if (!Number.isInteger(rows) || rows < 1 || rows > MAX_ROWS)
      throw new InvalidSize(`${label}: rows`, rows, 1, MAX_ROWS)
    this.#host = host
    this.label = label
    this.stride = stride
    this.schema = options.schema
    this.direction = options.direction ?? 'upload'
    this.downloads = this.deviceOwned
    const { indexIsExclusive, storage } = host.gpu.capabilities
    const roles = (storage ? MkBufferUsage.STORAGE : 0) | MkBufferUsage.VERTEX
    const asked = options.usage ?? 0
    // Where an index buffer can be nothing else, rows that are asked for as indices are just that.
    this.usage =
      (indexIsExclusive && (asked & MkBufferUsage.INDEX) !== 0 ? 0 : roles) |
      MkBufferUsage.TRANSFER_SRC |
      MkBufferUsage.TRANSFER_DST |
      asked
    this.#device = new MirrorBuffer(
      host,
      { rolledBack: (kept) => this.#rolledBack(kept) },
      label,
      stride,
      this.usage,
      this.deviceOwned,
    )
    this.#device.check(rows)
    this.#used = rows
    const { memory } = options
    if (memory !== undefined && this.deviceOwned)
      throw new InvalidConfig('direction', this.direction, "'upload' where `memory` is given")
    this.#place = memory
      ? givenPlace(memory, rows, stride, label)
      : findPlace(host.heap, host.overflow, rows, stride, label)
    this.#bytes = new Uint8Array(this.#place.heap.buffer, this.#place.offset, rows * stride)
    this.#arrived = this.deviceOwned ? new DirtyRows(rows) : undefined
    try {
      if (!host.isLost) this.#device.replace(rows)
    } catch (error) {
      leavePlace(this.#place, this.#host.overflow)
      throw error
    }
  }

  /** The heap that holds the rows: the coordinator's, or one beside it when they did not fit. */
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
  /** Rows that the device allows in one buffer, and a heap has room for: `grow` refuses more. */
  get mostRows(): number {
    if (this.#place.given) return this.capacity
    return Math.min(this.#device.mostRows, Math.floor(MOST_ROW_BYTES / this.stride), MAX_ROWS)
  }
  /**
   * The device buffer in use now. After `grow` it is filled by the next `endFrame`.
   * @throws MirrorHasNoBuffer when the device is lost, or had no memory, since the mirror was made
   */
  get buffer(): MkDeviceBuffer {
    const { current } = this.#device
    if (!current) throw new MirrorHasNoBuffer(this.label)
    return current
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
  /**
   * Rows whose bytes came back from the device since you cleared this set last; undefined in `upload` direction. A row
   * that the CPU has changed meanwhile does not arrive.
   */
  get arrived(): DirtyRows | undefined {
    return this.#arrived
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
    const source = !ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes)
      : bytes instanceof Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
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
   * @throws MirrorTooLarge before anything is changed; InvalidSize where its memory was given, and is as big as it is
   * @throws MirrorOutOfMemory, ReserveRefused: the mirror stays as it was, dirty rows included
   */
  grow(rows: number): void {
    this.#check()
    if (!Number.isInteger(rows) || rows < 0 || rows > MAX_ROWS)
      throw new InvalidSize(`${this.label}: rows`, rows, 0, MAX_ROWS)
    if (rows <= this.capacity) return
    if (this.#place.given)
      throw new InvalidSize(`${this.label}: rows in the memory given`, rows, 0, this.capacity)
    this.#device.check(rows)
    const capacity = Math.min(Math.max(rows, this.capacity * 2), Math.max(rows, this.mostRows))
    const place = findPlace(this.#host.heap, this.#host.overflow, capacity, this.stride, this.label)
    try {
      if (!this.#host.isLost) this.#device.replace(capacity)
    } catch (error) {
      leavePlace(place, this.#host.overflow)
      throw error
    }
    this.#moveTo(place)
    this.#markReplaced()
    this.#announce()
  }

  /**
   * Moves the rows into another heap, which mirrors for which the coordinator's is too full share: for an owner that finds no room for what
   * it keeps beside them (a packer's scratch, a table) where they are. Nothing becomes dirty. Rows in memory that was given stay there.
   * @param beside bytes that are to be free there for that
   * @throws MirrorTooLarge, ReserveRefused: the mirror stays where it was
   */
  isolate(beside: number): void {
    this.#check()
    if (this.#place.given) return
    const { capacity, heap, label, stride } = this
    this.#moveTo(overflowPlace(this.#host.overflow, capacity, stride, label, beside, heap))
    this.#announce()
  }

  /** Gives memory and buffer back. Using the mirror afterwards is an error; destroying it again is not. */
  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#device.destroy()
    leavePlace(this.#place, this.#host.overflow)
    this.#host.forget(this)
  }

  // For the flush

  /** The device may write rows: clean rows are never written by a flush. @internal */
  get deviceOwned(): boolean {
    return this.direction !== 'upload'
  }
  /** Rows the device buffer has: fewer than `capacity` after the device ran out of memory. @internal */
  get deviceRows(): number {
    return this.#device.rows
  }
  /** The device buffer, if there is one. @internal */
  get deviceBuffer(): MkDeviceBuffer | undefined {
    return this.#device.current
  }
  /** Resolves once it is known whether a device buffer of this mirror holds its rows: undefined, or the error. Never rejects. @internal */
  held(buffer: MkDeviceBuffer): Promise<MkError | undefined> {
    return this.#device.held(buffer)
  }
  /** The outgrown buffer whose rows the device must copy before this flush's first write. @internal */
  get copyFrom(): MkDeviceBuffer | undefined {
    return this.#device.copyFrom
  }
  /** All of the device buffer must go up. @internal */
  get fresh(): boolean {
    return this.#fresh
  }
  /** Rows that `full` covers. @internal */
  get fullRows(): number {
    return this.#fresh ? Math.max(this.#used, this.#reach) : this.#used
  }

  /** The device copies the rows of `copyFrom`; they may be let go. @internal */
  copied(): void {
    this.#device.copied()
  }

  /** What the plan says was handed over: the mirror is clean. @internal */
  uploaded(plan: Plan): void {
    if (this.deviceOwned && this.#device.hasFallback) {
      if (this.#unconfirmed?.rows !== this.capacity) {
        const rows = new DirtyRows(this.capacity)
        if (this.#unconfirmed) rows.copyFrom(this.#unconfirmed)
        this.#unconfirmed = rows
      }
      this.#unconfirmed.or(this.dirty)
    } else this.#unconfirmed = undefined
    this.dirty.clear()
    this.#fresh = false
    if (plan.fullRows > this.#reach) this.#reach = plan.fullRows
  }

  /** The device ran out of memory once; another try, if it is time. @internal */
  retryBuffer(): void {
    const rows = Math.min(this.capacity, this.#device.mostRows)
    if (this.deviceRows >= rows || !this.#device.retry(rows)) return
    this.#markReplaced()
    this.#announce()
  }

  /** The device is left: there is no buffer until `rebuild`. @internal */
  leaveDevice(): void {
    this.#device.reset()
    this.#unconfirmed = undefined
  }

  /** A new device is there: a new buffer, and everything goes up. @internal */
  rebuild(): void {
    this.leaveDevice()
    this.dirty.setRange(0, Math.max(this.#reach, this.#used))
    this.#fresh = true
    try {
      // A smaller device has the rows that it allows.
      const rows = Math.min(this.capacity, this.#device.mostRows)
      if (rows > 0) this.#device.replace(rows)
      this.#device.check(Math.max(1, this.fullRows))
    } finally {
      this.#host.countReallocation()
      this.#announce()
    }
  }

  /** Takes bytes that came back, from `rows` rows on the device at the end of `frame`; none that `skip` names. @internal */
  receive(source: Uint8Array, rows: number, skip: DirtyRows, frame: number): void {
    const arrived = this.#arrived
    if (!arrived) return
    const { stride, dirty } = this
    skip.or(dirty)
    const take = (first: number, end: number): void => {
      if (first >= end) return
      this.#bytes.set(source.subarray(first * stride, end * stride), first * stride)
      arrived.setRange(first, end - first)
    }
    let at = 0
    while (at < rows && skip.nextRun(at, 0)) {
      const first = Math.min(skip.runFirst, rows)
      take(at, first)
      at = skip.runFirst + skip.runCount
    }
    take(at, rows)
    this.arrivedFrame = frame
  }

  #moveTo(place: Place): void {
    const rows = place.dirty.rows
    const bytes = new Uint8Array(place.heap.buffer, place.offset, rows * this.stride)
    bytes.set(this.#bytes)
    place.dirty.copyFrom(this.#place.dirty)
    if (this.#arrived) {
      const arrived = new DirtyRows(rows)
      arrived.copyFrom(this.#arrived)
      this.#arrived = arrived
    }
    leavePlace(this.#place, this.#host.overflow)
    this.#place = place
    this.#bytes = bytes
    this.#view = undefined
    this.#memoryGeneration++
  }

  #rolledBack(kept: MkDeviceBuffer | undefined): void {
    if (this.#destroyed) return
    // The buffer before has the rest as the device wrote it, where there is one.
    if (this.deviceOwned && kept) {
      if (this.#unconfirmed) this.dirty.or(this.#unconfirmed)
    } else this.dirty.setRange(0, Math.max(this.#reach, this.#used))
    this.#fresh = false
    this.#announce()
  }

  #markReplaced(): void {
    if (this.deviceOwned && this.#device.copyFrom) return
    this.dirty.setRange(0, Math.max(this.#reach, this.#used))
    this.#fresh = true
  }

  #announce(): void {
    this.#generation++
    this.#host.listeners.emit('reallocated', {
      mirror: this,
      label: this.label,
      generation: this.#generation,
    })
  }

  #check(): void {
    if (this.#destroyed) throw new MirrorDestroyed(this.label)
  }
}
