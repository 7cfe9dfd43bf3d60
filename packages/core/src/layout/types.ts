/**
 * The WGSL types that may lie in a buffer ("host-shareable"), as plain frozen objects. `size` and
 * `align` are bytes, by WGSL's own rules. Scalars, vectors and matrices are constants
 * (`numeric.ts`); arrays, atomics and structs are made by functions (`struct.ts`).
 */
export type WgslType = Scalar | Vector | Matrix | Atomic | WgslArray | Struct

/** Describes one row of a store or mirror: a struct, or a single WGSL type. */
export type Schema = WgslType

export type ScalarName = 'f32' | 'i32' | 'u32' | 'f16'
export type VectorName = `vec${2 | 3 | 4}${'f' | 'i' | 'u' | 'h'}`
export type MatrixName = `mat${2 | 3 | 4}x${2 | 3 | 4}${'f' | 'h'}`

interface ScalarOfSuffix {
  f: 'f32'
  i: 'i32'
  u: 'u32'
  h: 'f16'
}
type VectorParts<N extends VectorName> =
  N extends `vec${infer L extends 2 | 3 | 4}${infer S extends keyof ScalarOfSuffix}`
    ? { length: L; scalar: ScalarOfSuffix[S] }
    : never
type MatrixParts<N extends MatrixName> =
  N extends `mat${infer C extends 2 | 3 | 4}x${infer R extends 2 | 3 | 4}${infer S extends 'f' | 'h'}`
    ? { columns: C; rows: R; scalar: ScalarOfSuffix[S] }
    : never

/** A list of `N` column names; matrices have up to 16. */
type Names<N extends number, L extends readonly string[] = readonly []> = L['length'] extends N
  ? L
  : Names<N, readonly [...L, string]>
type ProductRow<R extends 2 | 3 | 4> = {
  2: { 2: 4; 3: 6; 4: 8 }
  3: { 2: 6; 3: 9; 4: 12 }
  4: { 2: 8; 3: 12; 4: 16 }
}[R]
type MatrixComponents<N extends MatrixName> = ProductRow<MatrixParts<N>['columns']>[MatrixParts<N>['rows']]

/** A type whose scalars are read from the columns named in `sources`, in order. */
export type Sourced<T, S extends readonly string[]> = T & { readonly sources: S }

export interface Scalar<N extends ScalarName = ScalarName> {
  readonly kind: 'scalar'
  /** Its name in WGSL. */
  readonly type: N
  readonly scalar: N
  /** Scalars in it. */
  readonly components: 1
  readonly size: number
  readonly align: number
  /** Set by `from`. */
  readonly sources?: readonly string[]
  /** Returns the type, read from the named column. A path (`'stats.hp'`) reaches nested columns. */
  from<const C extends string>(column: C): Sourced<Scalar<N>, readonly [C]>
}

export interface Vector<N extends VectorName = VectorName> {
  readonly kind: 'vector'
  readonly type: N
  readonly scalar: VectorParts<N>['scalar']
  readonly components: VectorParts<N>['length']
  readonly size: number
  readonly align: number
  readonly sources?: readonly string[]
  /** Returns the type, packed from one column per component; see `Scalar.from` for paths. */
  from<const C extends Names<VectorParts<N>['length']>>(...columns: C): Sourced<Vector<N>, C>
}

export interface Matrix<N extends MatrixName = MatrixName> {
  readonly kind: 'matrix'
  readonly type: N
  readonly scalar: MatrixParts<N>['scalar']
  /** Scalars in it, without padding: columns × rows. */
  readonly components: MatrixComponents<N>
  readonly columns: MatrixParts<N>['columns']
  readonly rows: MatrixParts<N>['rows']
  /** Bytes from one matrix column to the next: its size, rounded up to its alignment. */
  readonly columnStride: number
  readonly size: number
  readonly align: number
  readonly sources?: readonly string[]
  /** Returns the type, packed from one store column per scalar, matrix column by matrix column. */
  from<const C extends Names<MatrixComponents<N>>>(...columns: C): Sourced<Matrix<N>, C>
}

export interface Atomic<N extends 'u32' | 'i32' = 'u32' | 'i32'> {
  readonly kind: 'atomic'
  readonly type: `atomic<${N}>`
  readonly scalar: N
  readonly components: 1
  readonly size: number
  readonly align: number
}

export interface WgslArray<T extends WgslType = WgslType, N extends number | undefined = number | undefined> {
  readonly kind: 'array'
  /** Its text in WGSL, for messages: an unnamed struct in it is spelt out. */
  readonly type: string
  readonly element: T
  /** Elements; `undefined` in a runtime-sized array. */
  readonly count: N
  /** Bytes from one element to the next. */
  readonly stride: number
  /** Bytes; 0 in a runtime-sized array. */
  readonly size: number
  readonly align: number
}

/** Field names and types of a struct. */
export interface Fields {
  readonly [name: string]: WgslType
}

/** One member of a struct. */
export interface Field<N extends string = string, T extends WgslType = WgslType> {
  readonly name: N
  readonly type: T
  /** Bytes from the start of the struct. */
  readonly offset: number
  /** Bytes, including padding that `size(…)` asks for. */
  readonly size: number
  /** Bytes that `align(…)` asks for, else the alignment of the type. */
  readonly align: number
}

export interface Struct<F extends Fields = Fields> {
  readonly kind: 'struct'
  /** Its name; without one, the struct spelt out on one line, for messages. */
  readonly type: string
  /** Its name in WGSL; undefined without one. */
  readonly name: string | undefined
  /** Bytes, rounded up to `align`; a runtime-sized array at the end counts as empty. */
  readonly size: number
  readonly align: number
  /** Fields by name. (Declared first, so that TypeScript compares structs by their parts.) */
  readonly members: { readonly [K in keyof F]: Field<K & string, F[K]> }
  /** Fields in the order of declaration. */
  readonly fields: readonly { [K in keyof F & string]: Field<K, F[K]> }[keyof F & string][]
  /**
   * Writes the WGSL declarations of the structs nested in this one, then of this one.
   * @param name of this struct; default: the name it was made with
   * @throws {@link InvalidIdentifier} when WGSL does not allow the name, or there is none
   */
  wgsl(name?: string): string
}

/** A type with the bytes that `align` or `size` asks for; only for a field of a struct. */
export interface Attributed<T extends WgslType = WgslType> {
  readonly kind: 'attributed'
  readonly inner: T
  /** Bytes asked for, as those of `size`; 0 when not given. */
  readonly align: number
  readonly size: number
}

/**
 * A data schema of TypeGPU, recognised by its shape: `type` names its kind, `propTypes`,
 * `elementType` and `inner` its parts.
 */
export interface TypeGpuSchema {
  readonly type: ScalarName | VectorName | `mat${'2x2' | '3x3' | '4x4'}f` | TypeGpuKind
}
type TypeGpuKind = 'struct' | 'array' | 'atomic' | 'decorated'

/** Accepted where a type is asked for. */
export type TypeLike = WgslType | TypeGpuSchema
/** Accepted where a struct is asked for. */
export type StructLike = Struct | (TypeGpuSchema & { readonly type: 'struct' })
/** Accepted as a field of a struct. */
export type FieldLike = TypeLike | Attributed

/** The memkit type that a `TypeLike` or `FieldLike` becomes. */
export type Converted<T> =
  T extends Attributed<infer I>
    ? I
    : T extends WgslType
      ? T
      : T extends { readonly type: 'struct'; readonly propTypes: infer P }
        ? Struct<{ readonly [K in keyof P & string]: Converted<P[K]> }>
        : T extends { readonly type: 'array'; readonly elementType: infer E }
          ? WgslArray<Converted<E>>
          : T extends {
                readonly type: 'atomic'
                readonly inner: { readonly type: infer N extends 'u32' | 'i32' }
              }
            ? Atomic<N>
            : T extends { readonly type: 'decorated'; readonly inner: infer I }
              ? Converted<I>
              : T extends { readonly type: infer N extends keyof Numeric }
                ? Numeric[N]
                : never
type Numeric = { [N in ScalarName]: Scalar<N> } & { [N in VectorName]: Vector<N> } & {
  [N in MatrixName]: Matrix<N>
}
