/**
 * Numbers from 0 to just below 1 that look random and are the same for the same seed (mulberry32).
 */
export type Random = () => number

export function createRandom(seed: number): Random {
  return new Dice(seed).roll
}

/** Random numbers that can begin again. */
export class Dice {
  state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  readonly roll: Random = () => {
    const state = (this.state + 0x6d2b79f5) | 0
    this.state = state
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Roughly normally distributed around 0 with a deviation of 1: the sum of three even draws. */
export function bell(random: Random): number {
  return (random() + random() + random() - 1.5) * 2
}
