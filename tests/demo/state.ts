import type { SyncedBuffer } from '@memkit/ecs-plugin'

// These run in the page: nothing from outside them is there.

/** What a game of the demo has come to. */
export interface GameState {
  readonly backend: string
  readonly score: number
  readonly kills: number
  readonly drones: number
  readonly bodies: number
  readonly embers: number
  /** What the lists on the device name. */
  readonly drawn: { readonly drones: number; readonly bodies: number; readonly embers: number }
  /** The rules' state, without embers, which are for the eye. */
  readonly digest: readonly number[]
}

/** In the page, when it has stopped. */
export async function gameState(): Promise<GameState> {
  const { game, scene, graphics, Position, Velocity } = globalThis.demo!
  const named = async (list: { indices: SyncedBuffer }): Promise<number[]> => [
    ...new Uint32Array(await list.indices.read()),
  ]
  const drones = await named(scene.drones)
  const bodies = await named(scene.bodies)
  const embers = await named(scene.embers)
  let sum = 0
  for (const e of [...drones, ...bodies])
    sum = (sum * 31 + Math.round(Position.x[e] * 64) + 7 * Math.round(Velocity.y[e] * 64)) % 2 ** 40
  const { match } = game
  return {
    backend: graphics.kind,
    score: match.score,
    kills: match.kills,
    drones: game.drones.count,
    bodies: scene.bodies.count,
    embers: scene.embers.count,
    drawn: { drones: new Set(drones).size, bodies: new Set(bodies).size, embers: new Set(embers).size },
    digest: [match.score, match.kills, match.health, game.ship.x, game.ship.y, sum],
  }
}

/** In the page: words of the living that differ between the columns and the device. */
export async function differences(): Promise<{ compared: number; differ: number }> {
  const { app, scene, Position, Velocity, Look } = globalThis.demo!
  const entities = [
    ...new Uint32Array(await scene.drones.indices.read()),
    ...new Uint32Array(await scene.bodies.indices.read()),
  ]
  let differ = 0
  for (const component of [Position, Velocity, Look]) {
    const device = new Uint32Array(await app.mk.buffer<never>(component as never).read())
    const columns = Object.values(component).map((column: Float32Array) => new Uint32Array(column.buffer))
    for (const e of entities)
      columns.forEach((column, i) => (differ += +(column[e] !== device[e * columns.length + i])))
  }
  return { compared: entities.length, differ }
}
