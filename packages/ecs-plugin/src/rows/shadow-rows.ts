import { ColumnPacker, createHeap, DirtyRows } from '@memkit/core'
import { ColumnBinding, type ComponentColumns } from '../store/component-columns.ts'

/**
 * Rows of a component beside its mirror, to pack columns into or compare them with: nothing of it goes
 * up. They lie in a plain buffer, because a page has few WebAssembly memories.
 */
export class ShadowRows {
  readonly capacity: number
  readonly stride: number
  readonly bytes: Uint8Array
  /** Rows that the next pass is about. */
  readonly mask: DirtyRows
  /** Row → entity. */
  readonly table: Uint32Array
  readonly dirty: DirtyRows
  readonly #offset: number
  readonly #packer: ColumnPacker
  readonly binding: ColumnBinding

  /** @throws {@link ReserveRefused} */
  constructor(columns: ComponentColumns, capacity: number, label: string) {
    const { stride } = columns.layout
    const layouts = columns.layout.columns.map(({ layout }) => layout)
    const setBytes = DirtyRows.bytesFor(capacity)
    const bytes = capacity * (stride + 4) + setBytes * 2 + ColumnPacker.bytesFor(layouts) + 1024
    const heap = createHeap({ bytes, memory: 'plain', label })
    const { buffer } = heap
    this.capacity = capacity
    this.stride = stride
    this.#offset = heap.alloc(capacity * stride).offset
    this.bytes = new Uint8Array(buffer, this.#offset, capacity * stride)
    this.mask = new DirtyRows(capacity, { buffer, offset: heap.alloc(setBytes).offset })
    this.dirty = new DirtyRows(capacity, { buffer, offset: heap.alloc(setBytes).offset })
    this.table = new Uint32Array(buffer, heap.alloc(capacity * 4).offset, capacity)
    this.#packer = new ColumnPacker(heap, layouts, stride)
    this.binding = new ColumnBinding(columns)
    this.binding.follow(this.#packer)
  }

  /** Packs the rows of the mask among the first `count`, each from the entity in the table. */
  pack(count: number): void {
    this.dirty.clear()
    this.#packer.pack(this.#target, 0, count, this.mask, this.table.byteOffset)
  }

  /** Finds those of them that differ from their columns; unless `byTable`, row = entity. */
  diff(count: number, byTable: boolean): void {
    this.dirty.clear()
    this.#packer.diff(this.#target, 0, count, this.mask, byTable ? this.table.byteOffset : -1)
  }

  get #target(): { offset: number; dirty: DirtyRows } {
    return { offset: this.#offset, dirty: this.dirty }
  }
}

/** Rows that are packed at a time: what a tool shows on a screen is one chunk. */
const CHUNK_ROWS = 1024

/** Reads what a component's columns hold now, as rows of the device, and leaves the mirror as it is. */
export class RowsNow {
  readonly #shadow: ShadowRows

  /** @throws {@link ReserveRefused} */
  constructor(columns: ComponentColumns) {
    this.#shadow = new ShadowRows(columns, CHUNK_ROWS, `rows of ${columns.label} now`)
  }

  /**
   * Reads rows from `first` on.
   * @param rows what rows without an entity hold, and what no column covers; it's overwritten
   * @param entityOf returns the entity of a row, −1 where it has none
   * @throws {@link ColumnLengthMismatch}, {@link SchemaMismatch} when the columns cannot be read
   */
  read(rows: Uint8Array<ArrayBuffer>, first: number, entityOf: (row: number) => number): ArrayBuffer {
    const { bytes, mask, stride, table } = this.#shadow
    const count = rows.byteLength / stride
    const length = this.#shadow.binding.bind()
    for (let at = 0; at < count; at += CHUNK_ROWS) {
      const part = rows.subarray(at * stride, Math.min(count, at + CHUNK_ROWS) * stride)
      const partRows = part.byteLength / stride
      mask.clear()
      for (let i = 0; i < partRows; i++) {
        const entity = entityOf(first + at + i)
        if (entity < 0 || entity >= length) continue
        table[i] = entity
        mask.set(i)
      }
      bytes.set(part)
      this.#shadow.pack(partRows)
      part.set(bytes.subarray(0, part.byteLength))
    }
    return rows.buffer
  }
}
