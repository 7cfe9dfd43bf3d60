import { isColumn } from './column-kind.ts'
import { UnsupportedColumn } from './errors.ts'

/**
 * A plain array, or what a way leads to in its entries, may hold no numbers at all: strings, booleans, objects. All of it would read as 0.
 * A hole, or one value among numbers that is none, is no such thing.
 *
 * @param way from an entry to its number, or to the small array of its numbers; empty when the entry is either
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
  throw new UnsupportedColumn(
    label,
    path,
    `an array of ${kind}s`,
    kind === 'boolean'
      ? 'A row holds numbers: use a Uint8Array with 0 and 1, or leave the column out with a schema that names the others.'
      : kind === 'object'
        ? "Name the numbers in them, for example schema: struct({ pos: vec2f.from('at.x', 'at.y') }), or leave the column out with a schema that names the others."
        : 'A row holds numbers: leave the column out with a schema that names the others, for example schema: struct({ hp: f32 }).',
  )
}
