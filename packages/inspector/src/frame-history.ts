import type { FrameReport } from '@memkit/ecs-plugin'

/** What is kept of each frame. */
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
 * The last frames, a column per figure. Each number is written twice, `capacity` apart, so that the frames kept always lie side by
 * side, oldest first, and are read without copying:
 *
 *     capacity 4, frames 3…6:   5 6 3 4 | 5 6 3 4
 *                                   └─ view ─┘
 */
export class FrameHistory {
  readonly capacity: number
  readonly #columns: readonly Float64Array[]
  #pushed = 0

  /** @param capacity frames that are kept, at least 1 */
  constructor(capacity: number) {
    this.capacity = capacity
    this.#columns = HISTORY_COLUMNS.map(() => new Float64Array(capacity * 2))
  }

  /** Frames kept. */
  get length(): number {
    return Math.min(this.#pushed, this.capacity)
  }

  /** Frames ever pushed: tells whether there is anything new. */
  get pushed(): number {
    return this.#pushed
  }

  /** Keeps a frame, and forgets the oldest when there are too many. Allocates nothing. */
  push(report: Readonly<Record<HistoryColumn, number>> | FrameReport): void {
    const at = this.#pushed % this.capacity
    for (let i = 0; i < HISTORY_COLUMNS.length; i++) {
      const value = report[HISTORY_COLUMNS[i]]
      const column = this.#columns[i]
      column[at] = value
      column[at + this.capacity] = value
    }
    this.#pushed++
  }

  /** A figure of all frames kept, oldest first: a view, until the next `push`. */
  view(column: HistoryColumn): Float64Array {
    const start = this.#pushed > this.capacity ? this.#pushed % this.capacity : 0
    return this.#columns[HISTORY_COLUMNS.indexOf(column)].subarray(start, start + this.length)
  }

  /** A figure of the frame at `index` of `view`; NaN when there is none. */
  at(column: HistoryColumn, index: number): number {
    return this.view(column)[index] ?? NaN
  }

  clear(): void {
    this.#pushed = 0
  }
}
