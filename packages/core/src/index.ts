// One heap, and what lives in it
export { createHeap, Heap } from './heap.ts'
export type { HeapLeak, HeapOptions, HeapStats } from './heap.ts'
export type { Block, LinearMemory } from './linear-memory.ts'
export { RangeAllocator } from './range-allocator.ts'
export type { RangeReport } from './range-allocator.ts'

// Stores: bitECS components in the heap
export { columnsInfo, createColumns } from './columns.ts'
export type { ColumnArray, ColumnPlace, Columns, ColumnsInfo, ColumnsSpec, StoreOf } from './columns.ts'
export { createRows, rowsInfo } from './rows-store.ts'
export type { Rows, RowsInfo, RowsMemory } from './rows-store.ts'
export type { FieldCells, FieldOf, RowArray, ScalarField, StructFields, ViewField } from './row-fields.ts'

// Memory of a frame, and the allocator that brings it all together
export { FrameArena } from './frame-arena.ts'
export type { ArenaMark, FrameArenaOptions } from './frame-arena.ts'
export { FrameVec } from './frame-vec.ts'
export { isDetached, kindOfView } from './typed-array.ts'
export type { TypedArray, TypedArrayKind } from './typed-array.ts'
export { MkAllocator } from './mk-allocator.ts'
export type { AllocOptions, MemoryHandle, MkAllocatorConfig } from './mk-allocator.ts'
export { MkTag } from './budget.ts'
export type { BudgetEvent, BudgetLimits, BudgetListener, BudgetStats } from './budget.ts'
export { Handles } from './handles.ts'
export type { Handle } from './handles.ts'
export { Phase } from './phases.ts'
export type { PhaseReport } from './phases.ts'
export type { AllocatorStats, FrameMemoryReport } from './stats.ts'

// Rows that changed, and the loops that find and pack them
export { DirtyRows } from './dirty-rows.ts'
export type { DirtyRowsPlace } from './dirty-rows.ts'
export { ColumnPacker } from './column-packer.ts'
export type { ColumnLayout, ColumnReader, ColumnSource, NumberArray, PackTarget } from './column-packer.ts'
export { createKernels } from './kernels/kernels.ts'
export type { Kernels } from './kernels/kernels.ts'

// WGSL types: sizes, offsets, text, values
export { f16, f32, i32, u32 } from './layout/numeric.ts'
export { vec2f, vec2h, vec2i, vec2u, vec3f, vec3h, vec3i, vec3u } from './layout/numeric.ts'
export { vec4f, vec4h, vec4i, vec4u } from './layout/numeric.ts'
export { mat2x2f, mat2x3f, mat2x4f, mat3x2f, mat3x3f, mat3x4f } from './layout/numeric.ts'
export { mat4x2f, mat4x3f, mat4x4f } from './layout/numeric.ts'
export { mat2x2h, mat2x3h, mat2x4h, mat3x2h, mat3x3h, mat3x4h } from './layout/numeric.ts'
export { mat4x2h, mat4x3h, mat4x4h } from './layout/numeric.ts'
export { align, array, atomic, size, struct } from './layout/struct.ts'
export { isRuntimeSized, sizeOf, strideOf } from './layout/compose.ts'
export { asType, isWgslType } from './layout/typegpu.ts'
export { checkLayout, layoutProblems } from './layout/address-space.ts'
export type { AddressSpace, LayoutProblem } from './layout/address-space.ts'
export {
  checkFieldName,
  checkStructName,
  checkVariableName,
  declarationProblem,
  identifierProblem,
} from './layout/identifier.ts'
export { scalarsOf } from './layout/scalars-of.ts'
export type { ScalarPlace } from './layout/scalars-of.ts'
export { namesColumns, sourcesOf } from './layout/sources.ts'
export type { ColumnPath, SourcesOf } from './layout/sources.ts'
export { defaultSchema, scalarFor } from './layout/default-schema.ts'
export type { DefaultSchema, ScalarFor } from './layout/default-schema.ts'
export { readValue, writeValue } from './layout/values.ts'
export { halfBits, halfValue } from './layout/half.ts'
export type { Infer, InferInput } from './layout/infer.ts'
export type { Converted, Schema, Sourced, Struct, TypeGpuSchema, TypeLike, WgslType } from './layout/types.ts'
export type { Atomic, Attributed, Field, FieldLike, Fields, WgslArray } from './layout/types.ts'
export type { Matrix, MatrixName, Scalar, ScalarName, Vector, VectorName } from './layout/types.ts'

// Errors
export { hasCode, MkError } from './errors.ts'
export { InvalidAlignment, InvalidSize } from './errors.ts'
export { DoubleFree, HeapFull, NotAllocated, ReserveRefused } from './errors.ts'
export { ArenaDisposed, ArenaFull, NoOpenFrame, StaleFrameVec, StaleMark } from './errors.ts'
export { BudgetExceeded, HandlesFull, PhaseEnded } from './errors.ts'
export {
  ColumnUnusable,
  PackerDisposed,
  PackLayoutInvalid,
  RowOutOfRange,
  RowsOutOfRange,
  WrongMemory,
} from './errors.ts'
export { ColumnNotSyncable, InvalidValue, ReservedField, WrongColumnCount } from './errors.ts'
export { InvalidArrayCount, InvalidAttribute, InvalidIdentifier, InvalidLayout } from './errors.ts'
export { InvalidSchema, NotHostShareable, RuntimeArrayNotLast } from './errors.ts'

// Several copies of the packages on one page
export { hasBrand, isInstance, shared } from './brand.ts'
