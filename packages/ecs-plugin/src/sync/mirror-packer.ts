import { ColumnPacker, DirtyRows, hasCode, type ColumnLayout } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import { Marks } from '../marks/marks.ts'
import type { RowKeeper, RowMap } from '../rows/row-map.ts'
import { ColumnBinding, type ComponentColumns } from '../store/component-columns.ts'
import type { SyncedOptions } from './gpu-synced-options.ts'
import type { RowWriter } from './row-writer.ts'
import { RowsInPlace } from './rows-in-place.ts'
import { RowsOnDemand } from './rows-on-demand.ts'

/**
 * Packs a component's columns into its mirror, or has them packed when they go up, and follows the mirror's
 * memory: what kernels read beside the rows (the packer's tables and scratch, marks, mask, row table) lies
 * in the same heap. When that heap is full, all of it moves to another one. Where the component's own rows
 * are the mirror, nothing is packed and nothing moves.
 */
export class MirrorPacker implements RowKeeper {
  readonly mirror: Mirror
  readonly binding: ColumnBinding
  writer!: RowWriter
  /** The component's own rows are the mirror. */
  readonly isInPlace: boolean
  readonly marks: Marks
  readonly #columns: ComponentColumns
  readonly #rowMap: RowMap
  readonly #zeroes: boolean
  /** Packs when rows go up. */
  #onDemand: RowsOnDemand | undefined
  /** Generation of the mirror's memory that everything lies in. */
  #memory = -1

  /**
   * @param writer what stands in for a packer: the rows in place, or those on demand
   * @throws {@link ReserveRefused}; it keeps no memory then
   */
  constructor(
    mirror: Mirror,
    columns: ComponentColumns,
    rowMap: RowMap,
    options: SyncedOptions,
    writer: RowsInPlace | RowsOnDemand | undefined,
  ) {
    this.mirror = mirror
    this.isInPlace = writer instanceof RowsInPlace
    this.#onDemand = writer instanceof RowsOnDemand ? writer : undefined
    this.binding = new ColumnBinding(columns)
    this.#columns = columns
    this.#rowMap = rowMap
    this.#zeroes = options.onRemove === 'zero'
    rowMap.keeper = this
    const keepsMarks = options.changes === 'marked' || options.direction !== 'upload'
    this.marks = new Marks(rowMap, mirror.label, mirror.capacity, keepsMarks)
    if (this.isInPlace) this.#use(writer!)
    try {
      this.follow()
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** A stage packs nothing, and rows that did not change may go up along. */
  get keepsNone(): boolean {
    return (this.isInPlace || this.#onDemand !== undefined) && this.mirror.history === undefined
  }

  /** Goes where the mirror's memory is. @throws {@link ReserveRefused} when no heap has room */
  follow(): void {
    if (this.isInPlace) return
    const { heap, memoryGeneration } = this.mirror
    const { mask } = this.#rowMap
    if (memoryGeneration === this.#memory && (mask === undefined || mask.buffer === heap.buffer)) return
    try {
      this.#place()
    } catch (error) {
      this.#moveOut(error)
    }
  }

  /** See {@link ColumnBinding.bind}; moves out of a full heap. @throws {@link ReserveRefused} as `follow` */
  bind(): number {
    const onDemand = this.#onDemand
    if (onDemand === undefined) return this.#bind()
    onDemand.areBound = false
    const length = this.#bind()
    onDemand.areBound = true
    if (!onDemand.isUnfit) return length
    this.#keepRows()
    return this.#bind()
  }

  rowEntered(row: number): void {
    this.mirror.history?.snap(row)
    this.marks.rows?.set(row)
  }

  rowLeft(row: number): void {
    this.marks.rows?.unset(row)
    if (!this.#zeroes) return
    const { mirror } = this
    // Else it would fly to the origin.
    mirror.history?.snap(row)
    mirror.view(Uint8Array).fill(0, row * mirror.stride, (row + 1) * mirror.stride)
    mirror.mark(row)
  }

  rowsEntered(rows: DirtyRows, end: number, first: number): void {
    this.marks.markRows(rows, end, first)
    this.mirror.history?.snapRows(rows, end, first)
  }

  rowsLeft(rows: DirtyRows, end: number): void {
    this.marks.unmarkRows(rows)
    if (!this.#zeroes) return
    const { mirror } = this
    const { stride } = mirror
    for (let from = 0; from < end && rows.nextRun(from, 0); from = rows.runFirst + rows.runCount) {
      const runEnd = Math.min(rows.runFirst + rows.runCount, end)
      if (rows.runFirst >= runEnd) return
      mirror.view(Uint8Array).fill(0, rows.runFirst * stride, runEnd * stride)
      mirror.markRange(rows.runFirst, runEnd - rows.runFirst)
      mirror.history?.snapped.setRange(rows.runFirst, runEnd - rows.runFirst)
    }
  }

  rowMoved(from: number, to: number): void {
    const { mirror } = this
    const marks = this.marks.rows
    if (marks?.has(from)) marks.set(to)
    else marks?.unset(to)
    // As it is, without writes that are not marked yet; `detect` and `all` compare or pack it anyway.
    const { stride } = mirror
    mirror.view(Uint8Array).copyWithin(to * stride, from * stride, (from + 1) * stride)
    mirror.mark(to)
    mirror.history?.rowMoved(from, to)
  }

  dispose(): void {
    this.writer?.dispose()
    this.marks.dispose()
  }

  #bind(): number {
    try {
      return this.binding.bind()
    } catch (error) {
      this.#moveOut(error)
      return this.binding.bind()
    }
  }

  /** Packs when rows are staged from now on: all of them, for a column was replaced. */
  #keepRows(): void {
    this.mirror.keepRows()
    this.#onDemand = undefined
    this.follow()
  }

  /** @throws {@link HeapFull}: what is placed already stays so */
  #place(): void {
    const { capacity, heap, memoryGeneration } = this.mirror
    if (memoryGeneration !== this.#memory) {
      const packer = new ColumnPacker(heap, this.#layouts, this.#columns.layout.stride)
      this.#use(this.#onDemand?.packWith(packer) ?? packer)
      this.marks.place(heap, capacity)
    }
    this.#rowMap.place(heap, capacity)
    this.#memory = memoryGeneration
  }

  /** Moves the rows out of a full heap. @throws `error`, where it says something else; ReserveRefused */
  #moveOut(error: unknown): void {
    if (!hasCode(error, 'HeapFull')) throw error
    const { capacity } = this.mirror
    const maskRows = Math.max(capacity, this.#rowMap.mask?.rows ?? 0)
    const setBytes = DirtyRows.bytesFor(capacity) + DirtyRows.bytesFor(maskRows)
    this.mirror.isolate(ColumnPacker.bytesFor(this.#layouts) + setBytes + capacity * 4 + 1024)
    this.#place()
  }

  #use(writer: RowWriter): void {
    if (writer !== this.writer) this.writer?.dispose()
    this.writer = writer
    this.binding.follow(writer)
  }

  get #layouts(): ColumnLayout[] {
    return this.#columns.layout.columns.map(({ layout }) => layout)
  }
}
