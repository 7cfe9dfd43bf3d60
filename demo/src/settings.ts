import { MAX_ENTITIES } from './components.ts'

export const MIN_ENTITIES = 1
const DEFAULT_ENTITIES = 20_000

/** What the visitor chose: by the address at first, by the panel from then on. */
export interface Settings {
  /** Entities there should be. */
  entities: number
  /** Share of them that fly, 0 … 1; the others glide to a stop, and their rows stop changing. */
  moving: number
  paused: boolean
  /** Why it started paused; empty when it did not. */
  pauseReason: string
  /** Equal seeds give equal swarms. */
  readonly seed: number
  /** Ticks after which the demo stops; 0: never. */
  readonly frames: number
}

/**
 * Reads `?entities=`, `?moving=` (percent), `?seed=`, `?frames=` and `?paused`. What makes no sense there is ignored. The swarm
 * starts paused for those whose system asks for less motion.
 */
export function readSettings(search: string, lessMotion: boolean): Settings {
  const asked = new URLSearchParams(search)
  const whole = (name: string, otherwise: number, min: number, max: number): number => {
    const text = asked.get(name)
    const value = text === null || text.trim() === '' ? Number.NaN : Math.round(Number(text))
    return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : otherwise
  }
  const askedToPause = asked.has('paused')
  return {
    entities: whole('entities', DEFAULT_ENTITIES, MIN_ENTITIES, MAX_ENTITIES),
    moving: whole('moving', 100, 0, 100) / 100,
    paused: askedToPause || lessMotion,
    pauseReason: lessMotion && !askedToPause ? 'Paused, because your system asks for less motion.' : '',
    seed: whole('seed', 7, 0, 2 ** 32 - 1),
    frames: whole('frames', 0, 0, Number.MAX_SAFE_INTEGER),
  }
}
