// Heap
export type { TypedArray, TypedArrayKind } from './typed-array.ts'
export { createHeap, Heap } from './heap.ts'
export type { HeapLeak, HeapOptions, HeapStats } from './heap.ts'
export { FrameArena } from './frame-arena.ts'
export type { ArenaMark, FrameArenaOptions } from './frame-arena.ts'
export { FrameVec } from './frame-vec.ts'
export { Handles } from './handles.ts'
export type { Handle } from './handles.ts'
export { MkAllocator } from './mk-allocator.ts'
export type { AllocOptions, MemoryHandle, MkAllocatorConfig } from './mk-allocator.ts'
export { MkTag } from './budget.ts'
export type { BudgetEvent, BudgetLimits, BudgetListener, BudgetStats } from './budget.ts'
export { Phase } from './phases.ts'
export type { PhaseReport } from './phases.ts'
export type { AllocatorStats, FrameMemoryReport } from './stats.ts'
export { RangeAllocator } from './range-allocator.ts'
export type { RangeReport } from './range-allocator.ts'

// Errors
export {
  ArenaDisposed,
  ArenaFull,
  BudgetExceeded,
  ColumnUnusable,
  DoubleFree,
  HandlesFull,
  HeapFull,
  InvalidAlignment,
  InvalidSize,
  MkError,
  NoOpenFrame,
  NotAllocated,
  PackLayoutInvalid,
  PhaseEnded,
  RowOutOfRange,
  ReserveRefused,
  RowsOutOfRange,
  StaleFrameVec,
  StaleMark,
  WrongMemory,
} from './errors.ts'
export type { Block, LinearMemory } from './linear-memory.ts'
export { DirtyRows } from './dirty-rows.ts'
export type { DirtyRowsPlace } from './dirty-rows.ts'

export {
  f32,
  i32,
  u32,
  f16,
  vec2f,
  vec3f,
  vec4f,
  vec2i,
  vec3i,
  vec4i,
  vec2u,
  vec3u,
  vec4u,
  vec2h,
  vec3h,
  vec4h,
  mat2x2f,
  mat2x3f,
  mat2x4f,
  mat3x2f,
  mat3x3f,
  mat3x4f,
  mat4x2f,
  mat4x3f,
  mat4x4f,
  mat2x2h,
  mat2x3h,
  mat2x4h,
  mat3x2h,
  mat3x3h,
  mat3x4h,
  mat4x2h,
  mat4x3h,
  mat4x4h,
} from './layout/numeric.ts'
export { align, array, atomic, size, struct } from './layout/struct.ts'
export { isRuntimeSized, sizeOf, strideOf } from './layout/compose.ts'
export { asType, isWgslType } from './layout/typegpu.ts'
export { checkLayout, layoutProblems } from './layout/address-space.ts'
export type { AddressSpace, LayoutProblem } from './layout/address-space.ts'
export { checkFieldName, checkStructName, identifierProblem } from './layout/identifier.ts'
export { scalarsOf } from './layout/scalars-of.ts'
export type { ScalarPlace } from './layout/scalars-of.ts'
export { defaultSchema, scalarFor } from './layout/default-schema.ts'
export type { DefaultSchema, ScalarFor } from './layout/default-schema.ts'
export type {
  Atomic,
  Attributed,
  Converted,
  Field,
  FieldLike,
  Fields,
  Matrix,
  MatrixName,
  Scalar,
  ScalarName,
  Schema,
  Sourced,
  Struct,
  TypeGpuSchema,
  TypeLike,
  Vector,
  VectorName,
  WgslArray,
  WgslType,
} from './layout/types.ts'
export {
  ColumnNotSyncable,
  InvalidArrayCount,
  InvalidAttribute,
  InvalidIdentifier,
  InvalidLayout,
  InvalidSchema,
  NotHostShareable,
  RuntimeArrayNotLast,
  WrongColumnCount,
} from './errors.ts'
export { ColumnPacker } from './column-packer.ts'
export type { ColumnLayout, ColumnSource, NumberArray, PackTarget } from './column-packer.ts'
export { createKernels } from './kernels/kernels.ts'
export type { Kernels } from './kernels/kernels.ts'
export { ReservedField } from './errors.ts'
export { namesColumns, sourcesOf } from './layout/sources.ts'
export type { ColumnPath, SourcesOf } from './layout/sources.ts'
export { halfBits, halfValue } from './layout/half.ts'
export { readValue, writeValue } from './layout/values.ts'
export type { Infer, InferInput } from './layout/infer.ts'
export { InvalidValue } from './errors.ts'
export { columnsInfo, createColumns } from './columns.ts'
export type { ColumnArray, ColumnPlace, Columns, ColumnsInfo, ColumnsSpec } from './columns.ts'
export { createRows, rowsInfo } from './rows-store.ts'
export type { Rows, RowsInfo, RowsMemory } from './rows-store.ts'
export type { FieldCells, FieldOf, RowArray, ScalarField, StructFields, ViewField } from './row-fields.ts'
