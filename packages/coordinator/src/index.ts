export { BufferingMode, InvalidConfig } from './config.ts'
export type { CoordinatorConfig, Strategy } from './config.ts'
export { MkCoordinator } from './coordinator.ts'
export type { CoordinatorStats } from './coordinator.ts'
export { tableCosts } from './costs/model.ts'
export type { CostModel } from './costs/model.ts'
export { DeviceLease } from './device/lease.ts'
export type { DeviceFactory } from './device/lease.ts'
export { DeviceUnavailable } from './device/recovery.ts'
export type { CoordinatorEvents, CoordinatorWarning, Reallocated, Restored } from './events.ts'
export { createPlan, plan } from './flush/planner.ts'
export type { Plan, PlanLimits, PlanStrategy } from './flush/planner.ts'
export { CoordinatorDisposed } from './frame/frame-cycle.ts'
export { NotFrameMemory } from './frame/frame-slots.ts'
export type { FrameReport, MirrorReport } from './frame/report.ts'
export type { FrameSlice } from './frame/slot.ts'
export { MirrorOwnsBuffer } from './frame/staged-targets.ts'
export type { StageTarget } from './frame/staged-targets.ts'
export { FrameTrace } from './frame/trace.ts'
export type { TraceEvent } from './frame/trace.ts'
export { MirrorOutOfMemory, mostMirrorBytes } from './mirror/mirror-buffer.ts'
export { MirrorTooLarge } from './mirror/mirror-memory.ts'
export type { GivenRows } from './mirror/mirror-memory.ts'
export { InvalidStride } from './mirror/mirror-options.ts'
export type { Direction, MirrorOptions } from './mirror/mirror-options.ts'
export { MirrorDestroyed, MirrorHasNoBuffer } from './mirror/errors.ts'
export { Mirror } from './mirror/mirror.ts'
export type { ViewType } from './mirror/mirror.ts'
export type { AnyMirror } from './mirror/any-mirror.ts'
export type { ColumnArray, ColumnFormat, Section } from './sections/column-format.ts'
export { ColumnMirror, type ColumnMirrorOptions } from './sections/column-mirror.ts'
export { createColumnMirror } from './sections/create-column-mirror.ts'

// Errors of the packages below that come out of calls here
export {
  ArenaFull,
  InvalidSize,
  NoOpenFrame,
  ReserveRefused,
  RowOutOfRange,
  RowsOutOfRange,
} from '@memkit/core'
export {
  AllocationFailed,
  BackendInUse,
  BufferDestroyed,
  BufferTooLarge,
  DeviceLost,
  ForeignBuffer,
  MisalignedCopy,
  OutOfRange,
  UsageMissing,
  UsageUnsupported,
} from '@memkit/gpu'
