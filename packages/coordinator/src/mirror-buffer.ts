import { hasCode } from '@memkit/core'
import type { MkError } from '@memkit/core'
import type { MkCapabilities, MkDeviceBuffer } from '@memkit/gpu'
import { AwaitedBuffer } from './awaited-buffer.ts'
import { MirrorOutOfMemory, MirrorTooLarge } from './errors.ts'
import type { MirrorHost } from './mirror-host.ts'
import { ownBuffer } from './own-buffers.ts'
import { Shortage } from './shortage.ts'

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
 *
 * Where the device owns rows, they are copied from one to the next. Then 256 KiB holds them when both of the last are confirmed, in
 * whatever order the device answers, and when 128 KiB has none, 64 KiB is in use again.
 *
 * After a failure a buffer for all rows is asked for at growing distances, and not used before it is confirmed: work of the user's that names a
 * buffer without memory is refused by the device, which happens once per shortage and not at every try.
 */
export class MirrorBuffer {
  readonly #host: MirrorHost
  readonly #owner: MirrorBufferOwner
  readonly #label: string
  readonly #stride: number
  readonly #usage: number
  /** The device owns rows: they are copied when the buffer is replaced. */
  readonly #keepsRows: boolean
  /** Outgrown buffers that are still needed, oldest first, then the one in use. */
  #chain: MkDeviceBuffer[] = []
  /** For each: there is memory for it and for all that its rows were copied through, or the error. Never rejects. */
  readonly #held = new WeakMap<MkDeviceBuffer, Promise<MkError | undefined>>()
  /** For all rows, after a failure. */
  readonly #awaited = new AwaitedBuffer()
  readonly #shortage: Shortage
  /** The buffer in use; undefined before the first, and when none could be had. */
  current: MkDeviceBuffer | undefined
  /** The outgrown buffer whose rows are to be copied by the device before the next write: it owns them. */
  copyFrom: MkDeviceBuffer | undefined

  constructor(
    host: MirrorHost,
    owner: MirrorBufferOwner,
    label: string,
    stride: number,
    usage: number,
    keepsRows: boolean,
  ) {
    this.#host = host
    this.#owner = owner
    this.#label = label
    this.#stride = stride
    this.#usage = usage
    this.#keepsRows = keepsRows
    this.#shortage = new Shortage((failure) => host.listeners.warn(failure.code, failure.message, failure))
  }

  /** Rows that fit the buffer in use. */
  get rows(): number {
    return this.current ? Math.floor(this.current.size / this.#stride) : 0
  }

  /** Resolves once it is known whether a buffer, which is or was in use, holds the rows: undefined, or the error. Never rejects. */
  held(buffer: MkDeviceBuffer): Promise<MkError | undefined> {
    return this.#held.get(buffer) ?? buffer.settled
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
   * Puts a buffer of `rows` rows into use, unconfirmed.
   * @throws MirrorOutOfMemory when the device says so at once, DeviceLost; nothing is changed then
   */
  replace(rows: number): void {
    this.#use(this.#create(rows))
    this.#awaited.drop()
  }

  /**
   * Tries to get a buffer for all rows, for which there was no memory. Called once per frame.
   * @returns true when there is one in use now
   */
  retry(rows: number): boolean {
    const awaited = this.#awaited
    awaited.backOff.passFrame()
    const confirmed = awaited.take()
    if (confirmed !== undefined) {
      if (confirmed.size >= rows * this.#stride) {
        this.#use(confirmed)
        return true
      }
      confirmed.destroy()
    }
    // Without a buffer in use there is none that anybody could have named.
    if (this.current === undefined) return this.#replaceIfDue(rows)
    awaited.ask(this.#host.gpu, rows * this.#stride, this.#usage, this.#label)
    return false
  }

  /** The rows of the outgrown buffer are on their way into the new one. */
  copied(): void {
    this.copyFrom = undefined
    this.#letGo()
  }

  /** The device is another one: gives back the buffers on the one before, which need not be lost. */
  reset(): void {
    for (const buffer of this.#chain) {
      this.#host.disown(buffer)
      buffer.destroy()
    }
    this.#chain = []
    this.current = undefined
    this.copyFrom = undefined
    this.#awaited.drop()
    this.#awaited.backOff.reset()
  }

  destroy(): void {
    for (const buffer of this.#chain) this.#giveBack(buffer)
    this.#chain = []
    this.#awaited.drop()
  }

  #use(buffer: MkDeviceBuffer): void {
    const before = this.current
    if (before && this.copyFrom) {
      // Outgrown before it got any rows.
      this.#chain.pop()
      this.#giveBack(before)
    }
    if (this.#keepsRows && before !== undefined) {
      this.copyFrom ??= before
      this.#held.set(buffer, bothSettled(this.held(this.copyFrom), buffer.settled))
    }
    this.current = buffer
    this.#chain.push(buffer)
    this.#host.adopt(buffer, this.#label)
    if (before) this.#host.countReallocation()
    void buffer.settled.then((error) => this.#settle(buffer, error))
  }

  #replaceIfDue(rows: number): boolean {
    const { backOff } = this.#awaited
    if (!backOff.due) return false
    try {
      this.replace(rows)
      return true
    } catch {
      // Told when it failed first. The rows stay dirty.
      backOff.failed()
      return false
    }
  }

  #settle(buffer: MkDeviceBuffer, error: MkError | undefined): void {
    const at = this.#chain.indexOf(buffer)
    if (at < 0 || this.#host.isLost) return
    if (error === undefined) {
      this.#awaited.backOff.reset()
      this.#shortage.over()
      this.#letGo()
      return
    }
    // Rows that were copied out of it, and out of what was, are as little there as it is.
    const gone = this.#keepsRows ? this.#chain.splice(at) : this.#chain.splice(at, 1)
    const kept = this.#chain.at(-1)
    for (const lost of gone) this.#giveBack(lost)
    if (kept !== this.current) {
      this.current = kept
      this.copyFrom = undefined
      this.#awaited.backOff.failed()
      this.#host.countReallocation()
      this.#owner.rolledBack(kept)
    }
    const failure = new MirrorOutOfMemory(this.#label, buffer.size, kept?.size ?? 0, this.#maxBytes(), error)
    this.#shortage.tell(failure)
  }

  /** Lets go of what is older than the newest buffer that certainly holds the rows. */
  #letGo(): void {
    if (this.copyFrom) return
    const chain = this.#chain
    const unconfirmed = chain.findIndex(({ confirmed }) => !confirmed)
    const copied = unconfirmed < 0 ? chain.length - 1 : unconfirmed - 1
    const at = this.#keepsRows ? copied : chain.findLastIndex(({ confirmed }) => confirmed)
    if (at > 0) for (const buffer of chain.splice(0, at)) this.#giveBack(buffer)
  }

  #giveBack(buffer: MkDeviceBuffer): void {
    this.#host.disown(buffer)
    this.#host.retire(buffer)
  }

  #create(rows: number): MkDeviceBuffer {
    const size = rows * this.#stride
    try {
      return ownBuffer(this.#host.gpu.createDeviceBuffer(size, this.#usage, { label: this.#label }))
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
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

async function bothSettled(
  one: Promise<MkError | undefined>,
  other: Promise<MkError | undefined>,
): Promise<MkError | undefined> {
  return (await one) ?? (await other)
}
