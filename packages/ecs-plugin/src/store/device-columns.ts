import { bytesPerRow, isDetached, kindOfView, rowsInfo, type ScalarName, type WgslType } from '@memkit/core'
import { isTypedColumn, type TypedColumn } from './column-kind.ts'
import { columnAt, type ComponentLayout } from './component-columns.ts'
import { ColumnDetached, mismatch, noColumn, unsupported } from './errors.ts'

/** What one element of a column is, on the CPU and on the device. */
export type ElementKind = 'f32' | 'i32' | 'u32' | 'i16' | 'u16' | 'i8' | 'u8'

/** A column that the device keeps as it is. */
export interface DeviceColumn {
  /** Its path from the component: `x`, `at.x`; empty when the component is the column. */
  readonly name: string
  readonly kind: ElementKind
  readonly elementBytes: 1 | 2 | 4
  /** Elements per row. */
  readonly arity: number
}

/** One number of a row: element `index` of a row of that column, as a number of this type. */
export interface ColumnScalar {
  readonly column: number
  readonly index: number
  readonly type: ScalarName
}

/** The columns of a component as the device keeps them, and which of their elements make a row of the schema. */
export interface DeviceColumns {
  readonly schema: WgslType
  /** In the order of the schema. A column that several fields name is there once. */
  readonly columns: readonly DeviceColumn[]
  /** For each column of the `ComponentLayout`, its index in `columns`. */
  readonly indices: readonly number[]
  /** Bytes that a row takes in all columns together. */
  readonly bytesPerRow: number
  /** By byte offset in a row of the schema. */
  readonly scalars: ReadonlyMap<number, ColumnScalar>
}

const kinds: Readonly<Record<string, readonly [kind: ElementKind, bytes: 1 | 2 | 4]>> = {
  Float32Array: ['f32', 4],
  Int32Array: ['i32', 4],
  Uint32Array: ['u32', 4],
  Int16Array: ['i16', 2],
  Uint16Array: ['u16', 2],
  Int8Array: ['i8', 1],
  Uint8Array: ['u8', 1],
  Uint8ClampedArray: ['u8', 1],
}

const ROWS_INSTEAD = "Leave `layout` out, or give layout: 'rows'"

/**
 * Works out what the device keeps for a component with `layout: 'columns'`.
 *
 * @throws UnsupportedColumn, SchemaMismatch, ColumnDetached, naming `layout: 'rows'` as the way
 */
export function deviceColumns(label: string, store: object, layout: ComponentLayout): DeviceColumns {
  if (rowsInfo(store) !== undefined)
    throw unsupported(label, '', 'a store of rows', `${ROWS_INSTEAD}: its rows are uploaded as they lie.`)
  refuseAtomics(label, layout.schema)
  const columns: DeviceColumn[] = []
  const scalars = new Map<number, ColumnScalar>()
  const byPath = new Map<string, number>()
  const indices = layout.columns.map((found) => {
    const { path } = found
    const { arity, offsets, type } = found.layout
    let column = byPath.get(path)
    if (column === undefined) {
      byPath.set(path, (column = columns.length))
      columns.push(deviceColumn(label, path, columnAt(label, store, found), arity))
    }
    checkScalar(label, path, columns[column].kind, type)
    offsets.forEach((offset, index) => scalars.set(offset, { column, index, type }))
    return column
  })
  const bytes = columns.reduce((sum, column) => sum + bytesPerRow(column), 0)
  return { schema: layout.schema, columns, indices, bytesPerRow: bytes, scalars }
}

/**
 * Returns the array of a column that takes the place of another one, if the device can keep it there.
 *
 * @throws {@link SchemaMismatch} for another kind of array than the column had when it was synced
 * @throws {@link ColumnDetached}
 */
export function sameKind(label: string, column: DeviceColumn, found: unknown): TypedColumn {
  const { name } = column
  if (!isTypedColumn(found)) {
    if (!Array.isArray(found)) throw noColumn(label, name, found)
    throw mismatch(label, name, `it became a plain array. ${arrayAdvice(column)}`)
  }
  const view = kindOfView(found)
  if (kinds[view]?.[0] !== column.kind)
    throw mismatch(label, name, `it became a ${view}. ${arrayAdvice(column)}`)
  if (isDetached(found)) throw new ColumnDetached({ component: label, column: name })
  return found
}

function arrayAdvice({ kind }: DeviceColumn): string {
  return `In columns the device keeps ${kind} there: give an array of the kind that it was synced with.`
}

/** @throws UnsupportedColumn */
function deviceColumn(label: string, name: string, found: unknown, arity: number): DeviceColumn {
  if (!isTypedColumn(found))
    throw unsupported(
      label,
      name,
      'a plain array',
      `In columns the device keeps typed arrays. ${ROWS_INSTEAD}.`,
    )
  const view = kindOfView(found)
  const known = kinds[view]
  if (known === undefined)
    throw unsupported(
      label,
      name,
      `a ${view}`,
      `WGSL has no such numbers to read. ${ROWS_INSTEAD}, which converts them.`,
    )
  const [kind, elementBytes] = known
  return { name, kind, elementBytes, arity }
}

/** @throws SchemaMismatch for a field that would need its numbers converted */
function checkScalar(label: string, path: string, kind: ElementKind, type: ScalarName): void {
  if (type === 'f16')
    throw mismatch(label, path, `no column holds f16. ${ROWS_INSTEAD}, or make the field f32.`)
  if ((kind === 'f32') === (type === 'f32')) return
  throw mismatch(
    label,
    path,
    `the column holds ${kind}, and the field ${type}. ${ROWS_INSTEAD}, which converts numbers.`,
  )
}

/** @throws SchemaMismatch */
function refuseAtomics(label: string, type: WgslType, path = ''): void {
  if (type.kind === 'atomic')
    throw mismatch(
      label,
      path,
      `columns are read by value, and an ${type.type} cannot be. Make it a ${type.scalar}.`,
    )
  if (type.kind === 'array') refuseAtomics(label, type.element, path)
  if (type.kind === 'struct')
    for (const field of type.fields) refuseAtomics(label, field.type, path || field.name)
}
