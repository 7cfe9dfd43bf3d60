// One heap, and what lives in it
export { createHeap, Heap, type HeapLeak, type HeapOptions, type HeapStats } from './heap.ts'
export type { Block, LinearMemory } from './memory/linear-memory.ts'
export { RangeAllocator, type RangeReport } from './memory/range-allocator.ts'

// Stores: bitECS components in the heap
export { columnsInfo, createColumns } from './stores/columns.ts'
export type { ColumnArray, Columns, ColumnsSpec, StoreOf } from './stores/columns.ts'
export type { ColumnPlace, ColumnsInfo } from './stores/columns.ts'
export { createRows, rowsInfo, type Rows, type RowsInfo, type RowsMemory } from './stores/rows-store.ts'
export type { FieldCells, FieldOf, RowArray } from './stores/row-fields.ts'
export type { ScalarField, StructFields, ViewField } from './stores/row-fields.ts'

// Memory of a frame
export { FrameArena, type ArenaMark, type FrameArenaOptions } from './arena/frame-arena.ts'
export { isDetached, kindOfView, type TypedArray, type TypedArrayKind } from './memory/typed-array.ts'

// Rows that changed, and the loops that find and pack them
export { DirtyRows, type DirtyRowsPlace } from './rows/dirty-rows.ts'
export { ColumnPacker, type PackTarget } from './rows/column-packer.ts'
export type { ColumnReader, ColumnSource } from './rows/bound-column.ts'
export type { NumberArray } from './rows/convert-rows.ts'
export type { ColumnLayout } from './kernels/group-table.ts'
export { createKernels } from './kernels/create-kernels.ts'
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
export { asType } from './layout/typegpu.ts'
export { checkLayout, layoutProblems, type AddressSpace, type LayoutProblem } from './layout/address-space.ts'
export { checkStructName, checkVariableName } from './layout/identifier.ts'
export { scalarsOf, type ScalarPlace } from './layout/scalars-of.ts'
export { scalarFor, type ScalarFor } from './layout/scalar-for.ts'
export { readValue, writeValue, type Infer, type InferInput } from './layout/values.ts'
export { halfBits, halfValue } from './kernels/half-float.ts'
export type { Converted, Schema, Sourced, WgslType } from './layout/types.ts'
export type { Struct, StructLike, TypeGpuSchema, TypeLike } from './layout/types.ts'
export type { Atomic, Attributed, Field, FieldLike, Fields, WgslArray } from './layout/types.ts'
export type { Matrix, MatrixName, Scalar, ScalarName, Vector, VectorName } from './layout/types.ts'

// Errors
export { defineError, hasCode, messageOf, MkError, type ErrorClass } from './mk-error.ts'
export { InvalidAlignment, InvalidSize, RowOutOfRange, RowsOutOfRange } from './memory/bounds.ts'
export { DoubleFree, HeapFull, NotAllocated } from './memory/errors.ts'
export { ReserveRefused } from './memory/reserve.ts'
export { ArenaDisposed, ArenaFull, NoOpenFrame, StaleMark } from './arena/errors.ts'
export { ColumnUnusable, PackerDisposed, PackLayoutInvalid, WrongMemory } from './rows/errors.ts'
export { InvalidArrayCount, InvalidAttribute, InvalidSchema, RuntimeArrayNotLast } from './layout/errors.ts'
export { WrongColumnCount } from './layout/errors.ts'
export { InvalidIdentifier } from './layout/identifier.ts'
export { NotHostShareable } from './layout/typegpu.ts'
export { InvalidLayout } from './layout/address-space.ts'
export { ColumnNotSyncable } from './layout/scalar-for.ts'
export { InvalidValue } from './layout/values.ts'
export { ReservedField } from './stores/reserved-field.ts'

// What the other packages of memkit share with core
export { isPowerOfTwo, isWhole, requireRow, requireSize } from './memory/bounds.ts'
export { popcount, trailingZeros } from './memory/bits.ts'
export { requireRows } from './rows/dirty-rows.ts'
export { bytesPerRow, nextPitch, pitchFor, sectionsOf } from './stores/sections.ts'
export type { ColumnShape, SectionOf } from './stores/sections.ts'

// Several copies of the packages on one page
export { hasBrand, isInstance, shared } from './brand.ts'
