import { isDetached, kindOfView } from '@memkit/core'
import { ColumnDetached, UnsupportedColumn } from './errors.ts'
import { checkBrand } from './type-brands.ts'

/** How deep nested columns are looked for. */
export const MAX_DEPTH = 4

/** A typed array of any kind. */
export type TypedColumn = ArrayBufferView & ArrayLike<number>

/** Of any realm, and no DataView, which has no length. */
export function isTypedColumn(column: unknown): column is TypedColumn {
  return ArrayBuffer.isView(column) && (column as Partial<TypedColumn>).length !== undefined
}

/** Whether it can be a column: a typed array or a plain one. */
export function isColumn(value: unknown): value is TypedColumn | readonly unknown[] {
  return isTypedColumn(value) || Array.isArray(value)
}

/** The first entry of a plain array that is there; a method of the same name may be hidden by a type tag. */
export function firstEntry(column: readonly unknown[]): unknown {
  for (let i = 0; i < column.length; i++) if (column[i] !== undefined && column[i] !== null) return column[i]
  return undefined
}

/** @throws UnsupportedColumn for what WGSL has no numbers for, ColumnDetached for an array over memory that is gone */
export function checkKind(label: string, path: string, column: object): void {
  if (isTypedColumn(column)) {
    if (kindOfView(column).startsWith('Big'))
      throw new UnsupportedColumn(
        label,
        path,
        'of 64-bit integers',
        'WGSL has none: use a Uint32Array, or two of them for the low and the high half.',
      )
    if (isDetached(column)) throw new ColumnDetached(label, path)
  }
  checkBrand(label, path, column)
}
