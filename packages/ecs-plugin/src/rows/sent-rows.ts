import type { DirtyRows } from '@memkit/core'
import type { ComponentColumns } from '../store/component-columns.ts'
import { ShadowRows } from './shadow-rows.ts'

/** Debug: the rows of columns as they were when they were last marked, which no mirror of them keeps. */
export class SentRows {
  capacity = 0
  readonly stride: number
  readonly #columns: ComponentColumns
  #shadow: ShadowRows | undefined

  constructor(columns: ComponentColumns) {
    this.#columns = columns
    this.stride = columns.layout.stride
  }

  view(): Uint8Array {
    return this.#shadow!.bytes
  }

  /** Packs the rows in `marked` among the first `count`; all of them without it, or when there is more room now. */
  take(capacity: number, count: number, marked: DirtyRows | undefined): void {
    const before = this.#shadow
    if (before?.capacity !== capacity) {
      this.#shadow = new ShadowRows(this.#columns, capacity, 'rows that were marked')
      if (before !== undefined) this.#shadow.bytes.set(before.bytes)
      for (let row = 0; row < capacity; row++) this.#shadow.table[row] = row
      this.capacity = capacity
    }
    const shadow = this.#shadow!
    shadow.mask.clear()
    if (marked === undefined || before?.capacity !== capacity) shadow.mask.setRange(0, count)
    else shadow.mask.or(marked, count)
    shadow.binding.bind()
    shadow.pack(count)
  }
}
