import { f32, GpuSynced, struct, vec3f } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query, removeEntity, type World } from 'bitecs'

const mostFish = 6000

const column = (): Float32Array => new Float32Array(mostFish + 1)

/** Position and length of a fish, in metres. A row is a `vec4`. */
export const Place = GpuSynced(
  { x: column(), y: column(), z: column(), size: column() },
  { label: 'Place', schema: struct({ position: vec3f.from('x', 'y', 'z'), size: f32 }) },
)

/** Velocity in metres per second, and look (0 … 1). */
export const Swim = GpuSynced(
  { x: column(), y: column(), z: column(), tint: column() },
  { label: 'Swim', schema: struct({ velocity: vec3f.from('x', 'y', 'z'), tint: f32 }) },
)

/** Its home, on a ring around the axis of the school. Not flagged: stays on the CPU. */
const Ring = { radius: column(), height: column(), pace: column() }

export interface Light {
  x: number
  y: number
  z: number
}

export class School {
  readonly world: World = createWorld()
  /** What the fish flee from. */
  readonly light: Light = { x: 0, y: 0, z: 0 }
  readonly #wanted: number
  #time = 0
  #spawned = 0

  /** @param size number of fish at the start; half as many join in the first seconds */
  constructor(size: number) {
    this.#wanted = Math.min(mostFish, Math.round(size * 1.5))
    for (let i = 0; i < size; i++) this.#spawn()
  }

  swim(dt: number): void {
    this.#time += dt
    this.#moveLight()
    const fish = query(this.world, [Place, Swim])
    for (let i = 0; i < fish.length; i++) this.#steer(fish[i], dt)
    this.#comeAndGo(fish.length)
  }

  #steer(e: number, dt: number): void {
    const { light } = this
    const [px, py, pz] = [Place.x[e], Place.y[e], Place.z[e]]
    const around = Math.hypot(px, pz) || 1
    // Follow the ring, and return to its radius and height, with a slow swell.
    const pace = Ring.pace[e]
    const back = (Ring.radius[e] - around) * 0.8
    const swell = Math.sin(this.#time * 0.7 + Ring.radius[e] * 0.6) * 1.4
    let vx = (-pz / around) * pace + (px / around) * back
    let vy = (Ring.height[e] + swell - py) * 0.8
    let vz = (px / around) * pace + (pz / around) * back
    // Flee from the light, faster when it is near.
    const [dx, dy, dz] = [px - light.x, py - light.y, pz - light.z]
    const near = Math.hypot(dx, dy, dz)
    if (near < 6) {
      const flee = (1 - near / 6) ** 2 * 26
      vx += (dx / near) * flee
      vy += (dy / near) * flee
      vz += (dz / near) * flee
    }
    const turn = Math.min(1, dt * 2.5)
    Swim.x[e] += (vx - Swim.x[e]) * turn
    Swim.y[e] += (vy - Swim.y[e]) * turn
    Swim.z[e] += (vz - Swim.z[e]) * turn
    Place.x[e] = px + Swim.x[e] * dt
    Place.y[e] = py + Swim.y[e] * dt
    Place.z[e] = pz + Swim.z[e] * dt
  }

  #moveLight(): void {
    const t = this.#time * 0.45
    this.light.x = Math.cos(t) * 8
    this.light.y = Math.sin(t * 1.7) * 3.5
    this.light.z = Math.sin(t * 0.8) * 8
  }

  /** Replaces a few fish. The new ones get the ids and rows of the old ones. */
  #comeAndGo(count: number): void {
    const fish = query(this.world, [Place])
    for (let i = 0; i < 4; i++) removeEntity(this.world, fish[(this.#spawned * 7 + i) % fish.length])
    for (let i = 0; i < Math.min(24, this.#wanted - count + 4); i++) this.#spawn()
  }

  #spawn(): void {
    const e = addEntity(this.world)
    const n = this.#spawned++
    const [a, b, c] = [scatter(n, 1), scatter(n, 2), scatter(n, 3)]
    addComponent(this.world, e, Place)
    addComponent(this.world, e, Swim)
    const radius = 2.5 + 8.5 * Math.sqrt(a)
    Ring.radius[e] = radius
    Ring.height[e] = (b - 0.5) * (13.5 - radius * 0.8)
    Ring.pace[e] = 3.2 + c * 1.6
    const angle = scatter(n, 4) * 2 * Math.PI
    Place.x[e] = Math.cos(angle) * radius
    Place.y[e] = Ring.height[e]
    Place.z[e] = Math.sin(angle) * radius
    Place.size[e] = 0.16 + 0.14 * c
    Swim.x[e] = -Math.sin(angle) * Ring.pace[e]
    Swim.y[e] = 0
    Swim.z[e] = Math.cos(angle) * Ring.pace[e]
    Swim.tint[e] = a
  }
}

/** Returns a number from 0 to 1 for a fish, the same in every run. */
function scatter(n: number, salt: number): number {
  const value = Math.sin(n * 12.9898 + salt * 78.233) * 43758.5453
  return value - Math.floor(value)
}
