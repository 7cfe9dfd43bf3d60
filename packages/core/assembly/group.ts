// Bytes of the words of a group, for the kernels in AssemblyScript; `group-table.ts` describes them.
// @ts-nocheck

export const GROUP_BYTES: u32 = 64
export const RUN: i32 = 1

export const KIND: usize = 0
export const COUNT: usize = 4
export const DST: usize = 8
export const STEP: usize = 12
/** Of the first column, and of the second to fourth in a group of scalars. */
export const BASE: usize = 16
export const BASE_B: usize = 20
export const BASE_C: usize = 24
export const BASE_D: usize = 28
export const LIMIT: usize = 32
export const TABLE: usize = 48
