export { MkGpu } from './gpu.ts'
export type { MkGpuOptions, MkGpuStats, ScatterJob } from './gpu.ts'
export type { DeviceBufferOptions, StagingBufferOptions } from './device-memory.ts'
export { MkBuffer, MkDeviceBuffer } from './buffers.ts'
export type { MkBufferDescription } from './buffers.ts'
export { MkIndexBuffer, MkStorageBuffer, MkUniformBuffer, MkVertexBuffer } from './content-buffers.ts'
export type { ContentBufferOptions, MkIndexFormat } from './content-buffers.ts'
export { MkStagingBuffer } from './staging-buffer.ts'
export type { StagingState } from './staging-buffer.ts'
export { MkBatchTransfer, MkGpuTransfer } from './transfer.ts'
export type { TransferRange } from './transfer.ts'
export { MkFence } from './fence.ts'
export type { MkLeak, MkTally } from './ledger.ts'
export { MkGpuPool } from './pool.ts'
export type { MkGpuPoolOptions, MkGpuPoolStats } from './pool.ts'
export { MkBufferSlice, MkSubAllocator } from './sub-allocator.ts'
export type { MkSubAllocatorOptions, MkSubAllocatorStats } from './sub-allocator.ts'
export { MkBufferUsage, MkMemoryType, memoryNames, usageNames } from './usage.ts'
export type { MkBufferUsageName, MkMemory, MkMemoryTypeName } from './usage.ts'

export { noCalls } from './backend.ts'
export type {
  BackendAllocation,
  BackendAttachOptions,
  BackendBufferDescriptor,
  BackendSink,
  LossInfo,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
  NativeOf,
  ScatterRows,
} from './backend.ts'
export { DummyBackend, DummyBuffer } from './backends/dummy.ts'
export type { DummyFaults, DummyOptions } from './backends/dummy.ts'
export { WebGpuBackend } from './backends/webgpu.ts'
export type { WebGpuBackendOptions } from './backends/webgpu.ts'
export { WebGl2Backend } from './backends/webgl2.ts'
export type { WebGl2BackendOptions } from './backends/webgl2.ts'
export { webGpu, webGpuDevice } from './web-gpu.ts'
export type { WebGpuDeviceOptions, WebGpuOptions } from './web-gpu.ts'

export {
  AllocationFailed,
  AlreadyMapped,
  BackendInUse,
  BufferDestroyed,
  BufferInUse,
  BufferMapped,
  BufferTooLarge,
  DawnMissing,
  DeviceLost,
  DeviceRefused,
  ForeignBuffer,
  HazardDetected,
  InjectedFault,
  MemoryUnsupported,
  MisalignedCopy,
  NoAdapter,
  NoBrowserDevice,
  NotMappable,
  NotFromPool,
  NotMapped,
  OutOfRange,
  OverlappingCopy,
  PoolFull,
  ScatterUnavailable,
  UsageMissing,
  UsageUnsupported,
  ValidationFailed,
  WrongBackend,
} from './errors.ts'

// Errors of the layouts that buffers are made with
export { InvalidAlignment, InvalidLayout, InvalidSchema, InvalidValue, NotHostShareable } from '@memkit/core'
