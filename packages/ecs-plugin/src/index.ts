// Flag components
export { GpuSynced, isGpuSynced, type Flagged } from './sync/gpu-synced.ts'
export { loadColumns } from './sync/columns-code.ts'
export type { Interpolation } from './buffer/interpolation-wgsl.ts'
export type { History } from './sync/gpu-synced-options.ts'
export type { Changes, Layout, OnRemove, RowKind, SyncDirection } from './sync/gpu-synced-options.ts'
export type { ColumnsOptions, GpuSyncedOptions, SharedRowsOptions } from './sync/gpu-synced-options.ts'
export type { ColumnsSynced, PackedSynced, Synced } from './sync/gpu-synced-options.ts'
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
export type {
  ClockFields,
  GlobalFields,
  Globals,
  GlobalsDeclaration,
  GlobalsStruct,
} from './buffer/globals.ts'
export type { PreviousRows, SyncedBuffer, VertexSlots } from './buffer/synced-buffer.ts'
export type { ColumnsBuffer, DeviceSection } from './buffer/columns-buffer.ts'
export type { ColumnsDeclaration } from './buffer/columns-wgsl.ts'
export type { ElementKind } from './store/device-columns.ts'
export type { SyncedColumns, SyncedInfo, SyncedRows } from './sync/synced-component.ts'
export { SharedMarker, SharedMemoryUnavailable } from './marks/shared-marker.ts'
export { perGeneration, type Generational } from './buffer/per-generation.ts'
export type { StorageOptions } from './buffer/wgsl-binding.ts'

// App
export { createApp } from './app/app.ts'
export type { App, Plugin, System, SystemOptions, SystemSet, SystemTarget } from './app/types.ts'
export { DEFAULT_HZ, type ErrorOrigin, type RunOptions } from './app/run-loop.ts'
export { FIXED_DELTA, MAX_DELTA, type AppOptions, type AppTime } from './app/time.ts'
export { MkPlugin, MkSystemSet, type Attach } from './app/mk-plugin.ts'
export { defineResource, type ResourceKey, type ResourceToken } from './app/resource.ts'
export { Schedule, scheduleOrder } from './app/schedule.ts'

// What options and tools need, so that a game installs one package
export { createHeap, halfValue } from '@memkit/core'
export { align, array, atomic, f16, f32, i32, size, struct, u32 } from '@memkit/core'
export { vec2f, vec2h, vec2i, vec2u, vec3f, vec3h, vec3i, vec3u } from '@memkit/core'
export { vec4f, vec4h, vec4i, vec4u } from '@memkit/core'
export { mat2x2f, mat2x3f, mat2x4f, mat3x2f, mat3x3f, mat3x4f } from '@memkit/core'
export { mat4x2f, mat4x3f, mat4x4f } from '@memkit/core'
export { mat2x2h, mat2x3h, mat2x4h, mat3x2h, mat3x3h, mat3x4h } from '@memkit/core'
export { mat4x2h, mat4x3h, mat4x4h } from '@memkit/core'
export type { Heap, Schema, Struct } from '@memkit/core'
export { BufferingMode } from '@memkit/coordinator'
export type { CostModel, FrameReport, FrameTrace, MirrorReport, Strategy } from '@memkit/coordinator'
export { MkBufferUsage, webGpu, webGpuDevice } from '@memkit/gpu'
export type { WebGpuDeviceOptions, WebGpuOptions } from '@memkit/gpu'

// Errors
export { hasCode, MkError } from '@memkit/core'
export { ColumnDetached, ColumnInaccessible, ColumnLengthMismatch } from './store/errors.ts'
export { NoColumns, SchemaMismatch, UnsupportedColumn } from './store/errors.ts'
export { AlreadyFlagged, ColumnsLoading, EntityBeyondColumn, NotAComponent } from './sync/errors.ts'
export { NotAGpu, NotGpuSynced, WorldAlreadyAttached } from './sync/errors.ts'
export { Disposed } from './disposed.ts'
export { InvalidOption } from './options.ts'
export { DuplicatePlugin, PluginInUse, PluginTooLate, ReadyInHook, ResourceMissing } from './app/errors.ts'
export { InvalidDelta, NotASystem, NotReady, NotSynchronous, TickInProgress } from './app/errors.ts'
export { SystemOrderCycle, UnknownSchedule, UnsatisfiableOrder } from './app/errors.ts'
export { NoVertexFormat, VertexLimitExceeded } from './buffer/errors.ts'
export { NotAWorld, UnsupportedTerm, WorldDeleted } from './ecs/errors.ts'

// Errors of the packages below that come out of calls here, or out of `mk.coordinator`
export { DoubleFree, HeapFull, InvalidAlignment, NotAllocated, ReservedField } from '@memkit/core'
export { InvalidArrayCount, InvalidAttribute, InvalidIdentifier, InvalidSchema } from '@memkit/core'
export { InvalidLayout, InvalidValue, NotHostShareable, RuntimeArrayNotLast } from '@memkit/core'
export { DeviceRefused, NoBrowserDevice, WrongBackend } from '@memkit/gpu'
export { AllocationFailed, DeviceLost, DeviceUnavailable, ReserveRefused } from '@memkit/coordinator'
export {
  BufferDestroyed,
  BufferTooLarge,
  ForeignBuffer,
  MisalignedCopy,
  OutOfRange,
} from '@memkit/coordinator'
export { UsageMissing, UsageUnsupported } from '@memkit/coordinator'
export { ArenaFull, CoordinatorDisposed, NoOpenFrame, NotFrameMemory } from '@memkit/coordinator'
export { InvalidConfig, InvalidSize, InvalidStride, RowOutOfRange, RowsOutOfRange } from '@memkit/coordinator'
export { MirrorDestroyed, MirrorHasNoBuffer, MirrorOutOfMemory, MirrorTooLarge } from '@memkit/coordinator'
export { MirrorOwnsBuffer } from '@memkit/coordinator'
