import { attribute } from 'three/tsl'
import type { Node } from 'three/webgpu'
import { kindOf, shaderType, type ShaderType } from '../attributes/shader-type.ts'
import type { SyncedMesh } from '../meshes/synced-mesh.ts'
import { UnknownAttribute } from './errors.ts'

/**
 * Returns an attribute of a mesh for node materials, with the type that its numbers have. It stays
 * right when the mesh grows.
 *
 * ```ts
 * const place = attributeNode<'vec2'>(mesh, 'place')
 * material.positionNode = positionLocal.add(vec3(place, 0))
 * ```
 * @throws {@link UnknownAttribute}
 */
export function attributeNode<T extends ShaderType>(mesh: SyncedMesh, name: string): Node<T> {
  const { attributes } = mesh.geometry
  if (!Object.hasOwn(attributes, name))
    throw new UnknownAttribute({ attribute: name, attributes: Object.keys(attributes).join(', ') })
  const { array, itemSize } = attributes[name]
  return attribute(name, shaderType(kindOf(array) ?? 'f32', itemSize) as T)
}
