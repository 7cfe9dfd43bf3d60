import type { MkSync, Synced, SyncedBuffer } from '@memkit/ecs-plugin'
import * as tsl from 'three/tsl'
import { StorageBufferAttribute, type Node, type StorageBufferNode, type WebGPURenderer } from 'three/webgpu'
import { attributeLayout, type AttributeLayout } from '../attributes/attribute-source.ts'
import { FieldNotDrawable } from '../attributes/errors.ts'
import { SCALAR_TYPES, shaderType, type NumberKind, type ShaderType } from '../attributes/shader-type.ts'
import { RowsNotReadable } from './errors.ts'
import { SharedBuffers } from './shared-buffers.ts'

const arrays = { f32: Float32Array, u32: Uint32Array, i32: Int32Array } as const

/** The rows of a component, for shaders of three.js that read the synced buffer itself. */
export class StorageRows {
  readonly #mk: MkSync<object>
  readonly #shared: SharedBuffers
  readonly #component: Synced
  readonly #buffer: SyncedBuffer
  /** By the kind of number that the buffer is seen as. */
  readonly #nodes = new Map<NumberKind, StorageBufferNode<'float' | 'uint' | 'int'>>()
  readonly #stop: () => void
  #generation: number

  /** Use `storageNode`. */
  constructor(mk: MkSync<object>, shared: SharedBuffers, component: Synced) {
    const buffer = mk.buffer(component)
    const { layout, label, rowKind } = mk.synced().find((each) => each.component === component)!
    if (layout === 'columns') throw new RowsNotReadable({ component: label, kept: 'columns' })
    if (rowKind !== 'entity') throw new RowsNotReadable({ component: label, kept: 'packed rows' })
    this.#mk = mk
    this.#shared = shared
    this.#component = component
    this.#buffer = buffer
    this.#generation = buffer.generation
    this.#stop = mk.on('frame', () => this.#follow())
  }

  /**
   * Returns a node with a row, or some of its fields: one to four numbers of one kind.
   *
   * ```ts
   * const place = storageNode(renderer, mk, Position).element<'vec2'>(entity, 'x', 'y')
   * ```
   * @param entity a node with an entity id, such as `mesh.entity` of a `StorageMesh`
   * @throws {@link UnknownField}, {@link FieldNotDrawable}, {@link MixedNumbers}, {@link WrongNumberCount}
   */
  element<T extends ShaderType>(entity: Node<'uint'>, ...fields: string[]): Node<T> {
    const layout = attributeLayout(this.#mk, 'element', [this.#component, ...fields])
    const { kind, numbers } = layout
    const rows = this.#nodeOf(kind)
    const first = tsl.uint(entity).mul(tsl.uint(this.#buffer.stride / 4))
    const parts = offsetsOf(layout).map((offset) => rows.element(first.add(tsl.uint(offset))))
    const type = shaderType(kind, numbers)
    return (numbers === 1 ? parts[0] : makers[type as keyof typeof makers](...parts)) as Node<T>
  }

  /** Takes the buffer away from three, so that the renderer doesn't destroy it. Before `renderer.dispose()`. */
  dispose(): void {
    this.#stop()
    for (const node of this.#nodes.values()) this.#shared.takeBack(node.value)
    this.#nodes.clear()
  }

  #nodeOf(kind: NumberKind): StorageBufferNode<'float' | 'uint' | 'int'> {
    let node = this.#nodes.get(kind)
    if (node === undefined) {
      node = tsl.storage(this.#attribute(kind), SCALAR_TYPES[kind], 0).toReadOnly()
      this.#nodes.set(kind, node)
    }
    return node
  }

  /** three never uploads the array, which has a single number: `needsUpdate` isn't set. */
  #attribute(kind: NumberKind): StorageBufferAttribute {
    const attribute = new StorageBufferAttribute(new arrays[kind](1), 1)
    return this.#shared.lend(attribute, this.#buffer.gpuBuffer)
  }

  /** A replaced buffer gets another attribute, because three makes bind groups by attribute. */
  #follow(): void {
    if (this.#buffer.generation === this.#generation) return
    this.#generation = this.#buffer.generation
    for (const [kind, node] of this.#nodes) {
      const before = node.value
      node.value = this.#attribute(kind)
      this.#shared.takeBack(before)
    }
  }
}

/**
 * Lets shaders of three.js read the rows of a component from memkit's own buffer.
 * @param renderer made with memkit's device, `new WebGPURenderer({ device })`, after `await renderer.init()`
 * @param component kept in rows by entity
 * @throws {@link DeviceNotShared}, {@link RowsNotReadable}
 * @throws NotGpuSynced for a component that isn't flagged
 */
export function storageNode(renderer: WebGPURenderer, mk: MkSync<object>, component: Synced): StorageRows {
  return new StorageRows(mk, new SharedBuffers(mk, renderer), component)
}

type Maker = (...parts: Node[]) => Node
const { vec2, vec3, vec4, uvec2, uvec3, uvec4, ivec2, ivec3, ivec4 } = tsl as unknown as Record<string, Maker>
const makers = { vec2, vec3, vec4, uvec2, uvec3, uvec4, ivec2, ivec3, ivec4 }

/** Where each number of a row lies, in numbers from its start. */
function offsetsOf({ name, runs, info }: AttributeLayout): number[] {
  return runs.flatMap(({ kind, first, count }) => {
    if (kind !== 'word') throw new FieldNotDrawable({ attribute: name, field: info.label, type: kind })
    return Array.from({ length: count }, (_, k) => first + k)
  })
}
