import { describe, expect, it } from 'vitest'
import { flies, idle, playGame, stands, type Hands, type Played } from './simulated-hands.ts'

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)
/** Seconds after which a game is broken off. */
const LONGEST = 120
const DRONES = 2_000

function games(hands: () => Hands): Played[] {
  return SEEDS.map((seed) => playGame(seed, hands(), LONGEST, DRONES))
}
function mean(played: readonly Played[], key: 'points' | 'seconds'): number {
  return played.reduce((sum, one) => sum + one[key], 0) / played.length
}

describe('over 20 seeds', () => {
  it('a player who does nothing does not die in the first 15 seconds', () => {
    expect(Math.min(...games(() => idle).map(({ seconds }) => seconds))).toBeGreaterThan(15)
  }, 60_000)

  it('a player who flies and aims beats one who stands by 1.5 times, in points and in time', () => {
    const standing = games(() => stands)
    const flying = games(flies)
    expect(mean(flying, 'points')).toBeGreaterThan(1.5 * mean(standing, 'points'))
    expect(mean(flying, 'seconds')).toBeGreaterThan(1.5 * mean(standing, 'seconds'))
    // What a game of a minute or more has to show.
    const long = [...standing, ...flying].filter(({ seconds }) => seconds >= 60)
    expect(long.length).toBeGreaterThan(5)
    const full = long.filter((one) => one.pickups > 0 && one.sawHunter && one.lostMultipliers > 0)
    expect(full.length / long.length).toBeGreaterThanOrEqual(0.8)
  }, 120_000)
})
