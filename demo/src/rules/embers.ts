import { addComponent, addEntity, query, removeComponent, type World } from 'bitecs'
import { EMBERS, type Ember } from '../components.ts'
import type { Random } from './random.ts'
import { windX, windY } from './wind.ts'

/**
 * Share of its speed that an ember loses per second (as an exponent), and how the wind carries it.
 * The shader does the same.
 */
export const EMBER_DRAG = 2.4
export const EMBER_WIND = 90

/**
 * Embers: entities that wait until something explodes. To light one is to write its columns and add
 * the component; it has burnt out when its life, as the GPU reports it, is over.
 */
export class Embers {
  readonly #ember: Ember
  readonly #random: Random
  /** Which of them burn. They are lit in the order of their ids: so what goes up at once lies together. */
  readonly #burning = new Uint8Array(EMBERS + 1)
  #next = 0
  #first = 0

  constructor(ember: Ember, random: Random) {
    this.#ember = ember
    this.#random = random
  }

  /**
   * Makes the entities, before any other: their rows come back from the GPU, and the lower they
   * are, the fewer those are.
   */
  prepare(world: World): void {
    this.#first = addEntity(world)
    for (let i = 1; i < EMBERS; i++) addEntity(world)
  }

  /** One ember. When all burn, there is none to spare. */
  light(world: World, x: number, y: number, vx: number, vy: number, hue: number): void {
    const e = this.#first + this.#next
    if (this.#burning[this.#next] === 1) return
    this.#burning[this.#next] = 1
    this.#next = (this.#next + 1) % EMBERS
    const random = this.#random
    const ember = this.#ember
    ember.x[e] = x
    ember.y[e] = y
    ember.vx[e] = vx + (random() - 0.5) * 120
    ember.vy[e] = vy + (random() - 0.5) * 120
    ember.life[e] = 0.5 + 0.7 * random()
    ember.hue[e] = hue
    addComponent(world, e, ember)
  }

  /** Many, in all directions. @param speed of the fastest. @param hue default: that of fire */
  flash(world: World, x: number, y: number, count: number, speed: number, hue?: number): void {
    const random = this.#random
    for (let i = 0; i < count; i++) {
      const angle = random() * Math.PI * 2
      const pace = speed * (0.3 + 0.7 * random())
      this.light(world, x, y, Math.cos(angle) * pace, Math.sin(angle) * pace, hue ?? 0.05 + 0.09 * random())
    }
  }

  /** A system: those that have burnt out wait again. */
  reap(world: World): void {
    const ember = this.#ember
    const burning = query(world, [ember])
    for (let i = 0; i < burning.length; i++) {
      const e = burning[i]
      if (ember.life[e] > 0) continue
      this.#burning[e - this.#first] = 0
      removeComponent(world, e, ember)
    }
  }

  /** A system, where no shader can do it: moves them, and lets them cool. */
  move(world: World, step: number, time: number): void {
    const { x, y, vx, vy, life } = this.#ember
    const burning = query(world, [this.#ember])
    const drag = Math.exp(-EMBER_DRAG * step)
    for (let i = 0; i < burning.length; i++) {
      const e = burning[i]
      life[e] -= step
      vx[e] = vx[e] * drag + windX(x[e], y[e], time) * EMBER_WIND * step
      vy[e] = vy[e] * drag + windY(x[e], y[e], time) * EMBER_WIND * step
      x[e] += vx[e] * step
      y[e] += vy[e] * step
    }
  }
}
