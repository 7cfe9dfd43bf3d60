import { MkGpu } from '@memkit/gpu'
import type { MkGpuBackend } from '@memkit/gpu'

/** A device in use, and whose it is. Made once per device: a device of ours is destroyed when its lease ends, exactly once. */
export class DeviceLease {
  readonly gpu: MkGpu
  /** The device goes with the lease; otherwise it is its owner's. */
  readonly owned: boolean
  #ended = false

  constructor(gpu: MkGpu, owned: boolean) {
    this.gpu = gpu
    this.owned = owned
  }

  /** A backend is ours from now on, an `MkGpu` is borrowed, a lease says so itself. @throws BackendInUse */
  static of(source: MkGpuBackend | MkGpu | DeviceLease): DeviceLease {
    if (source instanceof DeviceLease) return source
    if (source instanceof MkGpu) return new DeviceLease(source, false)
    return new DeviceLease(new MkGpu(source), true)
  }

  /** Gives the device back: destroys it where it is ours. Idempotent. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.owned) this.gpu.destroy()
  }
}
