import type { MkError } from '@memkit/core'
import type { MkCallCounts, MkCapabilities } from './capabilities.ts'
import type { MkMemory } from './usage.ts'

/** Why a device is gone. */
export interface LossInfo {
  /** `'destroyed'`: `destroy()` was called; `'unknown'`: it happened by itself. */
  readonly reason: 'destroyed' | 'unknown'
  readonly message: string
}

/** A buffer to make. `MkGpu` has checked it against the capabilities. */
export interface BackendBufferDescriptor {
  /** Bytes: a multiple of 4, from 4 to `maxBufferSize`. */
  readonly size: number
  /** `MkBufferUsage` flags, all of them in `capabilities.usages`. */
  readonly usage: number
  readonly memory: MkMemory
  /** For error messages and debuggers; never empty. */
  readonly label: string
  /** Start mapped for writing over its whole size. Never set for DeviceLocal and HostCached. */
  readonly mapped: boolean
}

/** A buffer made, or being made. */
export interface BackendAllocation<Native extends object> {
  readonly native: Native
  /**
   * Resolves when the device knows whether it has the memory: to undefined if it does, else to
   * AllocationFailed. Never rejects. Until then `native` may be used; without memory, what uses it does
   * nothing and harms no other part (see `separate`).
   */
  readonly error: Promise<MkError | undefined>
}

/** Where the rows of one scatter lie. Offsets and sizes in bytes, all multiples of 4. */
export interface ScatterRows {
  /** Bytes per row. */
  readonly stride: number
  /** Rows. */
  readonly count: number
  /** First byte of the rows in the payload buffer. */
  readonly payloadOffset: number
  /** First byte of the row numbers in the payload buffer: a u32 per row. */
  readonly indexOffset: number
  /** First byte of row 0 in the destination; default 0. */
  readonly dstOffset?: number
}

/** What a backend tells its `MkGpu`, at any time, also from within a call of the backend. */
export interface BackendSink {
  /** Everything handed over before `signal(serial)` has finished. Never called once the device is lost. */
  completed(serial: number): void
  /** The device is gone. Called once. */
  lost(info: LossInfo): void
  /** A call of the backend went wrong after it had returned (debug scopes, hazards). */
  error(error: MkError): void
  /** An uncaptured error of the device, which another user of the device may have caused. */
  uncaptured(error: MkError): void
}

/** How a backend runs. */
export interface BackendAttachOptions {
  /** Name the call and the buffer's label in errors, at a cost per call. */
  readonly debug: boolean
}

/**
 * The contract between `MkGpu` and a device.
 *
 * **Mechanism only.** `MkGpu` has checked every argument: ranges, alignment, usages, states, destroyed
 * buffers, lost devices. A backend doesn't check again, and doesn't decide when to submit, what to
 * reuse or what to wait for. "May assume" names what is certain.
 *
 * **Order.** The queue runs operations in the order in which they reach it. `write` reaches it when
 * called; `copy` and `scatter` are recorded and reach it at `submit`. So a copy that is recorded before
 * a write and submitted after it reads or overwrites what was written.
 *
 * **Loss.** After the device is lost, every call returns as if it had worked and does nothing;
 * `createBuffer` returns something, promises settle (`map` rejects). Nothing throws because of a loss.
 * @typeParam Native the backend's own buffer: `GPUBuffer`, `WebGLBuffer`, `DummyBuffer`
 */
export interface MkGpuBackend<Native extends object = object> {
  readonly capabilities: MkCapabilities
  /** Counts every call it makes to the device. Always the same object. */
  readonly calls: MkCallCounts

  // Life

  /**
   * Called once, before everything else, by the `MkGpu` that takes it. Calls `sink.lost` for a device
   * that is lost already.
   * @throws {@link BackendInUse} when it is attached already
   */
  attach(sink: BackendSink, options: BackendAttachOptions): void

  /**
   * Lets go of everything: listeners on the device, buffers of its own, and the device itself if it is
   * this backend's. Called once, after the buffers were destroyed.
   */
  destroy(): void

  // Buffers

  /**
   * Makes a buffer of zeros. Must not wait.
   * @throws {@link AllocationFailed} if it knows at once that memory is short; nothing to free then
   */
  createBuffer(descriptor: BackendBufferDescriptor): BackendAllocation<Native>

  /**
   * Frees a buffer, in any state. Work that was submitted before must finish as if it were there.
   * May assume: called once per buffer, and nothing recorded but not submitted uses it.
   */
  destroyBuffer(buffer: Native): void

  // Queue

  /**
   * Puts bytes on the queue, now. Reads them before it returns. Must not allocate per call or wait;
   * splits as the device likes it. Copies `source` first where the device refuses shared or resizable
   * memory.
   * May assume: offsets and size multiples of 4, size > 0, in range on both sides, TRANSFER_DST.
   */
  write(dst: Native, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void

  /**
   * Records a copy between two buffers.
   * May assume: two buffers, offsets and size multiples of 4, size > 0, in range, TRANSFER_SRC and
   * TRANSFER_DST; where `indexIsExclusive`, both INDEX or neither.
   */
  copy(src: Native, srcOffset: number, dst: Native, dstOffset: number, size: number): void

  /** True from the moment at which `scatter` may be called. */
  readonly scatterReady: boolean

  /**
   * Scatters that may be recorded before the next submit in memory that the device has confirmed.
   * Further ones are tried, and may do nothing. Left out: any number.
   */
  readonly scatterRoom?: number

  /**
   * Makes what so many scatters per submit (default 1) need; asks for missing memory again. Cheap
   * to call again. Resolves to true when `scatterReady`, to false without scatter; never rejects.
   */
  prepareScatter(scatters?: number): Promise<boolean>

  /**
   * Records: row i of the payload goes to row index[i] of `dst`. Drops row numbers past the end of
   * `dst`; of two rows with one number, one stays. Must read `rows` before it returns.
   * May assume: `scatterReady`, count > 0, two buffers, both STORAGE, each within
   * `maxStorageBufferBindingSize`.
   */
  scatter(dst: Native, payload: Native, rows: ScatterRows): void

  /**
   * Ends a part. What is recorded from here on reaches the queue after it, and when the device refuses
   * one of the two, the other still runs. Left out where operations are refused one by one.
   */
  separate?(): void

  /** Gives what is recorded to the queue, part by part. May assume that something is recorded. */
  submit(): void

  /**
   * Calls `sink.completed(serial)` once everything handed over before has finished on the device, also
   * before it returns. May assume: one signal at a time.
   */
  signal(serial: number): void

  // Mapping

  /**
   * Makes the bytes of a HostVisible (to write, contents kept), HostCached (to read) or Unified (both)
   * buffer accessible. Resolves when the device has finished with the buffer; at once for Unified.
   * Rejects when the device refuses, or is lost meanwhile (after `sink.lost`). The answer is ignored once
   * the buffer is unmapped or destroyed.
   * May assume: unmapped, nothing unsubmitted uses it.
   */
  map(buffer: Native): Promise<void>

  /**
   * The mapped bytes of the whole buffer, which `unmap` detaches unless memory is Unified.
   * May assume: called once per mapping.
   */
  mappedRange(buffer: Native): ArrayBuffer

  /** Hands a range of the mapped bytes over ahead of `unmap`, which hands over all. May do nothing. */
  flush(buffer: Native, offset: number, size: number): void

  /** Ends a mapping, or a pending map, which rejects. All work after it sees what was written. */
  unmap(buffer: Native): void
}

/** The native buffer type of a backend. */
export type NativeOf<B extends MkGpuBackend> = B extends MkGpuBackend<infer Native> ? Native : never
