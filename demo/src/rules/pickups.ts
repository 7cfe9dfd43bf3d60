import { query, removeEntity, type World } from 'bitecs'
import { Look, Pickup, Position, Shape, Velocity } from '../components.ts'
import { addBody, within } from './bodies.ts'
import type { Random } from './random.ts'
import type { PlayerShip } from './ship.ts'

/** Seconds. */
const LASTS = 16
/** World units within which a pickup flies to the ship, and within which it is caught. */
const PULL_REACH = 170
const CATCH_REACH = 30
/** What each kind is, and how it looks. Draws are even. */
const kinds = [
  { kind: Shape.Repair, hue: 0.38 },
  { kind: Shape.Repair, hue: 0.38 },
  { kind: Shape.Power, hue: 0.14 },
  { kind: Shape.Power, hue: 0.14 },
  { kind: Shape.Nova, hue: 0.86 },
] as const

/** Things worth catching. */
export class Pickups {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  drop(world: World, x: number, y: number): void {
    const { kind, hue } = kinds[Math.floor(this.#random() * kinds.length)]
    const e = addBody(world, { x, y, size: 15, hue, shape: kind }, Pickup)
    Pickup.kind[e] = kind
    Pickup.life[e] = LASTS
  }

  clear(world: World): void {
    for (const e of [...query(world, [Pickup])]) removeEntity(world, e)
  }

  /**
   * A system: pickups fly to a ship nearby, and fade otherwise.
   * @param caught called with each one caught
   */
  offer(world: World, ship: PlayerShip, magnet: number, step: number, caught: (kind: number) => void): void {
    const pickups = query(world, [Pickup])
    for (let i = 0; i < pickups.length; i++) {
      const e = pickups[i]
      Pickup.life[e] -= step
      Look.turn[e] += 1.5 * step
      if (Pickup.life[e] < 4) Look.glow[e] = 0.55 + 0.45 * Math.sin(Pickup.life[e] * 14)
      Velocity.x[e] *= 1 - 3 * step
      Velocity.y[e] *= 1 - 3 * step
      let gone = Pickup.life[e] <= 0
      if (ship.exists && within(Position.x[e], Position.y[e], ship.x, ship.y, PULL_REACH * magnet)) {
        Velocity.x[e] += (ship.x - Position.x[e]) * 18 * step
        Velocity.y[e] += (ship.y - Position.y[e]) * 18 * step
        if (within(Position.x[e], Position.y[e], ship.x, ship.y, CATCH_REACH)) {
          gone = true
          caught(Pickup.kind[e])
        }
      }
      if (gone) removeEntity(world, e)
    }
  }
}
