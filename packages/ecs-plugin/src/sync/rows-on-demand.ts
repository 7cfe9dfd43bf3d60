import {
  isDetached,
  type ColumnPacker,
  type ColumnSource,
  type DirtyRows,
  type PackTarget,
} from '@memkit/core'
import type { Mirror, RowSource } from '@memkit/coordinator'
import { isTypedColumn, type TypedColumn } from '../store/column-kind.ts'
import { columnAt, type ComponentColumns } from '../store/component-columns.ts'
import { canFollowColumns, noteDirty, type RowWriter } from './row-writer.ts'
import type { SyncedOptions } from './gpu-synced-options.ts'

/**
 * Whether rows need not be kept beside the columns: where they can follow the columns, and these are typed
 * arrays, which can be read whenever rows go up.
 */
export function canPackOnDemand(columns: ComponentColumns, options: SyncedOptions): boolean {
  const { label, layout, store } = columns
  const areTyped = (): boolean => layout.columns.every((each) => isTypedColumn(columnAt(label, store, each)))
  return canFollowColumns(options) && areTyped()
}

/** Packs rows when they go up, for a mirror that keeps none: a stage only notes which are dirty. */
export class RowsOnDemand implements RowWriter, RowSource {
  holes = 0
  readonly reading: number = -1
  /** A column isn't a typed array: rows have to be packed when they are staged. */
  isUnfit = false
  /** All columns are bound, as they were when rows were staged last. */
  areBound = false
  mirror!: Mirror
  readonly #columns: TypedColumn[] = []
  #packer: ColumnPacker | undefined

  /** Packs with this one from now on. */
  packWith(packer: ColumnPacker): this {
    this.dispose()
    this.#packer = packer
    return this
  }

  bind(column: number, source: ColumnSource): void {
    this.#packer!.bind(column, source)
    if (isTypedColumn(source)) this.#columns[column] = source
    else this.isUnfit = true
  }

  /** Notes rows 0 … `count` − 1, where the mask has them. @returns 0, for they aren't counted */
  pack({ dirty }: PackTarget, _first: number, count: number, mask?: DirtyRows): number {
    return noteDirty(dirty, count, mask)
  }

  diff(): number {
    return 0
  }

  /** Not while columns can't be bound, or their memory is gone: staging says so. */
  get isReadable(): boolean {
    if (!this.areBound) return false
    const columns = this.#columns
    for (let i = 0; i < columns.length; i++) if (isDetached(columns[i])) return false
    return true
  }

  packAt(place: number, first: number, count: number): void {
    this.#packer!.packBeside(place, first, count, this.mirror.dirty)
  }

  gather(place: number, numbers: number, count: number): void {
    this.#packer!.gather(this.mirror.dirty, count, place, numbers)
  }

  dispose(): void {
    this.#packer?.dispose()
    this.#packer = undefined
    this.areBound = false
  }
}
