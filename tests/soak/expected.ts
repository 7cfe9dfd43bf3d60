import { SLOTS } from './kinds.ts'
import type { Kind } from './kinds.ts'
import type { Population } from './population.ts'

/** What the device must hold of one component: after every stage the row of everyone who has one is copied anew. */
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

  /** The sync was attached anew: it knows of nobody who was there before. */
  forget(): void {
    this.words.fill(0)
    this.staged.fill(0)
    this.#entered.fill(1)
  }

  /** The device was lost, and with it what it wrote and nobody has read back. */
  lose(): void {
    const { kind } = this
    if (!kind.download) return
    for (let entity = 0; entity < SLOTS; entity++)
      if (this.staged[entity]) kind.pack(entity, this.floats, this.words, entity * kind.words)
  }
}
