/** A block of memory, as `heap.leaks()` lists it. Bytes. */
export interface MapBlock {
  readonly label: string
  readonly offset: number
  readonly size: number
}

/** A stretch of the map: a block, several small ones side by side, or what is free between. */
export interface MapSegment {
  readonly offset: number
  readonly size: number
  /** Blocks in it; 0 where it is free. */
  readonly blocks: number
  /** Of the biggest block in it. */
  readonly label: string
}

/**
 * The stretches of `0 … end`, in order and without gaps.
 *
 * @param least bytes that a stretch of its own needs; smaller blocks are joined with their neighbours, smaller gaps are swallowed
 */
export function mapSegments(blocks: readonly MapBlock[], end: number, least: number): MapSegment[] {
  const sorted = blocks
    .filter(({ size, offset }) => size > 0 && offset < end)
    .sort((a, b) => a.offset - b.offset)
  const segments: { offset: number; size: number; blocks: number; label: string; biggest: number }[] = []
  let at = 0
  for (const { label, offset, size } of sorted) {
    const last = segments.at(-1)
    const gap = offset - at
    const small = size < least
    if (last !== undefined && last.blocks > 0 && gap < least && (small || last.size < least)) {
      last.size = offset + size - last.offset
      last.blocks++
      if (size > last.biggest) {
        last.label = label
        last.biggest = size
      }
    } else {
      if (gap > 0) segments.push({ offset: at, size: gap, blocks: 0, label: 'free', biggest: 0 })
      segments.push({ offset, size, blocks: 1, label, biggest: size })
    }
    at = offset + size
  }
  if (at < end) segments.push({ offset: at, size: end - at, blocks: 0, label: 'free', biggest: 0 })
  return segments.map(({ offset, size, blocks, label }) => ({ offset, size, blocks, label }))
}
