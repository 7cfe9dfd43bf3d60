/** Things that are seen as a shock or heard. */
export type Cue =
  | 'shot'
  | 'blast'
  | 'nova'
  | 'hurt'
  | 'crash'
  | 'pickup'
  | 'hunter'
  | 'choice'
  | 'wave'
  | 'over'

/** A ripple of the backdrop. */
export interface Ripple {
  x: number
  y: number
  /** World units; 0: none. */
  reach: number
  /** Seconds since it began. */
  age: number
}

/** Most ripples at the same time. */
export const RIPPLES = 4

/**
 * What the rules report for drawing and sound: how often each event happened since the last frame,
 * how hard it shook, and where.
 */
export class Cues {
  readonly counts = new Map<Cue, number>()
  readonly ripples: readonly Ripple[] = Array.from({ length: RIPPLES }, () => ({
    x: 0,
    y: 0,
    reach: 0,
    age: 0,
  }))
  /** 0 … 1. */
  shake = 0
  #next = 0

  tell(cue: Cue, shake = 0): void {
    this.counts.set(cue, (this.counts.get(cue) ?? 0) + 1)
    this.shake = Math.min(1, this.shake + shake)
  }

  ripple(x: number, y: number, reach: number): void {
    Object.assign(this.ripples[this.#next], { x, y, reach, age: 0 })
    this.#next = (this.#next + 1) % RIPPLES
  }

  pass(seconds: number): void {
    this.shake *= Math.exp(-5 * seconds)
    for (const ripple of this.ripples) {
      ripple.age += seconds
      if (ripple.age > 0.9) ripple.reach = 0
    }
  }

  /** Takes note of what happened, and forgets it. */
  take(heard: (cue: Cue, times: number) => void): void {
    if (this.counts.size === 0) return
    this.counts.forEach((times, cue) => heard(cue, times))
    this.counts.clear()
  }
}
