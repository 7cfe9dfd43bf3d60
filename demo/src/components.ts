import { GpuSynced } from '@memkit/ecs-plugin'

/** Most drones that the game will hold. */
export const MAX_DRONES = 1_000_000
/**
 * Most embers at the same time. Their entities are created first, so that few rows have to come
 * back from the GPU.
 */
export const EMBERS = 4_096
/** The ship, asteroids, bullets, pick-ups. */
const OTHERS = 4_096

// bitECS numbers entities from 1. Memory that no entity has touched costs nothing, so the columns
// are as long as they ever get.
const slots = EMBERS + MAX_DRONES + OTHERS + 1
const capacity = 1 << 16

/**
 * Where an entity is, in world units from the middle of the arena. On the GPU: one flag, and
 * nothing else to do. Everything moves in each step, so the columns go up as they are.
 */
export const Position = GpuSynced(
  { x: new Float32Array(slots), y: new Float32Array(slots) },
  { label: 'Position', capacity, layout: 'columns' },
)

/**
 * World units per second. Shaders turn drones in this direction, and move everything by it between
 * two steps of the game.
 */
export const Velocity = GpuSynced(
  { x: new Float32Array(slots), y: new Float32Array(slots) },
  { label: 'Velocity', capacity, layout: 'columns' },
)

/**
 * What an entity looks like: half its width in world units, its hue in turns (0 … 1), how bright it
 * is, its outline (a `Shape`), and how far it is turned (radians). A drone's never changes, so in
 * most frames there is next to nothing to upload.
 */
export const Look = GpuSynced(
  {
    size: new Float32Array(slots),
    hue: new Float32Array(slots),
    glow: new Float32Array(slots),
    shape: new Float32Array(slots),
    turn: new Float32Array(slots),
  },
  { label: 'Look', capacity },
)

/** Values of `Look.shape`. */
export const Shape = { Ship: 0, Asteroid: 1, Bullet: 2, Repair: 3, Power: 4, Nova: 5, Hunter: 6 } as const

/**
 * A glowing splinter of an explosion. Where shaders compute, the GPU moves it and lets it cool: its
 * row goes up once, when it lights up, and what the GPU makes of it comes back some frames later.
 * Elsewhere a system moves it, and it goes up like any other component.
 */
export function createEmber(onGpu: boolean) {
  const column = (): Float32Array<ArrayBuffer> => new Float32Array(EMBERS + 1)
  return GpuSynced(
    { x: column(), y: column(), vx: column(), vy: column(), life: column(), hue: column() },
    { label: 'Ember', capacity: EMBERS + 1, direction: onGpu ? 'download' : 'upload' },
  )
}
export type Ember = ReturnType<typeof createEmber>

// Not flagged: these stay on the CPU.

/**
 * Which flock a drone flies with, and whether it was shot in this step (its entity goes with the
 * next query).
 */
export const Drone = { flock: new Uint8Array(slots), dead: new Uint8Array(slots) }
/** Seconds that a bullet has left, and how far it bursts. */
export const Bullet = { life: new Float32Array(slots), burst: new Float32Array(slots) }
/** Hits that an asteroid can take, and how it spins (radians per second). */
export const Asteroid = { hits: new Float32Array(slots), spin: new Float32Array(slots) }
/** What a hunter does (a `HunterMode`), for how many seconds more, and the hits that it can take. */
export const Hunter = {
  mode: new Uint8Array(slots),
  left: new Float32Array(slots),
  hits: new Int8Array(slots),
}
/** What a pick-up gives (a `Shape`), and the seconds it has left. */
export const Pickup = { kind: new Uint8Array(slots), life: new Float32Array(slots) }
/** Everything except drones: bodies that are larger and drawn one by one. */
export const Body = {}
/** The player's. */
export const Ship = {}
