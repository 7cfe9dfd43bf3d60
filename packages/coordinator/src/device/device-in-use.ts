import type { LossInfo, MkGpu } from '@memkit/gpu'
import type { DeviceFactory, DeviceLease } from './lease.ts'
import { Recovery, type RecoveryOwner } from './recovery.ts'

export interface DeviceOwner extends RecoveryOwner {
  /** The device is lost. `isNews`: no other loss was told since a device was last put into use. */
  lost(info: LossInfo, isNews: boolean): void
}

/**
 * The device that a coordinator works on. It watches for its loss, and with a factory has another
 * one asked for.
 *
 *     in use ──(lost)──▶ lost ──take──▶ being put into use ──inUse──▶ in use
 *       └──────────────────take───────────────▲
 */
export class DeviceInUse {
  lease: DeviceLease
  gpu: MkGpu
  readonly #owner: DeviceOwner
  readonly #recovery: Recovery | undefined
  #unwatch: () => void
  #lossTold = false
  #disposed = false

  constructor(lease: DeviceLease, factory: DeviceFactory | undefined, owner: DeviceOwner) {
    this.lease = lease
    this.gpu = lease.gpu
    this.#owner = owner
    this.#recovery = factory && new Recovery(factory, owner)
    this.#unwatch = this.#watch()
  }

  /** Works on another device from now on. The caller ends the lease before it. */
  take(lease: DeviceLease): void {
    this.#recovery?.stop()
    this.#unwatch()
    this.lease = lease
    this.gpu = lease.gpu
    this.#unwatch = this.#watch()
  }

  /** The device that was taken is in use: the next loss is news. */
  inUse(): void {
    this.#lossTold = false
  }

  /** The caller ends the lease. */
  dispose(): void {
    this.#disposed = true
    this.#unwatch()
    this.#recovery?.dispose()
  }

  #watch(): () => void {
    return this.gpu.onLost((info) => {
      // A device that is lost while it is put into use was never there.
      const isNews = !this.#lossTold
      this.#lossTold = true
      this.#owner.lost(info, isNews)
      // A listener may have restored or disposed.
      if (!this.#disposed && this.gpu.isLost) this.#recovery?.start()
    })
  }
}
