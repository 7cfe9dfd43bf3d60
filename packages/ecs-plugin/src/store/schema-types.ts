import type { f32, RowsMemory, ScalarFor, Schema, StoreOf, Struct } from '@memkit/core'
import type { TraitOf, TraitSchema, TraitStore } from '../ecs/trait.ts'

/**
 * The schema of a component that is flagged without one: the struct of a store of `heap.columns` or
 * `heap.rows`; the scalar of a bare column; the numbers of a trait of koota; an f32 for each type
 * tag of bitECS's `aos`; else a field per column. `never` for what needs a schema: an array of
 * objects without tags, a trait without numbers of its own, a column of anything but numbers.
 */
export type DefaultSchema<C> =
  C extends StoreOf<infer S>
    ? S
    : C extends TraitOf<infer T>
      ? TraitSchema<T>
      : C extends readonly (infer E)[]
        ? [E] extends [never]
          ? never
          : [E] extends [number]
            ? f32
            : TaggedSchema<E, Tags<C>>
        : [ScalarFor<C>] extends [never]
          ? [NoNumbers<C>] extends [never]
            ? Struct<{
                readonly [K in keyof C & string as [ScalarFor<C[K]>] extends [never] ? never : K]: ScalarFor<
                  C[K]
                >
              }>
            : never
          : Extract<ScalarFor<C>, Schema>

/** Plain arrays of anything but numbers. */
type NoNumbers<C> = {
  [K in keyof C & string]: C[K] extends readonly (infer E)[]
    ? unknown extends E
      ? never
      : [E] extends [never]
        ? never
        : [Extract<E, number>] extends [never]
          ? K
          : never
    : never
}[keyof C & string]

/**
 * What an array of objects has beside its entries: the type tags of bitECS's `aos`. `unknown` where
 * they are not known at compile time (`aos<T>(…)`), `never` where there are none.
 */
type Tags<C> = string extends keyof C
  ? unknown
  : [TagNames<C>] extends [never]
    ? never
    : { [K in TagNames<C>]: C[K] extends readonly (infer E)[] ? E[] : C[K] }

/** A tag may have the name of a method: `at` is both in the type, and the tag at run time. */
type TagNames<C> = {
  [K in keyof C & string]: C[K] extends readonly unknown[] ? K : K extends keyof unknown[] ? never : K
}[keyof C & string]

type TaggedSchema<E, T> = [T] extends [never]
  ? never
  : unknown extends T
    ? [NumbersOf<E>] extends [never]
      ? never
      : Struct<{ readonly [K in NumbersOf<E>]: f32 }>
    : [NoNumbers<T>] extends [never]
      ? Struct<{
          readonly [K in keyof T & string as [ScalarFor<T[K]>] extends [never] ? never : K]: ScalarFor<T[K]>
        }>
      : never

type NumbersOf<E> = { [K in keyof E & string]: E[K] extends number ? K : never }[keyof E & string]

type Numbers = ArrayLike<number>
type Method = (...args: never) => unknown
/** How deep paths reach. */
type Below = { 4: 3; 3: 2; 2: 1; 1: 0; 0: 0 }

/**
 * Ways to the columns of a component: `'x'`, or `'pos.x'` in nested ones; `'m.0'` in an array of
 * columns; and in an array of objects by entity id, the ways to the numbers of an object.
 */
type ColumnPath<C, Depth extends keyof Below = 4> = Depth extends 0
  ? never
  : C extends readonly (infer E)[]
    ? EntryPath<E, Depth> | TagPath<Tags<C>, Depth>
    : {
        [K in keyof C & string]: C[K] extends Method
          ? never
          : C[K] extends readonly Numbers[]
            ? K | `${K}.${number}`
            : C[K] extends Numbers
              ? K
              : C[K] extends readonly (infer E)[]
                ? `${K}.${EntryPath<E, Below[Depth]> | TagPath<Tags<C[K]>, Below[Depth]>}`
                : C[K] extends object
                  ? `${K}.${ColumnPath<C[K], Below[Depth]>}`
                  : never
      }[keyof C & string]

/** Ways to the numbers of the objects that type tags describe. */
type TagPath<T, Depth extends keyof Below> = [T] extends [never]
  ? never
  : unknown extends T
    ? never
    : ColumnPath<T, Depth>

type NoObject = string | number | boolean | bigint | symbol | null | undefined

/** Ways to the numbers of one object. */
type EntryPath<E, Depth extends keyof Below> = Depth extends 0
  ? never
  : E extends NoObject
    ? never
    : E extends Numbers
      ? `${number}`
      : {
          [K in keyof E & string]: E[K] extends number
            ? K
            : E[K] extends Method
              ? never
              : E[K] extends Numbers
                ? K | `${K}.${number}`
                : E[K] extends object
                  ? `${K}.${EntryPath<E[K], Below[Depth]>}`
                  : never
        }[keyof E & string]

/** The columns that a schema reads: those that `from` names, else the one with the field's name. */
type ColumnsOf<S> =
  S extends Struct<infer F>
    ? { [K in keyof F & string]: F[K] extends { readonly sources: readonly (infer N)[] } ? N : K }[keyof F &
        string]
    : S extends { readonly sources: readonly (infer N)[] }
      ? N
      : never

/** Where the columns are. */
type StoreOfComponent<C> = C extends TraitOf<infer T> ? TraitStore<T> : C

/**
 * `unknown` when the component has every column that the schema reads; else a type that names what
 * is missing. Where the names are not known at compile time, `GpuSynced` itself finds out.
 */
export type HasColumns<C, S> = C extends RowsMemory & StoreOf<infer Own>
  ? S extends Own
    ? unknown
    : { readonly 'rows are uploaded as they lie: leave the schema out': never }
  : [keyof C] extends [never]
    ? unknown
    : string extends ColumnsOf<S>
      ? unknown
      : [Exclude<ColumnsOf<S>, ColumnPath<StoreOfComponent<C>>>] extends [never]
        ? unknown
        : { readonly 'the component has no column': Exclude<ColumnsOf<S>, ColumnPath<StoreOfComponent<C>>> }

/** Names of a component's columns, which `column()` of its buffer takes; '' when the component is the column. */
export type ColumnName<S> =
  string extends ColumnsOf<S> ? string : [ColumnsOf<S>] extends [never] ? '' : ColumnsOf<S>

/** Arrays that the device can keep as they are, for a field of that scalar. */
type DeviceArray<N> = N extends 'f32'
  ? { readonly [Symbol.toStringTag]: 'Float32Array' }
  : N extends 'i32' | 'u32'
    ? { readonly [Symbol.toStringTag]: IntegerArray }
    : never
type IntegerArray = `${'Int' | 'Uint'}${8 | 16 | 32}Array` | 'Uint8ClampedArray'

/** The scalar of a field; for a struct, or an array of structs, unknown at compile time. */
type ScalarOfField<T> = T extends { readonly kind: 'array'; readonly element: infer E }
  ? Schema extends E
    ? unknown
    : ScalarOfField<E>
  : T extends { readonly scalar: infer N }
    ? N
    : unknown

/** Fields of a struct whose column the device can't keep as it is. Paths are checked at run time. */
type UnfitFields<C, F> = {
  [K in keyof F & string]: F[K] extends { readonly kind: 'atomic' }
    ? K
    : 'f16' extends ScalarOfField<F[K]>
      ? unknown extends ScalarOfField<F[K]>
        ? never
        : K
      : unknown extends ScalarOfField<F[K]>
        ? never
        : [C[(F[K] extends { readonly sources: readonly (infer N)[] } ? N : K) & keyof C]] extends [
              DeviceArray<ScalarOfField<F[K]>>,
            ]
          ? never
          : K
}[keyof F & string]

/**
 * `unknown` when the device can keep the component's columns as they are, or `layout` isn't
 * `'columns'`; else a type that says why not. `GpuSynced` itself finds out what types don't tell.
 */
export type HasDeviceColumns<C, S, L> = [L] extends ['columns']
  ? Schema extends S
    ? unknown
    : C extends RowsMemory
      ? NeedsRows<'a store of rows'>
      : C extends TraitOf<infer _>
        ? NeedsRows<'a trait'>
        : C extends readonly unknown[]
          ? NeedsRows<'a plain array'>
          : S extends Struct<infer F>
            ? string extends keyof F
              ? unknown
              : [UnfitFields<C, F>] extends [never]
                ? unknown
                : NeedsRows<UnfitFields<C, F>>
            : [C] extends [DeviceArray<ScalarOfField<S>>]
              ? unknown
              : [keyof C] extends [never]
                ? unknown
                : NeedsRows<'the column'>
  : unknown

interface NeedsRows<What> {
  readonly "leave `layout` out: in columns the device keeps typed arrays of the field's own kind": What
}

/** `unknown`, or for a component that cannot be flagged without a schema a type that says so. */
export type HasSchema<S> = [S] extends [never]
  ? {
      readonly 'needs a schema that names its fields: an array of objects, a column of strings, or a trait without numbers': never
    }
  : unknown
