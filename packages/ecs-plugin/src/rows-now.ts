import { ColumnPacker, createHeap, DirtyRows } from '@memkit/core'
import type { PackTarget } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { ComponentSource } from './component-source.ts'

/** Rows that are packed at a time: what a tool shows on a screen is one chunk, and a million rows need no memory to speak of. */
const CHUNK_ROWS = 1024

/**
 * What a component's columns hold at this moment, as rows in the layout of the device. For tools: it has memory of its own, so that
 * looking changes nothing about what goes up.
 */
export class RowsNow {
  readonly #source: ComponentSource
  readonly #packer: ColumnPacker
  readonly #target: PackTarget
  readonly #bytes: Uint8Array
  /** Rows → entities. */
  readonly #table: Uint32Array
  /** Those of them that hold a living entity. */
  readonly #alive = new DirtyRows(CHUNK_ROWS)

  /** @throws ReserveRefused */
  constructor(source: ComponentSource) {
    const { stride } = source.shape
    const layouts = source.shape.columns.map(({ layout }) => layout)
    const dirtyBytes = DirtyRows.bytesFor(CHUNK_ROWS)
    const bytes = CHUNK_ROWS * (stride + 4) + dirtyBytes + ColumnPacker.bytesFor(layouts, CHUNK_ROWS) + 1024
    const heap = createHeap({ bytes, memory: 'plain', label: `rows of ${source.label} now` })
    const { offset } = heap.alloc(CHUNK_ROWS * stride)
    const dirty = new DirtyRows(CHUNK_ROWS, { buffer: heap.buffer, offset: heap.alloc(dirtyBytes).offset })
    this.#source = source
    this.#packer = new ColumnPacker(heap, layouts, stride)
    this.#target = { offset, dirty }
    this.#bytes = new Uint8Array(heap.buffer, offset, CHUNK_ROWS * stride)
    this.#table = new Uint32Array(heap.buffer, heap.alloc(CHUNK_ROWS * 4).offset, CHUNK_ROWS)
  }

  /**
   * Rows `first` … `first + count − 1`. Those of nobody, and what no column covers, come from the mirror.
   *
   * @param entityOf the entity of a row, −1 for nobody's
   * @throws ColumnLengthMismatch, SchemaMismatch
   */
  read(mirror: Mirror, first: number, count: number, entityOf: (row: number) => number): ArrayBuffer {
    const { stride } = mirror
    const rows = mirror.view(Uint8Array).slice(first * stride, (first + count) * stride)
    const length = this.#source.bindTo(this.#packer)
    for (let at = 0; at < count; at += CHUNK_ROWS) {
      const part = rows.subarray(at * stride, Math.min(count, at + CHUNK_ROWS) * stride)
      this.#pack(part, first + at, length, entityOf)
    }
    return rows.buffer
  }

  #pack(part: Uint8Array, first: number, length: number, entityOf: (row: number) => number): void {
    const alive = this.#alive
    const count = part.byteLength / this.#source.shape.stride
    alive.clear()
    for (let i = 0; i < count; i++) {
      const entity = entityOf(first + i)
      if (entity < 0 || entity >= length) continue
      this.#table[i] = entity
      alive.set(i)
    }
    this.#bytes.set(part)
    this.#packer.pack(this.#target, 0, count, alive, this.#table.byteOffset)
    this.#target.dirty.clear()
    part.set(this.#bytes.subarray(0, part.byteLength))
  }
}
