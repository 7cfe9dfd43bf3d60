export { BufferingMode } from './config.ts'
export type { CoordinatorConfig, Strategy } from './config.ts'
export { MkCoordinator } from './coordinator.ts'
export type { CoordinatorStats } from './coordinator.ts'
export { tableCosts } from './cost-model.ts'
export type { CostModel } from './cost-model.ts'
export { DeviceLease } from './device-lease.ts'
export {
  CoordinatorDisposed,
  DeviceUnavailable,
  InvalidConfig,
  InvalidStride,
  MirrorDestroyed,
  MirrorHasNoBuffer,
  MirrorOutOfMemory,
  MirrorOwnsBuffer,
  MirrorTooLarge,
  NotFrameMemory,
} from './errors.ts'
export type { CoordinatorEvents, CoordinatorWarning, Reallocated, Restored } from './events.ts'
export type { FrameReport, MirrorReport } from './frame-report.ts'
export { FrameTrace } from './frame-trace.ts'
export type { TraceEvent } from './frame-trace.ts'
export type { GivenRows } from './memory-place.ts'
export { Mirror } from './mirror.ts'
export type { Direction, MirrorOptions, ViewType } from './mirror.ts'
export { mostMirrorBytes } from './mirror-buffer.ts'
export { createPlan, plan } from './planner.ts'
export type { Plan, PlanLimits, PlanStrategy } from './planner.ts'
export type { DeviceFactory } from './recovery.ts'
export { RunWalk } from './run-walk.ts'
export type { FrameSlice } from './slot.ts'
export type { StageTarget } from './staged-targets.ts'

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
