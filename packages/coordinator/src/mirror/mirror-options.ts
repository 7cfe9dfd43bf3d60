import { defineError, InvalidSize, strideOf, type ErrorClass, type Schema } from '@memkit/core'
import { MkBufferUsage, type MkCapabilities } from '@memkit/gpu'
import { InvalidConfig } from '../config.ts'
import type { GivenRows } from './mirror-memory.ts'
import type { RowSource } from './row-source.ts'

/** Who writes the rows: the CPU (`upload`), the device (`download`), or both. */
export type Direction = 'upload' | 'download' | 'both'

/** What `createMirror` takes: rows, and their schema or their stride. */
export interface MirrorOptions {
  /** Rows to make room for: 0 … rows − 1. */
  rows: number
  /** WGSL type of a row; its stride is taken. */
  schema?: Schema | undefined
  /** Bytes per row, a multiple of 4; not needed with a schema. */
  stride?: number | undefined
  /** `MkBufferUsage` flags besides STORAGE, VERTEX, TRANSFER_SRC and TRANSFER_DST. */
  usage?: number | undefined
  /** For errors, reports and the device's debugger. Default `Mirror<n>`. */
  label?: string | undefined
  /** Default `'upload'`. */
  direction?: Direction | undefined
  /**
   * Rows that already lie in a heap, such as those of a `heap.rows` store: the mirror is these,
   * instead of a copy of them. Writing there is writing the mirror. It neither moves nor grows nor
   * frees them, and only the CPU may write them (`direction: 'upload'`).
   */
  memory?: GivenRows | undefined
  /**
   * Makes the rows when they go up, so that the mirror keeps which rows are dirty, and no bytes: it
   * has no `view` and no `write`, and only the CPU may write rows (`direction: 'upload'`).
   */
  source?: RowSource | undefined
  /**
   * Keeps the previous rows on the device, in `previous`: with `'frame'` as they were at the end of
   * the last frame, with `'step'` as they were when `noteStep` was called last.
   */
  history?: 'frame' | 'step' | undefined
}

/**
 * A row size that buffers cannot be written by.
 *
 * What to do: pad the row to a multiple of 4 bytes; a single f16 takes a struct with a second
 * field.
 */
export const InvalidStride: ErrorClass<{ code: 'InvalidStride'; label: string; stride: number }> =
  defineError(
    'InvalidStride',
    ({ label, stride }) =>
      `Mirror "${label}" has a stride of ${stride} bytes, but writes go by multiples of 4: ` +
      `pad the row (a single f16 takes a struct with a second field), or give a stride of whole bytes above 0.`,
  )
export type InvalidStride = InstanceType<typeof InvalidStride>

export const MAX_ROWS: number = 2 ** 30

/**
 * Checks the options. @returns bytes per row
 * @throws {@link InvalidStride}, {@link InvalidSize}, {@link InvalidConfig}
 */
export function strideFrom(options: MirrorOptions, label: string): number {
  const { rows, schema, direction = 'upload' } = options
  const stride = options.stride ?? (schema === undefined ? 0 : strideOf(schema))
  if (!Number.isInteger(stride) || stride <= 0 || stride % 4 !== 0) throw new InvalidStride({ label, stride })
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_ROWS)
    throw new InvalidSize({ what: `${label}: rows`, value: rows, min: 1, max: MAX_ROWS })
  const { memory, source } = options
  if ((memory !== undefined || source !== undefined) && direction !== 'upload')
    throw new InvalidConfig({
      option: 'direction',
      value: direction,
      allowed: "'upload' where `memory` or `source` is given",
    })
  if (memory !== undefined && source !== undefined)
    throw new InvalidConfig({ option: 'source', value: 'given', allowed: 'left out where `memory` is given' })
  return stride
}

export function usageFrom(asked: number, { indexIsExclusive, storage }: MkCapabilities): number {
  const roles = (storage ? MkBufferUsage.STORAGE : 0) | MkBufferUsage.VERTEX
  // Where an index buffer can be nothing else, rows asked for as indices are only that.
  const onlyIndices = indexIsExclusive && (asked & MkBufferUsage.INDEX) !== 0
  return (onlyIndices ? 0 : roles) | MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST | asked
}
