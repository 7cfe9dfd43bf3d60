import { columnsInfo, f32, i32, rowsInfo, scalarFor, struct, u32 } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { NoColumns, UnsupportedColumn } from './errors.ts'

/** A typed array of any kind. */
export type TypedColumn = ArrayBufferView & ArrayLike<number>

export function isTypedColumn(column: unknown): column is TypedColumn {
  return ArrayBuffer.isView(column) && !(column instanceof DataView)
}

/** Whether it can be a column: a typed array or a plain one. */
export function isColumn(value: unknown): value is TypedColumn | readonly unknown[] {
  return isTypedColumn(value) || Array.isArray(value)
}

/**
 * The schema of a component that was given none: that of its heap store, else one field per column, of the column's own kind.
 *
 * @throws NoColumns, UnsupportedColumn
 */
export function schemaOf(label: string, component: object): Schema {
  const store = columnsInfo(component) ?? rowsInfo(component)
  if (store !== undefined) return store.struct
  if (isColumn(component)) return scalarOf(label, '', component)
  const fields: Record<string, Schema> = {}
  for (const [name, column] of Object.entries(component)) {
    if (isColumn(column)) fields[name] = scalarOf(label, name, column)
    else refuseNested(label, name, column)
  }
  if (Object.keys(fields).length === 0) throw new NoColumns(label)
  return struct(fields)
}

/** @throws UnsupportedColumn for what WGSL has no numbers for */
export function checkKind(label: string, path: string, column: object): void {
  if (column instanceof BigInt64Array || column instanceof BigUint64Array)
    throw new UnsupportedColumn(
      label,
      path,
      'of 64-bit integers',
      'WGSL has none: use a Uint32Array, or two of them for the low and the high half.',
    )
  if (strBrand in column) throw brandRefused(label, path, strBrand)
}

/** Whether entities lie along the inner arrays: `column[k][entity]`, with `arity` of them, as `bitecs/legacy` makes it. */
export function isOtherAxis(column: unknown, arity: number): boolean {
  if (!Array.isArray(column) || column.length !== arity) return false
  // Not `every`, which leaves holes out.
  for (let k = 0; k < arity; k++) {
    const inner: unknown = column[k]
    if (!isColumn(inner) || inner.length <= arity) return false
  }
  return arity > 0
}

/** `vec4f.from('m.0', 'm.1', 'm.2', 'm.3')`, as a field of that many columns may be written. */
export function fromPaths(paths: readonly string[]): string {
  if (paths.length > 4) return `a matrix or several fields .from('${paths[0]}', '${paths[1]}', …)`
  const names = paths.map((path) => `'${path}'`).join(', ')
  return paths.length === 1 ? `f32.from(${names})` : `vec${paths.length}f.from(${names})`
}

function scalarOf(label: string, name: string, column: TypedColumn | readonly unknown[]): Schema {
  checkKind(label, name, column)
  const branded = brandedScalar(label, name, column)
  if (branded !== undefined) return branded
  if (isTypedColumn(column)) return scalarFor<object>(column, name)
  const first = column.find((entry) => entry !== undefined && entry !== null)
  if (typeof first === 'object' && first !== null) refuseEntries(label, name, column, first)
  // An empty array as a component may become anything; an empty column is one of numbers.
  if (name === '' && first === undefined) refuseEntries(label, name, column, {})
  return f32
}

/** A column that is no column of numbers: says how a schema reaches into it. */
function refuseEntries(label: string, name: string, column: readonly unknown[], first: object): never {
  const field = name === '' ? 'value' : name
  if (isColumn(first)) {
    const count = Math.min(4, Math.max(2, first.length))
    const byEntity = `schema: struct({ ${field}: vec${count}f }) when its first index is the entity`
    const paths = Array.from(column, (_, i) => (name === '' ? `${i}` : `${name}.${i}`))
    const byColumn = `struct({ ${field}: ${fromPaths(paths)} }) when its second is`
    const advice = `Say how its numbers lie: ${column.length > 16 ? byEntity : `${byEntity}, ${byColumn}`}.`
    throw new UnsupportedColumn(label, name, 'an array of arrays', advice)
  }
  throw new UnsupportedColumn(
    label,
    name,
    'an array of objects',
    'Give a schema that names its fields, for example struct({ pos: vec2f.from("x", "y") }), or use one array per field: ' +
      '{ x: new Float32Array(n), … }.',
  )
}

/** An object of columns has a way in by path; any other property is no column, and left out. */
function refuseNested(label: string, name: string, value: unknown): void {
  const paths = nestedPaths(name, value)
  if (paths.length === 0) return
  throw new UnsupportedColumn(
    label,
    name,
    'an object of columns',
    `Say where it goes by path, for example schema: struct({ ${name}: ${fromPaths(paths)} }).`,
  )
}

function nestedPaths(path: string, value: unknown): string[] {
  if (isColumn(value)) return [path]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) =>
    isColumn(inner) || isPlainObject(inner) ? nestedPaths(`${path}.${key}`, inner) : [],
  )
}

function isPlainObject(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// `bitecs/serialization` marks plain arrays with the kind of number that they hold.
const strBrand = Symbol.for('bitecs-str')
const arrayBrand = Symbol.for('bitecs-arr')
const brands: readonly (readonly [symbol, Schema])[] = [
  [Symbol.for('bitecs-u8'), u32],
  [Symbol.for('bitecs-u16'), u32],
  [Symbol.for('bitecs-u32'), u32],
  [Symbol.for('bitecs-ref'), u32],
  [Symbol.for('bitecs-i8'), i32],
  [Symbol.for('bitecs-i16'), i32],
  [Symbol.for('bitecs-i32'), i32],
]

function brandedScalar(label: string, name: string, column: object): Schema | undefined {
  for (const brand of [strBrand, arrayBrand]) if (brand in column) throw brandRefused(label, name, brand)
  return brands.find(([brand]) => brand in column)?.[1]
}

function brandRefused(label: string, name: string, brand: symbol): UnsupportedColumn {
  return new UnsupportedColumn(
    label,
    name,
    brand === strBrand ? 'branded str' : 'branded array',
    brand === strBrand
      ? 'Strings have no place in a row: leave the column out with a schema.'
      : 'A row has a fixed size: say how many numbers an entity has, for example schema: struct({ m: vec4f }), or leave the column out.',
  )
}
