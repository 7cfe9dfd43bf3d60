import { i32, scalarFor, scalarsOf, strideOf, struct, u32 } from '@memkit/core'
import type { ColumnLayout, ScalarName, Schema } from '@memkit/core'
import { ColumnLengthMismatch, NoColumns, SchemaMismatch, UnsupportedColumn } from './errors.ts'

/** One column of a component, and where its numbers go in a row. */
export interface SourceColumn {
  /** Way to the column from the component; empty when the component is the column. */
  readonly keys: readonly string[]
  /** The same, for messages. */
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

/** A column as it is found: numbers by entity id. */
export type ColumnData = TypedColumn | readonly number[]
type TypedColumn = ArrayBufferView & ArrayLike<number>

/**
 * Works out how the rows of a component are made.
 *
 * @throws NoColumns, UnsupportedColumn, SchemaMismatch
 */
export function readShape(label: string, component: object, given: Schema | undefined): Shape {
  const schema = given ?? defaultSchema(label, component)
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
    const keys = path === '' ? [] : path.split('.')
    checkColumn(label, path, columnAt(component, keys))
    columns.push({ keys, path, layout: { type, arity: offsets.length, offsets } })
  }
  return { schema, stride: strideOf(schema), columns }
}

/** The column as it is now: a store grows by having its columns replaced, so this is read every frame. */
export function columnAt(component: object, keys: readonly string[]): unknown {
  let value: unknown = component
  for (let i = 0; i < keys.length; i++) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<string, unknown>)[keys[i]]
  }
  return value
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

export function isTypedColumn(column: unknown): column is TypedColumn {
  return ArrayBuffer.isView(column) && !(column instanceof DataView)
}

function lengthsOf(component: object, shape: Shape): Record<string, number> {
  const lengths: Record<string, number> = {}
  for (const { keys, path, layout } of shape.columns) {
    const column = columnAt(component, keys)
    if (isTypedColumn(column)) lengths[path] = Math.floor(column.length / layout.arity)
  }
  return lengths
}

/** One field per column, of the column's own kind. */
function defaultSchema(label: string, component: object): Schema {
  if (isTypedColumn(component)) return scalarOf(label, '', component)
  if (Array.isArray(component))
    throw new UnsupportedColumn(
      label,
      '',
      'an array of objects',
      'Give a schema that names its columns, or use one array per field: { x: new Float32Array(n), … }.',
    )
  const fields: Record<string, Schema> = {}
  for (const [name, column] of Object.entries(component)) {
    if (isTypedColumn(column) || Array.isArray(column)) fields[name] = scalarOf(label, name, column)
    else if (hasColumns(column))
      throw new UnsupportedColumn(
        label,
        name,
        'an object of columns',
        `Say where it goes by path, for example schema: struct({ ${name}: vec2f.from('${name}.x', '${name}.y') }).`,
      )
  }
  if (Object.keys(fields).length === 0) throw new NoColumns(label)
  return struct(fields)
}

function hasColumns(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  return Object.values(value).some((inner) => isTypedColumn(inner) || Array.isArray(inner))
}

function scalarOf(label: string, name: string, column: object): Schema {
  checkColumn(label, name, column)
  return brandedScalar(label, name, column) ?? scalarFor(column, name)
}

// `bitecs/serialization` marks plain arrays with the kind of number that they hold.
const brands: readonly (readonly [symbol, Schema | undefined])[] = [
  [Symbol.for('bitecs-u8'), u32],
  [Symbol.for('bitecs-u16'), u32],
  [Symbol.for('bitecs-u32'), u32],
  [Symbol.for('bitecs-ref'), u32],
  [Symbol.for('bitecs-i8'), i32],
  [Symbol.for('bitecs-i16'), i32],
  [Symbol.for('bitecs-i32'), i32],
  [Symbol.for('bitecs-str'), undefined],
  [Symbol.for('bitecs-arr'), undefined],
]

function brandedScalar(label: string, name: string, column: object): Schema | undefined {
  if (!Array.isArray(column)) return undefined
  for (const [brand, scalar] of brands) {
    if (!(brand in column)) continue
    if (scalar !== undefined) return scalar
    throw new UnsupportedColumn(
      label,
      name,
      `branded ${brand.description?.replace('bitecs-', '')}`,
      'Strings and arrays of any length have no place in a row: leave the column out with a schema.',
    )
  }
  return undefined
}

function checkColumn(label: string, path: string, column: unknown): void {
  if (column instanceof BigInt64Array || column instanceof BigUint64Array)
    throw new UnsupportedColumn(
      label,
      path,
      'of 64-bit integers',
      'WGSL has none: use a Uint32Array, or two of them for the low and the high half.',
    )
  if (!isTypedColumn(column) && !Array.isArray(column))
    throw new SchemaMismatch(
      label,
      path,
      `the component has no such column (found ${column === null ? 'null' : typeof column}). Name the column that the field is made of, for example vec2f.from('x', 'y').`,
    )
}
