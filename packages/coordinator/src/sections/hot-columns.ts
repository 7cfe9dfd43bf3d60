import type { ColumnArray } from './column-format.ts'

/** Words of a column that are looked at in every frame while it is hot. */
const SAMPLES = 64
/** Fewer of them moved: it is compared again. */
const LEAST_MOVED = 2
/** Frames after which a hot column is compared all the same. */
const MOST_FRAMES = 64
/** Compares running that must find a column changed all over before it is hot. */
const STREAK = 2
/** Of a column that changed all over, so many words differ at least. */
const LEAST_SHARE = 1 / 16

/** What is known about one column. */
interface Heat {
  streak: number
  /** The column's words while it is hot. */
  words: Int32Array | undefined
  /** Frames since it is hot. */
  frames: number
  /** Words from its start that went up since. */
  reach: number
  readonly samples: Int32Array
}

/**
 * Columns that change all over in every frame: comparing them finds what was to be expected, so they
 * go up whole, straight from the user's arrays.
 *
 * A column is hot once two compares running found words all over it that differ. It stays hot while
 * at least 2 of 64 sampled words move, and is compared again every 64 frames.
 */
export class HotColumns {
  /** Columns that are hot. */
  count = 0
  readonly #heats: readonly Heat[]

  constructor(columns: number) {
    this.#heats = Array.from({ length: columns }, () => ({
      streak: 0,
      words: undefined,
      frames: 0,
      reach: 0,
      samples: new Int32Array(SAMPLES),
    }))
  }

  isHot(column: number): boolean {
    return this.#heats[column].words !== undefined
  }

  /** Whether a hot column is to be compared again, by its samples or by its time. */
  isCooling(column: number): boolean {
    const heat = this.#heats[column]
    const { words } = heat
    if (words === undefined) return false
    const moved = sample(words, heat.samples)
    if (moved >= LEAST_MOVED && ++heat.frames < MOST_FRAMES) return false
    // It still moves: one compare that finds it changed all over is enough.
    heat.streak = moved >= LEAST_MOVED ? STREAK - 1 : 0
    return true
  }

  /** A compare found `differing` of `count` words. @returns whether the column is hot from now on */
  compared(
    column: number,
    array: ColumnArray,
    differing: number,
    count: number,
    isAllOver: boolean,
  ): boolean {
    const heat = this.#heats[column]
    heat.streak = isAllOver && differing > count * LEAST_SHARE ? heat.streak + 1 : 0
    if (heat.streak < STREAK || array.byteOffset % 4 !== 0 || array.byteLength < SAMPLES * 4) return false
    heat.words = new Int32Array(array.buffer, array.byteOffset, Math.floor(array.byteLength / 4))
    heat.frames = heat.reach = 0
    sample(heat.words, heat.samples)
    this.count++
    return true
  }

  /** So many words of the column went up. */
  uploaded(column: number, words: number): void {
    const heat = this.#heats[column]
    if (words > heat.reach) heat.reach = words
  }

  /** The column is compared from now on. @returns how many of its words went up while it was hot */
  cool(column: number): number {
    const heat = this.#heats[column]
    if (heat.words !== undefined) this.count--
    heat.words = undefined
    return heat.reach
  }

  reset(): void {
    for (let i = 0; i < this.#heats.length; i++) {
      this.cool(i)
      this.#heats[i].streak = 0
    }
  }
}

/** Takes samples spread over the words. @returns how many moved since they were taken last */
function sample(words: Int32Array, samples: Int32Array): number {
  const step = Math.floor(words.length / SAMPLES)
  let moved = 0
  for (let k = 0, at = 0; k < SAMPLES; k++, at += step) {
    const word = words[at]
    if (word === samples[k]) continue
    samples[k] = word
    moved++
  }
  return moved
}
