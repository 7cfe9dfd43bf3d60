import { removeEntity, type World } from 'bitecs'
import { Look, Position, Shape, Ship, Velocity } from '../components.ts'
import { addBody } from './bodies.ts'
import type { Arena } from './arena.ts'
import type { Controls } from './controls.ts'

/** World units per second, and per second². */
const TOP_SPEED = 360
const THRUST = 1_900
export const SHIP_RADIUS = 18

/** The player's ship: an entity while there is one. */
export class PlayerShip {
  entity = 0
  /** Radians. */
  heading = Math.PI / 2

  get exists(): boolean {
    return this.entity !== 0
  }
  get x(): number {
    return Position.x[this.entity]
  }
  get y(): number {
    return Position.y[this.entity]
  }

  /** World units per second. */
  get speed(): number {
    return this.exists ? Math.hypot(Velocity.x[this.entity], Velocity.y[this.entity]) : 0
  }

  launch(world: World): void {
    this.remove(world)
    this.heading = Math.PI / 2
    const form = { x: 0, y: 0, size: SHIP_RADIUS, hue: 0.47, shape: Shape.Ship, turn: this.heading }
    this.entity = addBody(world, form, Ship)
  }

  remove(world: World): void {
    if (this.exists) removeEntity(world, this.entity)
    this.entity = 0
  }

  /** Follows the controls. @param safe seconds without harm left: the ship blinks.
   * @param thrust factor of the usual speed */
  fly(controls: Controls, arena: Arena, step: number, safe: number, thrust = 1): void {
    if (!this.exists) return
    const e = this.entity
    const drag = Math.exp(-3.2 * step)
    let vx = Velocity.x[e] * drag + controls.x * THRUST * thrust * step
    let vy = Velocity.y[e] * drag + controls.y * THRUST * thrust * step
    const speed = Math.hypot(vx, vy)
    const top = TOP_SPEED * thrust
    if (speed > top) {
      vx *= top / speed
      vy *= top / speed
    }
    // Walls are soft: one is turned back.
    const edgeX = arena.width / 2 - SHIP_RADIUS
    const edgeY = arena.height / 2 - SHIP_RADIUS
    if (Math.abs(this.x) > edgeX) vx = -Math.sign(this.x) * Math.abs(vx) * 0.5
    if (Math.abs(this.y) > edgeY) vy = -Math.sign(this.y) * Math.abs(vy) * 0.5
    Position.x[e] = Math.min(edgeX, Math.max(-edgeX, this.x))
    Position.y[e] = Math.min(edgeY, Math.max(-edgeY, this.y))
    Velocity.x[e] = vx
    Velocity.y[e] = vy
    const { aim } = controls
    if (aim !== undefined) this.turnTo(Math.atan2(aim.y - this.y, aim.x - this.x), step)
    else if (speed > 30) this.turnTo(Math.atan2(vy, vx), step)
    Look.turn[e] = this.heading
    Look.glow[e] = safe > 0 && Math.floor(safe * 8) % 2 === 0 ? 0.35 : 1
  }

  turnTo(angle: number, step: number): void {
    const off = Math.atan2(Math.sin(angle - this.heading), Math.cos(angle - this.heading))
    this.heading += off * Math.min(1, 18 * step)
  }

  /** Thrown by a crash. */
  knock(x: number, y: number, speed: number): void {
    const dx = this.x - x
    const dy = this.y - y
    const distance = Math.hypot(dx, dy) + 1
    Velocity.x[this.entity] = (dx / distance) * speed
    Velocity.y[this.entity] = (dy / distance) * speed
  }
}
