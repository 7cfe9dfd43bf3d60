import type { GpuQuery, SyncedBuffer } from '@memkit/ecs-plugin'
import {
  InstancedInterleavedBuffer,
  IndirectStorageBufferAttribute,
  StorageBufferAttribute,
} from 'three/webgpu'
import type { BufferGeometry, Node, StorageBufferNode, WebGPURenderer } from 'three/webgpu'
import { instancedBufferAttribute, storage } from 'three/tsl'

/**
 * What three's backend keeps for an attribute. Where there is no buffer, it creates and fills one.
 */
interface AttributeData {
  buffer?: GPUBuffer
}

interface Backend {
  readonly device: GPUDevice
  get(attribute: object): AttributeData
}

type RowType = 'float' | 'uint' | 'int' | 'vec2' | 'uvec2' | 'ivec2' | 'vec4' | 'uvec4' | 'ivec4' | 'mat4'
type VertexType = 'float' | 'uint' | 'int' | 'vec2' | 'vec3' | 'vec4'

/**
 * Uses synced buffers as attributes of a WebGPURenderer without a copy: three gets the GPUBuffer
 * before it creates its own. The arrays that three needs hold a single row and are never uploaded,
 * because `needsUpdate` is never set.
 *
 * ```ts
 * const attributes = new SyncedAttributes(renderer)
 * const position = attributes.storage(mk.buffer(Position), 'vec4')   // in TSL: position.element(entity)
 * attributes.update()                                                // each frame, before renderer.render
 * attributes.release()                                               // before renderer.dispose()
 * ```
 */
export class SyncedAttributes {
  readonly #backend: Backend
  readonly #updates: (() => void)[] = []
  /** Attributes whose buffers three destroys on dispose. */
  readonly #tracked: object[] = []

  /** @param renderer made with memkit's `device`, after `await renderer.init()` */
  constructor(renderer: WebGPURenderer) {
    this.#backend = renderer.backend as unknown as Backend
  }

  /**
   * Returns a vertex attribute with a value per instance: the entities of a query, or a field of
   * packed rows.
   * @param offset bytes from the start of a row to the field
   */
  instanced<T extends VertexType>(synced: SyncedBuffer, type: T, offset = 0): Node<T> {
    const words = synced.stride / 4
    const row =
      type === 'uint'
        ? new Uint32Array(words)
        : type === 'int'
          ? new Int32Array(words)
          : new Float32Array(words)
    const interleaved = new InstancedInterleavedBuffer(row, words)
    // three looks up vertex buffers for each draw, so replacing one here is enough.
    this.#follow(synced, () => (this.#backend.get(interleaved).buffer = synced.gpuBuffer))
    return instancedBufferAttribute<T>(interleaved, type, words, offset / 4)
  }

  /**
   * Returns all rows as an array for shaders: `.element(entity)`. The type is that of a whole row.
   */
  storage<T extends RowType>(synced: SyncedBuffer, type: T): StorageBufferNode<T> {
    const node = storage(this.#adopt(rowAttribute(synced), synced.gpuBuffer), type, 0).toReadOnly()
    // three makes a new bind group only for a new attribute, so a replaced buffer gets one.
    this.#follow(synced, () => (node.value = this.#adopt(rowAttribute(synced), synced.gpuBuffer)))
    return node
  }

  /** Draws an indexed geometry once for each entity of a query that has `draw: { indexCount }`. */
  indirect(geometry: BufferGeometry, query: GpuQuery): void {
    const args = new IndirectStorageBufferAttribute(new Uint32Array(5), 5)
    geometry.setIndirect(this.#adopt(args, query.drawArgs.gpuBuffer))
  }

  /** Follows buffers that grew and were replaced. */
  update(): void {
    for (const update of this.#updates) update()
  }

  /** Takes memkit's buffers away from three, so that it doesn't destroy them. */
  release(): void {
    const { device } = this.#backend
    for (const attribute of this.#tracked)
      this.#backend.get(attribute).buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST })
  }

  #follow(synced: SyncedBuffer, replace: () => unknown): void {
    let seen = -1
    const update = (): void => {
      if (synced.generation === seen) return
      seen = synced.generation
      replace()
    }
    update()
    this.#updates.push(update)
  }

  #adopt<A extends object>(attribute: A, buffer: GPUBuffer): A {
    this.#backend.get(attribute).buffer = buffer
    this.#tracked.push(attribute)
    return attribute
  }
}

function rowAttribute({ stride }: SyncedBuffer): StorageBufferAttribute {
  return new StorageBufferAttribute(new Float32Array(stride / 4), stride / 4)
}
