import { defineError, type ErrorClass } from '../mk-error.ts'
import { type FieldSpec, makeArray, makeAtomic, makeStruct } from './compose.ts'
import { declarationProblem } from './identifier.ts'
import * as numeric from './numeric.ts'
import type { Attributed, TypeLike, WgslType } from './types.ts'

/**
 * Something other than a type that can lie in a buffer.
 *
 * What to do: use f32, i32, u32, f16, vectors, matrices, array, atomic and struct, or such schemas
 * of TypeGPU (u32 instead of bool).
 */
export const NotHostShareable: ErrorClass<{ code: 'NotHostShareable'; given: string }> = defineError(
  'NotHostShareable',
  ({ given }) =>
    `${given} cannot lie in a buffer. Use f32, i32, u32, f16, vectors, matrices, array, atomic and struct, or such schemas of TypeGPU (u32 instead of bool).`,
)
export type NotHostShareable = InstanceType<typeof NotHostShareable>

// TypeGPU's data schemas, read by their shape: core depends on no package, and any version with
// this shape will do.

const NUMERIC = new Map<unknown, WgslType>(Object.values(numeric).map((type) => [type.type, type]))
const KINDS: ReadonlySet<unknown> = new Set(['scalar', 'vector', 'matrix', 'atomic', 'array', 'struct'])

/** The parts of a TypeGPU schema that are read here; any may be missing. */
interface TypeGpuParts {
  readonly type?: string
  readonly propTypes?: object
  readonly elementType?: TypeLike
  readonly elementCount?: number
  readonly inner?: TypeLike
  readonly attribs?: readonly { readonly type?: string; readonly params?: readonly unknown[] }[]
  toString(): string
}

/** TypeGPU schemas converted so far: the same one gives the same type. */
const converted = new WeakMap<object, WgslType>()

function isWgslType(value: unknown): value is WgslType {
  return typeof value === 'object' && value !== null && KINDS.has((value as { kind?: unknown }).kind)
}

/**
 * Returns a WGSL type of memkit as it is, and converts a TypeGPU data schema to one.
 * @throws {@link NotHostShareable} for anything else, also within it (`bool`, a loose schema)
 */
export function asType(like: TypeLike): WgslType {
  if (isWgslType(like)) return like
  if ((typeof like !== 'object' && typeof like !== 'function') || like === null)
    throw new NotHostShareable({ given: String(like) })
  const type = converted.get(like) ?? convert(like)
  converted.set(like, type)
  return type
}

/** Makes the field `name` of the type `like`, with the bytes that `align` and `size` ask for. */
export function asFieldSpec(name: string, like: unknown): FieldSpec {
  const value = like as Attributed | (TypeGpuParts & { kind?: undefined }) | null | undefined
  if (value?.kind === 'attributed') return { name, type: value.inner, align: value.align, size: value.size }
  let align = 0
  let size = 0
  if (value?.type !== 'decorated') return { name, type: asType(like as TypeLike), align, size }
  const { inner, attribs = [] } = value
  for (const { type, params = [] } of attribs) {
    if (type === '@align') align = Number(params[0])
    else if (type === '@size') size = Number(params[0])
    else throw new NotHostShareable({ given: `${type} on field ${name}` })
  }
  return { name, type: asType(inner as TypeLike), align, size }
}

function convert(schema: TypeGpuParts): WgslType {
  switch (schema.type) {
    case 'struct': {
      const specs = Object.entries(schema.propTypes ?? {}).map(([name, like]) => asFieldSpec(name, like))
      return makeStruct(specs, nameOf(schema))
    }
    case 'array': {
      // TypeGPU writes a runtime-sized array as one of no elements.
      const count = schema.elementCount === 0 ? undefined : schema.elementCount
      return makeArray(asType(schema.elementType as TypeLike), count)
    }
    case 'atomic':
      return makeAtomic(asType(schema.inner as TypeLike))
    default: {
      const type = NUMERIC.get(schema.type)
      if (type === undefined) throw new NotHostShareable({ given: describe(schema) })
      return type
    }
  }
}

/** A struct that was given a name prints itself as `struct:Name`. */
function nameOf(schema: TypeGpuParts): string | undefined {
  const name =
    typeof schema.toString === 'function' ? /^struct:(.+)$/u.exec(schema.toString())?.[1] : undefined
  return name === undefined || declarationProblem(name) !== undefined ? undefined : name
}

function describe(schema: TypeGpuParts): string {
  if (schema.type !== undefined) return schema.type
  return typeof schema === 'function'
    ? 'A function (d.arrayOf needs a count; 0 for a runtime-sized array)'
    : 'An object without a `type`'
}
