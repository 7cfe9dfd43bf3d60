/** The figures kept for each frame. */
export const HISTORY_COLUMNS = [
  'frame',
  'stageMs',
  'flushMs',
  'bytesChanged',
  'bytesUploaded',
  'rowsChanged',
  'writes',
  'copies',
  'dispatches',
  'submits',
  'apiCalls',
] as const

export type HistoryColumn = (typeof HISTORY_COLUMNS)[number]

/**
 * The figures of the last frames, one column each. Each number is written twice, `capacity` apart,
 * so that the frames always lie side by side, oldest first, and can be read without copying:
 *
 *     capacity 4, frames 3…6:   5 6 3 4 | 5 6 3 4
 *                                   └─ view ─┘
 */
export class FrameHistory {
  readonly #capacity: number
  readonly #columns: readonly Float64Array[]
  /** Number of frames ever pushed. */
  pushed = 0

  /** @param capacity number of frames to keep, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#columns = HISTORY_COLUMNS.map(() => new Float64Array(capacity * 2))
  }

  get length(): number {
    return Math.min(this.pushed, this.#capacity)
  }

  /** Adds a frame, and drops the oldest when there are too many. Allocates nothing. */
  push(report: Readonly<Record<HistoryColumn, number>>): void {
    const at = this.pushed % this.#capacity
    for (let i = 0; i < HISTORY_COLUMNS.length; i++) {
      const value = report[HISTORY_COLUMNS[i]]
      const column = this.#columns[i]
      column[at] = value
      column[at + this.#capacity] = value
    }
    this.pushed++
  }

  /** Returns a figure of all frames, oldest first: a view that is valid until the next `push`. */
  view(column: HistoryColumn): Float64Array {
    const start = this.pushed > this.#capacity ? this.pushed % this.#capacity : 0
    return this.#columns[HISTORY_COLUMNS.indexOf(column)].subarray(start, start + this.length)
  }

  /** Returns a figure of the frame at `index` of `view`. NaN when there is no such frame. */
  at(column: HistoryColumn, index: number): number {
    return this.view(column)[index] ?? NaN
  }
}
