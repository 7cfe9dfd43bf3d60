import { GpuSynced } from '@memkit/ecs-plugin'
import {
  addComponent,
  addEntity,
  createWorld,
  Not,
  query,
  removeComponent,
  removeEntity,
  type World,
} from 'bitecs'

const mostBirds = 8000

const column = (): Float32Array => new Float32Array(mostBirds + 1)

/** In metres. */
export const Place = GpuSynced({ x: column(), y: column(), z: column() }, { label: 'Place' })

/** Velocity in metres per second, and how light a bird is (0 … 1). */
export const Fly = GpuSynced({ x: column(), y: column(), z: column(), tint: column() }, { label: 'Fly' })

/** A tag: above the clouds, and not drawn. */
const Hidden = {}

/** Where a bird wants to be within the flock. Not flagged: stays on the CPU. */
const Seat = { x: column(), y: column(), z: column(), lag: column() }

/** Which birds are drawn. */
export const seen: readonly object[] = [Place, Fly, Not(Hidden)]

export class Flock {
  readonly world: World = createWorld()
  readonly #wanted: number
  #time = 0
  #spawned = 0

  /** @param size number of birds at the start; half as many join in the first seconds */
  constructor(size: number) {
    this.#wanted = Math.min(mostBirds, Math.round(size * 1.5))
    for (let i = 0; i < size; i++) this.#spawn()
  }

  fly(dt: number): void {
    this.#time += dt
    const birds = query(this.world, [Place, Fly])
    for (let i = 0; i < birds.length; i++) this.#steer(birds[i], dt)
    this.#comeAndGo(birds.length)
  }

  #steer(e: number, dt: number): void {
    // The flock follows a curve, each bird a little later than the one before, so that it bends.
    const t = this.#time * 0.55 - Seat.lag[e]
    const spread = 1 + 0.6 * Math.sin(t * 1.3)
    const x = Math.sin(t) * 8 + Seat.x[e] * spread
    const y = 4 + Math.sin(t * 2.1) * 3.5 + Seat.y[e] / spread
    const z = Math.cos(t * 0.7) * 6 + Seat.z[e] * spread
    const turn = Math.min(1, dt * 3)
    Fly.x[e] += ((x - Place.x[e]) * 1.8 - Fly.x[e]) * turn
    Fly.y[e] += ((y - Place.y[e]) * 1.8 - Fly.y[e]) * turn
    Fly.z[e] += ((z - Place.z[e]) * 1.8 - Fly.z[e]) * turn
    Place.x[e] += Fly.x[e] * dt
    Place.y[e] += Fly.y[e] * dt
    Place.z[e] += Fly.z[e] * dt
    if (Place.y[e] > 12) addComponent(this.world, e, Hidden)
    else removeComponent(this.world, e, Hidden)
  }

  /** Replaces a few birds. The new ones get the ids and rows of the old ones. */
  #comeAndGo(count: number): void {
    const birds = query(this.world, [Place])
    for (let i = 0; i < 4; i++) removeEntity(this.world, birds[(this.#spawned * 7 + i) % birds.length])
    for (let i = 0; i < Math.min(24, this.#wanted - count + 4); i++) this.#spawn()
  }

  #spawn(): void {
    const e = addEntity(this.world)
    const n = this.#spawned++
    addComponent(this.world, e, Place)
    addComponent(this.world, e, Fly)
    const [a, b, c, d] = [1, 2, 3, 4].map((salt) => scatter(n, salt))
    const radius = 4.5 * Math.cbrt(a)
    const [around, up] = [b * 2 * Math.PI, c * 2 - 1]
    const flat = Math.sqrt(1 - up * up) * radius
    ;[Seat.x[e], Seat.y[e], Seat.z[e]] = [Math.cos(around) * flat, up * radius * 0.7, Math.sin(around) * flat]
    Seat.lag[e] = d * 0.9
    ;[Place.x[e], Place.y[e], Place.z[e]] = [Seat.x[e], 4 + Seat.y[e], 9 + Seat.z[e]]
    ;[Fly.x[e], Fly.y[e], Fly.z[e], Fly.tint[e]] = [1, 0, 0, a]
  }
}

/** Returns a number from 0 to 1 for a bird, the same in every run. */
function scatter(n: number, salt: number): number {
  const value = Math.sin(n * 12.9898 + salt * 78.233) * 43758.5453
  return value - Math.floor(value)
}
