/** Nanoseconds of the calling thread. */
export interface WriteCosts {
  /** A write call, whatever its size. */
  readonly call: number
  /** A byte written. */
  readonly byte: number
}

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
  /** Most bytes that one queue write carries: a longer one counts as several. Default: any number. */
  readonly maxWriteSize?: number
  /**
   * What a queue write costs the calling thread, where writing doesn't show it because the bytes travel
   * later. Default: it is measured.
   */
  readonly writeCosts?: WriteCosts
  /** False where no shader can write a buffer, so that nothing comes back. Default true. */
  readonly deviceWrites?: boolean
  /** Largest range bound as storage; 0 without storage. */
  readonly maxStorageBufferBindingSize: number
  /**
   * Storage buffers that a vertex shader may read. 0 without storage, and in WebGPU's compatibility
   * mode unless that limit was asked for: draw from vertex buffers there (`vertexLayout()`).
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
  /** INDEX buffers have no other role but transfers, and are copied only to INDEX buffers (WebGL2). */
  readonly indexIsExclusive: boolean
  /** The `MkMemoryType` flags it has, or'ed; DeviceLocal, HostVisible and HostCached always. */
  readonly memoryTypes: number
  /** STORAGE buffers exist. */
  readonly storage: boolean
  /** INDIRECT buffers exist. */
  readonly indirect: boolean
  /** `scatter` exists (after `prepareScatter` has resolved to true). */
  readonly scatter: boolean
  /** Mapped bytes are the buffer's own memory; false where the backend copies through the CPU's. */
  readonly map: boolean
  /** CPU and device share one memory, and `MkMemoryType.Unified` exists. */
  readonly unifiedMemory: boolean
}

/** Running counts of the calls that a backend made; they only go up. */
export interface MkCallCounts {
  /** Queue writes: each part of a split one, and the backend's own (scatter parameters). */
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

export function noCalls(): MkCallCounts {
  return { writes: 0, copies: 0, dispatches: 0, submits: 0, buffersCreated: 0, bytesWritten: 0 }
}
