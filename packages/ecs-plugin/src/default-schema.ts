import type { ColumnPath, ScalarFor, Schema, SourcesOf, Struct } from '@memkit/core'

/**
 * The schema of a component that is flagged without one: a field per column (properties that are no columns are left out),
 * or the scalar of a bare typed array.
 */
export type DefaultSchema<C> = [ScalarFor<C>] extends [never]
  ? Struct<{
      readonly [K in keyof C & string as [ScalarFor<C[K]>] extends [never] ? never : K]: ScalarFor<C[K]>
    }>
  : Extract<ScalarFor<C>, Schema>

/** Columns that the schema reads and the component does not have; the component itself (`''`) is there when it is an array. */
type MissingColumns<C, S> = Exclude<SourcesOf<S>, ColumnPath<C> | (C extends ArrayLike<unknown> ? '' : never)>

/** `unknown` when the component has every column that the schema reads; else a type that names what is missing. */
export type HasColumns<C, S> = [MissingColumns<C, S>] extends [never]
  ? unknown
  : { readonly 'the component has no column': MissingColumns<C, S> }
