import { isDetached, kindOfView } from '@memkit/core'
import { ColumnDetached, unsupported } from './errors.ts'
import { checkBrand } from './type-brands.ts'

/** How deep nested columns are looked for. */
export const MAX_DEPTH = 4

export type TypedColumn = ArrayBufferView & ArrayLike<number>

/** Of any realm, and no DataView, which has no length. */
export function isTypedColumn(column: unknown): column is TypedColumn {
  return ArrayBuffer.isView(column) && (column as Partial<TypedColumn>).length !== undefined
}

export function isColumn(value: unknown): value is TypedColumn | readonly unknown[] {
  return isTypedColumn(value) || Array.isArray(value)
}

/** The first entry that is there. Not by `find`, which a type tag may hide. */
export function firstEntry(column: readonly unknown[]): unknown {
  for (let i = 0; i < column.length; i++) if (column[i] !== undefined && column[i] !== null) return column[i]
  return undefined
}

/**
 * @throws {@link UnsupportedColumn} for what WGSL has no numbers for
 * @throws {@link ColumnDetached} for an array over memory that is gone
 */
export function checkKind(label: string, path: string, column: object): void {
  if (isTypedColumn(column)) {
    const advice = 'WGSL has none: use a Uint32Array, or two of them for the low and the high half.'
    if (kindOfView(column).startsWith('Big')) throw unsupported(label, path, 'of 64-bit integers', advice)
    if (isDetached(column)) throw new ColumnDetached({ component: label, column: path })
  }
  checkBrand(label, path, column)
}

/**
 * Checks that a plain array holds numbers: strings, booleans and objects would all read as 0. Holes, and
 * single values among numbers, are allowed.
 * @param way from an entry to its number, or to the array of its numbers; empty when it is either
 * @throws UnsupportedColumn when there is something, and not one number
 */
export function checkNumbers(
  label: string,
  path: string,
  column: readonly unknown[],
  way: readonly string[],
): void {
  let kind: string | undefined
  for (let i = 0; i < column.length; i++) {
    let value = column[i]
    for (let k = 0; k < way.length; k++)
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[way[k]] : undefined
    if (isColumn(value) && value.length > 0) value = value[0]
    if (typeof value === 'number') return
    if (value !== undefined && value !== null) kind ??= typeof value
  }
  if (kind === undefined) return
  throw unsupported(label, path, `an array of ${kind}s`, advice[kind] ?? OTHER_ADVICE)
}

const OTHER_ADVICE =
  'A row holds numbers: leave the column out with a schema that names the others, for example schema: struct({ hp: f32 }).'
const advice: Readonly<Record<string, string>> = {
  boolean:
    'A row holds numbers: use a Uint8Array with 0 and 1, or leave the column out with a schema that names the others.',
  object:
    "Name the numbers in them, for example schema: struct({ pos: vec2f.from('at.x', 'at.y') }), or leave the column out with a schema that names the others.",
}
