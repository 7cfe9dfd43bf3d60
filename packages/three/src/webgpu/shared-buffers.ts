import type { MkSync } from '@memkit/ecs-plugin'
import { REVISION } from 'three'
import type { WebGPURenderer } from 'three/webgpu'
import { DeviceNotShared } from './errors.ts'

/** Oldest revision that makes a bind group for a replaced storage attribute. */
const MIN_REVISION = 183
/** `GPUBufferUsage.COPY_DST` */
const COPY_DST = 8

const TESTED = '0.184 and 0.187'

/** What three keeps for an attribute. Where there is no buffer yet, it makes one. */
interface AttributeData {
  buffer?: GPUBuffer
}

interface Backend {
  readonly device: GPUDevice
  readonly isWebGPUBackend?: boolean
  get(attribute: object): AttributeData
}

/**
 * Lends buffers of memkit to the attributes of a renderer on the same device. three has no public way
 * for this, so that everything of its internals that this package uses is in this class.
 */
export class SharedBuffers {
  readonly #backend: Backend
  readonly #lent = new Set<object>()

  /** @throws {@link DeviceNotShared} */
  constructor(mk: MkSync<object>, renderer: WebGPURenderer) {
    const backend = renderer.backend as unknown as Partial<Backend>
    const refuse = (reason: string): never => {
      throw new DeviceNotShared({ reason, tested: TESTED })
    }
    if (mk.device === undefined) refuse(`the world is on the ${mk.gpu.capabilities.backend} backend`)
    if (Number.parseInt(REVISION) < MIN_REVISION) refuse(`three r${REVISION} draws from destroyed buffers`)
    if (backend?.isWebGPUBackend !== true) refuse('the renderer isn’t on WebGPU, or fell back to WebGL')
    if ((backend.device ?? undefined) === undefined) refuse('the renderer isn’t initialised yet')
    if (backend.device !== mk.device) refuse('the renderer has a device of its own')
    if (typeof backend.get !== 'function') refuse(`three r${REVISION} keeps its buffers elsewhere`)
    this.#backend = backend as Backend
  }

  /** Has an attribute use a buffer of memkit, in place of the one that it used before. */
  lend<A extends object>(attribute: A, buffer: GPUBuffer): A {
    this.#backend.get(attribute).buffer = buffer
    this.#lent.add(attribute)
    return attribute
  }

  /** Takes the buffer of an attribute back, and lets three forget the attribute: it destroys a stand-in. */
  takeBack(attribute: object): void {
    if (!this.#lent.delete(attribute)) return
    this.#backend.get(attribute).buffer = this.#backend.device.createBuffer({ size: 4, usage: COPY_DST })
    ;(attribute as { dispose?(): void }).dispose?.()
  }

  /** Takes all buffers back. */
  dispose(): void {
    for (const attribute of [...this.#lent]) this.takeBack(attribute)
  }
}
