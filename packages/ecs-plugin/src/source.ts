import { asType, isRuntimeSized, rowsInfo, scalarsOf, strideOf } from '@memkit/core'
import type { ColumnLayout, ColumnSource, RowsInfo, ScalarName, Schema } from '@memkit/core'
import { checkKind, fromPaths, isColumn, isOtherAxis, isTypedColumn, schemaOf } from './component-schema.ts'
import type { EntryColumn } from './entry-column.ts'
import { ColumnLengthMismatch, SchemaMismatch } from './errors.ts'

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
 * @throws NoColumns, UnsupportedColumn, SchemaMismatch, NotHostShareable
 */
export function readShape(label: string, component: object, given: Schema | undefined): Shape {
  const schema = given === undefined ? schemaOf(label, component) : asType(given)
  checkRow(label, schema)
  const rows = rowsInfo(component)
  if (rows !== undefined) return shapeOfRows(label, schema, rows)
  const grouped = new Map<string, { type: ScalarName; offsets: number[] }>()
  for (const scalar of scalarsOf(schema)) {
    const column = grouped.get(scalar.source)
    if (column === undefined) grouped.set(scalar.source, { type: scalar.type, offsets: [scalar.offset] })
    else if (column.type === scalar.type) column.offsets.push(scalar.offset)
    else
      throw new SchemaMismatch(
        label,
        scalar.path,
        `column "${scalar.source}" would be ${column.type} and ${scalar.type} at once. Split the column, or use one scalar type.`,
      )
  }
  const columns: SourceColumn[] = []
  for (const [path, { type, offsets }] of grouped) {
    const ways = waysTo(component, path === '' ? [] : path.split('.'))
    checkColumn(label, path, columnAt(component, ways.keys), offsets.length)
    columns.push({ ...ways, path, layout: { type, arity: offsets.length, offsets } })
  }
  return { schema, stride: strideOf(schema), columns }
}

/** The column as it is now: a store grows by having its columns replaced, so this is read every frame. */
export function columnAt(component: object, keys: readonly string[]): unknown {
  let value: unknown = component
  for (let i = 0; i < keys.length; i++) {
    if (value === null || (typeof value !== 'object' && i > 0)) return undefined
    value = (value as Record<string, unknown>)[keys[i]]
  }
  return value
}

/**
 * What a packer reads a column from, now: the array itself where it holds numbers, `entries` where it holds objects or small arrays.
 *
 * @throws SchemaMismatch when there is no column any more
 */
export function sourceAt(
  label: string,
  component: object,
  { keys, path }: SourceColumn,
  entries: EntryColumn,
): ColumnSource {
  const column = columnAt(component, keys)
  if (isTypedColumn(column)) return column as ColumnSource & ArrayBufferView
  if (!Array.isArray(column)) throw noColumn(label, path, column)
  if (!entries.suits(column)) return column as readonly number[]
  entries.entries = column
  return entries
}

/**
 * How many entities the typed-array columns have room for: ids 0 … result − 1. Plain arrays have room for any.
 *
 * @throws ColumnLengthMismatch when they disagree
 */
export function checkLengths(label: string, component: object, shape: Shape): number {
  let shared = Infinity
  for (let i = 0; i < shape.columns.length; i++) {
    const { keys, layout } = shape.columns[i]
    const column = columnAt(component, keys)
    if (!isTypedColumn(column)) continue
    const length = Math.floor(column.length / layout.arity)
    if (shared === Infinity) shared = length
    else if (length !== shared) throw new ColumnLengthMismatch(label, lengthsOf(component, shape))
  }
  return shared
}

function lengthsOf(component: object, shape: Shape): Record<string, number> {
  const lengths: Record<string, number> = {}
  for (const { keys, path, layout } of shape.columns) {
    const column = columnAt(component, keys)
    if (isTypedColumn(column)) lengths[path] = Math.floor(column.length / layout.arity)
  }
  return lengths
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
  component: object,
  path: readonly string[],
): { keys: readonly string[]; entryKeys: readonly string[] } {
  for (let i = 0; i < path.length; i++) {
    const value = columnAt(component, path.slice(0, i))
    if (Array.isArray(value) && !isColumn((value as unknown as Record<string, unknown>)[path[i]]))
      return { keys: path.slice(0, i), entryKeys: path.slice(i) }
  }
  return { keys: path, entryKeys: [] }
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

/** @throws SchemaMismatch, UnsupportedColumn */
function checkColumn(label: string, path: string, column: unknown, arity: number): void {
  if (!isColumn(column)) throw noColumn(label, path, column)
  checkKind(label, path, column)
  if (isOtherAxis(column, arity)) {
    const paths = Array.from({ length: arity }, (_, k) => (path === '' ? `${k}` : `${path}.${k}`))
    throw new SchemaMismatch(
      label,
      path,
      `"${path}" has the entity as its second index (${arity} arrays of ${(column[0] as readonly unknown[]).length}), not as its first. ` +
        `Name each array: ${fromPaths(paths)}.`,
    )
  }
}

function noColumn(label: string, path: string, found: unknown): SchemaMismatch {
  return new SchemaMismatch(
    label,
    path,
    `the component has no such column (found ${found === undefined ? 'nothing' : found === null ? 'null' : typeof found}). Name the column that the field is made of, for example vec2f.from('x', 'y').`,
  )
}
