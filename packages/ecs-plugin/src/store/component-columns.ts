import { ColumnUnusable, isDetached } from '@memkit/core'
import type { ColumnLayout, ColumnPacker, ColumnSource, Schema } from '@memkit/core'
import type { EcsWorld } from '../ecs/ecs.ts'
import { checkKind, checkNumbers, isColumn, isTypedColumn } from './column-kind.ts'
import { EntryColumn } from './entry-column.ts'
import { accessError, ColumnDetached, ColumnLengthMismatch, noColumn } from './errors.ts'

const unbound: unknown = Symbol('unbound')

/** One column of a component, and where its numbers go in a row. */
export interface LayoutColumn {
  /** Way to the column from the component; empty when the component is the column. */
  readonly keys: readonly string[]
  /** Way from an entity's entry to its numbers; empty when the entry is the number, or their array. */
  readonly entryKeys: readonly string[]
  /** The way from the component to the numbers, for messages. */
  readonly path: string
  readonly layout: ColumnLayout
}

/** A component's columns, and the row that they make. */
export interface ComponentLayout {
  readonly schema: Schema
  /** Bytes from one row to the next. */
  readonly stride: number
  readonly columns: readonly LayoutColumn[]
}

/**
 * Looks a column up. A store grows by replacing its columns, so this happens every frame.
 * @returns what is there, which need not be a column
 * @throws {@link ColumnInaccessible} when a getter on the way throws
 */
export function columnAt(
  label: string,
  store: object,
  { keys, path }: Pick<LayoutColumn, 'keys' | 'path'>,
): unknown {
  let value: unknown = store
  try {
    for (let i = 0; i < keys.length; i++) {
      if (value === null || (typeof value !== 'object' && i > 0)) return undefined
      value = (value as Record<string, unknown>)[keys[i]]
    }
  } catch (error) {
    throw accessError(error, label, path, 'read')
  }
  return value
}

/** The columns of a component in one world. */
export class ComponentColumns {
  readonly label: string
  readonly component: object
  readonly layout: ComponentLayout
  readonly #ecs: EcsWorld

  constructor(ecs: EcsWorld, label: string, component: object, layout: ComponentLayout) {
    this.#ecs = ecs
    this.label = label
    this.component = component
    this.layout = layout
  }

  /** Where its world keeps its columns now. */
  get store(): object {
    return this.#ecs.storeOf?.(this.component) ?? this.component
  }

  /** @throws {@link UnsupportedColumn} when a column holds no numbers but something else */
  checkNumbers(): void {
    const { label, layout, store } = this
    for (const found of layout.columns) {
      const column = columnAt(label, store, found)
      if (Array.isArray(column)) checkNumbers(label, found.path, column, found.entryKeys)
    }
  }

  /** Path of a column that ends after `room` entities, '' when there is none. */
  columnOf(room: number): string {
    const { label, layout, store } = this
    const ends = layout.columns.find(
      (found) => roomIn(columnAt(label, store, found), found.layout.arity) === room,
    )
    return ends?.path ?? ''
  }
}

/**
 * Gives a packer the columns of a component, and notices those that were replaced: a loaded game, a
 * store that grew. Each packer has its own, because several worlds may sync one store.
 */
export class ColumnBinding {
  /** A column was replaced since this was set to false. A new view of the same memory is the same column. */
  replaced = false
  readonly #columns: ComponentColumns
  #packer!: Pick<ColumnPacker, 'bind'>
  readonly #entries: readonly EntryColumn[]
  /** Columns as the packer has them. */
  readonly #bound: unknown[]
  /** Elements that they had when they were bound; −1 for plain arrays, which are bound each time. */
  readonly #lengths: number[] = []
  readonly #rooms: number[] = []
  /** Columns that were bound last, to whichever packer. */
  readonly #seen: unknown[] = []
  /** Names of the columns, where each is a property of the store. */
  readonly #names: readonly string[] | undefined
  /** Entities that the bound columns have room for; −1 when something has to be looked at. */
  #room = -1

  constructor(columns: ComponentColumns) {
    this.#columns = columns
    this.#entries = columns.layout.columns.map(({ entryKeys }) => new EntryColumn(entryKeys))
    this.#bound = this.#entries.map(() => unbound)
    const keys = columns.layout.columns.map((column) => column.keys)
    this.#names = keys.every(({ length }) => length === 1) ? keys.flat() : undefined
  }

  /** Gives its columns to this packer from now on. */
  follow(packer: Pick<ColumnPacker, 'bind'>): void {
    this.#packer = packer
    this.#bound.fill(unbound)
    this.#room = -1
  }

  /**
   * Looks all columns up and binds those that aren't what they were.
   * @returns entities that all columns have room for; Infinity when none is a typed array
   * @throws {@link ColumnLengthMismatch} when columns have room for different numbers of entities
   * @throws {@link SchemaMismatch} when a column is gone
   * @throws ColumnDetached, ColumnInaccessible, UnsupportedColumn, HeapFull: not all columns are bound then
   */
  bind(): number {
    const { label, layout, store } = this.#columns
    if (this.#room >= 0 && this.#areAsBound(store)) return this.#room
    this.#room = -1
    const { columns } = layout
    let room = Infinity
    for (let i = 0; i < columns.length; i++) {
      const column = columnAt(label, store, columns[i])
      if (column !== this.#bound[i] || (column as ArrayLike<unknown>).length !== this.#lengths[i])
        this.#bindColumn(i, column)
      const roomHere = this.#rooms[i]
      if (roomHere === room || roomHere === Infinity) continue
      if (room !== Infinity) checkLengths(label, store, layout)
      room = Math.min(room, roomHere)
    }
    if (room !== Infinity && !this.#lengths.includes(-1)) this.#room = room
    return room
  }

  /** Whether each column is the one that is bound, in the fewest steps: most frames end here. */
  #areAsBound(store: object): boolean {
    const names = this.#names
    if (names === undefined) return false
    const [bound, lengths] = [this.#bound, this.#lengths]
    try {
      for (let i = 0; i < names.length; i++) {
        const column = (store as Record<string, ArrayLike<unknown>>)[names[i]]
        if (column !== bound[i] || column.length !== lengths[i]) return false
      }
      return true
    } catch {
      // A getter threw: the slow way says which.
      return false
    }
  }

  /** Whether `bind` found a replaced column, would find one, or can't read one. */
  get differs(): boolean {
    if (this.replaced) return true
    const { label, layout, store } = this.#columns
    try {
      return layout.columns.some((found, i) => wasReplaced(this.#seen[i], columnAt(label, store, found)))
    } catch {
      return true
    }
  }

  #bindColumn(i: number, column: unknown): void {
    const { label, layout } = this.#columns
    const { path, layout: place } = layout.columns[i]
    this.#bound[i] = unbound
    const source = isTypedColumn(column) ? column : this.#plainSource(i, path, column)
    try {
      this.#packer.bind(i, source as ColumnSource)
    } catch (error) {
      // What the packer refuses is named by its kind.
      if (error instanceof ColumnUnusable && isColumn(column)) checkKind(label, path, column)
      throw error
    }
    if (wasReplaced(this.#seen[i], column)) this.replaced = true
    this.#seen[i] = column
    this.#bound[i] = column
    this.#lengths[i] = isTypedColumn(column) ? column.length : -1
    this.#rooms[i] = roomIn(column, place.arity)
  }

  /** A plain array as the packer reads it: as it is, or through `EntryColumn` for objects and arrays. */
  #plainSource(i: number, path: string, column: unknown): readonly unknown[] | EntryColumn {
    if (!Array.isArray(column)) throw noColumn(this.#columns.label, path, column)
    const entries = this.#entries[i]
    if (!entries.suits(column)) return column
    entries.entries = column
    return entries
  }
}

/**
 * Checks that typed-array columns have room for the same entities.
 * @throws {@link ColumnLengthMismatch} when they don't
 * @throws {@link ColumnDetached} when that is because the memory of one is gone
 */
export function checkLengths(label: string, store: object, layout: ComponentLayout): void {
  const lengths: [path: string, room: number][] = []
  let gone: string | undefined
  for (const found of layout.columns) {
    const column = columnAt(label, store, found)
    if (!isTypedColumn(column)) continue
    lengths.push([found.path, roomIn(column, found.layout.arity)])
    if (isDetached(column)) gone ??= found.path
  }
  if (lengths.every(([, room]) => room === lengths[0][1])) return
  if (gone !== undefined) throw new ColumnDetached({ component: label, column: gone })
  throw new ColumnLengthMismatch({ component: label, lengths: Object.fromEntries(lengths) })
}

/** Entities that a column has room for: plain arrays have room for any. */
function roomIn(column: unknown, arity: number): number {
  return isTypedColumn(column) ? Math.floor(column.length / arity) : Infinity
}

function wasReplaced(before: unknown, column: unknown): boolean {
  return before !== column && before !== undefined && !sameMemory(before, column)
}

function sameMemory(a: unknown, b: unknown): boolean {
  if (!isTypedColumn(a) || !isTypedColumn(b)) return false
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.constructor === b.constructor
}
