import type { MkError } from '@memkit/core'
import type { MkMemory } from './usage.ts'

/** What a backend can do and how much. All sizes and alignments in bytes. Fixed for the backend's life. */
export interface MkCapabilities {
  /** Kind of the backend: `'dummy'`, `'webgpu'`, `'webgl2'`, or a third party's own word. */
  readonly backend: string
  /** What the device calls itself, e.g. `'SwiftShader driver 5.0.0'`; `''` when it does not say. */
  readonly adapter: string
  /** What runs it, e.g. `'Node 20.20.2, Dawn'` or a browser's name and version. */
  readonly runtime: string
  /** Largest buffer. */
  readonly maxBufferSize: number
  /** Largest range bound as storage; 0 without storage. */
  readonly maxStorageBufferBindingSize: number
  /**
   * Storage buffers that a vertex shader may read. 0 without storage, and on a WebGPU device in compatibility mode that was not asked
   * for with `maxStorageBuffersInVertexStage`: draw from vertex buffers there (`vertexLayout()`).
   */
  readonly maxStorageBuffersInVertexStage: number
  /** Largest range bound as uniform. */
  readonly maxUniformBufferBindingSize: number
  /** Offsets of uniform bindings are multiples of this. */
  readonly uniformOffsetAlignment: number
  /** Offsets of storage bindings are multiples of this. */
  readonly storageOffsetAlignment: number
  /** Most attributes of all vertex buffers of a pipeline together; locations are below it. */
  readonly maxVertexAttributes: number
  /** Largest stride of a vertex buffer. */
  readonly maxVertexBufferArrayStride: number
  /** Most workgroups of a dispatch, in each of its three dimensions; 0 without compute. */
  readonly maxComputeWorkgroupsPerDimension: number
  /** Largest workgroup in the first of its dimensions; 0 without compute. */
  readonly maxComputeWorkgroupSizeX: number
  /** The `MkBufferUsage` flags it can create, or'ed. */
  readonly usages: number
  /** True where an INDEX buffer can have no other role but the transfers (WebGL2). */
  readonly indexIsExclusive: boolean
  /** The `MkMemoryType` flags it has, or'ed; DeviceLocal, HostVisible and HostCached always. */
  readonly memoryTypes: number
  /** STORAGE buffers exist. */
  readonly storage: boolean
  /** INDIRECT buffers exist. */
  readonly indirect: boolean
  /** `scatter` exists (after `prepareScatter` has resolved true). */
  readonly scatter: boolean
  /** Mapped bytes are the buffer's own memory; false where the backend copies through CPU memory of its own. */
  readonly map: boolean
  /** CPU and device share one memory, and `MkMemoryType.Unified` exists. */
  readonly unifiedMemory: boolean
}

/** Running counts of what a backend really called; they only go up. Diff two readings, nothing is allocated. */
export interface MkCallCounts {
  /** Queue writes, the parts of a split one counted each, and the backend's own (scatter parameters). */
  writes: number
  /** Buffer-to-buffer copies recorded. */
  copies: number
  /** Compute dispatches recorded. */
  dispatches: number
  submits: number
  buffersCreated: number
  /** Bytes given to queue writes. */
  bytesWritten: number
}

/** All counts zero: what a backend starts with. */
export function noCalls(): MkCallCounts {
  return { writes: 0, copies: 0, dispatches: 0, submits: 0, buffersCreated: 0, bytesWritten: 0 }
}

/** Why a device is gone. */
export interface LossInfo {
  /** `'destroyed'`: somebody called `destroy()`; `'unknown'`: it happened. */
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
   * Resolves once it is known whether the memory is there: undefined when it is, else the error (AllocationFailed).
   * Never rejects. Until then `native` may be used as if it were there; what uses it comes to nothing if it is not, and harms no other
   * part (see `separate`).
   */
  readonly settled: Promise<MkError | undefined>
}

/** Where the rows of one scatter lie. Offsets and sizes in bytes, all multiples of 4. */
export interface ScatterRows {
  /** Bytes per row. */
  readonly stride: number
  /** How many rows. */
  readonly count: number
  /** First byte of the rows in the payload buffer. */
  readonly payloadOffset: number
  /** First byte of the row numbers in the payload buffer: a u32 per row. */
  readonly indexOffset: number
  /** First byte of row 0 in the destination; default 0. */
  readonly dstOffset?: number
}

/** What a backend tells the `MkGpu` above it. May be called at any time, also from within a call of the backend. */
export interface BackendSink {
  /** Everything handed over before `signal(serial)` has reached the device. Never called once the device is lost. */
  completed(serial: number): void
  /** The device is gone. Once. */
  lost(info: LossInfo): void
  /** Something went wrong after the call that caused it had returned (debug scopes, hazards). */
  error(error: MkError): void
  /** An error on the device that nobody caught, possibly caused by somebody else's use of it. */
  uncaptured(error: MkError): void
}

/** How a backend is to run. */
export interface BackendAttachOptions {
  /** Tie errors to the call and the buffer's label, at a cost per call. */
  readonly debug: boolean
}

/**
 * What runs buffers: the contract between `MkGpu` and a device. It is mechanism alone. Every argument has been checked
 * by `MkGpu` (ranges, alignment, usages, states, destroyed buffers, lost devices), so a backend need not check again;
 * nothing here decides when to submit, what to reuse or what to wait for.
 *
 * `Native` is the backend's own buffer (`GPUBuffer`, `WebGLBuffer`, `DummyBuffer`).
 *
 * **Order.** The queue runs things in the order in which they reach it. `write` reaches it when called; `copy` and
 * `scatter` are recorded and reach it at `submit`. A copy recorded before a write and submitted after it
 * therefore reads or overwrites what was written.
 *
 * **Loss.** After the device is lost, every call returns as if it had worked and does nothing; `createBuffer` returns
 * something, promises settle (`map` rejects). Nothing throws because of the loss alone.
 */
export interface MkGpuBackend<Native extends object = object> {
  readonly capabilities: MkCapabilities
  /** Counts every call it makes to the device. The object never changes identity. */
  readonly calls: MkCallCounts
  /** True from the moment at which `scatter` may be called. */
  readonly scatterReady: boolean
  /**
   * Scatters that may be recorded before the next submit in memory that the device has confirmed. Further ones are tried, and may come to
   * nothing. Left out: any number.
   */
  readonly scatterRoom?: number

  /**
   * Called once, before anything else, by the `MkGpu` that takes it. `sink.lost` must be called for a device that was
   * lost already.
   * @throws BackendInUse when it is attached already
   */
  attach(sink: BackendSink, options: BackendAttachOptions): void

  /**
   * Makes a buffer of zeros. Must not wait.
   * @throws AllocationFailed when it knows at once that the memory is not there; the caller then has nothing to free
   */
  createBuffer(descriptor: BackendBufferDescriptor): BackendAllocation<Native>

  /**
   * Frees a buffer, in whatever state. Work that was submitted before may still use it and must finish as if it
   * were there; the caller has made sure that nothing recorded but not submitted uses it. Called once per buffer.
   */
  destroyBuffer(buffer: Native): void

  /**
   * Puts bytes on the queue, now. They are read before it returns, so the caller may change them afterwards.
   * Must not allocate per call, must not wait. Splits as the device likes it.
   * May assume: offsets and size multiples of 4, size > 0, in range on both sides, TRANSFER_DST.
   * `source` may be shared or resizable memory: then the backend brings it over by copying where its device refuses it.
   */
  write(
    dst: Native,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void

  /**
   * Records a copy between two different buffers. May assume: offsets and size multiples of 4, size > 0, in range,
   * TRANSFER_SRC and TRANSFER_DST.
   */
  copy(src: Native, srcOffset: number, dst: Native, dstOffset: number, size: number): void

  /**
   * Makes what `scatter` needs for so many scatters per submit, and asks again for what there was no memory for. Cheap to call again.
   * Resolves true when `scatterReady`, false where there is no scatter or it could not be made; never rejects.
   * @param scatters default 1
   */
  prepareScatter(scatters?: number): Promise<boolean>

  /**
   * Records: row i of the payload goes to row index[i] of `dst`. Row numbers past the end of `dst` are dropped. Two rows with
   * one number in one scatter leave one of the two. Must read `rows` before returning, must not keep it.
   * May assume: `scatterReady`, count > 0, different buffers, both STORAGE, each within `maxStorageBufferBindingSize`.
   */
  scatter(dst: Native, payload: Native, rows: ScatterRows): void

  /**
   * Ends a part: what is recorded from here on reaches the queue behind what was recorded before, and when the device refuses one of the
   * two, the other still runs. Left out where operations are refused one by one.
   */
  separate?(): void

  /** Gives what is recorded to the queue, part by part. May assume that something is. */
  submit(): void

  /**
   * Calls `sink.completed(serial)` once everything handed over before this call has reached the device and finished. May do so
   * before it returns. `MkGpu` keeps at most one signal outstanding.
   */
  signal(serial: number): void

  /**
   * Makes the bytes of a HostVisible (for writing, contents kept), HostCached (for reading) or Unified (both) buffer
   * accessible. Resolves when the device has finished with the buffer; at once for Unified.
   * Rejects when the device refuses, and when it is lost meanwhile (after `sink.lost`); nobody listens any more once the buffer
   * is unmapped or destroyed. May assume: unmapped, nothing unsubmitted uses it.
   */
  map(buffer: Native): Promise<void>

  /**
   * The mapped bytes, of the whole buffer, which `unmap` detaches where memory is not Unified. May assume: asked for once per
   * mapping.
   */
  mappedRange(buffer: Native): ArrayBuffer

  /**
   * Hands a range of the mapped bytes to the device ahead of `unmap`, where that can be. May do nothing: `unmap` hands
   * over everything.
   */
  flush(buffer: Native, offset: number, size: number): void

  /** Ends a mapping, or a map that is pending (which then rejects). What was written is in the buffer for all work that follows. */
  unmap(buffer: Native): void

  /**
   * Lets go of everything: hooks on the device, buffers of its own, and the device itself if it is this backend's.
   * The caller has destroyed its buffers. Called once.
   */
  destroy(): void
}

/** The native buffer type of a backend. */
export type NativeOf<B extends MkGpuBackend> = B extends MkGpuBackend<infer Native> ? Native : never
