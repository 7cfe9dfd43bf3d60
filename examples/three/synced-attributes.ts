import type { GpuQuery, SyncedBuffer } from '@memkit/ecs-plugin'
import {
  InstancedInterleavedBuffer,
  IndirectStorageBufferAttribute,
  StorageBufferAttribute,
} from 'three/webgpu'
import type { BufferGeometry, Node, StorageBufferNode, WebGPURenderer } from 'three/webgpu'
import { instancedBufferAttribute, storage } from 'three/tsl'

/** What three's backend knows of an attribute: it makes a buffer, and fills it, where there is none. */
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
 * Synced buffers as attributes of a WebGPURenderer, without a copy: three is told of the GPUBuffer before it would make one.
 * The arrays that three wants to see hold a single row and are never uploaded, for nobody sets `needsUpdate`.
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
  /** Those that three destroys the buffers of when it is disposed of. */
  readonly #tracked: object[] = []

  /** @param renderer after `await renderer.init()`, made with the `device` that memkit has */
  constructor(renderer: WebGPURenderer) {
    this.#backend = renderer.backend as unknown as Backend
  }

  /**
   * A value per instance, as a vertex attribute: the entities of a query, or a field of packed rows.
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
    // Vertex buffers are looked up for each draw: to replace one, it is enough to say so.
    this.#follow(synced, () => (this.#backend.get(interleaved).buffer = synced.gpuBuffer))
    return instancedBufferAttribute<T>(interleaved, type, words, offset / 4)
  }

  /** All rows, as an array for shaders: `.element(entity)`. The type is that of a whole row. */
  storage<T extends RowType>(synced: SyncedBuffer, type: T): StorageBufferNode<T> {
    const node = storage(this.#adopt(rowAttribute(synced), synced.gpuBuffer), type, 0).toReadOnly()
    // A bind group is made anew for another attribute only, so that is what a replaced buffer comes as.
    this.#follow(synced, () => (node.value = this.#adopt(rowAttribute(synced), synced.gpuBuffer)))
    return node
  }

  /** Draws an indexed geometry once for each entity of a query that has `draw: { indexCount }`. */
  indirect(geometry: BufferGeometry, query: GpuQuery): void {
    const args = new IndirectStorageBufferAttribute(new Uint32Array(5), 5)
    geometry.setIndirect(this.#adopt(args, query.drawArgs.gpuBuffer))
  }

  /** Follows buffers that were replaced, because they grew. */
  update(): void {
    for (const update of this.#updates) update()
  }

  /** Leaves three nothing of memkit's to destroy. */
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
