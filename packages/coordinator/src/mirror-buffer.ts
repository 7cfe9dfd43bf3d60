import type { MkError } from '@memkit/core'
import type { MkCapabilities, MkDeviceBuffer } from '@memkit/gpu'
import { MirrorOutOfMemory, MirrorTooLarge } from './errors.ts'
import type { MirrorHost } from './mirror-host.ts'
import { ownBuffer } from './own-buffers.ts'

/** Frames between two tries to get a bigger buffer from a device that had no memory: 1, 2, 4 … this. */
const MAX_RETRY_FRAMES = 256

/** What a mirror's device side tells the mirror. */
export interface MirrorBufferOwner {
  /** The buffer in use turned out to have no memory. `kept`: the one in use now, undefined when there is none. */
  rolledBack(kept: MkDeviceBuffer | undefined): void
}

/**
 * The device side of a mirror. A buffer is used as soon as it is made, and the one before it kept until the device
 * has said that the memory is there, which may be frames later:
 *
 *     chain   [ 64 KiB confirmed ][ 128 KiB ? ][ 256 KiB ? ]      the last is in use
 *     256 KiB confirmed   → the two before it are let go
 *     256 KiB has none    → 128 KiB is in use again
 */
export class MirrorBuffer {
  readonly #host: MirrorHost
  readonly #owner: MirrorBufferOwner
  readonly #label: string
  readonly #stride: number
  readonly #usage: number
  #chain: MkDeviceBuffer[] = []
  #confirmed: MkDeviceBuffer | undefined
  #retryFrames = 1
  #retryAt = 0
  /** The user knows that there is no memory. */
  #told = false
  /** The buffer in use; undefined before the first, and when none could be had. */
  current: MkDeviceBuffer | undefined
  /** The outgrown buffer whose rows are to be copied by the device before the next write: it owns them. */
  copyFrom: MkDeviceBuffer | undefined

  constructor(host: MirrorHost, owner: MirrorBufferOwner, label: string, stride: number, usage: number) {
    this.#host = host
    this.#owner = owner
    this.#label = label
    this.#stride = stride
    this.#usage = usage
  }

  /** Rows that fit the buffer in use. */
  get rows(): number {
    return this.current ? Math.floor(this.current.size / this.#stride) : 0
  }

  /** Rows that the device would allow. */
  get mostRows(): number {
    return Math.floor(this.#maxBytes() / this.#stride)
  }

  /** Kept beside the buffer in use until the device has spoken. */
  get hasFallback(): boolean {
    return this.#chain.length > 1
  }

  /** @throws MirrorTooLarge */
  check(rows: number): void {
    const max = this.#maxBytes()
    if (rows * this.#stride > max) throw new MirrorTooLarge(this.#label, rows * this.#stride, max)
  }

  /**
   * Puts a buffer of `rows` rows into use.
   * @param copy keep the rows that the device has
   * @throws MirrorOutOfMemory when the device says so at once, DeviceLost; nothing is changed then
   */
  replace(rows: number, copy: boolean): void {
    const before = this.current
    const buffer = this.#create(rows)
    if (copy) this.copyFrom ??= before
    this.current = buffer
    this.#chain.push(buffer)
    this.#host.adopt(buffer, this.#label)
    if (before) this.#host.countReallocation()
    void buffer.settled.then((error) => this.#settle(buffer, error))
  }

  /**
   * Tries again to get a buffer for all rows, at growing distances.
   * @returns true when there is one now
   */
  retry(rows: number, copy: boolean): boolean {
    if (this.#host.frame < this.#retryAt) return false
    this.#backOff()
    try {
      this.replace(rows, copy)
      return true
    } catch {
      // Told when it failed first. The rows stay dirty.
      return false
    }
  }

  /** The rows of the outgrown buffer are on their way into the new one. */
  copied(): void {
    this.copyFrom = undefined
    this.#letGo()
  }

  /** The device is another one: forgets the buffers of the lost one. */
  reset(): void {
    for (const buffer of this.#chain) this.#host.disown(buffer)
    this.#chain = []
    this.#confirmed = undefined
    this.current = undefined
    this.copyFrom = undefined
    this.#retryAt = 0
    this.#retryFrames = 1
  }

  destroy(): void {
    for (const buffer of this.#chain) {
      this.#host.disown(buffer)
      this.#host.retire(buffer)
    }
    this.#chain = []
  }

  #settle(buffer: MkDeviceBuffer, error: MkError | undefined): void {
    const at = this.#chain.indexOf(buffer)
    if (at < 0 || this.#host.isLost) return
    if (error === undefined) {
      this.#confirmed = buffer
      this.#retryFrames = 1
      this.#told = false
      this.#letGo()
      return
    }
    this.#chain.splice(at, 1)
    if (this.copyFrom === buffer) this.copyFrom = this.#chain[at - 1]
    const kept = this.#chain.at(-1)
    if (buffer === this.current) {
      this.current = kept
      if (this.copyFrom === kept) this.copyFrom = undefined
      this.#backOff()
      this.#host.countReallocation()
      this.#owner.rolledBack(kept)
    }
    this.#host.disown(buffer)
    this.#host.retire(buffer)
    if (this.#told) return
    this.#told = true
    const failure = new MirrorOutOfMemory(this.#label, buffer.size, kept?.size ?? 0, this.#maxBytes(), error)
    this.#host.listeners.warn(failure.code, failure.message, failure)
  }

  /** Everything older than the newest confirmed buffer is no longer needed, once its rows were copied. */
  #letGo(): void {
    if (this.copyFrom || !this.#confirmed) return
    const at = this.#chain.indexOf(this.#confirmed)
    for (let i = 0; i < at; i++) {
      this.#host.disown(this.#chain[i])
      this.#host.retire(this.#chain[i])
    }
    if (at > 0) this.#chain.splice(0, at)
  }

  #backOff(): void {
    this.#retryAt = this.#host.frame + this.#retryFrames
    this.#retryFrames = Math.min(this.#retryFrames * 2, MAX_RETRY_FRAMES)
  }

  #create(rows: number): MkDeviceBuffer {
    const size = rows * this.#stride
    try {
      return ownBuffer(this.#host.gpu.createDeviceBuffer(size, this.#usage, { label: this.#label }))
    } catch (error) {
      if ((error as Partial<MkError>).code !== 'AllocationFailed') throw error
      throw new MirrorOutOfMemory(this.#label, size, this.current?.size ?? 0, this.#maxBytes(), error)
    }
  }

  #maxBytes(): number {
    return mostMirrorBytes(this.#host.gpu.capabilities)
  }
}

/** Bytes of the biggest buffer that a mirror can have on a device: it is bound as storage wherever there is storage. */
export function mostMirrorBytes(capabilities: MkCapabilities): number {
  const { storage, maxBufferSize, maxStorageBufferBindingSize } = capabilities
  return storage ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize
}
