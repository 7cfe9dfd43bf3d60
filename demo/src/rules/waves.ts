import { createRandom } from './random.ts'

/** What sets a wave apart from others. */
export interface Wave {
  readonly name: string
  /** How fast drones fly, against the first wave. */
  readonly haste: number
  /** Seconds of each 17 for which a flock hunts the ship. */
  readonly hunt: number
  /** Hunters at the same time, and seconds until the next one comes. */
  readonly hunters: number
  readonly every: number
  /** Asteroids, against the usual number. */
  readonly rocks: number
}

const first: Wave = { name: 'The flocks', haste: 1, hunt: 4, hunters: 1, every: 14, rocks: 1 }
const kinds: readonly Wave[] = [
  { name: 'Hunters', haste: 1, hunt: 4, hunters: 3, every: 6, rocks: 0.8 },
  { name: 'Meteors', haste: 1, hunt: 5, hunters: 1, every: 12, rocks: 1.9 },
  { name: 'Storm', haste: 1.35, hunt: 6, hunters: 1, every: 12, rocks: 0.7 },
  { name: 'Pincer', haste: 1.05, hunt: 9, hunters: 2, every: 9, rocks: 0.8 },
]

/** The waves of a game: of four in a row, no two are alike. Each is a little harder than the last. */
export function waveOf(number: number, seed: number): Wave {
  if (number === 1) return first
  const round = Math.floor((number - 2) / kinds.length)
  const order = shuffled(kinds, seed * 31 + round)
  const kind = order[(number - 2) % kinds.length]
  return {
    ...kind,
    haste: kind.haste + 0.05 * (number - 1),
    hunt: Math.min(13, kind.hunt + 0.4 * (number - 2)),
    hunters: kind.hunters + Math.floor((number - 1) / 3),
  }
}

/** The same order for the same seed. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = createRandom(seed)
  const order = [...list]
  for (let i = order.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1))
    ;[order[i], order[k]] = [order[k], order[i]]
  }
  return order
}
