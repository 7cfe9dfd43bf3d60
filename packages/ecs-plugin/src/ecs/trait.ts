import { f32, struct, type Schema, type Struct } from '@memkit/core'
import { NoColumns, UnsupportedColumn } from '../store/errors.ts'

// A trait of koota is a function, and each world has its own store for it. Recognise it by its shape:
// `GpuSynced` accepts it, although only `koota.ts` imports koota.

const internalKey: unique symbol = Symbol.for('koota.internal')

/** The shape of a trait, with the schema that it was made with. */
export interface TraitOf<T> {
  (...args: never): unknown
  readonly id: number
  readonly schema: T
}

interface TraitLike extends TraitOf<object> {
  readonly [internalKey]: { createStore(): object }
}

type Maker = (...args: never) => unknown

/** A world's store for a trait: a column per property, or an array of what its function returns. */
export type TraitStore<T> = T extends () => infer E
  ? E[]
  : { [K in keyof T]: T[K] extends () => infer E ? E[] : T[K][] }

/** Names of the properties that are numbers. A tag (`Record<string, never>`) has none. */
type NumberKeys<T> = {
  [K in keyof T & string]: [T[K]] extends [never] ? never : T[K] extends number ? K : never
}[keyof T & string]

/** The schema of a trait that is flagged without one: an f32 for each property that is a number. */
export type TraitSchema<T> = T extends Maker
  ? never
  : [NumberKeys<T>] extends [never]
    ? never
    : Struct<{ readonly [K in keyof T & string as T[K] extends number ? K : never]: f32 }>

/** Tells whether a component is a trait of koota. */
export function isTrait(component: object): component is TraitLike {
  return typeof component === 'function' && 'schema' in component && internalKey in component
}

/** Returns a component's columns before a world has it: itself, or an empty store for a trait. */
export function blankStore(component: object): object {
  return isTrait(component) ? component[internalKey].createStore() : component
}

/**
 * Returns the schema that {@link TraitSchema} describes.
 * @throws {@link NoColumns} for a tag, and for a trait without numbers
 * @throws {@link UnsupportedColumn} for a trait made with a function
 */
export function traitSchema(label: string, trait: TraitLike): Schema {
  const { schema } = trait
  if (typeof schema === 'function')
    throw new UnsupportedColumn({
      component: label,
      column: '',
      kind: 'an array of what the function of its trait returns',
      advice: 'Give a schema that names the fields, for example struct({ pos: vec2f.from("x", "y") }).',
    })
  const numbers = Object.entries(schema).filter(([, initial]) => typeof initial === 'number')
  if (numbers.length === 0) throw new NoColumns({ component: label })
  return struct(Object.fromEntries(numbers.map(([name]) => [name, f32])))
}
