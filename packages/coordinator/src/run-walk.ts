import type { DirtyRows } from '@memkit/core'

/**
 * Walks the runs of a plan, as `dirty.nextRun` does; where gaps of 31 rows and more are merged it looks at the outer bits
 * of each word only, which is many times faster where the dirty rows lie dense and scattered.
 *
 * ```ts
 * const walk = new RunWalk()
 * walk.start(dirty, plan.maxGap)
 * while (walk.next()) upload(walk.first, walk.count)
 * ```
 */
export class RunWalk {
  first = 0
  count = 0
  #dirty: DirtyRows | undefined
  #maxGap = 0
  /** The next word to look at, where words are looked at; else the next row. */
  #at = 0

  start(dirty: DirtyRows, maxGap: number): void {
    this.#dirty = dirty
    this.#maxGap = maxGap
    this.#at = 0
  }

  next(): boolean {
    const dirty = this.#dirty
    if (dirty === undefined) return false
    const maxGap = this.#maxGap
    if (maxGap < 31) {
      if (!dirty.nextRun(this.#at, maxGap)) return this.#finish()
      this.first = dirty.runFirst
      this.count = dirty.runCount
      this.#at = this.first + this.count
      return true
    }
    const words = dirty.words
    const summary = dirty.summary
    let first = -1
    let end = 0
    let s = this.#at >>> 5
    if (s >= summary.length) return this.#finish()
    let live = summary[s] & (-1 << (this.#at & 31))
    for (;;) {
      for (; live !== 0; live &= live - 1) {
        const w = (s << 5) + 31 - Math.clz32(live & -live)
        const word = words[w] | 0
        if (word === 0) continue
        const from = (w << 5) + 31 - Math.clz32(word & -word)
        if (first < 0) first = from
        else if (from - end > maxGap) {
          this.#at = w
          this.first = first
          this.count = end - first
          return true
        }
        end = (w << 5) + 32 - Math.clz32(word)
      }
      if (++s >= summary.length) break
      live = summary[s] | 0
    }
    if (first < 0) return this.#finish()
    this.#at = summary.length << 5
    this.first = first
    this.count = end - first
    return true
  }

  #finish(): boolean {
    this.#dirty = undefined
    return false
  }
}
