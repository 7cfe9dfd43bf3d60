import { GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query, type World } from 'bitecs'

const mostCrates = 4000

const column = (): Float32Array => new Float32Array(mostCrates + 1)
const bytes = (): Uint8Array => new Uint8Array(mostCrates + 1)

/** In metres. */
export const Place = GpuSynced({ x: column(), y: column(), z: column() }, { label: 'Place' })

/** A quaternion. */
export const Turn = GpuSynced({ x: column(), y: column(), z: column(), w: column() }, { label: 'Turn' })

/** Edge in metres, and colour: what seldom changes. */
export const Size = GpuSynced({ edge: column() }, { label: 'Size' })
export const Tint = GpuSynced({ r: bytes(), g: bytes(), b: bytes() }, { label: 'Tint' })

/** Not flagged: stays on the CPU. Metres and radians per second. */
const Motion = { x: column(), y: column(), z: column(), spin: column(), angle: column() }

const GRAVITY = -9.8
const FLOOR = 9
const COLOURS = [
  [214, 96, 58],
  [232, 170, 74],
  [92, 150, 140],
  [70, 96, 150],
]

export class Crates {
  readonly world: World = createWorld()
  #spawned = 0

  constructor(count: number) {
    this.drop(count)
  }

  get count(): number {
    return query(this.world, [Place]).length
  }

  /** Lets more crates fall. */
  drop(count: number): void {
    for (let i = 0; i < count && this.#spawned < mostCrates; i++) this.#spawn()
  }

  /** Paints a crate. */
  paint(e: number, r: number, g: number, b: number): void {
    ;[Tint.r[e], Tint.g[e], Tint.b[e]] = [r, g, b]
    Motion.y[e] = 6
  }

  hop(dt: number): void {
    const crates = query(this.world, [Place, Turn])
    for (let i = 0; i < crates.length; i++) this.#move(crates[i], dt)
  }

  #move(e: number, dt: number): void {
    Motion.y[e] += GRAVITY * dt
    Place.x[e] += Motion.x[e] * dt
    Place.y[e] += Motion.y[e] * dt
    Place.z[e] += Motion.z[e] * dt
    const lowest = Size.edge[e] / 2
    if (Place.y[e] < lowest) {
      Place.y[e] = lowest
      // As high again each time, so that it never rests.
      Motion.y[e] = 2.5 + 4 * scatter(e, 5)
    }
    if (Math.abs(Place.x[e]) > FLOOR) Motion.x[e] = -Math.sign(Place.x[e]) * Math.abs(Motion.x[e])
    if (Math.abs(Place.z[e]) > FLOOR) Motion.z[e] = -Math.sign(Place.z[e]) * Math.abs(Motion.z[e])
    Motion.angle[e] += Motion.spin[e] * dt
    const [tilt, half] = [scatter(e, 6) * 0.5, Motion.angle[e] / 2]
    Turn.x[e] = Math.sin(half) * Math.sin(tilt)
    Turn.y[e] = Math.sin(half) * Math.cos(tilt)
    Turn.w[e] = Math.cos(half)
  }

  #spawn(): void {
    const e = addEntity(this.world)
    this.#spawned++
    for (const component of [Place, Turn, Size, Tint]) addComponent(this.world, e, component)
    ;[Place.x[e], Place.z[e]] = [(scatter(e, 1) - 0.5) * 2 * FLOOR, (scatter(e, 2) - 0.5) * 2 * FLOOR]
    Place.y[e] = 1 + 5 * scatter(e, 3)
    Size.edge[e] = 0.22 + 0.3 * scatter(e, 4)
    ;[Tint.r[e], Tint.g[e], Tint.b[e]] = COLOURS[e % COLOURS.length]
    ;[Motion.x[e], Motion.y[e], Motion.z[e]] = [scatter(e, 7) - 0.5, 0, scatter(e, 8) - 0.5]
    Motion.spin[e] = (scatter(e, 9) - 0.5) * 4
    Turn.z[e] = 0
  }
}

/** Returns a number from 0 to 1 for a crate, the same in every run. */
function scatter(n: number, salt: number): number {
  const value = Math.sin(n * 12.9898 + salt * 78.233) * 43758.5453
  return value - Math.floor(value)
}
