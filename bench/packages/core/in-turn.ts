/** Something to measure: `prepare` is not timed, `run` is. */
export interface Candidate {
  readonly name: string
  prepare?(): void
  run(): void
}

/** Milliseconds of one candidate. */
export interface Timing {
  readonly name: string
  readonly median: number
  readonly lower: number
  readonly upper: number
  readonly samples: number
}

/**
 * Measures candidates in turn, so that whatever else the machine does at a time meets all of them alike.
 * @param budgetMs stop after so long, preparation included, but not before 9 rounds
 */
export function inTurn(candidates: readonly Candidate[], budgetMs: number): Timing[] {
  const times: number[][] = candidates.map(() => [])
  const end = performance.now() + budgetMs
  for (let round = 0; round < 9 || (round < 301 && performance.now() < end); round++) {
    candidates.forEach((candidate, i) => {
      candidate.prepare?.()
      const begin = performance.now()
      candidate.run()
      times[i].push(performance.now() - begin)
    })
  }
  return candidates.map(({ name }, i) => {
    const sorted = times[i].sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]
    return { name, median: at(0.5), lower: at(0.25), upper: at(0.75), samples: sorted.length }
  })
}
