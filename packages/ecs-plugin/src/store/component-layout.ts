import { asType, isRuntimeSized, rowsInfo, scalarsOf, strideOf } from '@memkit/core'
import type { ColumnLayout, RowsInfo, ScalarName, Schema } from '@memkit/core'
import { areBranded, checkTag, isIndex, tagAt, tagNames } from './aos-tags.ts'
import { checkKind, checkNumbers, isColumn, isTypedColumn } from './column-kind.ts'
import { columnAt, type ComponentLayout, type LayoutColumn } from './component-columns.ts'
import { fromPaths, isOtherAxis, schemaOf } from './default-schema.ts'
import { accessError, mismatch, noColumn } from './errors.ts'

/**
 * Works out how the rows of a component are made.
 * @throws NoColumns, UnsupportedColumn, ColumnDetached, ColumnInaccessible, SchemaMismatch, NotHostShareable
 */
export function readLayout(label: string, component: object, given: Schema | undefined): ComponentLayout {
  const schema = given === undefined ? defaultOf(label, component) : asType(given)
  checkRow(label, schema)
  const rows = rowsInfo(component)
  if (rows !== undefined) return layoutOfRows(label, schema, rows)
  const columns: LayoutColumn[] = []
  for (const { source, type, offsets } of readsOf(label, schema)) {
    const ways = waysTo(label, component, source)
    const found = { ...ways, path: source, layout: { type, arity: offsets.length, offsets } }
    checkColumn(label, columnAt(label, component, found), found)
    columns.push(found)
  }
  return { schema, stride: strideOf(schema), columns }
}

interface Read {
  readonly source: string
  readonly type: ScalarName
  readonly offsets: number[]
}

/**
 * Lists what a schema reads: for a field, the numbers of the column of its name, or with `from` one
 * number of each column named. A column that several fields name is read for each of them.
 * @throws {@link SchemaMismatch}
 */
function readsOf(label: string, schema: Schema): Read[] {
  const reads: Read[] = []
  const firstOf = new Map<string, Read>()
  /** Read because a field has their name. */
  const byName = new Map<string, Read>()
  const fromNames = new Set<string>()
  for (const { source, type, offset, path, named } of scalarsOf(schema)) {
    const first = firstOf.get(source)
    if (first !== undefined && first.type !== type) {
      const both = `${first.type} and ${type} at once. Split the column, or use one scalar type.`
      throw mismatch(label, path, `column "${source}" would be ${both}`)
    }
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
    const problem = `the field takes ${length} numbers an entity from the column of its name, and from('${source}') one. Let from name another column, or rename the field.`
    if (length > 1) throw mismatch(label, source, problem)
  }
  return reads
}

function defaultOf(label: string, component: object): Schema {
  try {
    return schemaOf(label, component)
  } catch (error) {
    throw accessError(error, label, '', 'read')
  }
}

/** A store of `heap.rows` is one column: the words of a row, uploaded as they lie. */
function layoutOfRows(label: string, schema: Schema, { struct, stride }: RowsInfo): ComponentLayout {
  const problem =
    'the rows of heap.rows are uploaded as they lie, so they have the struct that they were made with. Leave the schema out.'
  if (layoutText(schema) !== layoutText(struct)) throw mismatch(label, '', problem)
  const offsets = Array.from({ length: stride / 4 }, (_, word) => word * 4)
  const layout: ColumnLayout = { type: 'u32', arity: offsets.length, offsets }
  return { schema, stride, columns: [{ keys: ['u32'], entryKeys: [], path: 'u32', layout }] }
}

function layoutText(schema: Schema): string {
  const places = scalarsOf(schema).map(({ path, offset, type }) => `${path}: ${type} at ${offset}`)
  return `${places.join(', ')}; ${strideOf(schema)}`
}

/** Finds where a path leaves the columns for entries: at the first array without a column of that number. */
function waysTo(label: string, component: object, path: string): Pick<LayoutColumn, 'keys' | 'entryKeys'> {
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
    throw mismatch(label, '', `a row has a fixed size, but ${schema.type} has none. Give its array a count.`)
  const stride = strideOf(schema)
  const problem = `rows of ${stride} bytes cannot be copied one by one. Put it in a struct with align(4, …), or use a 32-bit type.`
  if (stride % 4 !== 0) throw mismatch(label, '', problem)
}

/** @throws SchemaMismatch, UnsupportedColumn, ColumnDetached */
function checkColumn(label: string, column: unknown, { path, entryKeys, layout }: LayoutColumn): void {
  const { arity } = layout
  if (!isColumn(column)) throw noColumn(label, path, column)
  checkKind(label, path, column)
  if (isTypedColumn(column)) return
  checkTags(label, column, path, entryKeys)
  if (isOtherAxis(column, arity)) {
    const paths = Array.from({ length: arity }, (_, k) => (path === '' ? `${k}` : `${path}.${k}`))
    const problem =
      `"${path}" has the entity as its second index (${arity} arrays of ${(column[0] as readonly unknown[]).length}), not as its first. ` +
      `Name each array: ${fromPaths(paths)}.`
    throw mismatch(label, path, problem)
  }
  checkNumbers(label, path, column, entryKeys)
}

/** @throws SchemaMismatch, UnsupportedColumn for a way into objects that their type tags contradict */
function checkTags(label: string, column: readonly unknown[], path: string, way: readonly string[]): void {
  const tags = tagNames(column)
  if (tags.length === 0) return
  const problem = `the objects in this store have ${tags.join(', ')}, as its type tags say. Name one of these, for example f32.from('${tags[0]}').`
  if ((way.length === 0 || !tags.includes(way[0])) && areBranded(column, tags))
    throw mismatch(label, path, problem)
  const tag = tagAt(column, way)
  checkTag(label, path, tag)
  if (isColumn(tag)) checkKind(label, path, tag)
}
