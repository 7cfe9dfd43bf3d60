// Flag components
export { GpuSynced, isGpuSynced } from './sync/gpu-synced.ts'
export { loadColumns } from './sync/columns-code.ts'
export type { Flagged } from './sync/gpu-synced.ts'
export type {
  Changes,
  ColumnsOptions,
  ColumnsSynced,
  GpuSyncedOptions,
  Layout,
  OnRemove,
  PackedSynced,
  RowKind,
  SharedRowsOptions,
  SyncDirection,
  Synced,
} from './sync/gpu-synced-options.ts'
export type { ColumnName, DefaultSchema } from './store/schema-types.ts'

// Sync a world
export { attachMk } from './sync/attach-mk.ts'
export type { MkSync, MkSystems } from './sync/mk-sync.ts'
export type { GpuSource, MkOptions } from './sync/mk-options.ts'
export { NO_ENTITY } from './buffer/no-entity.ts'
export type { EntityList } from './buffer/entity-list.ts'
export type { GpuQuery } from './sync/gpu-query.ts'
export type { DispatchArgs, DispatchDeclaration, DrawArgs } from './buffer/indirect-args.ts'
export type { DispatchShape, DrawShape } from './buffer/draw-shape.ts'
export type { GpuQueryOptions } from './sync/query-options.ts'
export type { SyncedBuffer, VertexSlots } from './buffer/synced-buffer.ts'
export type { ColumnsBuffer, DeviceSection } from './buffer/columns-buffer.ts'
export type { ColumnsDeclaration } from './buffer/columns-wgsl.ts'
export type { ElementKind } from './store/device-columns.ts'
export type { SyncedColumns, SyncedInfo, SyncedRows } from './sync/synced-component.ts'
export { SharedMarker, SharedMemoryUnavailable } from './marks/shared-marker.ts'
export { perGeneration } from './buffer/per-generation.ts'
export type { Generational } from './buffer/per-generation.ts'
export type { StorageOptions } from './buffer/wgsl-binding.ts'

// App
export { createApp } from './app/app.ts'
export type { App, Plugin, System, SystemOptions, SystemSet, SystemTarget } from './app/types.ts'
export { DEFAULT_HZ } from './app/run-loop.ts'
export type { ErrorOrigin, RunOptions } from './app/run-loop.ts'
export { FIXED_DELTA, MAX_DELTA } from './app/time.ts'
export type { AppOptions, AppTime } from './app/time.ts'
export { MkPlugin, MkSystemSet } from './app/mk-plugin.ts'
export type { Attach } from './app/mk-plugin.ts'
export { defineResource } from './app/resource.ts'
export type { ResourceKey, ResourceToken } from './app/resource.ts'
export { Schedule, scheduleOrder } from './app/schedule.ts'

// What options and tools need, so that a game installs one package
export {
  align,
  array,
  atomic,
  createHeap,
  f16,
  f32,
  halfValue,
  i32,
  mat2x2f,
  mat2x2h,
  mat2x3f,
  mat2x3h,
  mat2x4f,
  mat2x4h,
  mat3x2f,
  mat3x2h,
  mat3x3f,
  mat3x3h,
  mat3x4f,
  mat3x4h,
  mat4x2f,
  mat4x2h,
  mat4x3f,
  mat4x3h,
  mat4x4f,
  mat4x4h,
  size,
  struct,
  u32,
  vec2f,
  vec2h,
  vec2i,
  vec2u,
  vec3f,
  vec3h,
  vec3i,
  vec3u,
  vec4f,
  vec4h,
  vec4i,
  vec4u,
} from '@memkit/core'
export type { Heap, Schema, Struct } from '@memkit/core'
export { BufferingMode } from '@memkit/coordinator'
export type { CostModel, FrameReport, FrameTrace, MirrorReport, Strategy } from '@memkit/coordinator'
export { MkBufferUsage, webGpu, webGpuDevice } from '@memkit/gpu'
export type { WebGpuDeviceOptions, WebGpuOptions } from '@memkit/gpu'

// Errors
export { hasCode, MkError } from '@memkit/core'
export {
  ColumnDetached,
  ColumnInaccessible,
  ColumnLengthMismatch,
  NoColumns,
  SchemaMismatch,
  UnsupportedColumn,
} from './store/errors.ts'
export {
  AlreadyFlagged,
  ColumnsLoading,
  EntityBeyondColumn,
  NotAComponent,
  NotAGpu,
  NotGpuSynced,
  WorldAlreadyAttached,
} from './sync/errors.ts'
export { Disposed } from './disposed.ts'
export { InvalidOption } from './options.ts'
export {
  DuplicatePlugin,
  InvalidDelta,
  NotASystem,
  NotReady,
  NotSynchronous,
  PluginInUse,
  PluginTooLate,
  ReadyInHook,
  ResourceMissing,
  SystemOrderCycle,
  TickInProgress,
  UnknownSchedule,
  UnsatisfiableOrder,
} from './app/errors.ts'
export { NoVertexFormat, VertexLimitExceeded } from './buffer/errors.ts'
export { NotAWorld, UnsupportedTerm, WorldDeleted } from './ecs/errors.ts'

// Errors of the packages below that come out of calls here, or out of `mk.coordinator`
export {
  DoubleFree,
  HeapFull,
  InvalidAlignment,
  InvalidArrayCount,
  InvalidAttribute,
  InvalidIdentifier,
  InvalidSchema,
  NotAllocated,
  NotHostShareable,
  ReservedField,
  RuntimeArrayNotLast,
} from '@memkit/core'
export {
  AllocationFailed,
  ArenaFull,
  BufferDestroyed,
  BufferTooLarge,
  CoordinatorDisposed,
  DeviceLost,
  DeviceUnavailable,
  ForeignBuffer,
  InvalidConfig,
  InvalidSize,
  InvalidStride,
  MirrorDestroyed,
  MirrorHasNoBuffer,
  MirrorOutOfMemory,
  MirrorOwnsBuffer,
  MirrorTooLarge,
  MisalignedCopy,
  NoOpenFrame,
  NotFrameMemory,
  OutOfRange,
  ReserveRefused,
  RowOutOfRange,
  RowsOutOfRange,
  UsageMissing,
  UsageUnsupported,
} from '@memkit/coordinator'
export { DeviceRefused, NoBrowserDevice, WrongBackend } from '@memkit/gpu'
