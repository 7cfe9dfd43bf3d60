import type { MkError } from '@memkit/core'
import { MkBuffer } from './buffers.ts'
import type { BufferOwner, MkBufferDescription } from './buffers.ts'
import type { BackendAllocation, MkGpuBackend, NativeOf } from './backend.ts'
import { AlreadyMapped, BufferDestroyed, NotMappable, NotMapped, OutOfRange } from './errors.ts'
import { unawaited } from './unawaited.ts'

/** What a staging buffer asks of its gpu beyond what every buffer does. */
export interface StagingOwner<B extends MkGpuBackend> extends BufferOwner<B> {
  /** Throws what forbids mapping now: a lost device, recorded work that still needs the buffer. */
  checkMappable(buffer: MkStagingBuffer<B>): void
  /** Undefined while the device is not known to be lost. */
  lossError(): MkError | undefined
  /** Turns what a backend rejected a map with into a typed error. */
  mapFailure(buffer: MkStagingBuffer<B>, cause: unknown): Error
}

/** Where a staging buffer stands. */
export type StagingState = 'unmapped' | 'pending' | 'mapped' | 'destroyed'

/**
 * Memory that the CPU sees. HostVisible: written here, then the source of transfers. HostCached: the destination of
 * transfers, then read here. Unified: both, and mapped while the device uses it.
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
  /** What sort of buffer it is. */
  readonly kind = 'staging'
  readonly #owner: StagingOwner<B>
  #state: 'unmapped' | 'pending' | 'mapped'
  /** The mapped bytes; made at the first look in a mapping. */
  #bytes: Uint8Array<ArrayBuffer> | undefined
  /** Which mapping we are in: the backend's answer to a map() that was called off must change nothing. */
  #mapping = 0
  /** Rejects the pending map(). */
  #callOff: ((error: Error) => void) | undefined

  /** Made by `gpu.createStagingBuffer` and `gpu.stagingBufferWithData`. */
  constructor(
    owner: StagingOwner<B>,
    description: MkBufferDescription,
    allocation: BackendAllocation<NativeOf<B>>,
    mapped: boolean,
  ) {
    super(owner, description, allocation)
    this.#owner = owner
    this.#state = mapped ? 'mapped' : 'unmapped'
  }

  get state(): StagingState {
    return this.destroyed ? 'destroyed' : this.#state
  }

  /**
   * Makes the bytes accessible once the device has finished with the buffer.
   * @returns the bytes, valid until `unmap()`; rejects with AlreadyMapped, BufferDestroyed, BufferInUse (recorded work needs
   *   it: submit first), DeviceLost, AllocationFailed, and NotMappable when it is unmapped meanwhile or the device refuses
   */
  map(): Promise<Uint8Array<ArrayBuffer>> {
    return unawaited(
      new Promise((resolve, reject) => {
        const native = this.native
        if (this.#state !== 'unmapped') throw new AlreadyMapped(this.label, this.#state)
        this.#owner.checkMappable(this)
        const mapping = ++this.#mapping
        this.#state = 'pending'
        this.#callOff = reject
        const refused = (cause: unknown): void => {
          if (mapping !== this.#mapping) return
          this.#state = 'unmapped'
          this.#callOff = undefined
          if (this.confirmed) reject(this.#owner.mapFailure(this, cause))
          // That there is no memory, which is known later, says more than that the map was refused.
          else void this.settled.then((error) => reject(error ?? this.#owner.mapFailure(this, cause)))
        }
        this.#owner.backend.map(native).then(() => {
          if (mapping !== this.#mapping) return
          this.#state = 'mapped'
          try {
            resolve(this.bytes)
            this.#callOff = undefined
          } catch (cause) {
            // The device was destroyed meanwhile, and does not say so yet. Asked again it refuses when it has.
            this.#state = 'pending'
            this.#owner.backend.map(native).then(() => refused(cause), refused)
          }
        }, refused)
      }),
    )
  }

  /**
   * The mapped bytes, `size` of them. Their ArrayBuffer detaches at `unmap()`.
   * @throws NotMapped, BufferDestroyed
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    const native = this.native
    if (this.#state !== 'mapped') throw new NotMapped('bytes', this.label, this.#state)
    this.#bytes ??= new Uint8Array(this.#owner.backend.mappedRange(native), 0, this.size)
    return this.#bytes
  }

  /**
   * Copies bytes into the mapping.
   * @param offset first byte in this buffer
   * @throws NotMapped, BufferDestroyed, OutOfRange
   */
  write(source: ArrayBufferView | ArrayBufferLike, offset: number = 0): this {
    const bytes = this.bytes
    const view = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source)
    const last = this.size - view.byteLength
    if (!Number.isInteger(offset) || offset < 0 || offset > last)
      throw new OutOfRange(
        'offset',
        offset,
        0,
        Math.max(0, last),
        `of ${view.byteLength} bytes among the ${this.size} of '${this.label}'`,
      )
    bytes.set(view, offset)
    return this
  }

  /**
   * Hands what was written to the device ahead of `unmap()`, which hands over the rest. Never needed; gains time where a
   * backend keeps the mapped bytes apart from the buffer's.
   * @throws NotMapped, BufferDestroyed, OutOfRange
   */
  flush(offset: number = 0, size: number = this.size - offset): this {
    const native = this.native
    if (this.#state !== 'mapped') throw new NotMapped('flush', this.label, this.#state)
    if (!Number.isInteger(offset) || offset < 0 || offset > this.size)
      throw new OutOfRange('offset', offset, 0, this.size, `of '${this.label}'`)
    if (!Number.isInteger(size) || size < 0 || offset + size > this.size)
      throw new OutOfRange('size', size, 0, this.size - offset, `from byte ${offset} of '${this.label}'`)
    if (size > 0) this.#owner.backend.flush(native, offset, size)
    return this
  }

  /**
   * Gives the buffer back to the device. Calls off a map that is pending.
   * @throws NotMapped when it is not mapped, BufferDestroyed
   */
  unmap(): this {
    const native = this.native
    if (this.#state === 'unmapped') throw new NotMapped('unmap', this.label, 'unmapped')
    this.#endMapping(new NotMappable(this.label, 'it was unmapped before the map was there.'))
    this.#state = 'unmapped'
    this.#owner.backend.unmap(native)
    return this
  }

  override destroy(): void {
    this.#endMapping(this.#owner.lossError() ?? new BufferDestroyed(this.label))
    super.destroy()
  }

  #endMapping(error: Error): void {
    this.#mapping++
    this.#bytes = undefined
    this.#callOff?.(error)
    this.#callOff = undefined
  }
}
