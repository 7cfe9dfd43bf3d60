/** What one run of a contender took, in milliseconds. */
export interface Sample {
  /** Of the calling thread. */
  readonly thread: number
  /** Until the device was done; undefined where that is not waited for. */
  readonly done?: number | undefined
}

export interface Contender {
  run(): Promise<Sample>
}

export interface TurnLimits {
  /** For all contenders together; each may use an equal part of it. */
  readonly budgetMs: number
  readonly leastRounds: number
  readonly mostRounds: number
  readonly warmUp: number
}

/**
 * Runs contenders in turn, round by round, in an order that turns by one each round and runs backwards every second time, so that whatever
 * else the machine does meets all alike, and none always comes behind the same other. One that has used up its part of the budget is
 * left out of the rounds that follow, after `leastRounds` at the earliest.
 * @returns the samples of each; the n-th of all were taken in the same round
 */
export async function inTurns(
  contenders: readonly Contender[],
  { budgetMs, leastRounds, mostRounds, warmUp }: TurnLimits,
): Promise<Sample[][]> {
  const taken: Sample[][] = contenders.map(() => [])
  const spent = contenders.map(() => 0)
  const share = budgetMs / contenders.length
  for (let round = -warmUp; round < mostRounds; round++) {
    let ran = 0
    for (let k = 0; k < contenders.length; k++) {
      const turned = (k + round + warmUp) % contenders.length
      const at = round % 2 === 0 ? turned : contenders.length - 1 - turned
      const mayRest = round < 0 ? spent[at] > share / 4 : round >= leastRounds && spent[at] > share
      if (mayRest) continue
      const start = performance.now()
      const sample = await contenders[at].run()
      spent[at] += performance.now() - start
      if (round >= 0) taken[at].push(sample)
      ran++
    }
    if (ran === 0 && round >= 0) break
  }
  return taken
}
