import { shuffled } from './waves.ts'

/** What a ship can do; upgrades change it. */
export interface Outfit {
  barrels: number
  /** Health of an unhurt hull. */
  hull: number
  /** Factors: speed, how far shots burst, seconds between shots, how far pick-ups are pulled from. */
  thrust: number
  burst: number
  reload: number
  magnet: number
  /** Share of the multiplier that a hit leaves. */
  grip: number
  /** Points, and damage taken, against the usual. */
  stakes: number
}

export const MOST_BARRELS = 4

export function plainOutfit(): Outfit {
  return { barrels: 1, hull: 100, thrust: 1, burst: 1, reload: 1, magnet: 1, grip: 0, stakes: 1 }
}

/** One of the cards between two waves. */
export interface Upgrade {
  readonly name: string
  readonly text: string
  readonly apply: (outfit: Outfit) => void
}

const upgrades: readonly Upgrade[] = [
  {
    name: 'Extra barrel',
    text: 'One more shot in each volley',
    apply: (outfit) => (outfit.barrels = Math.min(MOST_BARRELS, outfit.barrels + 1)),
  },
  { name: 'Armour', text: 'Hull +30, and repaired', apply: (outfit) => (outfit.hull += 30) },
  {
    name: 'Thrusters',
    text: 'Fly 15 % faster',
    apply: (outfit) => (outfit.thrust = Math.min(1.5, outfit.thrust * 1.15)),
  },
  {
    name: 'Big bursts',
    text: 'Shots burst 20 % wider',
    apply: (outfit) => (outfit.burst = Math.min(1.5, outfit.burst * 1.2)),
  },
  {
    name: 'Rapid fire',
    text: 'Shoot 20 % more often',
    apply: (outfit) => (outfit.reload = Math.max(0.6, outfit.reload * 0.8)),
  },
  { name: 'Magnet', text: 'Pull pick-ups from twice as far', apply: (outfit) => (outfit.magnet *= 2) },
  {
    name: 'Cool head',
    text: 'A hit leaves half of the multiplier',
    apply: (outfit) => (outfit.grip = Math.max(outfit.grip, 0.5)),
  },
]

const dare: Upgrade = {
  name: 'Dare',
  text: 'Points × 1.5, damage × 1.3',
  apply: (outfit) => {
    outfit.stakes *= 1.5
  },
}

/** Three cards: two upgrades, and a dare. The same ones for the same seed. */
export function cardsFor(wave: number, seed: number): readonly Upgrade[] {
  return [...shuffled(upgrades, seed * 17 + wave).slice(0, 2), dare]
}
