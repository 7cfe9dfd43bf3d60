import { checkLayout, f32, sizeOf, struct, u32, writeValue } from '@memkit/core'
import type { Converted, InferInput, Struct } from '@memkit/core'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, WrongBackend, type MkDeviceBuffer } from '@memkit/gpu'
import { Disposed } from '../disposed.ts'
import { checkOption } from '../options.ts'
import { gpuBufferOf } from './gpu-buffer.ts'
import { perGeneration } from './per-generation.ts'
import { bindingAttributes, structName, variableName } from './wgsl-binding.ts'

/** What all globals have, in this order. */
const CLOCK: ClockFields = { alpha: f32, delta: f32, elapsed: f32, frame: u32 }

/** The WGSL types of the clock's numbers. */
export type ClockFields = {
  readonly alpha: typeof f32
  readonly delta: typeof f32
  readonly elapsed: typeof f32
  readonly frame: typeof u32
}

/** Fields of one's own: WGSL types by name, as in `struct`. */
export type GlobalFields = { readonly [name: string]: Parameters<typeof struct>[0][string] }

/** The fields of globals: those of the clock, then one's own. */
export type GlobalsStruct<F extends GlobalFields> = Struct<{
  readonly [K in (keyof F & string) | keyof ClockFields]: K extends keyof ClockFields
    ? ClockFields[K]
    : Converted<F[K]>
}>

/** Numbers that globals take from a clock, such as that of an App. */
export interface GlobalsClock {
  readonly alpha: number
  readonly delta: number
  readonly elapsed: number
  readonly frame: number
}

export interface GlobalsDeclaration {
  /** Name of the variable. Default `globals`. */
  name?: string
  /** Name of the struct. Default `Globals`. */
  struct?: string
}

/**
 * A frame's globals: a small uniform buffer that every shader can bind. An App keeps `alpha`, `delta`, `elapsed`
 * and `frame`; in a loop of your own, set the first three. Goes up once per frame, when the frame ends.
 */
export class Globals<S extends Struct = Struct<ClockFields>> {
  /** The WGSL struct. */
  readonly schema: S
  /** Those of one's own. */
  readonly fields: GlobalFields
  readonly #coordinator: MkCoordinator
  readonly #mirror: Mirror
  readonly #bytes: DataView<ArrayBuffer>
  readonly #binding = perGeneration([this], () => ({ buffer: this.gpuBuffer }))

  /**
   * Use `mk.globals` or `mk.globalsWith`.
   * @throws {@link InvalidOption} for a field that the clock has
   * @throws {@link InvalidLayout} for what can't be in a uniform buffer; as `struct`
   * @throws {@link WrongBackend} where shaders bind no buffers of memkit, as with three.js
   */
  constructor(coordinator: MkCoordinator, fields: GlobalFields) {
    // Its shaders read attributes and three's own uniforms.
    const { backend } = coordinator.gpu.capabilities
    if (backend === 'three')
      throw new WrongBackend({ what: 'mk.globals', expected: 'webgpu', actual: backend })
    for (const name of Object.keys(CLOCK))
      checkOption(!(name in fields), 'fields', name, 'fields with other names: every frame has that one')
    const schema = struct({ ...CLOCK, ...fields })
    checkLayout(schema, 'uniform')
    this.schema = schema as never
    this.fields = fields
    this.#coordinator = coordinator
    this.#bytes = new DataView(new ArrayBuffer(sizeOf(schema)))
    const usage = MkBufferUsage.UNIFORM
    this.#mirror = coordinator.createMirror({ rows: 1, schema, usage, label: 'Globals' })
  }

  /**
   * Sets fields for the frames from now on; those that are left out keep their values. Under an App, the
   * numbers of its clock are set when the frame ends.
   * @throws {@link InvalidValue}, and nothing changes then
   */
  set(values: InferInput<S>): void {
    this.#alive('set()')
    writeValue(this.schema, values as never, this.#bytes)
    this.#mirror.write(0, this.#bytes)
  }

  /** The buffer, on any backend. */
  get buffer(): MkDeviceBuffer {
    return this.#alive('buffer').buffer
  }

  /**
   * The same buffer as a `GPUBuffer`.
   * @throws {@link WrongBackend} when the backend is not WebGPU: use `buffer.native` there
   */
  get gpuBuffer(): GPUBuffer {
    return gpuBufferOf(this.buffer, this.#coordinator)
  }

  /**
   * The buffer as a bind group entry's `resource`. The same object until `generation` changes.
   * @throws {@link WrongBackend}
   */
  get binding(): GPUBufferBinding {
    this.#alive('binding')
    return this.#binding()
  }

  /** Goes up when the buffer is replaced after a lost device: rebuild bind groups then. */
  get generation(): number {
    return this.#alive('generation').generation
  }

  /**
   * Returns WGSL that declares them:
   *
   * ```wgsl
   * struct Globals { alpha: f32, delta: f32, elapsed: f32, frame: u32 }
   * @group(0) @binding(1) var<uniform> globals: Globals;
   * ```
   * @throws {@link InvalidIdentifier} for a name that WGSL refuses or reserves
   */
  wgsl(group: number, binding: number, options: GlobalsDeclaration = {}): string {
    this.#alive('wgsl()')
    const naming = { label: 'Globals' }
    const name = variableName(naming, options.name)
    const type = structName(naming, name, options)
    checkOption(type !== name, 'struct', type, 'another name than that of the variable')
    const declaration = `${bindingAttributes(group, binding)} var<uniform> ${name}: ${type};\n`
    return `${this.schema.wgsl(type)}\n${declaration}`
  }

  /** Takes the numbers of a frame that ends. @internal */
  tick(clock: GlobalsClock | undefined, frame: number): void {
    if (clock === undefined) return this.set({ frame } as never)
    const { alpha, delta, elapsed } = clock
    this.set({ alpha, delta, elapsed, frame: clock.frame } as never)
  }

  /** @internal */
  dispose(): void {
    this.#mirror.destroy()
  }

  #alive(call: string): Mirror {
    if (this.#mirror.destroyed) throw new Disposed({ call: `globals.${call}` })
    return this.#mirror
  }
}
