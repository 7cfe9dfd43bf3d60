import { DirtyRows, hasCode } from '@memkit/core'
import type { Block, Heap } from '@memkit/core'
import { InvalidConfig, MirrorTooLarge } from './errors.ts'
import type { OverflowHeaps } from './overflow-heaps.ts'

/** Where the rows of a mirror and its dirty rows lie: one block of the main heap, or of an overflow heap. */
export interface Place {
  readonly heap: Heap
  /** What is given back with the place. */
  readonly block: Block
  /** Byte of row 0 in `heap.buffer`. */
  readonly offset: number
  readonly dirty: DirtyRows
  /** The rows are somebody else's: they stay where they are. */
  readonly given: boolean
}

/** Rows that lie in a heap already. */
export interface GivenRows {
  readonly heap: Heap
  /** Byte of row 0 in `heap.buffer`, a multiple of 4. */
  readonly offset: number
}

const ROW_ALIGN = 64

/** Of a heap of 4 GiB, less what it keeps to itself. */
const MOST_BYTES = 2 ** 32 - (64 << 10)

/** Beside rows in an overflow heap there is room for gathering as many of them, in bytes. */
const GATHER_BYTES = 64 << 10

/** The most bytes of rows that a heap holds with their dirty rows and what is kept beside them: a heap has 4 GiB at most. */
export const MOST_ROW_BYTES: number = 3 * 2 ** 30

/**
 * Finds zeroed memory for `rows` × `stride` bytes and their dirty rows: in `heap`, or in an overflow heap when it is full.
 * @throws MirrorTooLarge when no heap is that large
 * @throws ReserveRefused when the platform refuses a new heap
 */
export function findPlace(
  heap: Heap,
  overflow: OverflowHeaps,
  rows: number,
  stride: number,
  label: string,
): Place {
  checkRowBytes(rows, stride, label)
  try {
    return placeIn(heap, rows, stride, label)
  } catch (error) {
    if (!hasCode(error, 'HeapFull')) throw error
    return overflowPlace(overflow, rows, stride, label, 0)
  }
}

/**
 * The same in an overflow heap.
 * @param beside bytes that its owner wants to allocate there too
 * @param except the heap to leave
 * @throws MirrorTooLarge when no heap is that large
 * @throws ReserveRefused
 */
export function overflowPlace(
  overflow: OverflowHeaps,
  rows: number,
  stride: number,
  label: string,
  beside: number,
  except?: Heap,
): Place {
  const bytes = rowBytesOf(rows, stride) + DirtyRows.bytesFor(rows) + GATHER_BYTES + beside
  if (bytes > MOST_BYTES) throw new MirrorTooLarge(label, bytes, MOST_BYTES)
  return placeIn(overflow.find(bytes, except), rows, stride, label)
}

/** @throws MirrorTooLarge */
function checkRowBytes(rows: number, stride: number, label: string): void {
  if (rows * stride > MOST_ROW_BYTES) throw new MirrorTooLarge(label, rows * stride, MOST_ROW_BYTES)
}

/**
 * The rows stay where they are, as they are; room for the dirty ones is found in the same heap.
 * @throws InvalidConfig for rows that do not lie in the heap
 * @throws HeapFull
 */
export function givenPlace({ heap, offset }: GivenRows, rows: number, stride: number, label: string): Place {
  const last = heap.buffer.byteLength - rows * stride
  if (offset % 4 !== 0 || offset < 0 || offset > last)
    throw new InvalidConfig(
      'memory.offset',
      offset,
      `a multiple of 4 from 0 to ${last}, so that ${rows} rows lie in the heap`,
    )
  const block = heap.alloc(DirtyRows.bytesFor(rows), ROW_ALIGN, `${label}, dirty rows`)
  const dirty = new DirtyRows(rows, { buffer: heap.buffer, offset: block.offset })
  return { heap, block, offset, dirty, given: true }
}

/** @throws HeapFull */
function placeIn(heap: Heap, rows: number, stride: number, label: string): Place {
  const rowBytes = rowBytesOf(rows, stride)
  const block = heap.alloc(rowBytes + DirtyRows.bytesFor(rows), ROW_ALIGN, label)
  const dirty = new DirtyRows(rows, { buffer: heap.buffer, offset: block.offset + rowBytes })
  return { heap, block, offset: block.offset, dirty, given: false }
}

function rowBytesOf(rows: number, stride: number): number {
  return Math.ceil((rows * stride) / ROW_ALIGN) * ROW_ALIGN
}

/** Gives the memory back. */
export function leavePlace(place: Place, overflow: OverflowHeaps): void {
  place.heap.free(place.block)
  overflow.trim()
}
