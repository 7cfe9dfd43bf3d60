import { GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query } from 'bitecs'

const mostBalls = 5000

const column = () => new Float32Array(mostBalls + 1)

/** On the GPU after every frame, because they are flagged. Walls are 10 to each side. */
export const Position = GpuSynced({ x: column(), y: column(), z: column() }, { label: 'Position' })
export const Look = GpuSynced({ size: column(), r: column(), g: column(), b: column() }, { label: 'Look' })

/** Not flagged: stays on the CPU. */
const Velocity = { x: column(), y: column(), z: column() }

export const world = createWorld()

/** Moves every ball. `delta` in seconds. */
export function move(delta: number): void {
  for (const e of query(world, [Position])) {
    Velocity.y[e] -= 9.8 * delta
    for (const axis of ['x', 'y', 'z'] as const) {
      Position[axis][e] += Velocity[axis][e] * delta
      const wall = 10 - Look.size[e]
      if (Math.abs(Position[axis][e]) <= wall) continue
      Position[axis][e] = Math.sign(Position[axis][e]) * wall
      Velocity[axis][e] *= axis === 'y' && Velocity.y[e] < 0 ? -0.98 : -0.9
    }
  }
}

/** Throws balls from a place on the screen, −1 … 1. */
export function burst(count: number, x: number, y: number): void {
  const room = mostBalls - query(world, [Position]).length
  for (let i = 0; i < Math.min(count, room); i++) {
    const e = addEntity(world)
    addComponent(world, e, Position)
    addComponent(world, e, Look)
    Position.x[e] = x * 9
    Position.y[e] = y * 9
    Position.z[e] = 0
    for (const axis of ['x', 'y', 'z'] as const) Velocity[axis][e] = (Math.random() - 0.5) * 24
    Look.size[e] = 0.15 + 0.35 * Math.random()
    const warmth = Math.random()
    Look.r[e] = 0.25 + 0.7 * warmth
    Look.g[e] = 0.45
    Look.b[e] = 0.95 - 0.7 * warmth
  }
}
