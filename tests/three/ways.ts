import { SyncedInstances, SyncedMesh } from '@memkit/three'
import { attributeNode, StorageMesh } from '@memkit/three/webgpu'
import { MeshBasicMaterial, NoBlending, RawShaderMaterial, type Object3D, type WebGLRenderer } from 'three'
import { float, positionLocal, varying, vec2, vec3, vec4 } from 'three/tsl'
import { MeshBasicNodeMaterial, type Node, type WebGPURenderer } from 'three/webgpu'
import { pixel, type Kind } from './looks.ts'
import type { World2d } from './world-2d.ts'

/** What @memkit/three draws with. */
export type Way = 'SyncedMesh' | 'SyncedMesh of columns' | 'SyncedInstances' | 'StorageMesh'

type Drawn = Object3D & { dispose(): void }

export function drawnBy(
  way: Way,
  kind: Kind,
  { mk, living, Position, Look }: World2d,
  renderer: WebGLRenderer | WebGPURenderer,
): Drawn {
  switch (way) {
    case 'SyncedInstances': {
      const options = { query: living, position: Position, color: Look }
      return new SyncedInstances(mk, pixel, new MeshBasicMaterial({ blending: NoBlending }), options)
    }
    case 'StorageMesh': {
      const mesh = new StorageMesh(renderer as WebGPURenderer, mk, pixel, nodes(), { query: living })
      const place = mesh.rows(Position).element<'vec2'>(mesh.entity)
      mesh.material = nodes(place, mesh.rows(Look).element<'vec3'>(mesh.entity))
      return mesh
    }
    case 'SyncedMesh of columns': {
      const columns = { x: [Position, 'x'], y: [Position, 'y'], r: [Look, 'r'] } as const
      const options = { query: living, attributes: columns, instances: 'entity' } as const
      const mesh = new SyncedMesh(mk, pixel, shadersOfColumns(), options)
      if (kind === 'WebGLRenderer') return mesh
      const [x, y, r, alive] = ['x', 'y', 'r', 'alive'].map((name) => attributeNode<'float'>(mesh, name))
      mesh.material = nodes(vec2(x, y), vec3(r, 1, 0), alive)
      return mesh
    }
    default: {
      const options = { query: living, attributes: { place: Position, look: Look } }
      const mesh = new SyncedMesh(mk, pixel, shaders(), options)
      if (kind !== 'WebGLRenderer')
        mesh.material = nodes(attributeNode<'vec2'>(mesh, 'place'), attributeNode<'vec3'>(mesh, 'look'))
      return mesh
    }
  }
}

function shaders(): RawShaderMaterial {
  return new RawShaderMaterial({
    blending: NoBlending,
    vertexShader: `attribute vec3 position, look; attribute vec2 place; varying vec3 vLook;
      uniform mat4 projectionMatrix, modelViewMatrix;
      void main() { vLook = look; gl_Position = projectionMatrix * modelViewMatrix * vec4(position.xy + place, 0.0, 1.0); }`,
    fragmentShader: `precision mediump float; varying vec3 vLook;
      void main() { gl_FragColor = vec4(vLook, 1.0); }`,
  })
}

function shadersOfColumns(): RawShaderMaterial {
  return new RawShaderMaterial({
    blending: NoBlending,
    vertexShader: `attribute vec3 position; attribute float x, y, r, alive; varying vec3 vLook;
      uniform mat4 projectionMatrix, modelViewMatrix;
      void main() {
        vLook = vec3(r, 1.0, 0.0);
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position.xy * alive + vec2(x, y), 0.0, 1.0);
      }`,
    fragmentShader: `precision mediump float; varying vec3 vLook;
      void main() { gl_FragColor = vec4(vLook, 1.0); }`,
  })
}

function nodes(
  place?: Node<'vec2'>,
  look?: Node<'vec3'>,
  alive: Node<'float'> = float(1),
): MeshBasicNodeMaterial {
  const material = new MeshBasicNodeMaterial({ blending: NoBlending })
  if (place !== undefined) material.positionNode = positionLocal.mul(alive).add(vec3(place, 0))
  if (look !== undefined) material.outputNode = vec4(varying(look), 1)
  return material
}
