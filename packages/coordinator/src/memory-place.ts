import { DirtyRows, createHeap, hasCode } from '@memkit/core'
import type { Block, Heap } from '@memkit/core'
import { InvalidConfig } from './errors.ts'

/** Where the rows of a mirror and its dirty rows lie: one block of the main heap, or of a heap of their own. */
export interface Place {
  readonly heap: Heap
  /** What is given back with the place. */
  readonly block: Block
  /** Byte of row 0 in `heap.buffer`. */
  readonly offset: number
  readonly dirty: DirtyRows
  /** The heap holds this mirror alone. */
  readonly own: boolean
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

/** A heap of its own has room for gathering that share of its rows. Untouched pages cost nothing. */
const GATHER_SHARE = 0.5
const OVERHEAD = 64 << 10

/**
 * Finds zeroed memory for `rows` × `stride` bytes and their dirty rows: in `heap`, or in a new heap when it is full.
 * @throws ReserveRefused when the platform refuses a new heap
 */
export function findPlace(heap: Heap, rows: number, stride: number, label: string): Place {
  try {
    return placeIn(heap, false, rows, stride, label)
  } catch (error) {
    if (!hasCode(error, 'HeapFull')) throw error
    return ownPlace(rows, stride, label, 0)
  }
}

/**
 * The same in a new heap, for this mirror alone.
 * @param beside bytes that its owner wants to allocate there too
 * @throws ReserveRefused
 */
export function ownPlace(rows: number, stride: number, label: string, beside: number): Place {
  const rowBytes = rowBytesOf(rows, stride)
  const bytes = rowBytes + DirtyRows.bytesFor(rows) + rowBytes * GATHER_SHARE + OVERHEAD + beside
  const heap = createHeap({ bytes: Math.ceil(bytes), exact: true, label: `heap of ${label}` })
  return placeIn(heap, true, rows, stride, label)
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
  return { heap, block, offset, dirty, own: false, given: true }
}

/** @throws HeapFull */
function placeIn(heap: Heap, own: boolean, rows: number, stride: number, label: string): Place {
  const rowBytes = rowBytesOf(rows, stride)
  const block = heap.alloc(rowBytes + DirtyRows.bytesFor(rows), ROW_ALIGN, label)
  const dirty = new DirtyRows(rows, { buffer: heap.buffer, offset: block.offset + rowBytes })
  return { heap, block, offset: block.offset, dirty, own, given: false }
}

function rowBytesOf(rows: number, stride: number): number {
  return Math.ceil((rows * stride) / ROW_ALIGN) * ROW_ALIGN
}

/** Gives the memory back. A heap of its own is left to the garbage collector. */
export function leavePlace(place: Place): void {
  if (!place.own) place.heap.free(place.block)
}
