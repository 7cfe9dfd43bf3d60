import { DirtyRows, InvalidSize, type Heap, type Schema } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { MirrorHistory } from '../history/mirror-history.ts'
import type { FlushSource } from '../flush/flush-target.ts'
import { MirrorDestroyed, MirrorHasNoBuffer, MirrorKeepsNoRows } from './errors.ts'
import { MirrorBuffer } from './mirror-buffer.ts'
import { MAX_ROW_BYTES, MirrorMemory, windowRowsOf } from './mirror-memory.ts'
import { MAX_ROWS, strideFrom, usageFrom, type Direction, type MirrorOptions } from './mirror-options.ts'
import type { MirrorOwner } from './mirror-owner.ts'
import { bytesOf, fitted, type ViewType } from './rows.ts'
import { SourcedRows } from './row-source.ts'

/** A mirror as only itself may change it. */
type Changing = { -readonly [K in keyof Mirror]: Mirror[K] }

/**
 * The CPU image of one device buffer: `capacity` × `stride` bytes, and which rows differ from it.
 * With a `source` it is only the second: rows are made when they go up.
 *
 * Write rows with `write`, or through `view` and then `mark`; `endFrame` uploads what is dirty. The
 * bytes lie in `heap.buffer` from `offset` on, `dirty` in the same buffer, so kernels can work on
 * both; a mirror is the `PackTarget` of a `ColumnPacker`.
 *
 * `generation` goes up whenever the device buffer or the CPU memory is replaced, `memoryGeneration`
 * only with the CPU memory. Views and bind groups are good until then.
 *
 * Where the device owns rows (`direction` is not `upload`), a flush writes dirty rows and no other,
 * and rows come back a few frames after the device wrote them: those that did are in `arrived`.
 */
export class Mirror {
  readonly label: string
  /** Bytes per row. */
  readonly stride: number
  readonly schema: Schema | undefined
  readonly direction: Direction
  /** `MkBufferUsage` flags of the device buffer. */
  readonly usage: number
  /** The coordinator's heap, or one beside it when the rows did not fit. */
  readonly heap: Heap
  /** Byte of row 0 in `heap.buffer`; with a source, of the few rows that it makes there. */
  readonly offset: number
  /** Rows that differ from the device. Kernels may set bits directly. */
  readonly dirty: DirtyRows
  /** Rows there is room for. */
  readonly capacity: number
  readonly generation: number = 1
  /** Goes up with the CPU memory: make new views and packers. */
  readonly memoryGeneration: number = 1
  readonly destroyed: boolean = false
  /** Bring rows back in every frame, where the device owns rows; false pauses it. */
  downloads: boolean
  /** Holds readbacks while true: newer changes of the CPU are not in the mirror yet. */
  arrivalsWait = false
  /**
   * Rows that came back from the device since you last cleared this set, and that the CPU has not
   * changed meanwhile; undefined in `upload` direction.
   */
  readonly arrived: DirtyRows | undefined
  /** The frame whose end `arrived` rows are from; 0 before the first. */
  arrivedFrame = 0
  /** The device writes rows, so a flush writes no clean one. @internal */
  readonly deviceOwned: boolean
  /** @internal */
  readonly device: MirrorBuffer
  /** The device buffer is new: all rows must go up. @internal */
  fresh = false
  /** @internal */
  readonly unitsPerRow: number = 1
  /** @internal */
  isWhole = false
  /** Rows that differ while `isWhole`. @internal */
  wholeRows = 0
  /** @internal */
  readonly source: FlushSource | undefined
  /** What its previous rows need to be told; undefined where none are kept. */
  readonly history: MirrorHistory | undefined
  /** @internal */
  rowsInUse: number
  readonly #owner: MirrorOwner<Mirror>
  #memory: MirrorMemory
  #view: { readonly type: unknown; readonly array: unknown } | undefined
  /** Rows that full uploads have covered. */
  #reach = 0
  /** Rows uploaded to an unconfirmed device buffer: lost if it has no memory. */
  #unconfirmed: DirtyRows | undefined

  /** Use `co.createMirror`. @internal */
  static create(owner: MirrorOwner<Mirror>, options: MirrorOptions, label: string): Mirror {
    return new Mirror(owner, options, label)
  }

  private constructor(owner: MirrorOwner<Mirror>, options: MirrorOptions, label: string) {
    const { rows, memory, source, history } = options
    const stride = strideFrom(options, label)
    this.#owner = owner
    this.label = label
    this.stride = stride
    this.schema = options.schema
    this.direction = options.direction ?? 'upload'
    this.deviceOwned = this.direction !== 'upload'
    this.downloads = this.deviceOwned
    this.usage = usageFrom(options.usage ?? 0, owner.gpu.capabilities)
    const { label: name, usage, deviceOwned } = this
    // What the device has of rows is needed after growth, too: it was before.
    const shape = { label: name, stride, usage, deviceOwned: deviceOwned || history !== undefined }
    this.device = new MirrorBuffer(owner, shape, () => this.#rolledBack())
    this.device.check(rows)
    this.rowsInUse = rows
    const { heap, overflow, scratch } = owner
    if (source !== undefined) this.source = new SourcedRows(this, source, scratch)
    const room = { ...this.#shapeOf(rows), overflow }
    this.#memory = memory ? MirrorMemory.wrap(memory, room) : MirrorMemory.allocate(heap, room)
    this.heap = this.#memory.heap
    this.offset = this.#memory.offset
    this.dirty = this.#memory.dirty
    this.capacity = rows
    this.arrived = this.deviceOwned ? new DirtyRows(rows) : undefined
    this.#replaceBuffer(this.#memory, rows)
    if (history !== undefined) this.history = new MirrorHistory(owner, this, history, () => this.#announce())
  }

  /** Rows that the device allows in one buffer, and a heap has room for: `grow` refuses more. */
  get mostRows(): number {
    if (this.#memory.given) return this.capacity
    return Math.min(this.device.mostRows, Math.floor(MAX_ROW_BYTES / this.stride), MAX_ROWS)
  }

  /**
   * The device buffer in use. After `grow` it is filled by the next `endFrame`.
   * @throws {@link MirrorHasNoBuffer} when the device is lost, or had no memory
   */
  get buffer(): MkDeviceBuffer {
    const { slice } = this.device
    if (!slice) throw new MirrorHasNoBuffer({ label: this.label })
    return slice.buffer
  }

  /**
   * The device buffer of the previous rows, with `history`; where the device had no memory for it,
   * and without `history`, the same as `buffer`. It has the same generation.
   * @throws {@link MirrorHasNoBuffer}
   */
  get previous(): MkDeviceBuffer {
    return this.history?.buffer ?? this.buffer
  }

  /**
   * Rows in use, at first all of them. A `full` upload and `markAll` cover these; a dirty row
   * beyond is uploaded all the same. Setting more than `capacity` is refused: `grow` first.
   */
  get used(): number {
    return this.rowsInUse
  }
  set used(rows: number) {
    if (!Number.isInteger(rows) || rows < 0 || rows > this.capacity)
      throw new InvalidSize({ what: `${this.label}: used`, value: rows, min: 0, max: this.capacity })
    this.rowsInUse = rows
  }

  /** Whether the bytes of its rows are here: not with a source. */
  get keepsRows(): boolean {
    return this.source === undefined
  }

  /** Rows that a source makes at a time in the mirror's own memory. @internal */
  get windowRows(): number {
    return windowRowsOf(this.capacity, this.stride)
  }

  /**
   * The rows as a typed array, until `memoryGeneration` goes up. Writes need a `mark`.
   * @throws {@link MirrorKeepsNoRows}
   */
  view<T>(type: ViewType<T>): T {
    this.#check()
    if (!this.keepsRows) throw new MirrorKeepsNoRows({ label: this.label })
    if (this.#view?.type === type) return this.#view.array as T
    const length = Math.floor((this.capacity * this.stride) / type.BYTES_PER_ELEMENT)
    const array = new type(this.heap.buffer, this.offset, length)
    this.#view = { type, array }
    return array
  }

  /**
   * Copies bytes to the start of a row and marks it.
   * @throws {@link RowOutOfRange}
   * @throws {@link InvalidSize} for more bytes than the stride
   * @throws {@link MirrorKeepsNoRows}
   */
  write(row: number, bytes: ArrayBuffer | ArrayBufferView): void {
    this.#check()
    if (!this.keepsRows) throw new MirrorKeepsNoRows({ label: this.label })
    const { byteLength: value } = bytes
    if (value > this.stride)
      throw new InvalidSize({ what: `${this.label}: bytes of row ${row}`, value, min: 0, max: this.stride })
    this.dirty.set(row)
    this.#memory.bytes.set(bytesOf(bytes), row * this.stride)
  }

  /** The row differs from the device. @throws {@link RowOutOfRange} */
  mark(row: number): void {
    this.#check()
    this.dirty.set(row)
  }

  /** @throws {@link RowsOutOfRange} */
  markRange(first: number, count: number): void {
    this.#check()
    this.dirty.setRange(first, count)
  }

  /** Marks every row in use. */
  markAll(): void {
    this.#check()
    this.dirty.setRange(0, this.rowsInUse)
  }

  /**
   * Marks every row in use without a look at each: one flag, where `markAll` sets a bit per row. They go up
   * in one piece. Where the device owns rows, or keeps previous ones, it is `markAll`.
   * @param rows of them that differ, for the report; default all
   */
  markWhole(rows: number = this.rowsInUse): void {
    if (this.deviceOwned || this.history !== undefined) return this.markAll()
    this.#check()
    this.isWhole = true
    this.wholeRows = rows
  }

  /** Marks each row in use in place of `markWhole`. @internal */
  markEach(): void {
    this.isWhole = false
    this.dirty.setRange(0, this.rowsInUse)
  }

  /**
   * Makes room for at least `rows` rows, and for twice as many as before. Replaces CPU memory and
   * device buffer; every row in use is dirty then. Where the device owns rows, it copies them
   * instead, and dirty ones stay dirty.
   * @throws {@link MirrorTooLarge} before anything is changed
   * @throws {@link InvalidSize} when its memory was given, which cannot grow
   * @throws {@link MirrorOutOfMemory}, {@link ReserveRefused}: the mirror stays as it was, dirty
   *   rows included
   */
  grow(rows: number): void {
    this.#check()
    const { given } = this.#memory
    if (!Number.isInteger(rows) || rows < 0 || rows > MAX_ROWS || (given && rows > this.capacity)) {
      const what = `${this.label}: rows${given ? ' in the memory given' : ''}`
      throw new InvalidSize({ what, value: rows, min: 0, max: given ? this.capacity : MAX_ROWS })
    }
    if (rows <= this.capacity) return
    this.device.check(rows)
    const capacity = Math.min(Math.max(rows, this.capacity * 2), Math.max(rows, this.mostRows))
    const { heap, overflow } = this.#owner
    const memory = MirrorMemory.allocate(heap, { ...this.#shapeOf(capacity), overflow })
    this.#replaceBuffer(memory, capacity)
    this.#moveTo(memory, this.keepsRows)
    this.#markReplaced()
    this.history?.resize()
    this.#announce()
  }

  /**
   * Moves the rows into an overflow heap, where their owner finds room for what it keeps beside
   * them (a packer's scratch, a table). Nothing becomes dirty. Rows in given memory stay there.
   * @param beside bytes that are to be free there
   * @throws {@link MirrorTooLarge}, {@link ReserveRefused}: the mirror stays where it was
   */
  isolate(beside: number): void {
    this.#check()
    if (this.#memory.given) return
    const { overflow } = this.#owner
    const shape = { ...this.#shapeOf(this.capacity), overflow }
    this.#moveTo(MirrorMemory.allocateApart(shape, beside, this.heap), this.keepsRows)
    this.#announce()
  }

  /**
   * Keeps its rows from now on, and no longer asks the source. All of them are 0, and what was dirty
   * stays so: write them.
   * @throws {@link MirrorTooLarge}, {@link ReserveRefused}: the mirror stays as it was
   */
  keepRows(): void {
    this.#check()
    if (this.keepsRows) return
    const { capacity: rows, label, stride } = this
    const { heap, overflow } = this.#owner
    const memory = MirrorMemory.allocate(heap, { rows, stride, label, overflow })
    ;(this as Changing).source = undefined
    this.#moveTo(memory, false)
    this.#announce()
  }

  /** Gives memory and buffer back. Later calls throw, except `destroy` itself. */
  destroy(): void {
    if (this.destroyed) return
    ;(this as Changing).destroyed = true
    this.device.destroy()
    this.history?.leaveDevice()
    this.#memory.free()
    this.#owner.forget(this)
  }

  /** Bytes of its rows. @internal */
  get memoryBytes(): number {
    return (this.keepsRows ? this.capacity : this.windowRows) * this.stride
  }

  /** The device buffer in use has no room for all rows. @internal */
  get isCut(): boolean {
    return this.device.rows < this.capacity
  }

  /** @internal */
  get wantsBuffer(): boolean {
    return this.device.rows < this.capacity
  }

  /** Rows ever in use: what a new device buffer must get. @internal */
  get everUsed(): number {
    return Math.max(this.rowsInUse, this.#reach)
  }

  /** @internal */
  get wholeUnits(): number {
    return this.fresh ? this.everUsed : this.rowsInUse
  }

  /**
   * Everything dirty was handed over. A full upload would have covered `fullRows` rows. @internal
   */
  uploaded(fullRows: number): void {
    if (this.deviceOwned && this.device.hasFallback) {
      this.#unconfirmed = fitted(this.#unconfirmed, this.capacity)
      this.#unconfirmed.or(this.dirty)
    } else this.#unconfirmed = undefined
    this.history?.uploaded(this.fresh ? fullRows : 0)
    this.dirty.clear()
    this.isWhole = false
    this.fresh = false
    if (fullRows > this.#reach) this.#reach = fullRows
  }

  /** Tries again, if it is time, after the device had no memory. @internal */
  retryBuffer(): void {
    const rows = Math.min(this.capacity, this.device.mostRows)
    if (this.device.rows >= rows || !this.device.retry(rows)) return
    this.#markReplaced()
    this.#announce()
  }

  /** Gives the buffer back; the next one comes with `rebuild`. @internal */
  leaveDevice(): void {
    this.device.reset()
    this.history?.leaveDevice()
    this.#unconfirmed = undefined
  }

  /** Makes a buffer on a new device, and marks everything. @internal */
  rebuild(): void {
    this.leaveDevice()
    this.dirty.setRange(0, this.everUsed)
    this.fresh = true
    try {
      // A smaller device has the rows that it allows.
      const rows = Math.min(this.capacity, this.device.mostRows)
      if (rows > 0) this.device.replace(rows)
      this.history?.rebuild()
      this.device.check(Math.max(1, this.everUsed))
    } finally {
      this.#owner.countReallocation()
      this.#announce()
    }
  }

  /** Takes bytes that came back, but not the rows in `skip`. @internal */
  receive(source: Uint8Array, rows: number, skip: DirtyRows, frame: number): void {
    const { arrived, stride, dirty } = this
    if (!arrived) return
    skip.or(dirty)
    for (let at = 0; at < rows;) {
      const skips = skip.nextRun(at, 0)
      const end = skips ? Math.min(skip.runFirst, rows) : rows
      if (at < end) {
        this.#memory.bytes.set(source.subarray(at * stride, end * stride), at * stride)
        arrived.setRange(at, end - at)
        this.#owner.recorder?.arrived(this, at, end)
      }
      at = skips ? skip.runFirst + skip.runCount : rows
    }
    this.arrivedFrame = frame
  }

  /** Puts a buffer for `rows` rows into use, or frees the memory that was to hold them. */
  #replaceBuffer(memory: MirrorMemory, rows: number): void {
    try {
      if (!this.#owner.gpu.isLost) this.device.replace(rows)
    } catch (error) {
      memory.free()
      throw error
    }
  }

  #shapeOf(rows: number): { rows: number; kept: number; stride: number; label: string } {
    const { label, stride } = this
    return { rows, kept: this.keepsRows ? rows : windowRowsOf(rows, stride), stride, label }
  }

  #moveTo(memory: MirrorMemory, rowsToo: boolean): void {
    memory.copyFrom(this.#memory, rowsToo)
    this.#memory.free()
    this.#memory = memory
    this.#view = undefined
    const self = this as Changing
    self.heap = memory.heap
    self.offset = memory.offset
    self.dirty = memory.dirty
    self.capacity = memory.dirty.rows
    self.arrived &&= fitted(self.arrived, self.capacity)
    self.memoryGeneration++
  }

  #rolledBack(): void {
    if (this.destroyed) return
    // The slice before, where there is one, has the rest as the device wrote it.
    if (this.deviceOwned && this.device.slice) {
      if (this.#unconfirmed) this.dirty.or(this.#unconfirmed)
    } else this.dirty.setRange(0, this.everUsed)
    this.fresh = false
    this.history?.snapAll()
    this.#announce()
  }

  #markReplaced(): void {
    if (this.deviceOwned && this.device.copyFrom) return
    this.dirty.setRange(0, this.everUsed)
    this.fresh = true
  }

  #announce(): void {
    ;(this as Changing).generation++
    this.#owner.reallocated(this)
  }

  #check(): void {
    if (this.destroyed) throw new MirrorDestroyed({ label: this.label })
  }
}
