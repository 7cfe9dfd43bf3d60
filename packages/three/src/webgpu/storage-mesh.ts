import type { GpuQuery, MkSync, Synced } from '@memkit/ecs-plugin'
import { instancedBufferAttribute } from 'three/tsl'
import {
  IndirectStorageBufferAttribute,
  InstancedBufferGeometry,
  InstancedInterleavedBuffer,
  Mesh,
  type BufferGeometry,
  type Material,
  type Node,
  type WebGPURenderer,
} from 'three/webgpu'
import { SharedBuffers } from './shared-buffers.ts'
import { StorageRows } from './storage-rows.ts'

export interface StorageMeshOptions {
  /** Which entities to draw: terms of the ECS's own `query`. */
  query: readonly unknown[]
}

/**
 * Draws a geometry once for each entity of a query, from memkit's own buffers: nothing is copied, and
 * the number of instances never comes back to the CPU. For `WebGPURenderer` on memkit's device.
 *
 * ```ts
 * const renderer = new WebGPURenderer({ device })
 * await renderer.init()
 * const mk = await attachMk(world, { gpu: device })
 * const mesh = new StorageMesh(renderer, mk, geometry, material, { query: [Position, Not(Dead)] })
 * const place = mesh.rows(Position).element<'vec2'>(mesh.entity, 'x', 'y')
 * material.positionNode = positionLocal.add(vec3(place, 0))
 * ```
 *
 * Dispose of it before `renderer.dispose()`. A lost device stops WebGPURenderer, and this mesh with it.
 */
export class StorageMesh extends Mesh<InstancedBufferGeometry, Material | Material[]> {
  /** The entity id of an instance, for nodes of the vertex stage. */
  readonly entity: Node<'uint'>
  readonly query: GpuQuery
  readonly #mk: MkSync<object>
  readonly #shared: SharedBuffers
  readonly #rows = new Map<Synced, StorageRows>()
  readonly #stop: () => void

  /**
   * @param renderer made with memkit's device, after `await renderer.init()`
   * @param geometry of one instance; it stays the caller's, and may serve other meshes
   * @throws {@link DeviceNotShared}
   * @throws UnsupportedTerm, InvalidOption for terms
   */
  constructor(
    renderer: WebGPURenderer,
    mk: MkSync<object>,
    geometry: BufferGeometry,
    material: Material | Material[],
    { query: terms }: StorageMeshOptions,
  ) {
    const shared = new SharedBuffers(mk, renderer)
    const { index, attributes } = geometry
    const draw = index === null ? { vertexCount: attributes['position'].count } : { indexCount: index.count }
    const query = mk.query(terms, { draw })
    // A copy, because its draw arguments are those of one query.
    const copy = new InstancedBufferGeometry().copy(geometry as InstancedBufferGeometry)
    super(copy, material)
    this.#mk = mk
    this.#shared = shared
    this.query = query
    // Only shaders know where instances are.
    this.frustumCulled = false
    const list = shared.lend(new InstancedInterleavedBuffer(new Uint32Array(1), 1), query.indices.gpuBuffer)
    this.entity = instancedBufferAttribute(list, 'uint', 1, 0)
    const { gpuBuffer, offset } = query.drawArgs
    const args = new IndirectStorageBufferAttribute(new Uint32Array(index === null ? 4 : 5), 1)
    copy.setIndirect(shared.lend(args, gpuBuffer), offset)
    // three looks vertex buffers up in each draw, so replacing this one is enough.
    this.#stop = mk.on('frame', () => void shared.lend(list, query.indices.gpuBuffer))
  }

  /**
   * The rows of a component, for nodes; freed with the mesh.
   * @throws {@link RowsNotReadable}
   * @throws NotGpuSynced for a component that isn't flagged
   */
  rows(component: Synced): StorageRows {
    let rows = this.#rows.get(component)
    if (rows === undefined) {
      rows = new StorageRows(this.#mk, this.#shared, component)
      this.#rows.set(component, rows)
    }
    return rows
  }

  /** Finds nothing: only shaders know where instances are. */
  override raycast(): void {}

  /** Leaves its parent and takes the buffers back, but not material and geometry. Idempotent. */
  override dispose(): void {
    this.#stop()
    this.removeFromParent()
    for (const rows of this.#rows.values()) rows.dispose()
    this.#shared.dispose()
    this.geometry.dispose()
    this.query.dispose()
  }
}
