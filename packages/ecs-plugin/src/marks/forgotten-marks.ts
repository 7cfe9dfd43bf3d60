import { ColumnPacker, createHeap, DirtyRows } from '@memkit/core'
import type { PackTarget } from '@memkit/core'
import type { Mirror } from '@memkit/coordinator'
import type { ComponentSource } from './component-source.ts'
import type { RowMap } from './row-map.ts'

/** Milliseconds that a thread gets between its write and its mark: on a busy machine another program may come in between. */
const THREAD_PATIENCE = 250

/** Memory that a look needs, for one size of mirror: a plain buffer, because there are few WebAssembly memories to a page. */
interface Shadow {
  readonly capacity: number
  /** Most rows of a mask. */
  readonly maskRows: number
  readonly packer: ColumnPacker
  readonly target: PackTarget
  readonly bytes: Uint8Array
  /** Rows → entities. */
  readonly table: Uint32Array
}

/**
 * Debug: finds rows that changed without a mark. After a stage has packed what was marked, the mirror is copied and the copy compared
 * with the columns, as `detect` would; nothing that is found goes up. Costs that comparison, and memory for a second mirror.
 *
 * A row counts when it is found, and again only after it was up to date in between.
 */
export class ForgottenMarks {
  /** Rows found so far. */
  count = 0
  /** Entity of a row that the last look found. */
  example = -1
  readonly #source: ComponentSource
  /** Entities whose rows were out of date at the last look, and when that was seen first. */
  #stale: Map<number, number> = new Map()
  /** Those of them that are counted. */
  #counted: Set<number> = new Set()
  #shadow: Shadow | undefined

  constructor(source: ComponentSource) {
    this.#source = source
  }

  /** Before marks are packed: a row that another thread marked after the last look was written in the middle of that one. */
  excuse(marks: DirtyRows, rowMap: RowMap): void {
    for (const entity of this.#stale.keys()) {
      const row = rowMap.rowOf(entity)
      if (row < 0 || marks.has(row)) this.#stale.delete(entity)
    }
  }

  /**
   * After marks were packed.
   *
   * @param rows rows to look at, from row 0 on
   * @param threads other threads write too, so that a row may just be waiting for its mark: count it if it still waits some time later
   * @returns rows found
   */
  look(mirror: Mirror, rowMap: RowMap, rows: number, threads: boolean): number {
    const stale = new Map<number, number>()
    const counted = new Set<number>()
    const now = performance.now()
    let found = 0
    for (const entity of this.#compare(mirror, rowMap, rows)) {
      const since = this.#stale.get(entity) ?? now
      stale.set(entity, since)
      if (threads && now - since < THREAD_PATIENCE) continue
      counted.add(entity)
      if (this.#counted.has(entity)) continue
      this.example = entity
      found++
    }
    this.#stale = stale
    this.#counted = counted
    this.count += found
    return found
  }

  #compare(mirror: Mirror, rowMap: RowMap, rows: number): Set<number> {
    const stale = new Set<number>()
    if (rows === 0) return stale
    const { packer, target, bytes, table } = (this.#shadow = this.#shadowOf(mirror, rowMap.mask?.rows ?? 0))
    bytes.set(mirror.view(Uint8Array).subarray(0, rows * mirror.stride))
    if (rowMap.table >= 0) table.set(new Uint32Array(mirror.heap.buffer, rowMap.table, rows))
    this.#source.bindTo(packer)
    packer.diff(target, 0, rows, rowMap.mask, rowMap.table < 0 ? -1 : table.byteOffset)
    const { dirty } = target
    for (let from = 0; dirty.nextRun(from, 0); from = dirty.runFirst + dirty.runCount) {
      const end = dirty.runFirst + dirty.runCount
      for (let row = dirty.runFirst; row < end; row++) stale.add(rowMap.entityOf(row))
    }
    dirty.clear()
    return stale
  }

  #shadowOf({ capacity, stride }: Mirror, masked: number): Shadow {
    if (this.#shadow?.capacity === capacity && masked <= this.#shadow.maskRows) return this.#shadow
    const layouts = this.#source.shape.columns.map(({ layout }) => layout)
    const dirtyBytes = DirtyRows.bytesFor(capacity)
    const maskRows = Math.max(capacity, masked)
    const bytes = capacity * (stride + 4) + dirtyBytes + ColumnPacker.bytesFor(layouts, maskRows) + 1024
    const heap = createHeap({ bytes, memory: 'plain', label: 'forgotten marks' })
    const { buffer } = heap
    const { offset } = heap.alloc(capacity * stride, 16)
    const dirty = new DirtyRows(capacity, { buffer, offset: heap.alloc(dirtyBytes).offset })
    return {
      capacity,
      maskRows,
      packer: new ColumnPacker(heap, layouts, stride),
      target: { offset, dirty },
      bytes: new Uint8Array(buffer, offset, capacity * stride),
      table: new Uint32Array(buffer, heap.alloc(capacity * 4).offset, capacity),
    }
  }
}
