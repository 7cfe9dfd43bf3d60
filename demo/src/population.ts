import { addComponents, addEntity, removeEntity } from 'bitecs'
import type { World } from 'bitecs'
import type { Arena } from './arena.ts'
import { Flock, Look, Position, Velocity } from './components.ts'
import { flockFor, flocks, leaderX, leaderY } from './flocks.ts'
import { bell } from './random.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'

/** Entities that come or go in one tick: a million of them arrive over two seconds instead of in one long frame. */
const PER_TICK = 10_000

/** Brings the number of entities to what the settings ask for. */
export class Population {
  readonly #settings: Settings
  readonly #arena: Arena
  readonly #random: Random
  // The youngest leaves first, and bitECS hands the id that was freed last out first: so ids stay 1 … count, without a gap.
  readonly #entities: number[] = []

  constructor(settings: Settings, arena: Arena, random: Random) {
    this.#settings = settings
    this.#arena = arena
    this.#random = random
  }

  get count(): number {
    return this.#entities.length
  }

  /** A system. */
  readonly balance = (world: World): void => {
    const target = this.#settings.entities
    for (let budget = PER_TICK; budget > 0 && this.count !== target; budget--)
      if (this.count < target) this.#entities.push(this.#spawn(world))
      else removeEntity(world, this.#entities.pop()!)
  }

  #spawn(world: World): number {
    const random = this.#random
    const entity = addEntity(world)
    addComponents(world, entity, Position, Velocity, Look, Flock)

    const id = flockFor(random())
    const flock = flocks[id]
    const angle = random() * Math.PI * 2
    const distance = 40 + 130 * Math.sqrt(random()) + 50 * bell(random)
    const turn = Math.sign(flock.swirl) * (70 + 60 * random())
    Flock.id[entity] = id
    Position.x[entity] = leaderX(flock, 0, this.#arena) + Math.cos(angle) * distance
    Position.y[entity] = leaderY(flock, 0, this.#arena) + Math.sin(angle) * distance
    Velocity.x[entity] = -Math.sin(angle) * turn
    Velocity.y[entity] = Math.cos(angle) * turn

    const rare = random() ** 12
    Look.size[entity] = 1.1 + 0.7 * random() + 2 * rare
    Look.hue[entity] = flock.hue + 0.025 * bell(random)
    Look.glow[entity] = 0.45 + 0.35 * random() + 0.6 * rare
    return entity
  }
}
