import { addComponents, addEntity, type World } from 'bitecs'
import { Body, Look, Position, Velocity } from '../components.ts'

/** What a body is when it comes. */
export interface BodyForm {
  readonly x: number
  readonly y: number
  readonly vx?: number
  readonly vy?: number
  readonly size: number
  readonly hue: number
  readonly glow?: number
  readonly shape: number
  readonly turn?: number
}

/**
 * Makes an entity that is drawn one by one: ship, asteroid, bullet, pick-up.
 * @param components beside the usual ones
 */
export function addBody(world: World, form: BodyForm, ...components: object[]): number {
  const e = addEntity(world)
  addComponents(world, e, Body, Position, Velocity, Look, ...components)
  Position.x[e] = form.x
  Position.y[e] = form.y
  Velocity.x[e] = form.vx ?? 0
  Velocity.y[e] = form.vy ?? 0
  Look.size[e] = form.size
  Look.hue[e] = form.hue
  Look.glow[e] = form.glow ?? 1
  Look.shape[e] = form.shape
  Look.turn[e] = form.turn ?? 0
  return e
}

/** Whether two places are less than `reach` apart. */
export function within(x: number, y: number, otherX: number, otherY: number, reach: number): boolean {
  return (x - otherX) ** 2 + (y - otherY) ** 2 < reach ** 2
}
