import {
  asType,
  ColumnUnusable,
  isDetached,
  isRuntimeSized,
  MkError,
  rowsInfo,
  scalarsOf,
  strideOf,
} from '@memkit/core'
import type { ColumnLayout, ColumnSource, RowsInfo, ScalarName, Schema } from '@memkit/core'
import { areBranded, checkTag, isIndex, tagAt, tagNames } from './aos-tags.ts'
import { checkKind, isColumn, isTypedColumn } from './column-kind.ts'
import { fromPaths, isOtherAxis, schemaOf } from './component-schema.ts'
import type { EntryColumn } from './entry-column.ts'
import { ColumnDetached, ColumnInaccessible, ColumnLengthMismatch, SchemaMismatch } from './errors.ts'
import { checkNumbers } from './misread-column.ts'

/** One column of a component, and where its numbers go in a row. */
export interface SourceColumn {
  /** Way to the column from the component; empty when the component is the column. */
  readonly keys: readonly string[]
  /** Way from an entity's entry in the column to its numbers; empty when the entry is the number, or the array of numbers. */
  readonly entryKeys: readonly string[]
  /** Both, for messages. */
  readonly path: string
  readonly layout: ColumnLayout
}

/** A component's columns and the row that they make. */
export interface Shape {
  readonly schema: Schema
  /** Bytes from one row to the next. */
  readonly stride: number
  readonly columns: readonly SourceColumn[]
}

/**
 * Works out how the rows of a component are made.
 *
 * @throws NoColumns, UnsupportedColumn, ColumnDetached, ColumnInaccessible, SchemaMismatch, NotHostShareable
 */
export function readShape(label: string, component: object, given: Schema | undefined): Shape {
  const schema = given === undefined ? defaultOf(label, component) : asType(given)
  checkRow(label, schema)
  const rows = rowsInfo(component)
  if (rows !== undefined) return shapeOfRows(label, schema, rows)
  const columns: SourceColumn[] = []
  for (const { source, type, offsets } of readsOf(label, schema)) {
    const ways = waysTo(label, component, source)
    const found = { ...ways, path: source, layout: { type, arity: offsets.length, offsets } }
    checkColumn(label, columnAt(label, component, found), found)
    columns.push(found)
  }
  return { schema, stride: strideOf(schema), columns }
}

/** A column, and where what is read from it goes. */
interface Read {
  readonly source: string
  readonly type: ScalarName
  readonly offsets: number[]
}

/**
 * What a schema reads: a field the numbers of the column of its name; one that `from` gave columns, one number from each. A column that
 * several fields name is read for each of them.
 *
 * @throws SchemaMismatch
 */
function readsOf(label: string, schema: Schema): Read[] {
  const reads: Read[] = []
  const firstOf = new Map<string, Read>()
  /** Of the columns that are read because a field has their name. */
  const byName = new Map<string, Read>()
  /** Columns that `from` names. */
  const fromNames = new Set<string>()
  for (const { source, type, offset, path, named } of scalarsOf(schema)) {
    const first = firstOf.get(source)
    if (first !== undefined && first.type !== type)
      throw new SchemaMismatch(
        label,
        path,
        `column "${source}" would be ${first.type} and ${type} at once. Split the column, or use one scalar type.`,
      )
    if (named) fromNames.add(source)
    const known = named ? undefined : byName.get(source)
    if (known !== undefined) known.offsets.push(offset)
    else {
      const read: Read = { source, type, offsets: [offset] }
      reads.push(read)
      if (first === undefined) firstOf.set(source, read)
      if (!named) byName.set(source, read)
    }
  }
  for (const source of fromNames) {
    const { length } = byName.get(source)?.offsets ?? { length: 1 }
    if (length > 1)
      throw new SchemaMismatch(
        label,
        source,
        `the field takes ${length} numbers an entity from the column of its name, and from('${source}') one. Let from name another column, or rename the field.`,
      )
  }
  return reads
}

/** @throws what `schemaOf` throws */
function defaultOf(label: string, component: object): Schema {
  try {
    return schemaOf(label, component)
  } catch (error) {
    if (error instanceof MkError) throw error
    throw new ColumnInaccessible(label, '', 'read', error)
  }
}

/**
 * The column as it is now: a store grows by having its columns replaced, so this is read every frame.
 *
 * @throws ColumnInaccessible when a getter on the way throws
 */
export function columnAt(
  label: string,
  component: object,
  { keys, path }: Pick<SourceColumn, 'keys' | 'path'>,
): unknown {
  let value: unknown = component
  try {
    for (let i = 0; i < keys.length; i++) {
      if (value === null || (typeof value !== 'object' && i > 0)) return undefined
      value = (value as Record<string, unknown>)[keys[i]]
    }
  } catch (error) {
    throw new ColumnInaccessible(label, path, 'read', error)
  }
  return value
}

/**
 * What a packer reads a column from, now: the array itself where it holds numbers, `entries` where it holds objects or small arrays.
 *
 * @param column what `columnAt` found
 * @throws SchemaMismatch when there is no column any more
 */
export function sourceAt(label: string, column: unknown, path: string, entries: EntryColumn): ColumnSource {
  if (isTypedColumn(column)) return column as ColumnSource & ArrayBufferView
  if (!Array.isArray(column)) throw noColumn(label, path, column)
  if (!entries.suits(column)) return column as readonly number[]
  entries.entries = column
  return entries
}

/** Says of a column that a packer refused what is wrong with it. @throws UnsupportedColumn, ColumnDetached, or the error itself */
export function refuseColumn(label: string, column: unknown, path: string, error: unknown): never {
  if (error instanceof ColumnUnusable && isColumn(column)) checkKind(label, path, column)
  throw error
}

/** All columns as they are now, into `out`. @throws ColumnInaccessible */
export function columnsAt(label: string, component: object, shape: Shape, out: unknown[]): void {
  for (let i = 0; i < shape.columns.length; i++) out[i] = columnAt(label, component, shape.columns[i])
}

/**
 * How many entities the typed-array columns have room for: ids 0 … result − 1. Plain arrays have room for any.
 *
 * @param found what `columnsAt` found
 * @throws ColumnLengthMismatch when they disagree, ColumnDetached when that is because the memory of one is gone
 */
export function checkLengths(label: string, shape: Shape, found: readonly unknown[]): number {
  let shared = Infinity
  for (let i = 0; i < found.length; i++) {
    const column = found[i]
    if (!isTypedColumn(column)) continue
    const length = Math.floor(column.length / shape.columns[i].layout.arity)
    if (shared === Infinity) shared = length
    else if (length !== shared) throw lengthsDiffer(label, shape, found)
  }
  return shared
}

function lengthsDiffer(label: string, shape: Shape, found: readonly unknown[]): MkError {
  const lengths: [path: string, length: number][] = []
  for (const [i, { path, layout }] of shape.columns.entries()) {
    const column = found[i]
    if (!isTypedColumn(column)) continue
    if (isDetached(column)) return new ColumnDetached(label, path)
    lengths.push([path, Math.floor(column.length / layout.arity)])
  }
  return new ColumnLengthMismatch(label, Object.fromEntries(lengths))
}

/** A store of `heap.rows` is one column: the words of a row, whatever they mean, uploaded as they lie. */
function shapeOfRows(label: string, schema: Schema, { struct, stride }: RowsInfo): Shape {
  if (layoutText(schema) !== layoutText(struct))
    throw new SchemaMismatch(
      label,
      '',
      'the rows of heap.rows are uploaded as they lie, so they have the struct that they were made with. Leave the schema out.',
    )
  const offsets = Array.from({ length: stride / 4 }, (_, word) => word * 4)
  const layout: ColumnLayout = { type: 'u32', arity: offsets.length, offsets }
  return { schema, stride, columns: [{ keys: ['u32'], entryKeys: [], path: 'u32', layout }] }
}

function layoutText(schema: Schema): string {
  const places = scalarsOf(schema).map(({ path, offset, type }) => `${path}: ${type} at ${offset}`)
  return `${places.join(', ')}; ${strideOf(schema)}`
}

/** Where the path leaves the columns and goes on in the entries of one: at the first array that has no column of that number. */
function waysTo(
  label: string,
  component: object,
  path: string,
): { keys: readonly string[]; entryKeys: readonly string[] } {
  const steps = path === '' ? [] : path.split('.')
  for (let i = 0; i < steps.length; i++) {
    const keys = steps.slice(0, i)
    const value = columnAt(label, component, { keys, path })
    if (!Array.isArray(value)) continue
    // A property of an array is the type tag of its entries, and no column.
    const inner: unknown = isIndex(steps[i]) ? columnAt(label, value, { keys: [steps[i]], path }) : undefined
    if (!isColumn(inner)) return { keys, entryKeys: steps.slice(i) }
  }
  return { keys: steps, entryKeys: [] }
}

/** @throws SchemaMismatch */
function checkRow(label: string, schema: Schema): void {
  if (isRuntimeSized(schema))
    throw new SchemaMismatch(
      label,
      '',
      `a row has a fixed size, but ${schema.type} has none. Give its array a count.`,
    )
  const stride = strideOf(schema)
  if (stride % 4 !== 0)
    throw new SchemaMismatch(
      label,
      '',
      `rows of ${stride} bytes cannot be copied one by one. Put it in a struct with align(4, …), or use a 32-bit type.`,
    )
}

/** @throws SchemaMismatch, UnsupportedColumn, ColumnDetached */
function checkColumn(label: string, column: unknown, { path, entryKeys, layout }: SourceColumn): void {
  const { arity } = layout
  if (!isColumn(column)) throw noColumn(label, path, column)
  checkKind(label, path, column)
  if (isTypedColumn(column)) return
  checkTags(label, column, path, entryKeys)
  if (isOtherAxis(column, arity)) {
    const paths = Array.from({ length: arity }, (_, k) => (path === '' ? `${k}` : `${path}.${k}`))
    throw new SchemaMismatch(
      label,
      path,
      `"${path}" has the entity as its second index (${arity} arrays of ${(column[0] as readonly unknown[]).length}), not as its first. ` +
        `Name each array: ${fromPaths(paths)}.`,
    )
  }
  checkNumbers(label, path, column, entryKeys)
}

/** @throws SchemaMismatch, UnsupportedColumn for a way into objects that their type tags contradict */
function checkTags(label: string, column: readonly unknown[], path: string, way: readonly string[]): void {
  const tags = tagNames(column)
  if (tags.length === 0) return
  const names = tags.join(', ')
  if ((way.length === 0 || !tags.includes(way[0])) && areBranded(column, tags))
    throw new SchemaMismatch(
      label,
      path,
      `the objects in this store have ${names}, as its type tags say. Name one of these, for example f32.from('${tags[0]}').`,
    )
  const tag = tagAt(column, way)
  checkTag(label, path, tag)
  if (isColumn(tag)) checkKind(label, path, tag)
}

/** The error for a path that leads to nothing, or to what is no column. */
export function noColumn(label: string, path: string, found: unknown): SchemaMismatch {
  return new SchemaMismatch(
    label,
    path,
    `the component has no such column (found ${found === undefined ? 'nothing' : found === null ? 'null' : typeof found}). Name the column that the field is made of, for example vec2f.from('x', 'y').`,
  )
}
