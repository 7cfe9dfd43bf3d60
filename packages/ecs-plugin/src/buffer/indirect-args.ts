import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, type MkDeviceBuffer } from '@memkit/gpu'
import { Disposed } from '../disposed.ts'
import { workgroupSizeOf, type DispatchShape } from './draw-shape.ts'
import { gpuBufferOf } from './gpu-buffer.ts'
import { perGeneration } from './per-generation.ts'
import { bindingAttributes, variableName, type WgslNaming } from './wgsl-binding.ts'

/** Arguments of an indirect draw on the device: `pass.drawIndirect(args.gpuBuffer, args.offset)`. */
export interface DrawArgs {
  /** The buffer, on any backend with INDIRECT buffers. */
  readonly buffer: MkDeviceBuffer
  /**
   * The same buffer as a `GPUBuffer`.
   * @throws {@link WrongBackend} when the backend is not WebGPU
   */
  readonly gpuBuffer: GPUBuffer
  /** Byte offset of the arguments. */
  readonly offset: number
}

export interface DispatchDeclaration {
  /** Name of the variable. Default: the name of the query's list, followed by `Dispatch`. */
  name?: string
}

/**
 * Arguments of `dispatchWorkgroupsIndirect`: three `u32`, then the number of entities. A shader can
 * read all four: bind them as read-only storage, even in the dispatch whose arguments they are.
 */
export interface DispatchArgs extends DrawArgs {
  /** A bind group entry's `resource`, 16 bytes. The same object until `generation` changes. */
  readonly binding: GPUBufferBinding
  /** Goes up when the buffer is replaced after a lost device: rebuild bind groups then. */
  readonly generation: number
  /**
   * Returns WGSL that declares the four numbers:
   *
   * ```wgsl
   * struct ShownDispatch { workgroups: vec3u, count: u32 }
   * @group(0) @binding(2) var<storage, read> shownDispatch: ShownDispatch;
   * ```
   * @throws {@link InvalidOption} where no name is given and the query has no label
   * @throws {@link InvalidIdentifier} for a name that WGSL refuses or reserves
   */
  wgsl(group: number, binding: number, options?: DispatchDeclaration): string
}

/** Arguments as a row of words in a mirror of its own. */
abstract class IndirectArgs implements DrawArgs {
  readonly offset = 0
  protected readonly mirror: Mirror
  readonly #coordinator: MkCoordinator
  readonly #name: string

  constructor(coordinator: MkCoordinator, words: Uint32Array, name: string, label: string) {
    this.#coordinator = coordinator
    this.#name = name
    const usage = MkBufferUsage.INDIRECT
    this.mirror = coordinator.createMirror({ rows: 1, stride: words.byteLength, label, usage })
    this.mirror.write(0, words)
  }

  get buffer(): MkDeviceBuffer {
    if (this.mirror.destroyed) throw new Disposed({ call: this.#name })
    return this.mirror.buffer
  }

  get gpuBuffer(): GPUBuffer {
    return gpuBufferOf(this.buffer, this.#coordinator)
  }

  get generation(): number {
    return this.mirror.generation
  }

  /** Updates the arguments to `count` entities. Uploads nothing when they stay the same. */
  abstract update(count: number): void

  dispose(): void {
    this.mirror.destroy()
  }
}

// The number of instances is the second word of both drawIndirect and drawIndexedIndirect.
const instanceCountWord = 1

/** Arguments that draw every entity of a list. */
export class ListDrawArgs extends IndirectArgs {
  readonly #perInstance: number

  /** @param words for no instances yet, see `drawWords` */
  constructor(coordinator: MkCoordinator, words: Uint32Array, perInstance: number, label: string) {
    super(coordinator, words, 'drawArgs', `${label} draw`)
    this.#perInstance = perInstance
  }

  update(count: number): void {
    const words = this.mirror.view(Uint32Array)
    const instances = Math.ceil(count / this.#perInstance)
    if (words[instanceCountWord] === instances) return
    words[instanceCountWord] = instances
    this.mirror.mark(0)
  }

  /** Returns how many places of the list `count` entities need: those of whole instances. */
  places(count: number): number {
    return Math.ceil(count / this.#perInstance) * this.#perInstance
  }
}

/** Arguments that run a compute shader over every entity of a list. */
export class ListDispatchArgs extends IndirectArgs implements DispatchArgs {
  readonly #workgroupSize: number
  readonly #maxPerDimension: number
  readonly #list: WgslNaming
  readonly #binding = perGeneration([this], () => ({
    buffer: this.gpuBuffer,
    offset: this.offset,
    size: this.mirror.stride,
  }))

  /** @param list names the declaration */
  constructor(coordinator: MkCoordinator, shape: DispatchShape, list: WgslNaming) {
    const { maxComputeWorkgroupSizeX, maxComputeWorkgroupsPerDimension } = coordinator.gpu.capabilities
    const workgroupSize = workgroupSizeOf(shape, maxComputeWorkgroupSizeX)
    super(coordinator, Uint32Array.of(0, 1, 1, 0), 'dispatchArgs', `${list.label} dispatch`)
    this.#workgroupSize = workgroupSize
    this.#maxPerDimension = maxComputeWorkgroupsPerDimension
    this.#list = list
  }

  update(count: number): void {
    const words = this.mirror.view(Uint32Array)
    if (words[3] === count) return
    const groups = Math.ceil(count / this.#workgroupSize)
    // Rows of about the same length, so that few workgroups are left over.
    const rows = Math.max(1, Math.ceil(groups / this.#maxPerDimension))
    words[0] = Math.ceil(groups / rows)
    words[1] = rows
    words[3] = count
    this.mirror.mark(0)
  }

  get binding(): GPUBufferBinding {
    return this.#binding()
  }

  wgsl(group: number, binding: number, options: DispatchDeclaration = {}): string {
    const name = variableName(this.#list, options.name ?? `${variableName(this.#list, undefined)}Dispatch`)
    const capital = name.charAt(0).toUpperCase() + name.slice(1)
    const struct = capital === name ? `${name}Args` : capital
    return (
      `struct ${struct} { workgroups: vec3u, count: u32 }\n` +
      `${bindingAttributes(group, binding)} var<storage, read> ${name}: ${struct};\n`
    )
  }
}
