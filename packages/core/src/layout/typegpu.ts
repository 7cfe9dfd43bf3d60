import { NotHostShareable } from '../errors.ts'
import { type FieldSpec, makeArray, makeAtomic, makeStruct } from './compose.ts'
import { declarationProblem } from './identifier.ts'
import * as numeric from './numeric.ts'
import type { TypeLike, WgslType } from './types.ts'

// TypeGPU's data schemas, read by their shape: core depends on no package, and any version with this shape will do.

const NUMERIC: ReadonlyMap<string, WgslType> = new Map(
  Object.values(numeric).map((type) => [type.type, type]),
)
const KINDS: ReadonlySet<unknown> = new Set(['scalar', 'vector', 'matrix', 'atomic', 'array', 'struct'])

/** What we read of a schema of TypeGPU; every part may be missing. */
interface Shape {
  readonly type?: string
  readonly propTypes?: object
  readonly elementType?: unknown
  readonly elementCount?: unknown
  readonly inner?: unknown
  readonly attribs?: readonly { readonly type?: string; readonly params?: readonly unknown[] }[]
  toString(): string
}

/** Schemas of TypeGPU that were converted before: the same one gives the same type. */
const converted = new WeakMap<object, WgslType>()

export function isWgslType(value: unknown): value is WgslType {
  return typeof value === 'object' && value !== null && KINDS.has((value as { kind?: unknown }).kind)
}

/**
 * The type that `like` is or stands for: a WGSL type of memkit is returned as it is, a data schema of TypeGPU is converted.
 *
 * @throws NotHostShareable when it is neither, or holds something that cannot lie in a buffer (`bool`, a loose schema)
 */
export function asType(like: TypeLike): WgslType {
  if (isWgslType(like)) return like
  if ((typeof like !== 'object' && typeof like !== 'function') || like === null)
    throw new NotHostShareable(String(like))
  let type = converted.get(like)
  if (type === undefined) {
    type = convert(like)
    converted.set(like, type)
  }
  return type
}

/** The field `name` of the type `like`, with what `align` and `size` asked for. */
export function asFieldSpec(name: string, like: unknown): FieldSpec {
  const value = like as { kind?: unknown; type?: unknown } | null | undefined
  if (value?.kind === 'attributed') {
    const { inner, align, size } = like as { inner: WgslType; align: number; size: number }
    return { name, type: inner, align, size }
  }
  if (value?.type !== 'decorated') return { name, type: asType(like as TypeLike), align: 0, size: 0 }
  const { inner, attribs = [] } = like as Shape
  let align = 0
  let size = 0
  for (const { type, params = [] } of attribs) {
    if (type === '@align') align = Number(params[0])
    else if (type === '@size') size = Number(params[0])
    else throw new NotHostShareable(`${type} on field ${name}`)
  }
  return { name, type: asType(inner as TypeLike), align, size }
}

function convert(schema: Shape): WgslType {
  switch (schema.type) {
    case 'struct': {
      const specs = Object.entries(schema.propTypes ?? {}).map(([name, like]) => asFieldSpec(name, like))
      return makeStruct(specs, nameOf(schema))
    }
    case 'array':
      // TypeGPU writes a runtime-sized array as one of no elements.
      return makeArray(
        asType(schema.elementType as TypeLike),
        schema.elementCount === 0 ? undefined : (schema.elementCount as number),
      )
    case 'atomic':
      return makeAtomic(asType(schema.inner as TypeLike))
    default: {
      const type = schema.type === undefined ? undefined : NUMERIC.get(schema.type)
      if (type === undefined) throw new NotHostShareable(describe(schema))
      return type
    }
  }
}

/** A struct that was given a name prints itself as `struct:Name`. */
function nameOf(schema: Shape): string | undefined {
  const text = typeof schema.toString === 'function' ? schema.toString() : ''
  const name = /^struct:(.+)$/u.exec(text)?.[1]
  return name === undefined || declarationProblem(name) !== undefined ? undefined : name
}

function describe(schema: Shape): string {
  if (schema.type !== undefined) return schema.type
  return typeof schema === 'function'
    ? 'A function (d.arrayOf needs a count; 0 for a runtime-sized array)'
    : 'An object without a `type`'
}
