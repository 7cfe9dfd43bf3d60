import type { ScalarFor, Schema, Struct } from '@memkit/core'

/**
 * The schema of a component that is flagged without one: a field per column (properties that are no columns are left out),
 * or the scalar of a bare typed array.
 */
export type DefaultSchema<C> = [ScalarFor<C>] extends [never]
  ? Struct<{
      readonly [K in keyof C & string as [ScalarFor<C[K]>] extends [never] ? never : K]: ScalarFor<C[K]>
    }>
  : Extract<ScalarFor<C>, Schema>

/** Ways to the columns of a component: `'x'`, `'pos.x'` for nested ones, `'m.0'` for an array of columns. */
export type ColumnPath<C> = {
  [K in keyof C & string]: C[K] extends readonly ArrayLike<number>[]
    ? K | `${K}.${number}`
    : C[K] extends ArrayLike<unknown>
      ? K
      : C[K] extends object
        ? `${K}.${ColumnPath<C[K]>}`
        : never
}[keyof C & string]

/** The columns that a schema reads: those that `from` names, else the one with the field's name. */
type ColumnsOf<S> =
  S extends Struct<infer F>
    ? { [K in keyof F & string]: F[K] extends { readonly sources: readonly (infer N)[] } ? N : K }[keyof F &
        string]
    : never

/** `unknown` when the component has every column that the schema reads; else a type that names what is missing. */
export type HasColumns<C, S> =
  C extends ArrayLike<unknown>
    ? unknown
    : [Exclude<ColumnsOf<S>, ColumnPath<C>>] extends [never]
      ? unknown
      : { readonly 'the component has no column': Exclude<ColumnsOf<S>, ColumnPath<C>> }
