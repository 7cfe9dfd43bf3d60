/** A block of memory, as `heap.leaks()` lists it. In bytes. */
export interface MapBlock {
  readonly label: string
  readonly offset: number
  readonly size: number
}

/** A block, several small ones side by side, or free space. */
export interface MapSegment<B extends MapBlock> {
  offset: number
  size: number
  /** Number of blocks in it; 0 for free space. */
  blocks: number
  /** Its biggest block, which it is named after. Undefined for free space. */
  biggest: B | undefined
}

/**
 * Returns the segments of `0 … end`, in order and without gaps.
 * @param min bytes of the smallest segment: smaller blocks are merged, smaller gaps left out
 */
export function mapSegments<B extends MapBlock>(
  blocks: readonly B[],
  end: number,
  min: number,
): MapSegment<B>[] {
  const shown = blocks.filter(({ size, offset }) => size > 0 && offset < end)
  const segments: MapSegment<B>[] = []
  let at = 0
  const addFree = (size: number): void => {
    if (size > 0) segments.push({ offset: at, size, blocks: 0, biggest: undefined })
  }
  for (const block of shown.sort((a, b) => a.offset - b.offset)) {
    const { offset, size } = block
    const last = segments.at(-1)
    const gap = offset - at
    if (last?.biggest !== undefined && gap < min && (size < min || last.size < min)) {
      last.size = offset + size - last.offset
      last.blocks++
      if (size > last.biggest.size) last.biggest = block
    } else {
      addFree(gap)
      segments.push({ offset, size, blocks: 1, biggest: block })
    }
    at = offset + size
  }
  addFree(end - at)
  return segments
}
