import type { Atomic, Matrix, Scalar, Struct, Vector, WgslArray } from './types.ts'

/** A list of `N` numbers. */
type Numbers<N extends number> = {
  2: [number, number]
  3: [number, number, number]
  4: [number, number, number, number]
}[N & (2 | 3 | 4)]

/** The JavaScript value of a WGSL type, as `readValue` returns it: numbers, tuples for vectors, arrays and objects. */
export type Infer<T> = T extends Scalar | Atomic
  ? number
  : T extends Vector
    ? Numbers<T['components']>
    : T extends Matrix
      ? number[]
      : T extends Struct<infer F>
        ? { -readonly [K in keyof F]: Infer<F[K]> }
        : T extends WgslArray<infer E>
          ? Infer<E>[]
          : never

/** What `writeValue` takes for a WGSL type: as `Infer`, but any list of numbers will do, and fields may be left out. */
export type InferInput<T> = T extends Scalar | Atomic
  ? number
  : T extends Vector | Matrix
    ? ArrayLike<number>
    : T extends Struct<infer F>
      ? { readonly [K in keyof F]?: InferInput<F[K]> }
      : T extends WgslArray<infer E>
        ? ArrayLike<InferInput<E>>
        : never
