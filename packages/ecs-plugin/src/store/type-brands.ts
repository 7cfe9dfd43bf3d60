import { f32, i32, u32, type Schema } from '@memkit/core'
import { unsupported } from './errors.ts'

// `bitecs/serialization` marks plain arrays with the kind of their numbers: `u8()`, `ref([])`, `array(f32)`.
const strBrand = Symbol.for('bitecs-str')
const arrayBrand = Symbol.for('bitecs-arr')
const scalars: Readonly<Record<string, Schema>> = {
  u8: u32,
  u16: u32,
  u32,
  ref: u32,
  i8: i32,
  i16: i32,
  i32,
  f32,
  f64: f32,
}

/**
 * Returns the scalar that a brand stands for; undefined without one.
 * @throws {@link UnsupportedColumn} for a brand of arrays of any length
 */
export function brandedScalar(label: string, name: string, column: object): Schema | undefined {
  const advice =
    'A row has a fixed size: say how many numbers an entity has, for example schema: struct({ m: vec4f }), or leave the column out.'
  if (arrayBrand in column) throw unsupported(label, name, 'branded array', advice)
  return Object.entries(scalars).find(([kind]) => Symbol.for(`bitecs-${kind}`) in column)?.[1]
}

/** @throws {@link UnsupportedColumn} for a brand of strings, or of arrays of strings */
export function checkBrand(label: string, path: string, column: object): void {
  const advice = 'Strings have no place in a row: leave the column out with a schema.'
  if (holdsStrings(column)) throw unsupported(label, path, 'branded str', advice)
}

function holdsStrings(brand: unknown): boolean {
  // `array(str)` keeps the function, `array($str)` the symbol, `array(array(str))` another branded array.
  const inner: unknown = typeof brand === 'function' ? (brand as (list: unknown[]) => unknown)([]) : brand
  if (inner === strBrand) return true
  if (typeof inner !== 'object' || inner === null) return false
  if (strBrand in inner) return true
  return arrayBrand in inner && holdsStrings((inner as { readonly [arrayBrand]: unknown })[arrayBrand])
}
