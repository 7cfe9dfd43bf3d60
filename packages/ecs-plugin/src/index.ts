// Flag components
export { GpuSynced, isGpuSynced } from './gpu-synced.ts'
export type { Flagged } from './gpu-synced.ts'
export type {
  Changes,
  GpuSyncedOptions,
  OnRemove,
  PackedSynced,
  RowKind,
  SharedRowsOptions,
  SyncDirection,
  Synced,
} from './gpu-synced-options.ts'
export type { DefaultSchema } from './default-schema.ts'

// Sync a world
export { attachMk } from './attach-mk.ts'
export type { MkSync, MkSystems } from './mk-sync.ts'
export type { GpuSource, MkOptions } from './mk-options.ts'
export { NO_ENTITY } from './no-entity.ts'
export type { EntityList } from './entity-list.ts'
export type { GpuQuery } from './gpu-query.ts'
export type { DispatchArgs, DispatchDeclaration, DrawArgs } from './indirect-args.ts'
export type { DispatchShape, DrawShape, GpuQueryOptions } from './query-options.ts'
export type { SyncedBuffer } from './synced-buffer.ts'
export type { SyncedInfo } from './synced-info.ts'
export { SharedMarker } from './shared-marker.ts'
export { perGeneration } from './per-generation.ts'
export type { Generational } from './per-generation.ts'
export type { StorageOptions } from './wgsl-binding.ts'

// App
export { App, createApp, DEFAULT_HZ } from './app.ts'
export type { AppOptions, ErrorOrigin, RunOptions } from './app.ts'
export { FIXED_DELTA, MAX_DELTA } from './app-time.ts'
export type { AppTime, TimeOptions } from './app-time.ts'
export { MkPlugin, MkSystemSet } from './mk-plugin.ts'
export type { Attach } from './mk-plugin.ts'
export type { Plugin } from './plugin.ts'
export { defineResource } from './resource.ts'
export type { ResourceKey, ResourceToken } from './resource.ts'
export { Schedule, scheduleOrder } from './schedule.ts'
export type { System, SystemOptions, SystemSet, SystemTarget } from './system.ts'

// What the options need, so that a game installs one package
export {
  align,
  array,
  atomic,
  createHeap,
  f16,
  f32,
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

// What tools read rows with
export { halfValue } from '@memkit/core'

// Errors
export { hasCode, MkError } from '@memkit/core'
export * from './errors.ts'

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
