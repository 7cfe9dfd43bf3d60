import * as types from '@memkit/core'
import { align, array, atomic, size, struct, type Field, type Schema, type WgslType } from '@memkit/core'

/**
 * A WGSL type as JSON has it: the name of a scalar, vector or matrix; `{ atomic }`; `{ array, count }`;
 * `{ struct: [[field, type, align?, size?] …], name }`. Align and size only where they were asked for.
 */
export type SchemaData =
  | string
  | { readonly atomic: string }
  | { readonly array: SchemaData; readonly count?: number | undefined }
  | { readonly struct: readonly FieldData[]; readonly name?: string | undefined }

type FieldData = readonly [name: string, type: SchemaData, align?: number, size?: number]

/** Depth of types within types, which keeps a hostile file from filling the stack. */
const MAX_DEPTH = 32

export function dataOf(schema: Schema): SchemaData {
  if (schema.kind === 'atomic') return { atomic: schema.scalar }
  if (schema.kind === 'array') return { array: dataOf(schema.element), count: schema.count }
  if (schema.kind === 'struct') return { struct: schema.fields.map(fieldData), name: schema.name }
  return schema.type
}

function fieldData({ name, type, align, size }: Field): FieldData {
  const data = dataOf(type)
  if (size !== type.size) return [name, data, align === type.align ? 0 : align, size]
  return align === type.align ? [name, data] : [name, data, align]
}

/** The type that the data describes; without the columns that fields were read from. Throws anything. */
export function schemaFrom(data: unknown, depth: number = 0): Schema {
  if (depth > MAX_DEPTH) throw new Error('types lie too deep in each other')
  if (typeof data === 'string') return numericType(data)
  const parts = data as {
    atomic?: string
    array?: unknown
    count?: number
    struct?: unknown[]
    name?: string
  }
  if (typeof parts.atomic === 'string') return atomic(numericType(parts.atomic) as never)
  if (parts.array !== undefined) return array(schemaFrom(parts.array, depth + 1), parts.count as never)
  const fields: [string, unknown][] = []
  for (const field of parts.struct ?? []) {
    const [name, type, aligned = 0, sized = 0] = field as [string, unknown, number?, number?]
    let made: unknown = schemaFrom(type, depth + 1)
    if (aligned !== 0) made = align(aligned, made as WgslType)
    if (sized !== 0) made = size(sized, made as WgslType)
    fields.push([name, made])
  }
  return struct(Object.fromEntries(fields) as never, parts.name)
}

function numericType(name: string): Schema {
  const type = /^(?:[fiu]32|f16|vec\d[fiuh]|mat\dx\d[fh])$/.test(name)
    ? (types as unknown as Record<string, Schema | undefined>)[name]
    : undefined
  if (type === undefined) throw new Error(`there is no type ${name}`)
  return type
}

/** The type's text in WGSL: declarations of a struct, the name of any other. */
export function wgslText(schema: Schema): string {
  return schema.kind === 'struct' ? schema.wgsl(schema.name ?? 'Row') : schema.type
}
