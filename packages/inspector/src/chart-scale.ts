/** Share of the values that a chart is sure to show. */
const SHOWN = 0.97
/** How far the highest value may stick out before it is cut off: below that, the whole of it is worth its room. */
const CUT_ABOVE = 5
/** Room above what is shown. */
const HEADROOM = 1.12

let scratch = new Float64Array(0)

/**
 * Where the upper end of a chart goes. One frame that took fifty times as long as the others would press them all onto the bottom line,
 * so rare peaks leave the picture.
 *
 * @returns the upper end, and the highest value of all, which may lie above
 */
export function chartTop(columns: readonly ArrayLike<number>[]): { top: number; peak: number } {
  let usual = 0
  let peak = 0
  for (const column of columns) {
    if (column.length === 0) continue
    if (scratch.length < column.length) scratch = new Float64Array(column.length * 2)
    const sorted = scratch.subarray(0, column.length)
    sorted.set(column)
    sorted.sort()
    usual = Math.max(usual, sorted[Math.floor((column.length - 1) * SHOWN)])
    peak = Math.max(peak, sorted[column.length - 1])
  }
  const shown = usual > 0 && peak > usual * CUT_ABOVE ? usual * 2 : peak
  return { top: shown > 0 ? shown * HEADROOM : 1, peak }
}
