import type { Schema, WgslType } from '@memkit/core'
import type { MkCapabilities } from '@memkit/gpu'
import { InvalidOption, NoVertexFormat, VertexLimitExceeded } from './errors.ts'

/** WebGPU's vertex format of a WGSL type, by the type's name. */
const formats: Readonly<Record<string, GPUVertexFormat>> = {
  f32: 'float32',
  i32: 'sint32',
  u32: 'uint32',
  vec2f: 'float32x2',
  vec3f: 'float32x3',
  vec4f: 'float32x4',
  vec2i: 'sint32x2',
  vec3i: 'sint32x3',
  vec4i: 'sint32x4',
  vec2u: 'uint32x2',
  vec3u: 'uint32x3',
  vec4u: 'uint32x4',
  f16: 'float16',
  vec2h: 'float16x2',
  vec4h: 'float16x4',
}

/** What is laid out. */
interface VertexSource {
  readonly label: string
  readonly schema: Schema
  /** Bytes from one row to the next. */
  readonly stride: number
}

/**
 * A vertex buffer's layout with one instance per row: an attribute per field, matrices one per column, in the order of the fields.
 *
 * @throws NoVertexFormat, VertexLimitExceeded, InvalidOption
 */
export function vertexLayout(
  { label, schema, stride }: VertexSource,
  firstLocation: number,
  limits: MkCapabilities,
): GPUVertexBufferLayout {
  const { maxVertexAttributes, maxVertexBufferArrayStride } = limits
  if (!Number.isInteger(firstLocation) || firstLocation < 0 || firstLocation >= maxVertexAttributes)
    throw new InvalidOption(
      'firstLocation',
      firstLocation,
      `a whole number from 0 to ${maxVertexAttributes - 1}, the last @location of this device`,
    )
  const attributes = vertexAttributes(label, schema, firstLocation)
  const locations = firstLocation + attributes.length
  if (locations > maxVertexAttributes)
    throw new VertexLimitExceeded(label, 'maxVertexAttributes', locations, maxVertexAttributes)
  if (stride > maxVertexBufferArrayStride)
    throw new VertexLimitExceeded(label, 'maxVertexBufferArrayStride', stride, maxVertexBufferArrayStride)
  return { arrayStride: stride, stepMode: 'instance', attributes }
}

function vertexAttributes(label: string, schema: Schema, firstLocation: number): GPUVertexAttribute[] {
  const attributes: GPUVertexAttribute[] = []
  const add = (field: string, type: string, offset: number): void => {
    const format = formats[type]
    if (format === undefined) throw new NoVertexFormat(label, field, type)
    attributes.push({ format, offset, shaderLocation: firstLocation + attributes.length })
  }
  const addField = (field: string, type: WgslType, offset: number): void => {
    if (type.kind !== 'matrix') return add(field, type.type, offset)
    const column = `vec${type.rows}${type.scalar === 'f16' ? 'h' : 'f'}`
    for (let i = 0; i < type.columns; i++) add(`${field}[${i}]`, column, offset + i * type.columnStride)
  }
  if (schema.kind !== 'struct') addField(label, schema, 0)
  else for (const field of schema.fields) addField(field.name, field.type, field.offset)
  return attributes
}
