/** Share of the values that a chart always shows. */
const SHOWN = 0.97
/** A highest value that is this many times the usual ones is cut off. */
const CUT_ABOVE = 5
/** Room above the values. */
const HEADROOM = 1.12

let scratch = new Float64Array(0)

/**
 * Chooses the upper end of a chart: rare peaks are cut off, which would press all other values onto
 * the bottom line. Also returns the highest value, which may lie above it.
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
