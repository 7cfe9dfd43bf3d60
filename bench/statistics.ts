/** Milliseconds, or whatever was sampled: median and quartiles. */
export interface Summary {
  readonly median: number
  readonly lower: number
  readonly upper: number
  readonly samples: number
}

/** Median of a ÷ median of b, and where 95 % of resampled runs lie. */
export interface Ratio {
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** Median and quartiles; undefined of nothing. */
export function summarise(samples: readonly number[]): Summary | undefined {
  if (samples.length === 0) return undefined
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
    samples: sorted.length,
  }
}

const RESAMPLES = 500

/**
 * How much a takes of b, in the rounds that both took part in. Samples of one round were taken next to each other, so whole rounds are drawn again and again, with
 * repetition, and the interval holds 95 % of the ratios that come. The drawing is the same in each run.
 */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio | undefined {
  const rounds = Math.min(a.length, b.length)
  if (rounds === 0) return undefined
  const random = lehmer(rounds)
  const ratios: number[] = []
  const drawnA = new Float64Array(rounds)
  const drawnB = new Float64Array(rounds)
  for (let k = 0; k < RESAMPLES; k++) {
    for (let i = 0; i < rounds; i++) {
      const at = Math.floor(random() * rounds)
      drawnA[i] = a[at]
      drawnB[i] = b[at]
    }
    ratios.push(quantile(drawnA.sort(), 0.5) / quantile(drawnB.sort(), 0.5))
  }
  ratios.sort((x, y) => x - y)
  const median = (all: readonly number[]): number =>
    quantile(Float64Array.from(all.slice(0, rounds)).sort(), 0.5)
  return { ratio: median(a) / median(b), low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) }
}

/** Between two neighbours it is interpolated. */
function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share
  const below = Math.floor(at)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** Numbers from 0 to 1 that look random and are the same for the same seed. */
export function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
