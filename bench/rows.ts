import { lehmer } from './statistics.ts'

/** Which rows change. */
export type Pattern = 'clustered' | 'random'

/** Sets of rows to change, prepared beforehand and used one after the other, so that no two frames in a row change the same rows. */
export class RowSets {
  readonly #sets: Uint32Array[]
  #next = 0

  /** @param count rows per set, all different; random ones come in no order, clustered ones in order of memory */
  constructor(rows: number, count: number, pattern: Pattern, sets = 4) {
    const random = lehmer(rows + count)
    if (count === rows) this.#sets = [inOrder(0, rows)]
    else if (pattern === 'clustered')
      this.#sets = Array.from({ length: sets }, () => inOrder(Math.floor(random() * (rows - count)), count))
    else {
      const all = inOrder(0, rows)
      this.#sets = Array.from({ length: sets }, () => {
        for (let i = 0; i < count; i++) {
          const other = i + Math.floor(random() * (rows - i))
          const row = all[i]
          all[i] = all[other]
          all[other] = row
        }
        return all.slice(0, count)
      })
    }
  }

  next(): Uint32Array {
    return this.#sets[this.#next++ % this.#sets.length]
  }
}

function inOrder(first: number, count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[i] = first + i
  return rows
}
