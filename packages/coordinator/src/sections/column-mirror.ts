import {
  bytesPerRow,
  DirtyRows,
  InvalidSize,
  nextPitch,
  pitchFor,
  type Heap,
  type Schema,
} from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { InvalidConfig } from '../config.ts'
import { MirrorBuffer } from '../mirror/mirror-buffer.ts'
import { MirrorMemory } from '../mirror/mirror-memory.ts'
import { MAX_ROWS, usageFrom } from '../mirror/mirror-options.ts'
import { MirrorDestroyed, MirrorHasNoBuffer } from '../mirror/errors.ts'
import type { MirrorOwner } from '../mirror/mirror-owner.ts'
import { pitchBelow, type ColumnArray, type ColumnFormat, type Section } from './column-format.ts'
import { ColumnSources } from './column-sources.ts'
import { diffWords } from './diff-words.ts'
import { HotColumns } from './hot-columns.ts'

/** What `createColumnMirror` takes. */
export interface ColumnMirrorOptions {
  /** Rows to make room for; rounded up so that columns don't share places in a cache. */
  rows: number
  columns: readonly ColumnFormat[]
  /**
   * Who says what changed: `'all'` calls `markAll`, `'marked'` also `markRows`, `'detect'` calls
   * `detect`, which compares columns with a copy of what the device has.
   */
  changes: 'all' | 'marked' | 'detect'
  /** `MkBufferUsage` flags besides STORAGE, VERTEX, TRANSFER_SRC and TRANSFER_DST. */
  usage?: number | undefined
  /** For errors, reports and the device's debugger. Default `Mirror<n>`. */
  label?: string | undefined
  /** WGSL type of a row, for tools. */
  schema?: Schema | undefined
}

type Changing = { -readonly [K in keyof ColumnMirror]: ColumnMirror[K] }

/**
 * Columns of the CPU on the device, as columns: one buffer with a section for each.
 *
 * Bind the user's arrays, and say what changed. Their bytes are read when the frame ends: a value
 * written after `markRows` goes along. Nothing else is kept on the CPU, but for `'detect'` the copy
 * that it compares with. The columns are the truth: after growth or a lost device everything goes
 * up again.
 */
export class ColumnMirror {
  readonly label: string
  readonly schema: Schema | undefined
  readonly columns: readonly ColumnFormat[]
  readonly changes: 'all' | 'marked' | 'detect'
  /** `MkBufferUsage` flags of the device buffer. */
  readonly usage: number
  readonly bytesPerRow: number
  /** Rows there is room for. The device may have had memory for fewer: see `sections`. */
  readonly capacity: number
  /** Goes up when the device buffer is replaced: `sections` lie elsewhere then. */
  readonly generation: number = 1
  readonly destroyed: boolean = false

  /** Bytes of a unit of the flush: a word. @internal */
  readonly stride: number = 4
  /** Words that differ from the device. @internal */
  readonly dirty: DirtyRows
  /** @internal */
  isWhole = false
  /** @internal */
  fresh = false
  /** @internal */
  readonly deviceOwned: boolean = false
  /** @internal */
  readonly history: undefined
  /** @internal */
  readonly device: MirrorBuffer
  /** Of the dirty words and the copies. @internal */
  readonly heap: Heap
  /** @internal */
  readonly offset: number = 0
  readonly #owner: MirrorOwner<ColumnMirror>
  readonly #columns: ColumnSources
  readonly #hot: HotColumns
  /** Of the dirty words, and of the copies; none for `'all'`. */
  #memory: MirrorMemory | undefined
  #used: number

  /** Use `createColumnMirror`. @internal */
  static create(owner: MirrorOwner<ColumnMirror>, options: ColumnMirrorOptions, label: string): ColumnMirror {
    return new ColumnMirror(owner, options, label)
  }

  private constructor(owner: MirrorOwner<ColumnMirror>, options: ColumnMirrorOptions, label: string) {
    const { rows, columns, changes } = options
    checkOptions(options, label)
    this.#owner = owner
    this.label = label
    this.schema = options.schema
    this.columns = columns
    this.changes = changes
    this.usage = usageFrom(options.usage ?? 0, owner.gpu.capabilities)
    this.#columns = new ColumnSources(columns)
    this.#hot = new HotColumns(columns.length)
    this.bytesPerRow = this.#columns.bytesPerRow
    const shape = { label, stride: this.bytesPerRow, usage: this.usage, deviceOwned: false }
    this.device = new MirrorBuffer(owner, shape, () => this.#rolledBack())
    this.device.check(rows)
    this.#used = rows
    this.heap = owner.heap
    this.capacity = Math.max(rows, Math.min(pitchFor(rows), pitchBelow(this.mostRows)))
    this.dirty = new DirtyRows(0)
    this.#makeRoom(this.capacity)
  }

  /** Rows that the device allows in one buffer, a multiple of 64: `grow` refuses more. */
  get mostRows(): number {
    const rows = Math.min(this.device.mostRows, Math.floor((MAX_ROWS * 4) / this.bytesPerRow))
    return Math.floor(rows / 64) * 64
  }

  /**
   * The device buffer in use.
   * @throws {@link MirrorHasNoBuffer} when the device is lost, or had no memory
   */
  get buffer(): MkDeviceBuffer {
    const { slice } = this.device
    if (!slice) throw new MirrorHasNoBuffer({ label: this.label })
    return slice.buffer
  }

  /** Where each column lies in the buffer in use, in the order of `columns`; until `generation` goes up. */
  get sections(): readonly Section[] {
    return this.#columns.sections
  }

  /** Rows in use, at first all of them: what goes up. More than `capacity` is refused: `grow` first. */
  get used(): number {
    return this.#used
  }
  set used(rows: number) {
    if (!Number.isInteger(rows) || rows < 0 || rows > this.capacity)
      throw new InvalidSize({ what: `${this.label}: used`, value: rows, min: 0, max: this.capacity })
    this.#used = rows
  }

  /** Reads a column from this array, until another is bound. What it lacks of `used` stays as it is. */
  bind(column: number, array: ColumnArray): void {
    this.#check()
    const format = this.columns[column]
    if (array.BYTES_PER_ELEMENT !== format?.elementBytes)
      throw new InvalidConfig({
        option: `${this.label}: column ${format?.name ?? column}`,
        value: array,
        allowed: `a typed array of ${format?.elementBytes ?? '?'} bytes per element`,
      })
    if (array === this.#columns.arrayOf(column)) return
    if (this.#hot.isHot(column)) this.#cool(column)
    this.#columns.bind(column, array)
  }

  /** Everything goes up at the end of the frame. */
  markAll(): void {
    this.#check()
    const memory = this.#copies
    if (memory)
      for (let i = 0; i < this.columns.length; i++) {
        this.#hot.cool(i)
        this.#columns.readFrom(i, this.#copyOf(i, memory))
        this.#columns.copyTo(memory.bytes, i)
      }
    this.isWhole = true
  }

  /** These rows, below `used`, go up at the end of the frame. */
  markRows(rows: DirtyRows): void {
    this.#check()
    if (this.isWhole) return
    const end = Math.min(rows.rows, this.#used, this.#columns.pitch)
    for (const section of this.sections) this.#markSection(section, rows, end)
  }

  /**
   * Compares every column with what the device has: words that differ go up. Columns that changed
   * all over in two compares running are hot: they go up whole, as they are when the frame ends, and
   * are compared again every 64 frames, or when few of their words move.
   */
  detect(): void {
    this.#check()
    const memory = this.#copies
    if (!memory) return this.markAll()
    const hot = this.#hot
    for (let i = 0; i < this.columns.length; i++) {
      if (!hot.isHot(i)) this.#compare(i, memory)
      else if (hot.isCooling(i)) {
        this.#cool(i)
        // Rows that came into use since it went up last.
        diffWords(this.#columns, i, this.#wordsOf(i), memory)
      }
    }
    if (hot.count === 0) return
    // What the device has of the rows beyond is only in the copies.
    this.#columns.rowsInUse = this.#used
    if (hot.count === this.columns.length && this.dirty.isEmpty) this.isWhole = true
    else for (let i = 0; i < this.columns.length; i++) if (hot.isHot(i)) this.#markWords(i)
  }

  /**
   * Makes room for at least `rows` rows, and for twice as many as before. Replaces the device
   * buffer; everything goes up.
   * @throws {@link InvalidSize}
   * @throws {@link MirrorTooLarge}, {@link MirrorOutOfMemory}, {@link ReserveRefused}: the mirror
   *   stays as it was
   */
  grow(rows: number): void {
    this.#check()
    if (!Number.isInteger(rows) || rows < 0 || rows > MAX_ROWS)
      throw new InvalidSize({ what: `${this.label}: rows`, value: rows, min: 0, max: MAX_ROWS })
    if (rows <= this.capacity) return
    this.device.check(rows)
    const pitch = Math.min(nextPitch(this.capacity, rows), pitchBelow(this.mostRows))
    this.#makeRoom(Math.max(rows, pitch))
    this.#announce()
  }

  /** Gives memory and buffer back. Later calls throw, except `destroy` itself. */
  destroy(): void {
    if (this.destroyed) return
    ;(this as Changing).destroyed = true
    this.device.destroy()
    this.#memory?.free()
    this.#owner.forget(this)
  }

  /** Bytes that are kept on the CPU. @internal */
  get memoryBytes(): number {
    return this.#memory?.bytes.byteLength ?? 0
  }

  /** @internal */
  get unitsPerRow(): number {
    return this.bytesPerRow / 4
  }

  /** @internal */
  get source(): ColumnSources | undefined {
    return this.#copies && this.#hot.count === 0 ? undefined : this.#columns
  }

  /** Words of the rows in use. @internal */
  get rowsInUse(): number {
    return Math.ceil((Math.min(this.#used, this.#columns.pitch) * this.bytesPerRow) / 4)
  }

  /** @internal */
  get wholeUnits(): number {
    return this.source ? this.rowsInUse : this.everUsed
  }

  /** @internal */
  get wholeRows(): number {
    return this.wholeUnits
  }

  /** Columns go up whole however much of each changed. @internal */
  markEach(): void {}

  /** Words of all rows: sections end far apart. @internal */
  get everUsed(): number {
    return (this.#columns.pitch * this.bytesPerRow) / 4
  }

  /** @internal */
  get isCut(): boolean {
    return this.device.slice === undefined
  }

  /** @internal */
  get wantsBuffer(): boolean {
    return this.device.rows < this.capacity
  }

  /** @internal */
  uploaded(): void {
    if (this.#hot.count > 0) this.#noteReach()
    this.dirty.clear()
    this.isWhole = false
    this.fresh = false
  }

  /** @internal */
  retryBuffer(): void {
    const rows = Math.min(this.capacity, this.mostRows)
    if (this.device.rows >= rows || !this.device.retry(rows)) return
    this.#layOut()
    this.#announce()
  }

  /** Gives the buffer back; the next one comes with `rebuild`. @internal */
  leaveDevice(): void {
    this.device.reset()
  }

  /** Makes a buffer on a new device; everything goes up. @internal */
  rebuild(): void {
    this.leaveDevice()
    try {
      const rows = Math.min(this.capacity, this.mostRows)
      if (rows > 0) this.device.replace(rows)
      this.device.check(Math.max(1, this.#used))
    } finally {
      this.#layOut()
      this.#owner.countReallocation()
      this.#announce()
    }
  }

  /** What `detect` compares with. */
  get #copies(): MirrorMemory | undefined {
    return this.changes === 'detect' ? this.#memory : undefined
  }

  #compare(column: number, memory: MirrorMemory): void {
    const count = this.#wordsOf(column)
    const differing = diffWords(this.#columns, column, count, memory)
    const array = this.#columns.arrayOf(column)
    if (array === undefined || this.fresh || this.isWhole) return
    const first = this.sections[column].offset / 4
    const isAllOver = touchesAll(this.dirty, first, count)
    if (this.#hot.compared(column, array, differing, count, isAllOver))
      this.#columns.readFrom(column, undefined)
  }

  /** Brings the copy of a column that was hot up to date: what went up goes up once more, from there. */
  #cool(column: number): void {
    const memory = this.#memory!
    const words = this.#hot.cool(column)
    this.#columns.copyTo(memory.bytes, column, words * 4)
    this.#columns.readFrom(column, this.#copyOf(column, memory))
    if (words > 0) this.dirty.setRange(this.sections[column].offset / 4, words)
  }

  #noteReach(): void {
    const rows = Math.max(this.#used, this.#columns.rowsInUse)
    const isJoined = this.#columns.isJoinedFor(rows)
    for (let i = 0; i < this.columns.length; i++)
      this.#hot.uploaded(i, isJoined ? this.sections[i].size / 4 : this.#wordsOf(i, rows))
  }

  #copyOf(column: number, { heap, offset: start }: MirrorMemory): Uint32Array {
    const { offset, size } = this.sections[column]
    return new Uint32Array(heap.buffer, start + offset, size / 4)
  }

  /** Every word of a column that is in use goes up. */
  #markWords(column: number): void {
    const count = this.#wordsOf(column)
    if (count > 0) this.dirty.setRange(this.sections[column].offset / 4, count)
  }

  /** Words of a column in the rows in use, as far as it reaches. */
  #wordsOf(column: number, most: number = this.#used): number {
    const rows = Math.min(most, this.#columns.pitch)
    const bytes = Math.min(rows * bytesPerRow(this.columns[column]), this.#columns.bytesOf(column))
    return Math.ceil(bytes / 4)
  }

  #markSection(section: Section, rows: DirtyRows, end: number): void {
    const bytes = bytesPerRow(section)
    const start = section.offset / 4
    // What the column lacks is not there to be uploaded.
    const available = this.#columns.bytesOf(this.sections.indexOf(section))
    for (let from = 0; from < end && rows.nextRun(from, 0); from = rows.runFirst + rows.runCount) {
      const first = Math.floor((rows.runFirst * bytes) / 4)
      const runEnd = Math.min(end, rows.runFirst + rows.runCount) * bytes
      const last = Math.ceil(Math.min(runEnd, available) / 4)
      if (last > first) this.dirty.setRange(start + first, last - first)
    }
  }

  #makeRoom(rows: number): void {
    const { heap, overflow, gpu } = this.#owner
    const { label, changes, bytesPerRow } = this
    const words = Math.ceil((rows * bytesPerRow) / 4)
    const shape = { rows: words, kept: changes === 'detect' ? words : 0, stride: 4, label, overflow }
    const memory = changes === 'all' ? undefined : MirrorMemory.allocate(heap, shape)
    try {
      if (!gpu.isLost) this.device.replace(rows)
    } catch (error) {
      memory?.free()
      throw error
    }
    this.#memory?.free()
    this.#memory = memory
    const self = this as Changing
    self.capacity = rows
    self.heap = memory?.heap ?? heap
    self.offset = memory?.offset ?? 0
    self.dirty = memory?.dirty ?? new DirtyRows(0)
    this.#layOut()
  }

  /** Lays the sections out for the buffer in use; everything goes up. */
  #layOut(): void {
    this.#columns.layOut(this.device.slice ? this.device.rows : this.capacity)
    this.#hot.reset()
    this.dirty.clear()
    this.fresh = true
    this.markAll()
  }

  #rolledBack(): void {
    if (this.destroyed) return
    this.#layOut()
    this.#announce()
  }

  #announce(): void {
    ;(this as Changing).generation++
    this.#owner.reallocated(this)
  }

  #check(): void {
    if (this.destroyed) throw new MirrorDestroyed({ label: this.label })
  }
}

/** Whether each block of 1 024 words among `first … first + count − 1` has some that are dirty. */
function touchesAll({ summary }: DirtyRows, first: number, count: number): boolean {
  const last = (first + count - 1) >>> 10
  for (let block = first >>> 10; block <= last; block++) if (summary[block] === 0) return false
  return true
}

/** @throws {@link InvalidSize}, {@link InvalidConfig} */
function checkOptions({ rows, columns, changes }: ColumnMirrorOptions, label: string): void {
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_ROWS)
    throw new InvalidSize({ what: `${label}: rows`, value: rows, min: 1, max: MAX_ROWS })
  const modes: readonly unknown[] = ['all', 'marked', 'detect']
  if (!modes.includes(changes))
    throw new InvalidConfig({ option: 'changes', value: changes, allowed: "'all', 'marked' or 'detect'" })
  const isPossible = ({ elementBytes, arity }: ColumnFormat): boolean =>
    [1, 2, 4].includes(elementBytes) && Number.isInteger(arity) && arity > 0
  if (columns.length === 0 || !columns.every(isPossible))
    throw new InvalidConfig({
      option: 'columns',
      value: columns,
      allowed: 'one or more, with elements of 1, 2 or 4 bytes and an arity from 1 on',
    })
}
