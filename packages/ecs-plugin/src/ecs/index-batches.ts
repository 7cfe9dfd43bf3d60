/** Indices at a time: a list that stays in the nearest cache. */
const BATCH = 1024

/**
 * Hands the indices of a scan on in lists, so that their listener is called once for many of them.
 * @param fill writes indices to the list that it is given, for the places `from` … `to − 1` of what is
 *   scanned, and returns how many
 */
export function inBatches(
  count: number,
  fill: (indices: Uint32Array, from: number, to: number) => number,
  visit: (indices: Uint32Array, count: number) => void,
): void {
  const indices = new Uint32Array(Math.min(BATCH, count))
  for (let from = 0; from < count; from += BATCH)
    visit(indices, fill(indices, from, Math.min(from + BATCH, count)))
}
