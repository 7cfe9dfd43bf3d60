/** The kind of an attribute's numbers. */
export type NumberKind = 'f32' | 'u32' | 'i32'

/** What an attribute is in a shader, in the words of GLSL and TSL. */
export type ShaderType = `${'' | 'u' | 'i'}vec${2 | 3 | 4}` | 'float' | 'uint' | 'int'

/** The kind of a typed array's numbers; undefined for what can't be an attribute as it is. */
export function kindOf(array: unknown): NumberKind | undefined {
  if (array instanceof Float32Array) return 'f32'
  if (array instanceof Uint32Array) return 'u32'
  return array instanceof Int32Array ? 'i32' : undefined
}

/** What a single number is in a shader. */
export const SCALAR_TYPES = { f32: 'float', u32: 'uint', i32: 'int' } as const

/** @param numbers per instance, 1 to 4 */
export function shaderType(kind: NumberKind, numbers: number): ShaderType {
  if (numbers === 1) return SCALAR_TYPES[kind]
  return `${({ f32: '', u32: 'u', i32: 'i' } as const)[kind]}vec${numbers as 2 | 3 | 4}`
}
