import type { Struct, WgslArray, WgslType } from './types.ts'

/** Whether anything in the type was given its columns by `from`. */
export function namesColumns(type: WgslType): boolean {
  if (type.kind === 'array') return namesColumns(type.element)
  if (type.kind === 'struct') return type.fields.some((field) => namesColumns(field.type))
  return type.kind !== 'atomic' && type.sources !== undefined
}

/**
 * The columns that a schema reads: those that `from` named, and the outermost field's name for all else. Each once, in the order
 * in which the schema first reads it; `''` stands for the component itself, where the schema is no struct.
 */
export function sourcesOf(schema: WgslType): readonly string[] {
  const sources = new Set<string>()
  collect(schema, undefined, sources)
  return [...sources]
}

function collect(type: WgslType, field: string | undefined, sources: Set<string>): void {
  if (type.kind === 'struct') {
    for (const { name, type: inner } of type.fields) collect(inner, field ?? name, sources)
  } else if (type.kind === 'array') {
    collect(type.element, field, sources)
  } else if (type.kind !== 'atomic' && type.sources !== undefined) {
    for (const source of type.sources) sources.add(source)
  } else {
    sources.add(field ?? '')
  }
}

/** The columns that a schema reads, as a union of names: what `sourcesOf` lists. */
export type SourcesOf<T, Name extends string = ''> = T extends {
  readonly sources: infer S extends readonly string[]
}
  ? S[number]
  : T extends Struct<infer F>
    ? { [K in keyof F & string]: SourcesOf<F[K], Name extends '' ? K : Name> }[keyof F & string]
    : T extends WgslArray<infer E>
      ? SourcesOf<E, Name>
      : Name

type NumberColumn =
  | { readonly [Symbol.toStringTag]: `${string}Array`; readonly BYTES_PER_ELEMENT: number }
  | readonly number[]
type Next = { 3: 2; 2: 1; 1: 0; 0: 0 }

/**
 * Every path that leads to a column of a component: `'x'`, or `'pos.x'` in nested columns, `'m.0'` in an array of columns, and the
 * fields of the objects in an array of objects. Three levels deep.
 */
export type ColumnPath<C, Depth extends keyof Next = 3> = Depth extends 0
  ? never
  : C extends NumberColumn
    ? never
    : C extends readonly (infer E)[]
      ? E extends NumberColumn
        ? `${number}`
        : ColumnPath<E, Next[Depth]>
      : {
          [K in keyof C & string]: C[K] extends (...args: never) => unknown
            ? never
            : C[K] extends NumberColumn | number
              ? K
              : K | `${K}.${ColumnPath<C[K], Next[Depth]>}`
        }[keyof C & string]
