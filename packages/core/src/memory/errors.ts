import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * No free piece of the heap is big enough. Nothing was changed; the heap stays usable.
 *
 * What to do: raise `bytes` of createHeap or `heapBytes` of attachMk, MkCoordinator or MkAllocator,
 * or free what is no longer needed (`heap.leaks()` lists what is held).
 */
export const HeapFull: ErrorClass<{
  code: 'HeapFull'
  /** Label of the heap. */
  heap: string
  /** Label of the block that was asked for. */
  label: string
  /** Bytes asked for. */
  asked: number
  /** Bytes free in all. */
  free: number
  /** Bytes of the largest free piece: the most that one `alloc` can get. */
  largestFree: number
  /** Bytes of the heap. */
  bytes: number
}> = defineError(
  'HeapFull',
  ({ heap, label, asked, free, largestFree, bytes }) =>
    `${heap} has no room for ${asked} bytes of ${label}: ${free} of its ${bytes} bytes are free, ` +
    `${largestFree} in one piece. Raise \`bytes\` of createHeap or \`heapBytes\` of attachMk, MkCoordinator ` +
    `or MkAllocator, or free what is no longer needed (heap.leaks() lists what is held).`,
)
export type HeapFull = InstanceType<typeof HeapFull>

/**
 * Something was freed that was never allocated there. Nothing was changed.
 *
 * What to do: free a piece where it was allocated, with what `alloc` returned.
 */
export const NotAllocated: ErrorClass<{
  code: 'NotAllocated'
  /** What was asked to free it. */
  owner: string
  what: string
}> = defineError(
  'NotAllocated',
  ({ owner, what }) =>
    `${owner} did not allocate ${what}: free a piece where it was allocated, with what alloc returned.`,
)
export type NotAllocated = InstanceType<typeof NotAllocated>

/**
 * Something was freed twice. Nothing was changed.
 *
 * What to do: free each piece once, and drop what pointed to it.
 */
export const DoubleFree: ErrorClass<{
  code: 'DoubleFree'
  /** What was asked to free it. */
  owner: string
  what: string
}> = defineError(
  'DoubleFree',
  ({ owner, what }) =>
    `${owner} has already freed ${what}: free each piece once, and drop what pointed to it.`,
)
export type DoubleFree = InstanceType<typeof DoubleFree>
