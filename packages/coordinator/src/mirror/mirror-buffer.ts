import { defineError, hasCode, type ErrorClass, type MkError } from '@memkit/core'
import type { MkCapabilities, MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { AwaitedBuffer } from '../device/awaited-buffer.ts'
import { ownBuffer } from '../device/own-buffers.ts'
import { Shortage } from '../device/shortage.ts'
import type { DeviceSlice } from '../device/slice.ts'
import { MirrorTooLarge } from './mirror-memory.ts'

/**
 * The device had no memory for a mirror's buffer. The old buffer is in use again, every row is
 * dirty.
 *
 * What to do: free device memory; the rows follow as soon as a bigger buffer can be made.
 */
export const MirrorOutOfMemory: ErrorClass<{
  code: 'MirrorOutOfMemory'
  label: string
  /** Bytes asked for. */
  requested: number
  /** Bytes of the buffer that stays in use. */
  kept: number
  /** The most that the device allows for one buffer, in bytes. */
  max: number
}> = defineError(
  'MirrorOutOfMemory',
  ({ label, requested, kept, max }) =>
    `The device has no memory for mirror "${label}": ${requested} bytes asked (limit ${max}), ${kept} kept. ` +
    `Rows beyond stay on the CPU, dirty, until a bigger buffer can be made: free device memory.`,
)
export type MirrorOutOfMemory = InstanceType<typeof MirrorOutOfMemory>

/** What a mirror's buffer needs of the coordinator. */
export interface BufferSource {
  readonly gpu: MkGpu
  /** Nothing else may be staged into the buffer. */
  adopt(buffer: MkDeviceBuffer, label: string): void
  /** Destroys a buffer once neither the device nor the user's next frame can need it. */
  retire(buffer: MkDeviceBuffer): void
  countReallocation(): void
  warn(error: MkError): void
}

export interface BufferShape {
  readonly label: string
  readonly stride: number
  readonly usage: number
  /** Rows are copied on the device when the buffer is replaced. */
  readonly deviceOwned: boolean
}

/**
 * The device side of a mirror: a slice of a device buffer (all of it, today). A slice is in use as
 * soon as it is made; the one before it is kept until the device has confirmed the memory, frames
 * later:
 *
 *     chain   [ 64 KiB confirmed ][ 128 KiB ? ][ 256 KiB ? ]      the last is in use
 *     256 KiB confirmed   → the two before it are let go
 *     256 KiB has none    → 128 KiB is in use again
 *
 * Where the device owns rows, they are copied from one to the next. Then 256 KiB holds them when
 * both of the last are confirmed, in any order, and when 128 KiB has none, 64 KiB is in use again.
 *
 * After a failure a buffer for all rows is asked for at growing distances, and used only when it is
 * confirmed: the device refuses the user's work that names a buffer without memory, which shall
 * happen once per shortage and not at every try.
 */
export class MirrorBuffer {
  readonly #source: BufferSource
  readonly #shape: BufferShape
  /** The slice in use has no memory: another one is in use, or none. */
  readonly #rolledBack: () => void
  /** Outgrown slices that are still needed, oldest first, then the one in use. */
  readonly #chain: DeviceSlice[] = []
  /** Resolves to an error when a buffer, or one that its rows came through, has no memory. */
  readonly #held = new WeakMap<MkDeviceBuffer, Promise<MkError | undefined>>()
  /** For all rows, asked for after a failure. */
  readonly #awaited = new AwaitedBuffer()
  readonly #shortage: Shortage
  /** In use; undefined before the first, and when none could be had. */
  slice: DeviceSlice | undefined
  /** Rows that fit it. */
  rows = 0
  /** The outgrown slice whose rows the device must copy before the next write: it owns them. */
  copyFrom: DeviceSlice | undefined

  constructor(source: BufferSource, shape: BufferShape, rolledBack: () => void) {
    this.#source = source
    this.#shape = shape
    this.#rolledBack = rolledBack
    this.#shortage = new Shortage((failure) => source.warn(failure))
  }

  /** Resolves to an error when the buffer turns out not to hold the rows. */
  held(buffer: MkDeviceBuffer): Promise<MkError | undefined> {
    return this.#held.get(buffer) ?? buffer.allocationError
  }

  get mostRows(): number {
    return Math.floor(this.#maxBytes() / this.#shape.stride)
  }

  /** A slice is kept until the device has confirmed the one in use. */
  get hasFallback(): boolean {
    return this.#chain.length > 1
  }

  /** @throws {@link MirrorTooLarge} when the device doesn't allow so many rows */
  check(rows: number): void {
    const { label, stride } = this.#shape
    const max = this.#maxBytes()
    if (rows * stride > max) throw new MirrorTooLarge({ label, requested: rows * stride, max })
  }

  /**
   * Puts a slice for so many rows into use, unconfirmed.
   * @throws {@link MirrorOutOfMemory} when the device refuses at once; nothing is changed then
   */
  replace(rows: number): void {
    this.#use(this.#create(rows))
    this.#awaited.drop()
  }

  /** Tries to get a slice for all rows, once per frame. @returns whether there is one now */
  retry(rows: number): boolean {
    const awaited = this.#awaited
    const size = rows * this.#shape.stride
    const confirmed = awaited.takeInFrame()
    if (confirmed !== undefined) {
      if (confirmed.size >= size) {
        this.#use(confirmed)
        return true
      }
      confirmed.destroy()
    }
    if (this.slice !== undefined) {
      awaited.ask(this.#source.gpu, size, this.#shape.usage, this.#shape.label)
      return false
    }
    // Without a buffer in use, the user's work can name none: no need to await it.
    if (!awaited.backOff.due) return false
    try {
      this.replace(rows)
      return true
    } catch {
      // Reported when it first failed. The rows stay dirty.
      awaited.backOff.failed()
      return false
    }
  }

  /** The rows of `copyFrom` are on their way into the new slice. */
  copied(): void {
    this.copyFrom = undefined
    this.#letGo()
  }

  /** For another device: gives back what lies on the one before, which may live on. */
  reset(): void {
    for (const { buffer } of this.#chain.splice(0)) this.#source.retire(buffer)
    this.#setCurrent(undefined)
    this.#awaited.reset()
  }

  destroy(): void {
    for (const { buffer } of this.#chain.splice(0)) this.#source.retire(buffer)
    this.#awaited.drop()
  }

  #use(buffer: MkDeviceBuffer): void {
    const before = this.slice
    const { copyFrom } = this
    if (before && copyFrom) {
      // Outgrown before it got any rows.
      this.#chain.pop()
      this.#source.retire(before.buffer)
    }
    const slice: DeviceSlice = { buffer, offset: 0, size: buffer.size }
    this.#setCurrent(slice)
    if (this.#shape.deviceOwned && before !== undefined) {
      this.copyFrom = copyFrom ?? before
      const held = this.held(this.copyFrom.buffer)
      this.#held.set(
        buffer,
        held.then((error) => error ?? buffer.allocationError),
      )
    }
    this.#chain.push(slice)
    this.#source.adopt(buffer, this.#shape.label)
    if (before) this.#source.countReallocation()
    void buffer.allocationError.then((error) => this.#settle(slice, error))
  }

  #setCurrent(slice: DeviceSlice | undefined): void {
    this.slice = slice
    this.rows = slice ? Math.floor(slice.size / this.#shape.stride) : 0
    this.copyFrom = undefined
  }

  #settle(slice: DeviceSlice, error: MkError | undefined): void {
    const at = this.#chain.indexOf(slice)
    if (at < 0 || this.#source.gpu.isLost) return
    if (error === undefined) {
      this.#awaited.backOff.reset()
      this.#shortage.over()
      this.#letGo()
      return
    }
    // Slices whose rows were copied out of it have none either.
    const gone = this.#shape.deviceOwned ? this.#chain.splice(at) : this.#chain.splice(at, 1)
    const kept = this.#chain.at(-1)
    for (const lost of gone) this.#source.retire(lost.buffer)
    if (kept !== this.slice) {
      this.#setCurrent(kept)
      this.#awaited.backOff.failed()
      this.#source.countReallocation()
      this.#rolledBack()
    }
    this.#shortage.tell(this.#outOfMemory(slice.size, kept, error))
  }

  /** Lets go of slices older than the newest that certainly holds the rows. */
  #letGo(): void {
    if (this.copyFrom) return
    const chain = this.#chain
    const unconfirmed = chain.findIndex(({ buffer }) => !buffer.allocated)
    const copied = unconfirmed < 0 ? chain.length - 1 : unconfirmed - 1
    const at = this.#shape.deviceOwned ? copied : chain.findLastIndex(({ buffer }) => buffer.allocated)
    if (at > 0) for (const { buffer } of chain.splice(0, at)) this.#source.retire(buffer)
  }

  #create(rows: number): MkDeviceBuffer {
    const { label, stride, usage } = this.#shape
    try {
      return ownBuffer(this.#source.gpu.createDeviceBuffer(rows * stride, usage, { label }))
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      throw this.#outOfMemory(rows * stride, this.slice, error)
    }
  }

  #outOfMemory(requested: number, kept: DeviceSlice | undefined, cause: MkError): MirrorOutOfMemory {
    const { label } = this.#shape
    const fields = { label, requested, kept: kept?.size ?? 0, max: this.#maxBytes() }
    return new MirrorOutOfMemory(fields, { cause })
  }

  #maxBytes(): number {
    return mostMirrorBytes(this.#source.gpu.capabilities)
  }
}

/** Bytes of the biggest buffer that a mirror can have: it is bound as storage if there is any. */
export function mostMirrorBytes(capabilities: MkCapabilities): number {
  const { storage, maxBufferSize, maxStorageBufferBindingSize } = capabilities
  return storage ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize
}
