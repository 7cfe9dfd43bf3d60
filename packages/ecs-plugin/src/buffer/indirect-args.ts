import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, WrongBackend } from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { Disposed } from './errors.ts'
import type { DispatchShape, DrawShape } from './query-options.ts'
import { drawWords, workgroupSizeOf } from './query-options.ts'
import { bindingAttributes, variableName } from './wgsl-binding.ts'
import type { WgslNaming } from './wgsl-binding.ts'

/** Arguments of an indirect draw or dispatch, on the device: `pass.drawIndirect(args.gpuBuffer, args.offset)`. */
export interface DrawArgs {
  /** The buffer, on every backend that has INDIRECT buffers. */
  readonly buffer: MkDeviceBuffer
  /** The same as a `GPUBuffer`. @throws WrongBackend when the backend is not WebGPU */
  readonly gpuBuffer: GPUBuffer
  /** Byte at which the arguments start. */
  readonly offset: number
}

/** How dispatch arguments are declared in a shader. */
export interface DispatchDeclaration {
  /** Name of the variable. Default: the name of the query's list, and `Dispatch`. */
  name?: string
}

/**
 * Arguments of `dispatchWorkgroupsIndirect`, three `u32`, and behind them the number of entities as a fourth. A shader may read all four:
 * bind them as read-only storage, also in the dispatch that they are the arguments of.
 */
export interface DispatchArgs extends DrawArgs {
  /** A bind group entry's `resource`: 16 bytes. The same object until `generation` changes. @throws WrongBackend */
  readonly binding: GPUBufferBinding
  /** Goes up when the buffer is replaced, after a lost device: rebuild bind groups then. */
  readonly generation: number
  /**
   * WGSL that declares the four numbers:
   *
   * ```wgsl
   * struct ShownDispatch { workgroups: vec3u, count: u32 }
   * @group(0) @binding(2) var<storage, read> shownDispatch: ShownDispatch;
   * ```
   *
   * @throws InvalidOption, InvalidIdentifier
   */
  wgsl(group: number, binding: number, options?: DispatchDeclaration): string
}

/** One set of arguments: a row of words in a mirror of its own. */
abstract class IndirectArgs implements DrawArgs {
  readonly offset = 0
  protected readonly mirror: Mirror
  readonly #coordinator: MkCoordinator
  readonly #name: string

  /** @throws HeapFull */
  constructor(coordinator: MkCoordinator, words: Uint32Array, name: string, label: string) {
    this.#coordinator = coordinator
    this.#name = name
    this.mirror = coordinator.createMirror({
      rows: 1,
      stride: words.byteLength,
      label,
      usage: MkBufferUsage.INDIRECT,
    })
    this.mirror.write(0, words)
  }

  get buffer(): MkDeviceBuffer {
    if (this.mirror.destroyed) throw new Disposed(this.#name)
    return this.mirror.buffer
  }

  get gpuBuffer(): GPUBuffer {
    const { backend } = this.#coordinator.gpu.capabilities
    if (backend !== 'webgpu') throw new WrongBackend('gpuBuffer', 'webgpu', backend)
    return this.buffer.native as GPUBuffer
  }

  get generation(): number {
    return this.mirror.generation
  }

  /** Takes over how many entities are listed. Nothing is uploaded when the arguments stay as they are. */
  abstract update(count: number): void

  dispose(): void {
    this.mirror.destroy()
  }
}

// In the four words of drawIndirect and the five of drawIndexedIndirect alike, the second is the number of instances.
const instanceCountWord = 1

/** Arguments that draw every entity of a list. */
export class ListDrawArgs extends IndirectArgs {
  readonly perInstance: number

  /** @throws InvalidOption, HeapFull */
  constructor(coordinator: MkCoordinator, shape: DrawShape, label: string) {
    super(coordinator, drawWords(shape), 'drawArgs', `${label} draw`)
    this.perInstance = shape.perInstance ?? 1
  }

  update(count: number): void {
    const words = this.mirror.view(Uint32Array)
    const instances = Math.ceil(count / this.perInstance)
    if (words[instanceCountWord] === instances) return
    words[instanceCountWord] = instances
    this.mirror.mark(0)
  }

  /** Places of the list that are read when `count` entities are drawn: whole instances. */
  places(count: number): number {
    return Math.ceil(count / this.perInstance) * this.perInstance
  }
}

/** Arguments that run a compute shader over every entity of a list. */
export class ListDispatchArgs extends IndirectArgs implements DispatchArgs {
  readonly workgroupSize: number
  readonly #maxPerDimension: number
  readonly #list: WgslNaming
  #binding: GPUBufferBinding | undefined
  #bindingGeneration = -1

  /** @param list names the declaration @throws InvalidOption, HeapFull */
  constructor(coordinator: MkCoordinator, shape: DispatchShape, list: WgslNaming) {
    const { maxComputeWorkgroupSizeX, maxComputeWorkgroupsPerDimension } = coordinator.gpu.capabilities
    const workgroupSize = workgroupSizeOf(shape, maxComputeWorkgroupSizeX)
    super(coordinator, Uint32Array.of(0, 1, 1, 0), 'dispatchArgs', `${list.label} dispatch`)
    this.workgroupSize = workgroupSize
    this.#maxPerDimension = maxComputeWorkgroupsPerDimension
    this.#list = list
  }

  /** Beyond what one dimension takes, rows of workgroups as equal as can be: few are left over. */
  update(count: number): void {
    const words = this.mirror.view(Uint32Array)
    if (words[3] === count) return
    const groups = Math.ceil(count / this.workgroupSize)
    const rows = Math.max(1, Math.ceil(groups / this.#maxPerDimension))
    words[0] = Math.ceil(groups / rows)
    words[1] = rows
    words[3] = count
    this.mirror.mark(0)
  }

  get binding(): GPUBufferBinding {
    if (this.#binding === undefined || this.#bindingGeneration !== this.generation) {
      this.#binding = { buffer: this.gpuBuffer, offset: this.offset, size: this.mirror.stride }
      this.#bindingGeneration = this.generation
    }
    return this.#binding
  }

  wgsl(group: number, binding: number, options: DispatchDeclaration = {}): string {
    const name = options.name ?? `${variableName(this.#list, undefined)}Dispatch`
    variableName(this.#list, name)
    const capital = name.charAt(0).toUpperCase() + name.slice(1)
    const struct = capital === name ? `${name}Args` : capital
    return (
      `struct ${struct} { workgroups: vec3u, count: u32 }\n` +
      `${bindingAttributes(group, binding)} var<storage, read> ${name}: ${struct};\n`
    )
  }
}
