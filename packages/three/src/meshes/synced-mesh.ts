import { InvalidOption, type MkSync } from '@memkit/ecs-plugin'
import {
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  type BufferGeometry,
  type Material,
  type Sphere,
} from 'three'
import { attributeLayout, type AttributeSource } from '../attributes/attribute-source.ts'
import { columnSource } from '../attributes/column-source.ts'
import { AttributeNameTaken, TooManyAttributes } from '../attributes/errors.ts'
import { ALIVE, EntityColumns } from '../instances/entity-columns.ts'
import { InstanceRows } from '../instances/instance-rows.ts'
import type { Instances } from '../instances/instances.ts'
import { assertThreeGpu } from './three-world.ts'
import { uploadRange } from './upload-range.ts'

/** Attributes that every renderer allows. */
const MAX_ATTRIBUTES = 16

const IDENTIFIER = /^[A-Za-z_]\w*$/

export interface SyncedMeshOptions {
  /**
   * Which entities to draw: terms of the ECS's own `query`. List the components of `attributes`, too:
   * an entity without one of them has zeros there, and is looked up one by one.
   */
  query: readonly unknown[]
  /** What shaders read per instance, by the name that they know it by. */
  attributes?: Readonly<Record<string, AttributeSource>>
  /**
   * `'query'`: an instance for each entity of the query; values are gathered when they change.
   * `'entity'`: instance e is entity e, and attributes are the columns of the ECS themselves, which is
   * the fastest way where ids are small and dense. The shader reads one more attribute, `alive`, which is
   * 0 for instances to hide: `gl_Position *= alive`. Each attribute then lies in one column of 32 bits.
   * Default `'query'`.
   */
  instances?: 'query' | 'entity'
  /**
   * Bounds of all instances, in the mesh's own space, for frustum culling. Default: always drawn,
   * because only the shader knows where instances are.
   */
  bounds?: Sphere
}

/**
 * Draws a geometry once for each entity of a query, on any renderer. It follows the query at the end
 * of each frame (`mk.endFrame`): draw after it. Shaders read the attributes, `attribute vec2 place;`
 * in GLSL.
 *
 * Its geometry is a copy, which is replaced when the number of entities outgrows it.
 */
export class SyncedMesh extends Mesh<InstancedBufferGeometry, Material | Material[]> {
  /** Bounds of all instances; undefined without. */
  readonly boundingSphere: Sphere | undefined
  readonly #base: BufferGeometry
  readonly #rows: Instances
  readonly #reasons: () => readonly string[]
  readonly #stop: () => void
  #attributes: readonly InstancedBufferAttribute[] = []
  #disposed = false

  /**
   * @param mk attached with `gpu: threeGpu()`
   * @param geometry of one instance; it stays the caller's, and may serve other meshes
   * @throws {@link NotThreeGpu} for a world on another backend
   * @throws {@link InvalidOption}, {@link AttributeNameTaken}, {@link TooManyAttributes} for the options
   * @throws {@link UnknownField}, {@link FieldNotDrawable}, {@link MixedNumbers},
   *   {@link WrongNumberCount} for an attribute, {@link NotAColumn} with `instances: 'entity'`
   * @throws NotGpuSynced, UnsupportedTerm for components and terms
   */
  constructor(
    mk: MkSync<object>,
    geometry: BufferGeometry,
    material: Material | Material[],
    options: SyncedMeshOptions,
  ) {
    const { query, attributes = {}, bounds, instances = 'query' } = options
    assertThreeGpu(mk, 'SyncedMesh')
    checkInstances(instances)
    checkNames(geometry, attributes, instances)
    const layouts = Object.keys(attributes).map((name) => attributeLayout(mk, name, attributes[name]))
    const rows: Instances =
      instances === 'entity' ? new EntityColumns(mk, query, attributes) : new InstanceRows(mk, query, layouts)
    super(new InstancedBufferGeometry(), material)
    this.#base = geometry
    this.#rows = rows
    this.#reasons = () => (instances === 'entity' ? [] : reasonsToGather(mk, attributes))
    this.boundingSphere = bounds
    this.frustumCulled = bounds !== undefined
    this.#renew()
    this.#stop = mk.on('frame', () => this.#follow())
    this.#follow()
  }

  /** The entity of an instance, without its version; −1 for an instance that isn't drawn. */
  entityOf(instance: number): number {
    return this.#disposed ? -1 : this.#rows.entityOf(instance)
  }

  /** Says in sentences how instances get their values, and why in this way. */
  explain(): string {
    return [this.#rows.explain(), ...this.#reasons()].join(' ')
  }

  /** Finds nothing: only the shader knows where instances are. */
  override raycast(): void {}

  /** Leaves its parent and frees what renderers hold of it, but not material and geometry. Idempotent. */
  override dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#stop()
    this.removeFromParent()
    this.#rows.dispose()
    this.geometry.dispose()
  }

  #follow(): void {
    const rows = this.#rows
    const isGrown = rows.update()
    if (isGrown) this.#renew()
    else
      for (const [i, { firstChanged, lastChanged, layout }] of rows.values.entries())
        if (lastChanged >= firstChanged)
          uploadRange(
            this.#attributes[i],
            firstChanged * layout.numbers,
            (lastChanged + 1 - firstChanged) * layout.numbers,
          )
    this.count = this.geometry.instanceCount = rows.count
  }

  /**
   * Makes another geometry around the arrays. WebGLRenderer draws no more instances than a geometry
   * had attributes for at first, and before three 0.187 disposing a geometry takes away attributes
   * that another one shares: so all are copies.
   */
  #renew(): void {
    const before = this.geometry
    const copy = new InstancedBufferGeometry()
    copy.copy(this.#base as InstancedBufferGeometry)
    this.#attributes = this.#rows.values.map(({ array, layout }) => {
      const attribute = new InstancedBufferAttribute(array, layout.numbers)
      copy.setAttribute(layout.name, attribute)
      return attribute
    })
    this.geometry = copy
    before.dispose()
  }
}

function checkInstances(instances: unknown): void {
  if (instances !== 'query' && instances !== 'entity')
    throw new InvalidOption({ option: 'instances', value: instances, allowed: "'query' or 'entity'" })
}

/** Checks what attributes are called, and how many there are. */
function checkNames(geometry: BufferGeometry, attributes: unknown, instances: 'query' | 'entity'): void {
  const isObject = typeof attributes === 'object' && attributes !== null
  const allowed = 'an object of sources by name: { place: Position }'
  if (!isObject) throw new InvalidOption({ option: 'attributes', value: attributes, allowed })
  const names = Object.keys(attributes)
  for (const attribute of instances === 'entity' ? [...names, ALIVE] : names) {
    if (!IDENTIFIER.test(attribute))
      throw new AttributeNameTaken({ attribute, reason: 'shaders can’t spell it' })
    if (attribute in geometry.attributes)
      throw new AttributeNameTaken({ attribute, reason: 'the geometry has an attribute of that name' })
  }
  if (instances === 'entity' && names.includes(ALIVE))
    throw new AttributeNameTaken({
      attribute: ALIVE,
      reason: "with instances: 'entity' it says who is alive",
    })
  const requested = Object.keys(geometry.attributes).length + names.length + +(instances === 'entity')
  if (requested > MAX_ATTRIBUTES) throw new TooManyAttributes({ requested, max: MAX_ATTRIBUTES })
}

/** Says why columns can't be attributes as they are, or that they can. */
function reasonsToGather(
  mk: MkSync<object>,
  attributes: Readonly<Record<string, AttributeSource>>,
): readonly string[] {
  if (mk.isDisposed) return []
  const reasons = Object.keys(attributes).flatMap((name) => {
    const source = columnSource(mk, name, attributes[name])
    return typeof source === 'string' ? [`'${name}' can’t be a column itself: ${source}.`] : []
  })
  return reasons.length > 0 ? reasons : ["With instances: 'entity', columns would be attributes as they are."]
}
