import { MkGpu, type MkGpuBackend } from '@memkit/gpu'

/** Gives a device when it is asked for one. */
export type DeviceFactory = () => Promise<MkGpuBackend | MkGpu | DeviceLease>

/**
 * A device, and whose it is: one of ours is destroyed when its lease ends, once. Made once per
 * device.
 */
export class DeviceLease {
  readonly gpu: MkGpu
  /** The device goes with the lease; otherwise it is its owner's. */
  readonly owned: boolean
  #ended = false

  constructor(gpu: MkGpu, owned: boolean) {
    this.gpu = gpu
    this.owned = owned
  }

  /**
   * Makes a lease: a backend is ours from now on, an `MkGpu` is borrowed, a lease says so itself.
   * @throws {@link BackendInUse}
   */
  static of(source: MkGpuBackend | MkGpu | DeviceLease): DeviceLease {
    if (source instanceof DeviceLease) return source
    if (source instanceof MkGpu) return new DeviceLease(source, false)
    return new DeviceLease(new MkGpu(source), true)
  }

  /**
   * Asks a factory for a device. One that comes after the abort is given back when it comes.
   * @returns rejects with what the factory throws, and as soon as `signal` is aborted
   */
  static ask(factory: DeviceFactory, signal?: AbortSignal): Promise<DeviceLease> {
    return new Promise((resolve, reject) => {
      // jsdom, in which games run their unit tests, gives no reason.
      const abort = (): void =>
        reject(signal?.reason ?? new DOMException('This operation was aborted.', 'AbortError'))
      if (signal?.aborted === true) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      Promise.resolve(factory())
        .then((device) => {
          const lease = DeviceLease.of(device)
          if (signal?.aborted === true) lease.end()
          else resolve(lease)
        })
        .finally(() => signal?.removeEventListener('abort', abort))
        .catch(reject)
    })
  }

  /** Gives the device back: destroys it where it is ours. Calling it again does nothing. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.owned) this.gpu.destroy()
  }
}
