import { InvalidSchema } from '../errors.ts'
import { makeArray, makeAtomic, makeStruct } from './compose.ts'
import { asFieldSpec, asType } from './typegpu.ts'
import type {
  Atomic,
  Attributed,
  Converted,
  FieldLike,
  Scalar,
  Struct,
  TypeGpuSchema,
  TypeLike,
  WgslArray,
  WgslType,
} from './types.ts'

/**
 * A WGSL struct: fields in the order given, each at the next multiple of its alignment.
 *
 * @param fields name → type: WGSL types, TypeGPU schemas, or either with `align` or `size`
 * @param name its name in WGSL, used where it is nested in another; `wgsl(name)` can still choose one
 * @throws InvalidIdentifier for a name that WGSL does not allow
 * @throws InvalidSchema for a struct without fields
 * @throws RuntimeArrayNotLast for a runtime-sized array anywhere but at the end
 * @throws InvalidAttribute for an `align` or `size` that is too small or no power of two
 * @throws NotHostShareable for what cannot lie in a buffer
 */
export function struct<const F extends { readonly [name: string]: FieldLike }>(
  fields: F,
  name?: string,
): Struct<{ readonly [K in keyof F & string]: Converted<F[K]> }> {
  if (typeof fields !== 'object' || fields === null)
    throw new InvalidSchema('struct', 'give it an object of fields')
  const specs = Object.entries(fields).map(([field, like]) => asFieldSpec(field, like))
  return makeStruct(specs, name) as unknown as Struct<{ readonly [K in keyof F & string]: Converted<F[K]> }>
}

/**
 * A WGSL array of `count` elements, at least 1. Without a count it is runtime-sized: allowed only as the last field of a struct or
 * as a whole buffer.
 *
 * @throws InvalidArrayCount for a count that is no positive integer, or for more bytes than a buffer can have
 * @throws RuntimeArrayNotLast when the element itself is runtime-sized
 */
export function array<const T extends TypeLike>(element: T): WgslArray<Converted<T>, undefined>
export function array<const T extends TypeLike, const N extends number>(
  element: T,
  count: N,
): WgslArray<Converted<T>, N>
export function array(element: TypeLike, count?: number): WgslArray {
  return makeArray(asType(element), count)
}

/** A WGSL atomic: `atomic(u32)` or `atomic(i32)`. Storage address space only. */
export function atomic<N extends 'u32' | 'i32'>(
  inner: Scalar<N> | (TypeGpuSchema & { readonly type: N }),
): Atomic<N> {
  return makeAtomic(asType(inner)) as Atomic<N>
}

/**
 * The field's type, at a multiple of `bytes`: WGSL's `@align`.
 *
 * @param bytes power of two, not below the alignment of the type
 */
export function align<const T extends FieldLike>(bytes: number, type: T): Attributed<Converted<T>> {
  return attributed(type, 'align', bytes) as Attributed<Converted<T>>
}

/**
 * The field's type, followed by padding up to `bytes`: WGSL's `@size`.
 *
 * @param bytes not below the size of the type
 */
export function size<const T extends FieldLike>(bytes: number, type: T): Attributed<Converted<T>> {
  return attributed(type, 'size', bytes) as Attributed<Converted<T>>
}

function attributed(like: FieldLike, attribute: 'align' | 'size', bytes: number): Attributed<WgslType> {
  const { type, align, size } = asFieldSpec(attribute, like)
  // 0 would read as "not given"; NaN is refused where the field gets its place.
  const value = bytes === 0 ? NaN : bytes
  return Object.freeze({ kind: 'attributed', inner: type, align, size, [attribute]: value })
}
