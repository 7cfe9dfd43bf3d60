import type { DirtyRows } from '@memkit/core'
import type { RowMap } from '../rows/row-map.ts'
import { ShadowRows } from '../rows/shadow-rows.ts'
import type { ComponentColumns } from '../store/component-columns.ts'

/** Milliseconds that a thread gets between its write and its mark: another program may come in between. */
const THREAD_PATIENCE = 250

/** Rows as they were when they were last marked: a mirror, or `SentRows`. */
interface MarkedRows {
  readonly capacity: number
  readonly stride: number
  /** Where the row map's table lies, if it has one. */
  readonly heap?: { readonly buffer: ArrayBuffer }
  view(type: Uint8ArrayConstructor): Uint8Array
}

/**
 * Debug: finds rows that changed without a mark. After a stage has packed what was marked, a copy of the
 * mirror is compared with the columns, as `detect` would; nothing that is found goes up. A row counts when
 * it is found, and again only after it was up to date in between.
 */
export class ForgottenMarks {
  count = 0
  /** Entity of a row that the last look found. */
  example = -1
  readonly #columns: ComponentColumns
  /** Entities whose rows were out of date at the last look, and when that was seen first. */
  #stale: Map<number, number> = new Map()
  #counted: Set<number> = new Set()
  #shadow: ShadowRows | undefined

  constructor(columns: ComponentColumns) {
    this.#columns = columns
  }

  /** Before marks are packed: rows that another thread marked since the last look aren't stale. */
  excuse(marks: DirtyRows, rowMap: RowMap): void {
    for (const entity of this.#stale.keys()) {
      const row = rowMap.rowOf(entity)
      if (row < 0 || marks.has(row)) this.#stale.delete(entity)
    }
  }

  /**
   * Looks at the first `rows` rows, after marks were packed.
   * @param threads other threads write too: a row counts if it still waits for its mark some time later
   * @returns rows found
   */
  look(mirror: MarkedRows, rowMap: RowMap, rows: number, threads: boolean): number {
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

  #compare(mirror: MarkedRows, rowMap: RowMap, rows: number): Set<number> {
    const stale = new Set<number>()
    if (rows === 0) return stale
    const { capacity, stride } = mirror
    if (this.#shadow?.capacity !== capacity)
      this.#shadow = new ShadowRows(this.#columns, capacity, 'forgotten marks')
    const { bytes, mask, table, dirty } = this.#shadow
    bytes.set(mirror.view(Uint8Array).subarray(0, rows * stride))
    mask.clear()
    if (rowMap.mask === undefined) mask.setRange(0, rows)
    else mask.or(rowMap.mask, rows)
    const byTable = rowMap.table >= 0
    if (byTable) table.set(new Uint32Array(mirror.heap!.buffer, rowMap.table, rows))
    this.#shadow.binding.bind()
    this.#shadow.diff(rows, byTable)
    for (let from = 0; dirty.nextRun(from, 0); from = dirty.runFirst + dirty.runCount) {
      const end = dirty.runFirst + dirty.runCount
      for (let row = dirty.runFirst; row < end; row++) stale.add(rowMap.entityOf(row))
    }
    return stale
  }
}
