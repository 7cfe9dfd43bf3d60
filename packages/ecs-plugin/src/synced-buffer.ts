import type { MkDeviceBuffer } from '@memkit/gpu'
import { WrongBackend } from '@memkit/gpu'
import type { Schema } from '@memkit/core'
import type { MkCoordinator } from '@memkit/coordinator'
import type { SyncedComponent } from './synced-component.ts'
import { vertexAttributes } from './vertex-layout.ts'
import { storageDeclaration } from './wgsl-binding.ts'
import type { StorageOptions } from './wgsl-binding.ts'

/**
 * The device buffer of a flagged component. One object for as long as the world is attached: what it points to is
 * replaced when the buffer grows, and `generation` goes up.
 */
export class SyncedBuffer<S extends Schema = Schema> {
  readonly #synced: SyncedComponent
  readonly #coordinator: MkCoordinator
  #binding: GPUBufferBinding | undefined
  #bindingGeneration = -1

  /** Made by `mk.buffer(component)`. */
  constructor(synced: SyncedComponent, coordinator: MkCoordinator) {
    this.#synced = synced
    this.#coordinator = coordinator
  }

  /** The buffer, on every backend. */
  get buffer(): MkDeviceBuffer {
    return this.#synced.mirror.buffer
  }

  /** The same as a `GPUBuffer`. @throws WrongBackend when the backend is not WebGPU: use `buffer.native` there */
  get gpuBuffer(): GPUBuffer {
    const { backend } = this.#coordinator.gpu.capabilities
    if (backend !== 'webgpu') throw new WrongBackend('gpuBuffer', 'webgpu', backend)
    return this.buffer.native as GPUBuffer
  }

  /** All of it as a bind group entry's `resource`. The same object until `generation` changes. @throws WrongBackend */
  get binding(): GPUBufferBinding {
    if (this.#binding === undefined || this.#bindingGeneration !== this.generation) {
      this.#binding = { buffer: this.gpuBuffer }
      this.#bindingGeneration = this.generation
    }
    return this.#binding
  }

  /** Goes up when the buffer is replaced: rebuild bind groups then. */
  get generation(): number {
    return this.#synced.mirror.generation
  }

  /** Rows in use. Entity rows: the highest id ever synced + 1, row 0 and the rows of dead entities included. Packed: entities alive. */
  get rows(): number {
    return this.#synced.rows
  }

  /** Rows the buffer has room for. */
  get capacity(): number {
    return this.#synced.mirror.capacity
  }

  /** Bytes from one row to the next. */
  get stride(): number {
    return this.#synced.shape.stride
  }

  get schema(): S {
    return this.#synced.shape.schema as S
  }

  /** Row of an entity, −1 when it has none. Packed rows are those of the last stage. */
  rowOf(entity: number): number {
    return this.#synced.rowMap.rowOf(entity)
  }

  /**
   * WGSL that declares the row's struct and a storage binding of the buffer:
   * `@group(0) @binding(1) var<storage, read> position: array<Position>;`
   *
   * @param options.name of the variable, default the label with a small first letter
   * @throws InvalidIdentifier
   */
  wgsl(group: number, binding: number, options: StorageOptions = {}): string {
    return storageDeclaration(this.#synced.options.label, this.schema, group, binding, options)
  }

  /**
   * Vertex buffer layout with one instance per row, an attribute per field (matrices take one per column).
   *
   * @param firstLocation `@location` of the first attribute, default 0
   * @throws NoVertexFormat for a field that vertices cannot have (f16 vectors of three, arrays, structs, atomics)
   */
  vertexLayout(firstLocation = 0): GPUVertexBufferLayout {
    return {
      arrayStride: this.stride,
      stepMode: 'instance',
      attributes: vertexAttributes(this.#synced.options.label, this.schema, firstLocation),
    }
  }

  /** What the device holds now, `rows` × `stride` bytes. For tests and tools: it waits for the device. */
  read(): Promise<ArrayBuffer> {
    return this.#coordinator.download(this.buffer, 0, this.rows * this.stride)
  }
}
