import { columnsInfo, f32, rowsInfo, scalarFor, struct, type Schema } from '@memkit/core'
import { checkTag, tagNames } from './aos-tags.ts'
import { checkKind, checkNumbers, firstEntry, isColumn, isTypedColumn, MAX_DEPTH } from './column-kind.ts'
import type { TypedColumn } from './column-kind.ts'
import { NoColumns, unsupported } from './errors.ts'
import { brandedScalar } from './type-brands.ts'

/**
 * The schema of a component that was given none: that of its heap store, else one field per column,
 * of the column's own kind; for an array of objects with type tags (bitECS's `aos`) one field per
 * tag.
 * @throws NoColumns, UnsupportedColumn
 */
export function schemaOf(label: string, component: object): Schema {
  const store = columnsInfo(component) ?? rowsInfo(component)
  if (store !== undefined) return store.struct
  const tags = Array.isArray(component) ? tagNames(component) : []
  if (isColumn(component) && tags.length === 0) return scalarOf(label, '', component)
  const fields: [name: string, type: Schema][] = []
  for (const name of isColumn(component) ? tags : Object.keys(component)) {
    const column: unknown = (component as Readonly<Record<string, unknown>>)[name]
    if (isColumn(component)) checkTag(label, name, column)
    if (isColumn(column)) fields.push([name, scalarOf(label, name, column)])
    else refuseNested(label, name, column)
  }
  if (fields.length === 0) throw new NoColumns({ component: label })
  // Not by assignment, which takes `__proto__` for something else: as a name of a field it is refused.
  return struct(Object.fromEntries(fields))
}

/** Whether entities lie along `arity` inner arrays: `column[k][entity]`, as `bitecs/legacy` makes it. */
export function isOtherAxis(column: unknown, arity: number): boolean {
  if (!Array.isArray(column) || column.length !== arity) return false
  // Not `every`, which leaves holes out.
  for (let k = 0; k < arity; k++) {
    const inner: unknown = column[k]
    if (!isColumn(inner) || inner.length <= arity) return false
  }
  return arity > 0
}

/** How a field of that many columns may be written: `vec4f.from('m.0', 'm.1', 'm.2', 'm.3')`. */
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
  const first = tagNames(column).length > 0 ? {} : firstEntry(column)
  if (typeof first === 'object' && first !== null) refuseEntries(label, name, column, first)
  checkNumbers(label, name, column, [])
  // An empty array as a component may become anything; an empty column is one of numbers.
  if (name === '' && first === undefined) refuseEntries(label, name, column, {})
  return f32
}

/** Refuses a column of something else than numbers, and says how a schema reaches into it. */
function refuseEntries(label: string, name: string, column: readonly unknown[], first: object): never {
  const field = name === '' ? 'value' : name
  if (isColumn(first)) {
    const count = Math.min(4, Math.max(2, first.length))
    const byEntity = `schema: struct({ ${field}: vec${count}f }) when its first index is the entity`
    const paths = Array.from(column, (_, i) => (name === '' ? `${i}` : `${name}.${i}`))
    const byColumn = `struct({ ${field}: ${fromPaths(paths)} }) when its second is`
    const advice = `Say how its numbers lie: ${column.length > 16 ? byEntity : `${byEntity}, ${byColumn}`}.`
    throw unsupported(label, name, 'an array of arrays', advice)
  }
  const advice =
    'Give a schema that names its fields, for example struct({ pos: vec2f.from("x", "y") }), or use one array per field: ' +
    '{ x: new Float32Array(n), … }.'
  throw unsupported(label, name, 'an array of objects', advice)
}

/** An object of columns has a way in by path; any other property is left out. */
function refuseNested(label: string, name: string, value: unknown): void {
  const paths = nestedPaths(name, value)
  const advice = `Say where it goes by path, for example schema: struct({ ${name}: ${fromPaths(paths)} }).`
  if (paths.length > 0) throw unsupported(label, name, 'an object of columns', advice)
}

function nestedPaths(path: string, value: unknown, depth: number = MAX_DEPTH): string[] {
  if (isColumn(value)) return [path]
  // Objects may lead in a circle.
  if (value === null || typeof value !== 'object' || depth === 0) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    isColumn(inner) || isPlainObject(inner) ? nestedPaths(`${path}.${key}`, inner, depth - 1) : [],
  )
}

function isPlainObject(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Of any realm: the root of the chain, or right below it.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
