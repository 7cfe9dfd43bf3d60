/** Medians of cases that are measured in turn, so that a busy moment of the machine hits all of them. */
export interface Timing {
  /** Milliseconds. */
  readonly median: number
  readonly lower: number
  readonly upper: number
}

/**
 * Runs every case once per round, in an order that changes at random, so that none always comes behind the same other.
 * @param cases each returns the milliseconds that count
 */
export async function interleave(
  cases: readonly (() => number | Promise<number>)[],
  rounds: number,
  warmUp: number,
): Promise<Timing[]> {
  const times: number[][] = cases.map(() => [])
  for (let round = 0; round < warmUp + rounds; round++) {
    const order = cases.map((_, k) => k)
    for (let k = order.length - 1; k > 0; k--) {
      const other = Math.floor(Math.random() * (k + 1))
      ;[order[k], order[other]] = [order[other], order[k]]
    }
    for (const at of order) {
      const took = await cases[at]()
      if (round >= warmUp) times[at].push(took)
    }
  }
  return times.map((all) => {
    const sorted = all.toSorted((a, b) => a - b)
    const pick = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    return { median: pick(0.5), lower: pick(0.25), upper: pick(0.75) }
  })
}

/** A number with three digits that count. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** Prints rows under a head, columns as wide as they must be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  console.log(line(head))
  console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  for (const row of rows) console.log(line(row))
}
