import { f32, struct } from '@memkit/core'
import type { Schema, Struct } from '@memkit/core'
import { NoColumns, UnsupportedColumn } from './errors.ts'

// A trait of koota is a function, and each world has a store of its own for it. It is known here by its shape alone, so that
// `GpuSynced` takes it while nobody but `koota.ts` imports koota.

const internalKey: unique symbol = Symbol.for('koota.internal')

/** What a trait looks like, and the schema that it was made with. */
export interface TraitOf<T> {
  (...args: never): unknown
  readonly id: number
  readonly schema: T
}

interface TraitLike extends TraitOf<object> {
  readonly [internalKey]: { createStore(): object }
}

type Maker = (...args: never) => unknown

/** The store that a world has for a trait: a column per property, or an array of what its function returns. */
export type TraitStore<T> = T extends () => infer E
  ? E[]
  : { [K in keyof T]: T[K] extends () => infer E ? E[] : T[K][] }

/** Names of the properties that are numbers; a tag (`Record<string, never>`) has none. */
type NumberKeys<T> = {
  [K in keyof T & string]: [T[K]] extends [never] ? never : T[K] extends number ? K : never
}[keyof T & string]

/** The schema of a trait that is flagged without one: an f32 for each property that is a number. `never` where there is none. */
export type TraitSchema<T> = T extends Maker
  ? never
  : [NumberKeys<T>] extends [never]
    ? never
    : Struct<{ readonly [K in keyof T & string as T[K] extends number ? K : never]: f32 }>

/** Whether it is a trait of koota. */
export function isTrait(component: object): component is TraitLike {
  return typeof component === 'function' && 'schema' in component && internalKey in component
}

/** What a component's columns can be read from before a world knows it: itself, or for a trait an empty store. */
export function blankStore(component: object): object {
  return isTrait(component) ? component[internalKey].createStore() : component
}

/**
 * Runtime twin of {@link TraitSchema}.
 *
 * @throws NoColumns for a tag, and for a trait without numbers
 * @throws UnsupportedColumn for a trait made with a function
 */
export function traitSchema(label: string, trait: TraitLike): Schema {
  const { schema } = trait
  if (typeof schema === 'function')
    throw new UnsupportedColumn(
      label,
      '',
      'an array of what the function of its trait returns',
      'Give a schema that names the fields, for example struct({ pos: vec2f.from("x", "y") }).',
    )
  const numbers = Object.entries(schema).filter(([, initial]) => typeof initial === 'number')
  if (numbers.length === 0) throw new NoColumns(label)
  return struct(Object.fromEntries(numbers.map(([name]) => [name, f32])))
}
