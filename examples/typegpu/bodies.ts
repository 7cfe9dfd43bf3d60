import { GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query, removeEntity, type World } from 'bitecs'
import { d } from 'typegpu'

const mostBodies = 256

/** A TypeGPU schema, used by its shaders and for the rows that memkit uploads. */
export const BodyRow = d.struct({ position: d.vec2f, mass: d.f32, hue: d.f32 }).$name('Body')

/** The columns of the rows. The first has two numbers per body. */
export const Body = GpuSynced(
  {
    position: new Float32Array(2 * (mostBodies + 1)),
    mass: new Float32Array(mostBodies + 1),
    hue: new Float32Array(mostBodies + 1),
  },
  { label: 'Body', schema: BodyRow, rows: 'packed' },
)

/** Not flagged: stays on the CPU. */
const Motion = { x: new Float32Array(mostBodies + 1), y: new Float32Array(mostBodies + 1) }
const Age = { seconds: new Float32Array(mostBodies + 1) }

export interface Point {
  readonly x: number
  readonly y: number
}

export class Bodies {
  readonly world: World = createWorld()
  #born = 0

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.#spawnOnRing()
  }

  /**
   * Moves the bodies: each falls towards the middle of the picture and past it, and nearby bodies
   * slow it down.
   */
  move(dt: number): void {
    const bodies = query(this.world, [Body])
    for (const a of bodies) {
      let [ax, ay] = [-0.5 * at(a, 0), -0.9 * at(a, 1)]
      for (const b of bodies) {
        if (a === b) continue
        const [dx, dy] = [at(a, 0) - at(b, 0), at(a, 1) - at(b, 1)]
        const push = 0.012 / (dx * dx + dy * dy + 0.02)
        ax += dx * push
        ay += dy * push
      }
      Motion.x[a] += ax * dt
      Motion.y[a] += ay * dt
      Body.position[2 * a] += Motion.x[a] * dt
      Body.position[2 * a + 1] += Motion.y[a] * dt
      Age.seconds[a] += dt
    }
  }

  /** Adds a heavy body at the pointer, in place of the oldest one. */
  spawnAt({ x, y }: Point): void {
    const bodies = query(this.world, [Body])
    if (bodies.length === mostBodies) {
      let oldest = bodies[0]
      for (const e of bodies) if (Age.seconds[e] > Age.seconds[oldest]) oldest = e
      removeEntity(this.world, oldest)
    }
    this.#spawn(x, y, 0, 0, 1)
  }

  #spawnOnRing(): void {
    const angle = this.#born * 2.39996
    const radius = 0.25 + 0.65 * ((this.#born * 0.618) % 1)
    const [x, y] = [Math.cos(angle) * radius * 1.4, Math.sin(angle) * radius]
    this.#spawn(x, y, -y * 0.75, x * 0.6, 0.35 + 0.65 * ((this.#born * 0.37) % 1))
  }

  #spawn(x: number, y: number, vx: number, vy: number, mass: number): void {
    const e = addEntity(this.world)
    addComponent(this.world, e, Body)
    Body.position[2 * e] = x
    Body.position[2 * e + 1] = y
    Body.mass[e] = mass
    Body.hue[e] = (this.#born++ * 0.38197) % 1
    Motion.x[e] = vx
    Motion.y[e] = vy
    Age.seconds[e] = 0
  }
}

function at(e: number, axis: 0 | 1): number {
  return Body.position[2 * e + axis]
}
