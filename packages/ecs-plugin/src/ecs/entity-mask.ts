/** Where an ECS keeps the bit of a component: in a word per entity in `entityMasks[generationId]`. */
interface ComponentBit {
  readonly generationId: number
  readonly bitflag: number
}

/** What a query wants of an entity. Where `any` lists bits, one of them at least. */
export interface Wanted {
  readonly all: readonly ComponentBit[]
  readonly none: readonly ComponentBit[]
  readonly any: readonly ComponentBit[]
}

interface Word {
  /** The words of all entities, by id. The ECS's own array. */
  readonly masks: readonly number[]
  all: number
  none: number
  any: number
}

/**
 * A query as bits: whether an entity matches is read from the words that bitECS and koota keep for
 * each entity, in 2 to 10 ns. An entity that is dead has no bits.
 */
export class EntityMask {
  /** Whether an entity without any component matches. */
  readonly matchesNone: boolean
  readonly #words: readonly Word[]
  /** The only word, of a query without `any`: most are. */
  readonly #one: Word | undefined
  /** Words of which one bit at least must be set. */
  readonly #anyWords: number

  /**
   * @param entityMasks a list of words by entity for each generation of components
   * @param anyInEachWord koota 0.6 wants a bit of an `Or` in each word that it names, bitECS 0.4 in one
   */
  constructor(entityMasks: readonly (readonly number[])[], wanted: Wanted, anyInEachWord = false) {
    const words = new Map<number, Word>()
    for (const kind of ['all', 'none', 'any'] as const)
      for (const { generationId, bitflag } of wanted[kind]) {
        let word = words.get(generationId)
        if (word === undefined)
          words.set(generationId, (word = { masks: entityMasks[generationId], all: 0, none: 0, any: 0 }))
        word[kind] |= bitflag
      }
    this.#words = [...words.values()]
    const [first] = this.#words
    const isOne = this.#words.length === 1 && first.any === 0
    // A component that is wanted and not wanted at once is in no entity, which one step can't tell.
    this.#one = isOne && (first.all & first.none) === 0 ? first : undefined
    const anyWords = this.#words.filter(({ any }) => any !== 0).length
    this.#anyWords = anyInEachWord ? anyWords : Math.min(anyWords, 1)
    this.matchesNone = this.#anyWords === 0 && wanted.all.length === 0
  }

  /** @param index where the ECS keeps the entity's words: its id, in koota without world and generation */
  matches(index: number): boolean {
    const one = this.#one
    if (one !== undefined) return (one.masks[index] & (one.all | one.none)) === one.all
    const words = this.#words
    let any = 0
    for (let i = 0; i < words.length; i++) {
      const word = words[i]
      // Past the end for an entity that never had a component of that generation; undefined has no bits.
      const bits = word.masks[index]
      if ((bits & word.all) !== word.all || (bits & word.none) !== 0) return false
      if ((bits & word.any) !== 0) any++
    }
    return any >= this.#anyWords
  }

  /**
   * Writes those of the entities `from` … `to − 1` of a list that match to the start of `out`.
   * @returns how many
   */
  select(entities: ArrayLike<number>, from: number, to: number, out: Uint32Array): number {
    let count = 0
    const one = this.#one
    if (one === undefined) {
      for (let i = from; i < to; i++) if (this.matches(entities[i])) out[count++] = entities[i]
      return count
    }
    const { masks, all, none } = one
    const asked = all | none
    for (let i = from; i < to; i++) {
      const entity = entities[i]
      if ((masks[entity] & asked) === all) out[count++] = entity
    }
    return count
  }
}
