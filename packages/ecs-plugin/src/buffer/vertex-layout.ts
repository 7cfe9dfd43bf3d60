import type { Schema, WgslType } from '@memkit/core'
import type { MkCapabilities } from '@memkit/gpu'
import { checkOption } from '../options.ts'
import { NoVertexFormat, VertexLimitExceeded } from './errors.ts'
import type { StorageSource } from './wgsl-binding.ts'

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

/** Returns the layout that `SyncedBuffer.vertexLayout` describes. */
export function vertexLayout(
  { label, schema }: StorageSource,
  stride: number,
  firstLocation: number,
  limits: MkCapabilities,
): GPUVertexBufferLayout {
  checkFirstLocation(firstLocation, limits)
  const attributes = vertexAttributes(label, schema, firstLocation)
  checkLimit(label, 'maxVertexAttributes', firstLocation + attributes.length, limits.maxVertexAttributes)
  checkLimit(label, 'maxVertexBufferArrayStride', stride, limits.maxVertexBufferArrayStride)
  return { arrayStride: stride, stepMode: 'instance', attributes }
}

/** @throws {@link InvalidOption} for a location that the device doesn't have */
export function checkFirstLocation(firstLocation: number, { maxVertexAttributes }: MkCapabilities): void {
  checkOption(
    Number.isInteger(firstLocation) && firstLocation >= 0 && firstLocation < maxVertexAttributes,
    'firstLocation',
    firstLocation,
    `a whole number from 0 to ${maxVertexAttributes - 1}, the last @location of this device`,
  )
}

/** @throws {@link VertexLimitExceeded} */
export function checkLimit(
  component: string,
  limit: VertexLimitExceeded['limit'],
  requested: number,
  max: number,
): void {
  if (requested > max) throw new VertexLimitExceeded({ component, limit, requested, max })
}

function vertexAttributes(label: string, schema: Schema, firstLocation: number): GPUVertexAttribute[] {
  const attributes: GPUVertexAttribute[] = []
  const add = (field: string, type: string, offset: number): void => {
    const format = formats[type]
    if (format === undefined) throw new NoVertexFormat({ component: label, field, type })
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
