import type { MkSync } from '@memkit/ecs-plugin'
import {
  Group,
  InstancedBufferAttribute,
  InstancedMesh,
  type BufferGeometry,
  type Material,
  type Sphere,
} from 'three'
import {
  attributeLayout,
  type AttributeLayout,
  type AttributeSource,
} from '../attributes/attribute-source.ts'
import type { Changed } from '../instances/component-rows.ts'
import type { ArrayPlace, GatheredValues } from '../instances/gathered-values.ts'
import { IN_MATRICES, InstanceMatrices, MATRIX, newMatrices } from '../instances/instance-matrices.ts'
import { InstanceRows } from '../instances/instance-rows.ts'
import { assertThreeGpu } from './three-world.ts'
import { uploadRange } from './upload-range.ts'

export interface SyncedInstancesOptions {
  /** Which entities to draw: terms of the ECS's own `query`. List the components of the sources, too. */
  query: readonly unknown[]
  /** Two or three numbers. */
  position: AttributeSource
  /** One number: radians around z. Four: a quaternion x, y, z, w. Default: not turned. */
  rotation?: AttributeSource
  /** One number for all axes, or two or three. Default: 1. */
  scale?: AttributeSource
  /** Three numbers, linear RGB: from 0 to 1, or integers from 0 to 255. Default: that of the material. */
  color?: AttributeSource
  /** Bounds of all instances, in the group's own space, for frustum culling. Default: always drawn. */
  bounds?: Sphere
}

const COUNTS = { position: [2, 3], rotation: [1, 4], scale: [1, 2, 3], color: [3] } as const
type Part = keyof typeof COUNTS

/**
 * Draws a geometry once for each entity of a query, with three's own materials: lights, shadows and
 * raycasts work as with an `InstancedMesh`, which it holds. It follows the query at the end of each
 * frame (`mk.endFrame`): draw after it.
 *
 * ```ts
 * const crowd = new SyncedInstances(mk, geometry, new MeshStandardMaterial(), { query: [Place], position: Place })
 * const [hit] = raycaster.intersectObject(crowd)
 * if (hit) select(crowd.entityOf(hit.instanceId))
 * ```
 *
 * `castShadow`, `receiveShadow`, `renderOrder` and `layers` of the group are those of its mesh.
 */
export class SyncedInstances extends Group {
  readonly #rows: InstanceRows
  readonly #matrices: InstanceMatrices
  readonly #position: GatheredValues
  readonly #color: GatheredValues | undefined
  readonly #bounds: Sphere | undefined
  readonly #stop: () => void
  #mesh: InstancedMesh
  #disposed = false

  /**
   * @param mk attached with `gpu: threeGpu()`
   * @param geometry of one instance; it stays the caller's, and may serve other meshes
   * @throws {@link NotThreeGpu} for a world on another backend
   * @throws {@link UnknownField}, {@link FieldNotDrawable}, {@link MixedNumbers},
   *   {@link WrongNumberCount} for a source
   * @throws InvalidOption, NotGpuSynced, UnsupportedTerm for sources, components and terms
   */
  constructor(
    mk: MkSync<object>,
    geometry: BufferGeometry,
    material: Material | Material[],
    options: SyncedInstancesOptions,
  ) {
    assertThreeGpu(mk, 'SyncedInstances')
    const { query, bounds } = options
    const layouts = layoutsOf(mk, options)
    const rows = new InstanceRows(mk, query, layouts, placeOf)
    super()
    const find = (part: Part): GatheredValues | undefined =>
      rows.values.find(({ layout }) => layout.name === part)
    this.#rows = rows
    this.#position = find('position')!
    this.#color = find('color')
    this.#bounds = bounds
    this.#mesh = this.#meshFor(geometry, material)
    const parts = { position: this.#position, rotation: find('rotation'), scale: find('scale') }
    this.#matrices = new InstanceMatrices(parts, this.#array)
    this.#stop = mk.on('frame', () => this.#follow())
    this.#follow()
  }

  /** The mesh that is drawn, its only child. Another one takes its place when it is too small. */
  get mesh(): InstancedMesh {
    return this.#mesh
  }

  /** Number of instances. */
  override get count(): number {
    return this.#mesh.count
  }

  /** The entity of an instance, without its version; −1 for an instance that isn't drawn. */
  entityOf(instance: number | undefined): number {
    return this.#disposed || instance === undefined ? -1 : this.#rows.entityOf(instance)
  }

  override updateMatrixWorld(force?: boolean): void {
    const mesh = this.#mesh
    mesh.castShadow = this.castShadow
    mesh.receiveShadow = this.receiveShadow
    mesh.renderOrder = this.renderOrder
    mesh.layers.mask = this.layers.mask
    super.updateMatrixWorld(force)
  }

  /** Leaves its parent and frees what renderers hold of it, but not material and geometry. Idempotent. */
  override dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#stop()
    this.removeFromParent()
    this.#rows.dispose()
    this.#mesh.dispose()
  }

  get #array(): Float32Array {
    return this.#mesh.instanceMatrix.array as Float32Array
  }

  #follow(): void {
    const rows = this.#rows
    const before = this.#mesh.instanceMatrix.version
    rows.update((values, changed) => this.#write(values, changed))
    const mesh = this.#mesh
    mesh.count = rows.count
    // WebGPURenderer refuses to draw no instance before three 0.187.
    mesh.visible = rows.count > 0
    // A raycast computes it again.
    if (this.#bounds === undefined && mesh.instanceMatrix.version !== before) mesh.boundingSphere = null
  }

  /** Writes what was gathered of a component into matrices and colours. */
  #write(values: readonly GatheredValues[], changed: Changed): void {
    this.#makeRoom()
    const isPlaced = values.includes(this.#position)
    const isTurned = values.some(({ layout }) => layout.name === 'rotation' || layout.name === 'scale')
    const isColored = this.#color !== undefined && values.includes(this.#color)
    const write = (first: number, end: number): void => {
      if (isPlaced) this.#matrices.place(first, end)
      if (isTurned) this.#matrices.turn(first, end)
      if (isColored) this.#paint(this.#color, first, end)
    }
    if (changed === 'all') write(0, this.#rows.count)
    else for (let i = 0; i < changed.count; i++) write(changed.values[i], changed.values[i] + 1)
    const [{ firstChanged, lastChanged }] = values
    const count = lastChanged + 1 - firstChanged
    if (count <= 0) return
    const { instanceMatrix, instanceColor } = this.#mesh
    if (isPlaced || isTurned) uploadRange(instanceMatrix, firstChanged * MATRIX, count * MATRIX)
    if (isColored) uploadRange(instanceColor!, firstChanged * 3, count * 3)
  }

  #paint({ array, layout }: GatheredValues, first: number, end: number): void {
    const colors = this.#mesh.instanceColor!.array
    if (array === colors) return
    const unit = layout.kind === 'f32' ? 1 : 1 / 255
    for (let i = first * 3; i < end * 3; i++) colors[i] = array[i] * unit
  }

  /** Before three 0.187, WebGPURenderer follows no matrices that were replaced: another mesh is made. */
  #makeRoom(): void {
    const before = this.#mesh
    if (this.#rows.capacity * MATRIX <= this.#array.length) return
    this.#mesh = this.#meshFor(before.geometry, before.material)
    this.#matrices.writeTo(this.#array)
    before.removeFromParent()
    before.dispose()
  }

  #meshFor(geometry: BufferGeometry, material: Material | Material[]): InstancedMesh {
    const { capacity } = this.#rows
    const mesh = new InstancedMesh(geometry, material, 0)
    const matrices = isFloat(this.#position.layout) ? this.#position.array : newMatrices(capacity)
    mesh.instanceMatrix = new InstancedBufferAttribute(matrices, MATRIX)
    const color = this.#color
    if (color !== undefined) {
      const colors = isFloat(color.layout) ? color.array : new Float32Array(capacity * 3)
      mesh.instanceColor = new InstancedBufferAttribute(colors, 3)
    }
    const bounds = this.#bounds
    mesh.frustumCulled = bounds !== undefined
    if (bounds !== undefined) mesh.boundingSphere = bounds
    this.add(mesh)
    return mesh
  }
}

/** Floats are gathered into what three draws; other numbers are converted from an array of their own. */
const isFloat = ({ kind }: AttributeLayout): boolean => kind === 'f32'

function placeOf(layout: AttributeLayout): ArrayPlace | undefined {
  return layout.name === 'position' && isFloat(layout) ? IN_MATRICES : undefined
}

function layoutsOf(mk: MkSync<object>, options: SyncedInstancesOptions): AttributeLayout[] {
  return (Object.keys(COUNTS) as Part[]).flatMap((part) => {
    const source = options[part]
    if (source === undefined && part !== 'position') return []
    return [attributeLayout(mk, part, source as AttributeSource, COUNTS[part])]
  })
}
