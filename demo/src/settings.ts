import { MAX_DRONES } from './components.ts'
import { USUAL_DRONES } from './rules/match.ts'

const MIN_ENTITIES = 1

/** What the visitor chose: by the address at first, by the panel from then on. */
export interface Settings {
  /** Drones in a full wave. */
  entities: number
  /** Share of them that fly, 0 … 1; the others glide to a stop, and their rows stop changing. */
  moving: number
  /** The ship steers itself, and games follow one another. */
  autopilot: boolean
  /** No shaking, no flashes, no parallax. */
  calm: boolean
  /** Equal seeds give equal games. */
  readonly seed: number
  /** The address names the seed: every game has it. */
  readonly seedAsked: boolean
  /** The address says how many drones: nothing is adapted to slow devices. */
  readonly fixed: boolean
  /** Stops after this many ticks of one step each. 0: runs in real time. */
  readonly frames: number
  /** What draws; undefined: the best there is. */
  readonly backend: 'webgpu' | 'webgl2' | undefined
  /** The inspector is open from the start. */
  readonly inspector: boolean
}

/**
 * Reads `?entities=`, `?moving=` (percent), `?seed=`, `?frames=`, `?backend=`, `?autopilot`,
 * `?inspector`. What makes no sense there is ignored.
 * @param screenShare of the screen against a usual one, 0 … 1: a small one has fewer drones by
 *   default
 */
export function readSettings(search: string, calm: boolean, screenShare = 1): Settings {
  const asked = new URLSearchParams(search)
  const whole = (name: string, otherwise: number, min: number, max: number): number => {
    const text = asked.get(name)
    const value = text === null || text.trim() === '' ? Number.NaN : Math.round(Number(text))
    return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : otherwise
  }
  const backend = asked.get('backend')
  const usual = Math.round((USUAL_DRONES * Math.max(0.5, screenShare)) / 1000) * 1000
  return {
    entities: whole('entities', usual, MIN_ENTITIES, MAX_DRONES),
    moving: whole('moving', 100, 0, 100) / 100,
    autopilot: asked.has('autopilot'),
    calm,
    seed: whole('seed', 7, 0, 2 ** 32 - 1),
    seedAsked: asked.has('seed'),
    fixed: asked.has('entities') || asked.has('frames'),
    frames: whole('frames', 0, 0, Number.MAX_SAFE_INTEGER),
    backend: backend === 'webgpu' || backend === 'webgl2' ? backend : undefined,
    inspector: asked.has('inspector'),
  }
}

/** The settings that the page's address asks for, on this screen. */
export function settingsOfPage(): Settings {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  return readSettings(location.search, calm, (innerWidth * innerHeight) / (1_280 * 800))
}
