import type { BufferAttribute } from 'three'

/**
 * Tells three which values changed, as one range: ranges pile up while a mesh isn't drawn.
 * @param first first number that changed
 * @param count numbers
 */
export function uploadRange(attribute: BufferAttribute, first: number, count: number): void {
  const [waiting] = attribute.updateRanges
  const start = Math.min(first, waiting?.start ?? first)
  const end = Math.max(first + count, waiting === undefined ? 0 : waiting.start + waiting.count)
  attribute.clearUpdateRanges()
  attribute.addUpdateRange(start, end - start)
  attribute.needsUpdate = true
}
