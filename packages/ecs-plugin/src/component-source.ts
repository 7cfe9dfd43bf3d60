import type { ColumnPacker, Schema } from '@memkit/core'
import type { EcsWorld } from './ecs.ts'
import { EntryColumn } from './entry-column.ts'
import { checkLengths, readShape, sourceAt } from './source.ts'
import type { Shape } from './source.ts'

/** A component as packers read it: its columns, looked up anew for every stage, because stores grow by replacing them. */
export class ComponentSource {
  readonly label: string
  readonly component: object
  readonly shape: Shape
  readonly #ecs: EcsWorld
  readonly #entries: readonly EntryColumn[]

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
   * @returns entities that all columns have room for: ids 0 … result − 1; Infinity when none is a typed array
   * @throws ColumnLengthMismatch, SchemaMismatch (a column is gone): nothing is bound then, or not all
   */
  bindTo(packer: Pick<ColumnPacker, 'bind'>): number {
    const { label, shape, store } = this
    const { columns } = shape
    const length = checkLengths(label, store, shape)
    for (let i = 0; i < columns.length; i++)
      packer.bind(i, sourceAt(label, store, columns[i], this.#entries[i]))
    return length
  }
}
