export { MkGpu } from './gpu.ts'
export type { MkGpuOptions, MkGpuStats, ScatterJob } from './gpu.ts'
export type { DeviceBufferOptions, StagingBufferOptions } from './device-memory.ts'
export { MkBuffer, MkDeviceBuffer } from './buffers.ts'
export type { MkBufferDescription } from './buffers.ts'
export { MkStagingBuffer } from './staging-buffer.ts'
export type { StagingState } from './staging-buffer.ts'
export { MkBatchTransfer, MkGpuTransfer } from './transfer.ts'
export type { TransferRange } from './transfer.ts'
export { MkFence } from './fence.ts'
export type { MkLeak, MkTally } from './ledger.ts'
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
  ForeignBuffer,
  HazardDetected,
  InjectedFault,
  MemoryUnsupported,
  MisalignedCopy,
  NoAdapter,
  NotMappable,
  NotMapped,
  OutOfRange,
  OverlappingCopy,
  ScatterUnavailable,
  UsageMissing,
  UsageUnsupported,
  ValidationFailed,
  WrongBackend,
} from './errors.ts'
