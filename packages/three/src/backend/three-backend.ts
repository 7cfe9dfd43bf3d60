import {
  AllocationFailed,
  BackendInUse,
  MkBufferUsage,
  MkMemoryType,
  type BackendAllocation,
  type BackendBufferDescriptor,
  type BackendSink,
  type MkCallCounts,
  type MkCapabilities,
  type MkGpuBackend,
} from '@memkit/gpu'
import { ThreeBuffer } from './three-buffer.ts'

const { INDEX, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const { DeviceLocal, HostCached, HostVisible } = MkMemoryType

/**
 * Nanoseconds. A write is a copy in memory. Each of its bytes is then gathered into an attribute and
 * uploaded by three, so that rows in between which didn't change cost more than another call.
 */
const WRITE_COSTS = { call: 150, byte: 1 }

/** Largest buffer, bytes: what a page can rely on to get in one piece. */
const MAX_BUFFER_SIZE = 1 << 30

interface Copy {
  readonly src: ThreeBuffer
  readonly srcOffset: number
  readonly dst: ThreeBuffer
  readonly dstOffset: number
  readonly size: number
}

/**
 * A backend that hands its bytes to three.js. Rows are planned and packed as for any device, and lie
 * in plain memory; meshes of this package gather them into attributes, and three uploads these, to as
 * many renderers as draw them. It needs no renderer, its device is never lost, and shaders read
 * attributes instead of its buffers.
 */
export class ThreeBackend implements MkGpuBackend<ThreeBuffer> {
  readonly capabilities: MkCapabilities = {
    backend: 'three',
    adapter: 'three.js',
    runtime: 'JavaScript',
    maxBufferSize: MAX_BUFFER_SIZE,
    writeCosts: WRITE_COSTS,
    deviceWrites: false,
    maxStorageBufferBindingSize: 0,
    maxStorageBuffersInVertexStage: 0,
    maxUniformBufferBindingSize: MAX_BUFFER_SIZE,
    uniformOffsetAlignment: 4,
    storageOffsetAlignment: 4,
    maxVertexAttributes: 16,
    maxVertexBufferArrayStride: 2048,
    maxComputeWorkgroupsPerDimension: 0,
    maxComputeWorkgroupSizeX: 0,
    usages: INDEX | TRANSFER_DST | TRANSFER_SRC | UNIFORM | VERTEX,
    indexIsExclusive: false,
    memoryTypes: DeviceLocal | HostCached | HostVisible,
    storage: false,
    indirect: false,
    scatter: false,
    map: false,
    unifiedMemory: false,
  }
  readonly calls: MkCallCounts = {
    writes: 0,
    copies: 0,
    dispatches: 0,
    submits: 0,
    buffersCreated: 0,
    bytesWritten: 0,
  }
  readonly scatterReady = false
  #sink: BackendSink | undefined
  #copies: Copy[] = []

  attach(sink: BackendSink): void {
    if (this.#sink !== undefined) throw new BackendInUse({ backend: 'three' })
    this.#sink = sink
  }

  destroy(): void {
    this.#copies = []
  }

  createBuffer(descriptor: BackendBufferDescriptor): BackendAllocation<ThreeBuffer> {
    this.calls.buffersCreated++
    const native = this.#allocate(descriptor)
    if (descriptor.mapped) native.mapped = new ArrayBuffer(descriptor.size)
    return { native, error: Promise.resolve(undefined) }
  }

  destroyBuffer(buffer: ThreeBuffer): void {
    this.#close(buffer)
  }

  write(dst: ThreeBuffer, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    this.calls.writes++
    this.calls.bytesWritten += size
    dst.take(dstOffset, source, srcOffset, size)
  }

  copy(src: ThreeBuffer, srcOffset: number, dst: ThreeBuffer, dstOffset: number, size: number): void {
    this.calls.copies++
    this.#copies.push({ src, srcOffset, dst, dstOffset, size })
  }

  prepareScatter(): Promise<boolean> {
    return Promise.resolve(false)
  }

  scatter(): void {
    throw new TypeError('capabilities.scatter is false')
  }

  submit(): void {
    this.calls.submits++
    const copies = this.#copies
    this.#copies = []
    for (const { src, srcOffset, dst, dstOffset, size } of copies)
      dst.take(dstOffset, src.bytes.buffer, srcOffset, size)
  }

  signal(serial: number): void {
    this.#sink?.completed(serial)
  }

  map(buffer: ThreeBuffer): Promise<void> {
    buffer.mapped = buffer.bytes.slice().buffer
    return Promise.resolve()
  }

  mappedRange(buffer: ThreeBuffer): ArrayBuffer {
    buffer.mapped ??= buffer.bytes.slice().buffer
    return buffer.mapped
  }

  flush(buffer: ThreeBuffer, offset: number, size: number): void {
    if (buffer.mapped !== undefined && buffer.memory === HostVisible)
      buffer.take(offset, buffer.mapped, offset, size)
  }

  unmap(buffer: ThreeBuffer): void {
    this.flush(buffer, 0, buffer.bytes.byteLength)
    this.#close(buffer)
  }

  #allocate(descriptor: BackendBufferDescriptor): ThreeBuffer {
    try {
      return new ThreeBuffer(descriptor)
    } catch (error) {
      const { label, size } = descriptor
      const detail = 'more than this process can give'
      throw new AllocationFailed({ label, requested: size, detail }, { cause: error })
    }
  }

  /** Ends a mapping: its views are detached, as on a device. */
  #close(buffer: ThreeBuffer): void {
    const { mapped } = buffer
    buffer.mapped = undefined
    if (mapped !== undefined) structuredClone(mapped, { transfer: [mapped] })
  }
}
