import { addComponent, addEntity, createWorld, Not, query, removeEntity, type World } from 'bitecs'

const MOST = 20_000
const column = (): Float32Array => new Float32Array(MOST + 1)

export interface Game {
  readonly world: World
  readonly Position: { readonly x: Float32Array; readonly y: Float32Array }
  readonly Look: { readonly hue: Float32Array; readonly size: Float32Array }
  readonly Dead: object
  step(this: void): void
}

/**
 * A game like many: 5,000 entities that move, a tag, births and deaths. All numbers are sums of powers of two, so that it doesn't matter
 * in which order a shader computes with them.
 */
export function createGame(): Game {
  const [Position, Look, Dead] = [{ x: column(), y: column() }, { hue: column(), size: column() }, {}]
  const Velocity = { x: column(), y: column() }
  const world = createWorld()
  let spawned = 0
  let frame = 0
  const spawn = (): void => {
    const e = addEntity(world)
    const n = spawned++
    for (const component of [Position, Velocity, Look]) addComponent(world, e, component)
    Position.x[e] = ((n * 37) % 512) / 4
    Position.y[e] = ((n * 91 + (n >> 9) * 29) % 512) / 4
    Velocity.x[e] = ((n % 7) - 3) / 8
    Velocity.y[e] = ((n % 5) - 2) / 8
    Look.hue[e] = n % 4
    Look.size[e] = 0.5 + (n % 3) / 2
  }
  for (let i = 0; i < 5000; i++) spawn()
  const step = (): void => {
    frame++
    for (const e of query(world, [Position, Velocity])) {
      Position.x[e] = (Position.x[e] + Velocity.x[e] + 128) % 128
      Position.y[e] = (Position.y[e] + Velocity.y[e] + 128) % 128
    }
    for (let i = 0; i < 48; i++) spawn()
    const living = query(world, [Position, Not(Dead)])
    for (let i = 0; i < 4; i++) addComponent(world, living[(frame * 131 + i * 17) % living.length], Dead)
    const all = query(world, [Position])
    removeEntity(world, all[(frame * 61) % all.length])
  }
  return { world, Position, Look, Dead, step }
}
