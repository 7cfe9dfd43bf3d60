import { InvalidSchema } from './errors.ts'
import { makeArray, makeAtomic, makeStruct } from './compose.ts'
import { asFieldSpec, asType } from './typegpu.ts'
import type { Atomic, Attributed, Converted, FieldLike, Scalar, Struct } from './types.ts'
import type { TypeGpuSchema, TypeLike, WgslArray, WgslType } from './types.ts'

/**
 * Makes a WGSL struct: fields in the order given, each at the next multiple of its alignment.
 * @param fields name → type: WGSL types, TypeGPU schemas, or either with `align` or `size`
 * @param name its name in WGSL, used where it is nested in another struct; `wgsl(name)` may choose
 *   another
 * @throws {@link InvalidIdentifier} for a name that WGSL does not allow
 * @throws {@link InvalidSchema} for a struct without fields
 * @throws {@link RuntimeArrayNotLast} for a runtime-sized array anywhere but at the end
 * @throws {@link InvalidAttribute} for an `align` or `size` that is too small, or an `align` that
 *   isn't a power of two
 * @throws {@link NotHostShareable} for a type that cannot lie in a buffer
 */
export function struct<const F extends { readonly [name: string]: FieldLike }>(
  fields: F,
  name?: string,
): Struct<{ readonly [K in keyof F & string]: Converted<F[K]> }> {
  if (typeof fields !== 'object' || fields === null)
    throw new InvalidSchema({ schema: 'struct', reason: 'give it an object of fields' })
  const specs = Object.entries(fields).map(([field, like]) => asFieldSpec(field, like))
  return makeStruct(specs, name) as never
}

/**
 * Makes a WGSL array of `count` elements, at least 1. Leave the count out for a runtime-sized
 * array, which may be a whole buffer, or the last field of a struct.
 * @throws {@link InvalidArrayCount} for a count that isn't a positive integer, or is too large
 * @throws {@link RuntimeArrayNotLast} when the element itself is runtime-sized
 */
export function array<const T extends TypeLike>(element: T): WgslArray<Converted<T>, undefined>
export function array<const T extends TypeLike, const N extends number>(
  element: T,
  count: N,
): WgslArray<Converted<T>, N>
export function array(element: TypeLike, count?: number): WgslArray {
  return makeArray(asType(element), count)
}

/** Makes a WGSL atomic, `atomic(u32)` or `atomic(i32)`, for the storage address space. */
export function atomic<N extends 'u32' | 'i32'>(
  inner: Scalar<N> | (TypeGpuSchema & { readonly type: N }),
): Atomic<N> {
  return makeAtomic(asType(inner)) as Atomic<N>
}

/** Places the field at a multiple of `bytes`, a power of two: WGSL's `@align`. */
export function align<const T extends FieldLike>(bytes: number, type: T): Attributed<Converted<T>> {
  return attributed(type, 'align', bytes) as Attributed<Converted<T>>
}

/** Pads the field to `bytes`: WGSL's `@size`. */
export function size<const T extends FieldLike>(bytes: number, type: T): Attributed<Converted<T>> {
  return attributed(type, 'size', bytes) as Attributed<Converted<T>>
}

function attributed(like: FieldLike, attribute: 'align' | 'size', bytes: number): Attributed<WgslType> {
  const { type, align, size } = asFieldSpec(attribute, like)
  // 0 would mean "not given"; NaN is refused when the field is laid out.
  const value = bytes === 0 ? NaN : bytes
  return Object.freeze({ kind: 'attributed', inner: type, align, size, [attribute]: value })
}
