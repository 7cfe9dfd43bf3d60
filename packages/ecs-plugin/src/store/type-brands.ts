import { f32, i32, u32 } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { UnsupportedColumn } from './errors.ts'

// `bitecs/serialization` marks plain arrays with the kind of number that they hold: `u8()`, `ref([])`, `array(f32)`.
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
  [Symbol.for('bitecs-f32'), f32],
  [Symbol.for('bitecs-f64'), f32],
]

/**
 * The scalar that a brand stands for; undefined without one.
 *
 * @throws UnsupportedColumn for a brand of arrays of any length
 */
export function brandedScalar(label: string, name: string, column: object): Schema | undefined {
  if (arrayBrand in column)
    throw new UnsupportedColumn(
      label,
      name,
      'branded array',
      'A row has a fixed size: say how many numbers an entity has, for example schema: struct({ m: vec4f }), or leave the column out.',
    )
  return brands.find(([brand]) => brand in column)?.[1]
}

/** @throws UnsupportedColumn for a brand of strings, or of arrays of strings */
export function checkBrand(label: string, path: string, column: object): void {
  if (holdsStrings(column))
    throw new UnsupportedColumn(
      label,
      path,
      'branded str',
      'Strings have no place in a row: leave the column out with a schema.',
    )
}

function holdsStrings(brand: unknown): boolean {
  // `array(str)` keeps the function, `array($str)` the symbol, `array(array(str))` another branded array.
  const inner: unknown = typeof brand === 'function' ? (brand as (list: unknown[]) => unknown)([]) : brand
  if (inner === strBrand) return true
  if (typeof inner !== 'object' || inner === null) return false
  if (strBrand in inner) return true
  return arrayBrand in inner && holdsStrings((inner as { readonly [arrayBrand]: unknown })[arrayBrand])
}
