import { cardsFor, MOST_BARRELS, plainOutfit, type Outfit, type Upgrade } from './upgrades.ts'

/** What the game is doing. */
export type Phase = 'title' | 'playing' | 'paused' | 'choosing' | 'over'

/**
 * Drones that one hit point and one point of score are reckoned for; with more of them, each counts
 * for less.
 */
export const USUAL_DRONES = 30_000
/** A wave is over when this share of it is left. */
export const WAVE_REST = 0.25
/** Seconds for which the shield holds at the start of a game, and of a later wave. */
export const GRACE = 15
const WAVE_GRACE = 3
/** The chain is worth ×1 … ×9. */
const LONGEST_CHAIN = 8
/** Seconds for which the chain holds without a kill, and what it then loses per second. */
const CHAIN_HOLDS = 1.5
const CHAIN_FADES = 0.6
/** Drones of weight 1 for the first link of the chain; each further one takes more. */
const LINK = 500
const LINK_GROWS = 0.3
/** Damage within about a second that breaks the chain. */
const BREAKS = 7
/** Drones of weight 1 from one drop to the next in the first wave; in later ones, it takes more. */
const DROP_EVERY = 4_000
const DROP_GROWS = 0.4

/** One game: its phase, its score, and the rules by which they change. Knows no ECS and no page. */
export class Match {
  phase: Phase = 'title'
  score = 0
  best: number
  wave = 1
  health = 100
  outfit: Outfit = plainOutfit()
  /** Drones shot. */
  kills = 0
  /** Seconds played. */
  time = 0
  /** Seconds for which nothing hurts. */
  safe = 0
  /** Points per drone, and how much one hurts, against a swarm of the usual size. */
  weight = 1
  /** What equal games have in common. */
  seed = 0
  /** What there is to choose from between two waves. */
  cards: readonly Upgrade[] = []
  /** Names of the cards that were chosen. */
  chosen: string[] = []
  /** How often a multiplier above ×1 was lost to a hit, and the highest one there was. */
  lost = 0
  longest = 1
  /** Pick-ups caught, and hunters shot. */
  caught = 0
  hunted = 0
  #chain = 0
  #held = 0
  #sore = 0
  #towardsDrop = 0

  constructor(best = 0) {
    this.best = best
  }

  /** Advances time. Not called while the game waits for the player. */
  get running(): boolean {
    return this.phase !== 'paused' && this.phase !== 'choosing'
  }

  /** There is a ship to steer; before the first game it steers itself. */
  get flying(): boolean {
    return this.phase === 'playing' || this.phase === 'title'
  }

  /** What a drone is worth now: it grows with each one shot, fades with time, and breaks with a hit. */
  get multiplier(): number {
    return 1 + Math.floor(this.#chain)
  }

  /** How far it is to the next one, 0 … 1. */
  get link(): number {
    return this.#chain >= LONGEST_CHAIN ? 1 : this.#chain % 1
  }

  start(seed: number): void {
    this.phase = 'playing'
    this.seed = seed
    this.score = this.kills = this.time = this.lost = this.caught = this.hunted = 0
    this.#chain = this.#held = this.#sore = this.#towardsDrop = 0
    this.wave = this.longest = 1
    this.outfit = plainOutfit()
    this.health = this.outfit.hull
    this.cards = []
    this.chosen = []
    this.safe = GRACE
  }

  /** @returns whether it is paused now; only a game that is played can be */
  togglePause(): boolean {
    if (this.phase === 'playing') this.phase = 'paused'
    else if (this.phase === 'paused') this.phase = 'playing'
    return this.phase === 'paused'
  }

  pass(seconds: number): void {
    this.safe = Math.max(0, this.safe - seconds)
    this.#held = Math.max(0, this.#held - seconds)
    this.#sore = Math.max(0, this.#sore - BREAKS * seconds)
    if (this.#held === 0) this.#chain = Math.max(0, this.#chain - CHAIN_FADES * seconds)
    if (this.phase !== 'playing') return
    this.time += seconds
    this.health = Math.min(this.outfit.hull, this.health + 1.2 * seconds)
  }

  /** @param pace 0 … 1: kills of a ship that stands lengthen the chain by a fifth of what one's do that flies. */
  shot(drones: number, pace = 1): void {
    this.kills += drones
    const gain = (drones * this.weight * (0.2 + 0.8 * pace)) / (LINK * (1 + LINK_GROWS * this.#chain))
    this.#chain = Math.min(LONGEST_CHAIN, this.#chain + gain)
    this.#held = CHAIN_HOLDS
    this.#towardsDrop += drones * this.weight
    this.#earn(drones * this.weight)
  }

  bonus(points: number): void {
    this.#earn(points)
  }

  /** @returns whether enough drones were shot for one of them to drop something */
  drops(): boolean {
    const every = DROP_EVERY * (1 + DROP_GROWS * (this.wave - 1))
    if (this.#towardsDrop < every) return false
    this.#towardsDrop -= every
    return true
  }

  /** @returns whether it hurt. Much at once breaks the chain. */
  hurt(damage: number): boolean {
    if (this.phase !== 'playing' || this.safe > 0 || damage <= 0) return false
    const stakes = 1 + (this.outfit.stakes - 1) * 0.6
    this.health = Math.max(0, this.health - damage * stakes)
    this.#sore += damage
    if (this.#sore >= BREAKS) {
      this.#sore = 0
      if (this.multiplier > 1) this.lost++
      this.#chain *= this.outfit.grip
    }
    if (this.health === 0) this.phase = 'over'
    return true
  }

  repair(): void {
    this.health = Math.min(this.outfit.hull, this.health + 30)
  }

  power(): void {
    this.outfit.barrels = Math.min(MOST_BARRELS, this.outfit.barrels + 1)
  }

  /** @param left drones, @param all in a full wave. @returns whether the wave is over, and there is a choice */
  judge(left: number, all: number): boolean {
    if (this.phase !== 'playing' || left > all * WAVE_REST) return false
    this.phase = 'choosing'
    this.cards = cardsFor(this.wave, this.seed)
    return true
  }

  /** Takes a card, which begins the next wave. @returns whether there was a choice */
  choose(card: number): boolean {
    const upgrade = this.cards[card] as Upgrade | undefined
    if (this.phase !== 'choosing' || upgrade === undefined) return false
    const { hull } = this.outfit
    upgrade.apply(this.outfit)
    if (this.outfit.hull > hull) this.health = this.outfit.hull
    this.chosen.push(upgrade.name)
    this.cards = []
    this.wave++
    this.safe = Math.max(this.safe, WAVE_GRACE)
    this.phase = 'playing'
    return true
  }

  #earn(points: number): void {
    if (this.phase !== 'playing') return
    this.longest = Math.max(this.longest, this.multiplier)
    this.score += points * this.multiplier * this.outfit.stakes
    this.best = Math.max(this.best, Math.round(this.score))
  }
}
