const KEY = 'swarm: best score'

// A page may be denied storage. Then there is no best score, and the game works without it.

/** The best score of this browser; 0 before the first game. */
export function readBest(): number {
  try {
    const score = Number(localStorage.getItem(KEY))
    return Number.isFinite(score) && score > 0 ? Math.round(score) : 0
  } catch {
    return 0
  }
}

export function keepBest(score: number): void {
  try {
    if (score > readBest()) localStorage.setItem(KEY, String(score))
  } catch {
    // Denied, or full.
  }
}
