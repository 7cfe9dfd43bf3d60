import { SLOTS, type Kind } from './kinds.ts'
import type { Population } from './population.ts'

/** What the device must hold of one component: after every stage, the row of each entity that has one is copied again. */
export class Expected {
  readonly kind: Kind
  /** Rows by entity; those that were left and not zeroed are kept. */
  readonly words: Uint32Array
  readonly floats: Float32Array
  /** Whether an entity had a row when last staged. */
  readonly staged: Uint8Array = new Uint8Array(SLOTS)
  readonly #population: Population
  readonly #entered: Uint8Array

  constructor(population: Population, k: number) {
    this.kind = population.kinds[k]
    this.#population = population
    this.#entered = population.entered[k]
    this.words = new Uint32Array(SLOTS * this.kind.words)
    this.floats = new Float32Array(this.words.buffer)
  }

  stage(): void {
    const { kind, words, floats, staged } = this
    for (let entity = 0; entity < SLOTS; entity++) {
      const at = entity * kind.words
      const has = this.#population.has(kind, entity)
      if (has && (!kind.download || this.#entered[entity])) kind.pack(entity, floats, words, at)
      if (!has && kind.zeroed) words.fill(0, at, at + kind.words)
      staged[entity] = has ? 1 : 0
      this.#entered[entity] = 0
    }
  }

  /** Call it when the world was attached again: the new sync knows none of the earlier entities. */
  forget(): void {
    this.words.fill(0)
    this.staged.fill(0)
    this.#entered.fill(1)
  }

  /** Call it when the device was lost, and with it what it wrote and was not read back. */
  lose(): void {
    const { kind } = this
    if (!kind.download) return
    for (let entity = 0; entity < SLOTS; entity++)
      if (this.staged[entity]) kind.pack(entity, this.floats, this.words, entity * kind.words)
  }
}
