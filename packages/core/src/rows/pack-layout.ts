import { Group, planGroups, type ColumnLayout } from '../kernels/group-table.ts'
import { isWhole } from '../memory/bounds.ts'
import { MAX_RESERVE_BYTES } from '../memory/reserve.ts'
import { DirtyRows } from './dirty-rows.ts'
import { PackLayoutInvalid } from './errors.ts'

/**
 * Most rows of a chunk of columns that lie outside the kernels' memory: 4 096 to 8 192 measured
 * best, less costs calls, more falls out of the first caches.
 */
const MAX_CHUNK_ROWS = 8192
/** Most scalars of a chunk, so that the scratch of rows with many columns stays in the second-level cache. */
const MAX_CHUNK_SCALARS = 65_536
/** Where a block of rows is too large for the caches anyway: scratch is memory that is missed elsewhere. */
const MAX_LARGE_CHUNK_SCALARS = 1 << 20

/** Rows of a chunk: a power of two, at least one block unless rows are very large. */
export function chunkRowsOf(columns: readonly ColumnLayout[]): number {
  let scalars = 0
  for (const column of columns) scalars += column.arity
  let rows = MAX_CHUNK_ROWS
  while (rows > Group.blockRows && rows * scalars > MAX_CHUNK_SCALARS) rows /= 2
  while (rows > 1 && rows * scalars > MAX_LARGE_CHUNK_SCALARS) rows /= 2
  return rows
}

/** Bytes of a table of groups, of the kernels' work area behind it, and of a set of rows for `gather`. */
export function tableBytesOf(groupCount: number): number {
  return workEnd(groupCount) + DirtyRows.bytesFor(Group.blockRows)
}

/** Where the work area behind a table of groups ends. */
export function workEnd(groupCount: number): number {
  return groupCount * (Group.bytes + Group.workBytesPerGroup) + Group.workBytes
}

export function packerBytesOf(columns: readonly ColumnLayout[]): number {
  const rows = chunkRowsOf(columns)
  let bytes = tableBytesOf(planGroups(columns).length) + 64
  for (const { arity } of columns) bytes += rows * arity * 4 + 64
  return bytes
}

/** Whether a row has bytes that belong to no column. */
export function hasPadding(columns: readonly ColumnLayout[], stride: number): boolean {
  let bytes = 0
  for (const { arity, type } of columns) bytes += arity * (type === 'f16' ? 2 : 4)
  return bytes < stride
}

/** @throws {@link PackLayoutInvalid} unless each scalar has a place of its own in the row */
export function checkPackLayout(columns: readonly ColumnLayout[], stride: number): void {
  const refuse = (column: number, reason: string): never => {
    throw new PackLayoutInvalid({ column, reason })
  }
  const unit = columns.every((column) => column.type === 'f16') ? 2 : 4
  if (!Number.isInteger(stride) || stride <= 0 || stride % unit !== 0)
    refuse(-1, `a stride of ${stride} bytes isn't a positive multiple of ${unit}.`)
  if (stride > MAX_RESERVE_BYTES) refuse(-1, `no memory holds a row of ${stride} bytes.`)
  // By halves of a word. An array, because a row may have a million scalars.
  const taken = new Uint8Array(Math.ceil(stride / 2))
  for (const [i, { type, arity, offsets }] of columns.entries()) {
    if (!Number.isInteger(arity) || arity < 1 || offsets.length !== arity)
      refuse(i, `arity ${arity} needs as many offsets, of which it has ${offsets.length}.`)
    const size = type === 'f16' ? 2 : 4
    for (const offset of offsets) {
      if (offset % size !== 0 || !isWhole(offset, 0, stride - size))
        refuse(i, `offset ${offset} isn't a multiple of ${size} within a row of ${stride} bytes.`)
      for (let half = offset; half < offset + size; half += 2) {
        if (taken[half / 2] === 1) refuse(i, `byte ${half} of the row belongs to another scalar too.`)
        taken[half / 2] = 1
      }
    }
  }
  if (columns.length === 0) refuse(-1, 'there are no columns.')
}
