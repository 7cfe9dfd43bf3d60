import type { ColumnPacker, Schema } from '@memkit/core'
import type { EcsWorld } from './ecs.ts'
import { EntryColumn } from './entry-column.ts'
import { checkNumbers } from './misread-column.ts'
import type { SeenColumns } from './seen-columns.ts'
import { checkLengths, columnAt, columnsAt, readShape, refuseColumn, sourceAt } from './source.ts'
import type { Shape } from './source.ts'

/** A component as packers read it: its columns, looked up anew for every stage, because stores grow by replacing them. */
export class ComponentSource {
  readonly label: string
  readonly component: object
  readonly shape: Shape
  readonly #ecs: EcsWorld
  readonly #entries: readonly EntryColumn[]
  /** Columns as they were looked up last. */
  readonly #found: unknown[] = []

  /** @throws what `readShape` throws */
  constructor(ecs: EcsWorld, label: string, component: object, schema: Schema | undefined) {
    this.#ecs = ecs
    this.label = label
    this.component = component
    this.shape = readShape(label, this.store, schema)
    this.#entries = this.shape.columns.map(({ entryKeys }) => new EntryColumn(entryKeys))
  }

  /** Where its world keeps its columns now. */
  get store(): object {
    return this.#ecs.storeOf(this.component)
  }

  /**
   * Gives a packer of `shape.columns` the columns as they are now.
   *
   * @param seen takes note of them
   * @returns entities that all columns have room for: ids 0 … result − 1; Infinity when none is a typed array
   * @throws ColumnLengthMismatch, SchemaMismatch (a column is gone), ColumnDetached, ColumnInaccessible, UnsupportedColumn: nothing is
   *   bound then, or not all
   */
  bindTo(packer: Pick<ColumnPacker, 'bind'>, seen?: SeenColumns): number {
    const { label, shape } = this
    const found = this.#found
    columnsAt(label, this.store, shape, found)
    const length = checkLengths(label, shape, found)
    for (let i = 0; i < found.length; i++) {
      const { path } = shape.columns[i]
      const source = sourceAt(label, found[i], path, this.#entries[i])
      try {
        packer.bind(i, source)
      } catch (error) {
        refuseColumn(label, found[i], path, error)
      }
      seen?.look(i, found[i])
    }
    return length
  }

  /** Whether a column is another one than the one that was seen; also when that cannot be told, because it cannot be read. */
  differsFrom(seen: SeenColumns): boolean {
    const found = this.#found
    try {
      columnsAt(this.label, this.store, this.shape, found)
    } catch {
      return true
    }
    for (let i = 0; i < found.length; i++) if (seen.differs(i, found[i])) return true
    return false
  }

  /** Called when values were no numbers. @throws UnsupportedColumn when a column holds something else altogether */
  checkNumbers(): void {
    const { label, shape, store } = this
    for (const found of shape.columns) {
      const column = columnAt(label, store, found)
      if (Array.isArray(column)) checkNumbers(label, found.path, column, found.entryKeys)
    }
  }
}
