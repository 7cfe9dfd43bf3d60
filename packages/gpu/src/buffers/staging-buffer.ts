import { hasCode, messageOf } from '@memkit/core'
import { MkBuffer, type BufferParts } from './buffers.ts'
import type { MkGpuBackend, NativeOf } from '../backends/backend.ts'
import { AlreadyMapped, BufferDestroyed, BufferInUse, NotMappable, NotMapped } from './errors.ts'
import { MkMemoryType } from '../backends/usage.ts'
import { requireFit, requireRange } from './bounds.ts'
import { unawaited } from '../backends/unawaited.ts'

export type StagingState = 'unmapped' | 'pending' | 'mapped' | 'destroyed'

/**
 * Memory that the CPU can map. HostVisible: written here, then the source of transfers. HostCached: the
 * destination of transfers, then read here. Unified: both, and mapped while the device uses it.
 *
 *                 map()                 resolved
 *     unmapped ───────────▶ pending ───────────▶ mapped ── write(), flush(), bytes
 *        ▲  ▲    unmap()       │                   │
 *        │  └──────────────────┘      unmap()      │
 *        └─────────────────────────────────────────┘       destroy() from anywhere: destroyed
 *
 * While pending or mapped, the device may not use it (BufferMapped), except in Unified memory.
 */
export class MkStagingBuffer<B extends MkGpuBackend = MkGpuBackend> extends MkBuffer<B> {
  readonly kind = 'staging'
  #state: 'unmapped' | 'pending' | 'mapped'
  /** The mapped bytes; made when first read in a mapping. */
  #bytes: Uint8Array<ArrayBuffer> | undefined
  /** Number of the mapping: the backend's answer to a cancelled map() must change nothing. */
  #mapping = 0
  /** Rejects the pending map(). */
  #cancel: ((error: Error) => void) | undefined

  /** Made by `gpu.createStagingBuffer` and `gpu.stagingBufferWithData`. */
  constructor(parts: BufferParts<B>, mapped: boolean) {
    super(parts)
    this.#state = mapped ? 'mapped' : 'unmapped'
  }

  get state(): StagingState {
    return this.destroyed ? 'destroyed' : this.#state
  }

  /**
   * Makes the bytes accessible once the device has finished with the buffer.
   * @returns the bytes, valid until `unmap()`; rejects with AlreadyMapped, BufferDestroyed, DeviceLost,
   *   AllocationFailed, BufferInUse (recorded work needs it: submit first), NotMappable (it was unmapped
   *   meanwhile, or the device refuses)
   */
  map(): Promise<Uint8Array<ArrayBuffer>> {
    return unawaited(new Promise((resolve, reject) => this.#map(resolve, reject)))
  }

  #map(resolve: (bytes: Uint8Array<ArrayBuffer>) => void, reject: (error: Error) => void): void {
    const { native, label } = this
    const { backend, work } = this.owner
    if (this.#state !== 'unmapped') throw new AlreadyMapped({ label, state: this.#state })
    work.requireDevice()
    if (this.memory !== MkMemoryType.Unified && work.isRecorded(this))
      throw new BufferInUse({ label, why: 'recorded work needs it. gpu.submit() before map().' })
    const mapping = ++this.#mapping
    this.#state = 'pending'
    this.#cancel = reject
    const refused = (cause: unknown): void => {
      if (mapping !== this.#mapping) return
      this.#state = 'unmapped'
      this.#cancel = undefined
      if (this.allocated) reject(this.#mapFailure(cause))
      // That there is no memory, which is known later, says more than the refusal.
      else void this.allocationError.then((error) => reject(error ?? this.#mapFailure(cause)))
    }
    backend.map(native).then(() => {
      if (mapping !== this.#mapping) return
      this.#state = 'mapped'
      try {
        resolve(this.bytes)
        this.#cancel = undefined
      } catch (cause) {
        // The device was destroyed meanwhile, and doesn't say so yet. Asked again, it refuses once it has.
        this.#state = 'pending'
        backend.map(native).then(() => refused(cause), refused)
      }
    }, refused)
  }

  /** The mapped bytes, `size` of them, which `unmap()` detaches. @throws {@link NotMapped} */
  get bytes(): Uint8Array<ArrayBuffer> {
    const native = this.#mappedNative('bytes')
    this.#bytes ??= new Uint8Array(this.owner.backend.mappedRange(native), 0, this.size)
    return this.#bytes
  }

  /**
   * Copies bytes into the mapping.
   * @param offset first byte in this buffer
   * @throws {@link NotMapped} while it isn't mapped
   * @throws {@link OutOfRange} past the end
   */
  write(source: ArrayBufferView | ArrayBufferLike, offset: number = 0): this {
    const bytes = this.bytes
    const view = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source)
    requireFit('offset', offset, view.byteLength, this.size, `'${this.label}'`)
    bytes.set(view, offset)
    return this
  }

  /**
   * Hands written bytes to the device ahead of `unmap()`, which hands over the rest. Never needed; saves
   * time where a backend keeps the mapped bytes apart from the buffer's.
   * @throws {@link NotMapped} while it isn't mapped
   * @throws {@link OutOfRange} past the end
   */
  flush(offset: number = 0, size: number = this.size - offset): this {
    const native = this.#mappedNative('flush')
    requireRange(this, offset, size)
    if (size > 0) this.owner.backend.flush(native, offset, size)
    return this
  }

  /** Gives the buffer back; cancels a pending map. @throws {@link NotMapped} when it is unmapped */
  unmap(): this {
    const native = this.native
    if (this.#state === 'unmapped')
      throw new NotMapped({ operation: 'unmap', label: this.label, state: 'unmapped' })
    this.#endMapping(new NotMappable({ label: this.label, why: 'it was unmapped before the map was there.' }))
    this.#state = 'unmapped'
    this.owner.backend.unmap(native)
    return this
  }

  override destroy(): void {
    this.#endMapping(this.owner.work.lossError() ?? new BufferDestroyed({ label: this.label }))
    super.destroy()
  }

  #mappedNative(operation: string): NativeOf<B> {
    const { native } = this
    if (this.#state !== 'mapped') throw new NotMapped({ operation, label: this.label, state: this.#state })
    return native
  }

  #mapFailure(cause: unknown): Error {
    const loss = this.owner.work.lossError()
    if (loss) return loss
    if (hasCode(cause, 'AllocationFailed')) return cause
    return new NotMappable({ label: this.label, why: `${messageOf(cause)}.` })
  }

  #endMapping(error: Error): void {
    this.#mapping++
    this.#bytes = undefined
    this.#cancel?.(error)
    this.#cancel = undefined
  }
}
