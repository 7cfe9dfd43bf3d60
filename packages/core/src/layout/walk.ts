import type { Atomic, Matrix, Scalar, ScalarName, Vector, WgslArray, WgslType } from './types.ts'

/** A type that holds scalars and no other types. */
export type LeafType = Scalar | Vector | Matrix | Atomic

/** Bytes of a scalar. */
export function bytesOf(scalar: ScalarName): number {
  return scalar === 'f16' ? 2 : 4
}

/** Bytes from the start of a type to its scalar `i`; a matrix counts column by column. */
export function scalarOffset(type: LeafType, i: number): number {
  const bytes = bytesOf(type.scalar)
  if (type.kind !== 'matrix') return i * bytes
  return Math.floor(i / type.rows) * type.columnStride + (i % type.rows) * bytes
}

/** What an array of arrays of … holds in the end. */
export function innermost({ element }: WgslArray): LeafType | Extract<WgslType, { kind: 'struct' }> {
  return element.kind === 'array' ? innermost(element) : element
}

/** Whether a type, or any type within it, passes the test. */
export function someType(type: WgslType, test: (type: WgslType) => boolean): boolean {
  if (test(type)) return true
  if (type.kind === 'array') return someType(type.element, test)
  return type.kind === 'struct' && type.fields.some((field) => someType(field.type, test))
}

/**
 * Visits the scalars, vectors, matrices and atomics in a type, in order of their offsets. A
 * runtime-sized array counts as empty.
 * @param visit gets each with its path from the outermost type, its offset in bytes, and the first
 *   field on the path (`''` without one)
 */
export function walkLeaves(
  type: WgslType,
  visit: (leaf: LeafType, path: string, offset: number, field: string) => void,
  path = '',
  offset = 0,
  field = '',
): void {
  if (type.kind === 'struct') {
    for (const inner of type.fields)
      walkLeaves(inner.type, visit, join(path, inner.name), offset + inner.offset, field || inner.name)
  } else if (type.kind === 'array') {
    for (let i = 0; i < (type.count ?? 0); i++)
      walkLeaves(type.element, visit, join(path, i), offset + i * type.stride, field)
  } else {
    visit(type, path, offset, field)
  }
}

/** One step further down a path: `join('pos', 'y')` is `'pos.y'`. */
export function join(path: string, step: string | number): string {
  return path === '' ? String(step) : `${path}.${step}`
}
