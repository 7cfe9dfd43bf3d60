import type { ScalarFor, Schema, Struct } from '@memkit/core'

/**
 * The schema of a component that is flagged without one: a field per column (properties that are no columns are left out),
 * or the scalar of a bare typed array.
 */
export type DefaultSchema<C> = [ScalarFor<C>] extends [never]
  ? Struct<{
      readonly [K in keyof C & string as [ScalarFor<C[K]>] extends [never] ? never : K]: ScalarFor<C[K]>
    }>
  : ScalarFor<C> & Schema
