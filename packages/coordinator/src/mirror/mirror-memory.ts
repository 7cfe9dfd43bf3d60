import { defineError, DirtyRows, hasCode, type Block, type ErrorClass, type Heap } from '@memkit/core'
import { InvalidConfig } from '../config.ts'
import type { OverflowHeaps } from './overflow-heaps.ts'

/**
 * A mirror would pass what the device allows for one buffer, or what a heap holds: 3 GiB of rows.
 * Nothing was changed.
 *
 * What to do: use fewer rows or a smaller stride, or ask for a device with higher limits.
 */
export const MirrorTooLarge: ErrorClass<{
  code: 'MirrorTooLarge'
  label: string
  /** Bytes asked for. */
  requested: number
  /** Bytes that are allowed. */
  max: number
}> = defineError(
  'MirrorTooLarge',
  ({ label, requested, max }) =>
    `Mirror "${label}" needs a buffer of ${requested} bytes, but ${max} are allowed. ` +
    `Use fewer rows or a smaller stride, or ask for a device with higher limits.`,
)
export type MirrorTooLarge = InstanceType<typeof MirrorTooLarge>

/** Rows that already lie in a heap. */
export interface GivenRows {
  readonly heap: Heap
  /** Byte of row 0 in `heap.buffer`, a multiple of 4. */
  readonly offset: number
}

interface RowsShape {
  readonly rows: number
  readonly stride: number
  /** Rows that bytes are kept of, where a source makes the others; default all. */
  readonly kept?: number
  readonly label: string
  /** For rows that find no room in the heap. */
  readonly overflow: OverflowHeaps
}

const ROW_ALIGN = 64

/** Of a heap of 4 GiB, less what it keeps to itself. */
const MAX_HEAP_BYTES = 2 ** 32 - (64 << 10)

/** Room in an overflow heap to gather rows in. */
const GATHER_BYTES = 64 << 10

/** The most bytes of rows: a heap has 4 GiB, and keeps their dirty rows and scratch too. */
export const MAX_ROW_BYTES: number = 3 * 2 ** 30

/** Bytes of the rows that a mirror makes at a time where the flush has no memory for all. */
const WINDOW_BYTES = 4096

/** Rows that bytes are kept of where a source makes them. */
export function windowRowsOf(rows: number, stride: number): number {
  return Math.min(rows, Math.max(1, Math.floor(WINDOW_BYTES / stride)))
}

/** A mirror's rows and dirty rows: one block of the coordinator's heap or of an overflow heap. */
export class MirrorMemory {
  readonly heap: Heap
  /** Byte of row 0 in `heap.buffer`. */
  readonly offset: number
  readonly bytes: Uint8Array
  readonly dirty: DirtyRows
  /** The rows belong to a store, and stay where they are. */
  readonly given: boolean
  readonly #block: Block
  readonly #overflow: OverflowHeaps

  private constructor(at: GivenRows, shape: RowsShape, block: Block, dirtyAt: number, given: boolean) {
    const { heap, offset } = at
    const { kept = shape.rows, rows, stride, overflow } = shape
    this.heap = heap
    this.offset = offset
    this.bytes = new Uint8Array(heap.buffer, offset, kept * stride)
    this.dirty = new DirtyRows(rows, { buffer: heap.buffer, offset: dirtyAt, kernels: heap.kernels })
    this.given = given
    this.#block = block
    this.#overflow = overflow
  }

  /**
   * Zeroed memory in `heap`, or in an overflow heap when that is full.
   * @throws {@link MirrorTooLarge}, {@link ReserveRefused}
   */
  static allocate(heap: Heap, shape: RowsShape): MirrorMemory {
    const requested = (shape.kept ?? shape.rows) * shape.stride
    if (requested > MAX_ROW_BYTES)
      throw new MirrorTooLarge({ label: shape.label, requested, max: MAX_ROW_BYTES })
    try {
      return MirrorMemory.#in(heap, shape)
    } catch (error) {
      if (!hasCode(error, 'HeapFull')) throw error
      return MirrorMemory.allocateApart(shape, 0)
    }
  }

  /**
   * Zeroed memory in an overflow heap other than `except`, with so many bytes free beside it.
   * @throws {@link MirrorTooLarge}, {@link ReserveRefused}
   */
  static allocateApart(shape: RowsShape, beside: number, except?: Heap): MirrorMemory {
    const requested = rowBytesOf(shape) + DirtyRows.bytesFor(shape.rows) + GATHER_BYTES + beside
    if (requested > MAX_HEAP_BYTES)
      throw new MirrorTooLarge({ label: shape.label, requested, max: MAX_HEAP_BYTES })
    return MirrorMemory.#in(shape.overflow.find(requested, except), shape)
  }

  /**
   * Leaves rows where and as they are; allocates the dirty rows in the same heap.
   * @throws {@link InvalidConfig}, {@link HeapFull}
   */
  static wrap(rows: GivenRows, shape: RowsShape): MirrorMemory {
    const { heap, offset } = rows
    const last = heap.buffer.byteLength - shape.rows * shape.stride
    if (offset % 4 !== 0 || offset < 0 || offset > last)
      throw new InvalidConfig({
        option: 'memory.offset',
        value: offset,
        allowed: `a multiple of 4 from 0 to ${last}, so that ${shape.rows} rows lie in the heap`,
      })
    const block = heap.alloc(DirtyRows.bytesFor(shape.rows), ROW_ALIGN, `${shape.label}, dirty rows`)
    return new MirrorMemory(rows, shape, block, block.offset, true)
  }

  static #in(heap: Heap, shape: RowsShape): MirrorMemory {
    const rowBytes = rowBytesOf(shape)
    const block = heap.alloc(rowBytes + DirtyRows.bytesFor(shape.rows), ROW_ALIGN, shape.label)
    const { offset } = block
    return new MirrorMemory({ heap, offset }, shape, block, offset + rowBytes, false)
  }

  /** @param rowsToo only the dirty rows where it's false: bytes made by a source aren't worth it */
  copyFrom(before: MirrorMemory, rowsToo: boolean): void {
    if (rowsToo) this.bytes.set(before.bytes)
    this.dirty.copyFrom(before.dirty)
  }

  free(): void {
    this.heap.free(this.#block)
    this.#overflow.trim()
  }
}

function rowBytesOf({ rows, kept = rows, stride }: RowsShape): number {
  return Math.ceil((kept * stride) / ROW_ALIGN) * ROW_ALIGN
}
