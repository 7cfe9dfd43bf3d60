import { DirtyRows, popcount, trailingZeros } from '@memkit/core'
import type { EcsWorld, MembershipListener, MembershipWatch } from './ecs.ts'

const FIRST_CAPACITY = 1024

/**
 * Which entities of one world match a query, by entity index, and what changed since the last stage.
 *
 * The ECS calls `enter`, `remain` and `leave` in mid-operation, so they only set bits:
 *
 * 1. `enter(entity)`: `alive` +, `touched` +; `remain(entity)` the same where it was not alive
 * 2. `leave(entity)`: where it was alive, `alive` −, `touched` +
 * 3. `update` asks the ECS about each touched entity, and moves it to `entered` or to `left`. What is
 *    touched from here on is for the next time: a listener may change the world while rows are staged.
 * 4. `apply` tells first of all that left, then of all that entered: also of one that left and came
 *    back, or whose id was recycled, in between. O(changes).
 *
 * What is there when it starts to watch has `entered`, without a question: a scan reads what is so.
 */
export class Membership implements MembershipListener {
  /** Entities that match now. `EntityRows` moves the set to where kernels read; growing moves it away. */
  alive: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  /** How many they are. */
  count = 0
  /** One more than the highest index that ever matched. */
  end = 0
  /** There are changes that `apply` has not told of. */
  isChanged = false
  /** Those that entered since the last `apply`, as `update` knows: all of them alive. */
  entered: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  /** Those that left, or were touched and never matched: none of them alive. */
  left: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  #touched: DirtyRows = new DirtyRows(FIRST_CAPACITY)
  #hasTouched = false
  #watch: MembershipWatch
  readonly #ecs: EcsWorld
  readonly #terms: readonly object[]

  /** Starts to watch, and takes in the entities that are there already. */
  constructor(ecs: EcsWorld, terms: readonly object[]) {
    this.#ecs = ecs
    this.#terms = terms
    this.#watch = ecs.watch(terms, this)
    this.#scan()
  }

  enter(entity: number): void {
    if (entity >= this.alive.rows) this.#grow(entity + 1)
    this.#touch(entity)
    const { words, summary } = this.alive
    const w = entity >>> 5
    const before = words[w]
    const after = before | (1 << (entity & 31))
    if ((before | 0) === after) return
    words[w] = after
    summary[w >>> 5] |= 1 << (w & 31)
    this.count++
    if (entity >= this.end) this.end = entity + 1
  }

  remain(entity: number): void {
    if (!this.#isAlive(entity)) this.enter(entity)
  }

  leave(entity: number): void {
    // Also said of those that do not match and never did.
    if (!this.#isAlive(entity)) return
    this.#touch(entity)
    this.alive.words[entity >>> 5] &= ~(1 << (entity & 31))
    this.count--
  }

  /** False when the ECS has stopped reporting: after `update`, all that are alive count as entered. */
  get intact(): boolean {
    return this.#watch.intact
  }

  /** Whether the entity has entered or left since the last `apply`. */
  isTouched(entity: number): boolean {
    return this.#touched.has(entity) || this.entered.has(entity) || this.left.has(entity)
  }

  /**
   * Brings `alive` up to date. Scans all entities again where the ECS has stopped reporting (a reset
   * world), or left one out because another observer threw first.
   * @returns whether it had to
   */
  update(): boolean {
    const deaf = !this.#watch.intact
    if (deaf) {
      this.#watch.stop()
      this.#watch = this.#ecs.watch(this.#terms, this)
      this.#scanAgain()
    }
    this.#watch.recall?.()
    if (this.#hasTouched) this.#askAboutTouched()
    const missed = this.#watch.missed?.(this.alive, this.count) ?? false
    if (missed) {
      this.#scanAgain()
      if (this.#hasTouched) this.#askAboutTouched()
    }
    return deaf || missed
  }

  /** Tells `changes` what `update` found, each entity once, those that left first, and forgets it. */
  apply(changes: MembershipChanges): void {
    for (let { left } = this, w = nextWord(left, 0); w >= 0; w = nextWord(left, w + 1))
      for (let bits = left.words[w]; bits !== 0; bits &= bits - 1)
        changes.left((w << 5) + trailingZeros(bits))
    for (let { entered } = this, w = nextWord(entered, 0); w >= 0; w = nextWord(entered, w + 1))
      for (let bits = entered.words[w]; bits !== 0; bits &= bits - 1)
        changes.entered((w << 5) + trailingZeros(bits))
    this.applied()
  }

  /** Forgets who entered and left: for those that took the sets as they are. */
  applied(): void {
    this.left.clear()
    this.entered.clear()
    this.isChanged = false
  }

  dispose(): void {
    this.#watch.stop()
  }

  /** Sorts touched entities into `entered` and `left`, 32 at a time: what is there is told by their words. */
  #askAboutTouched(): void {
    const touched = this.#touched
    for (let w = nextWord(touched, 0); w >= 0; w = nextWord(touched, w + 1))
      if (touched.words[w] !== 0) this.#sort(w, touched.words[w])
    touched.clear()
    this.#hasTouched = false
    this.isChanged = true
  }

  #sort(w: number, bits: number): void {
    const matching = this.#matching(w, bits)
    const gone = bits & ~matching
    const before = this.alive.words[w]
    this.count += popcount(matching & ~before) - popcount(gone & before)
    replace(this.alive, w, matching, gone)
    replace(this.entered, w, matching, gone)
    replace(this.left, w, gone, matching)
    if (matching !== 0) this.end = Math.max(this.end, (w << 5) + 32 - Math.clz32(matching))
  }

  /** Which of the entities of a word match now. */
  #matching(w: number, bits: number): number {
    const alive = this.alive.words[w]
    let matching = 0
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest
      const matches = this.#watch.has((w << 5) + trailingZeros(bit))
      if (matches ?? (alive & bit) !== 0) matching |= bit
    }
    return matching
  }

  #scan(): void {
    this.#watch.scan(
      (entities, count) => this.#takeIn(entities, count),
      // The ECS may take the entity back without a word: `update` is to ask.
      (entity) => {
        if (entity >= this.alive.rows) this.#grow(entity + 1)
        this.#touch(entity)
      },
    )
  }

  /** Those that were alive and are not found have left. */
  #scanAgain(): void {
    this.left.or(this.alive)
    this.isChanged ||= this.count > 0
    this.alive.clear()
    this.entered.clear()
    this.count = 0
    this.#scan()
  }

  /** Admits the first `count` entities of a list, which match. Neighbours often share a word. */
  #takeIn(entities: Uint32Array, count: number): void {
    let most = 0
    for (let i = 0; i < count; i++) if (entities[i] > most) most = entities[i]
    if (most >= this.alive.rows) this.#grow(most + 1)
    let word = 0
    let bits = 0
    for (let i = 0; i < count; i++) {
      const entity = entities[i]
      if (entity >>> 5 !== word) {
        this.#takeInWord(word, bits)
        word = entity >>> 5
        bits = 0
      }
      bits |= 1 << (entity & 31)
    }
    this.#takeInWord(word, bits)
    if (count > 0) this.end = Math.max(this.end, most + 1)
  }

  #takeInWord(w: number, bits: number): void {
    if (bits === 0) return
    this.count += popcount(bits & ~this.alive.words[w])
    replace(this.alive, w, bits, 0)
    replace(this.entered, w, bits, 0)
    replace(this.left, w, 0, bits)
    this.isChanged = true
  }

  // Reports come by the thousand, so these two do without the checks of DirtyRows.

  #isAlive(entity: number): boolean {
    return entity < this.alive.rows && (this.alive.words[entity >>> 5] & (1 << (entity & 31))) !== 0
  }

  #touch(entity: number): void {
    const { words, summary } = this.#touched
    const w = entity >>> 5
    words[w] |= 1 << (entity & 31)
    summary[w >>> 5] |= 1 << (w & 31)
    this.#hasTouched = true
  }

  #grow(entities: number): void {
    const capacity = Math.max(entities, this.alive.rows * 2)
    this.alive = grown(this.alive, capacity)
    this.entered = grown(this.entered, capacity)
    this.left = grown(this.left, capacity)
    this.#touched = grown(this.#touched, capacity)
  }
}

/** Is told which entities entered or left. Neither method may throw. */
export interface MembershipChanges {
  /** The entity matches, and did not, or is another one with the same index now. */
  entered(entity: number): void
  /** The entity does not match any more, or never did. */
  left(entity: number): void
}

function grown(set: DirtyRows, capacity: number): DirtyRows {
  const bigger = new DirtyRows(capacity)
  bigger.copyFrom(set)
  return bigger
}

/** Adds 32 entities' bits to a word of a set, and takes others out. */
function replace({ words, summary }: DirtyRows, w: number, added: number, removed: number): void {
  words[w] = (words[w] | added) & ~removed
  if (added !== 0) summary[w >>> 5] |= 1 << (w & 31)
}

/** The first word at or after `from` that may have bits, −1 when there is none. */
function nextWord({ summary }: DirtyRows, from: number): number {
  for (let s = from >>> 5, mask = -1 << (from & 31); s < summary.length; s++, mask = -1) {
    const some = summary[s] & mask
    if (some !== 0) return (s << 5) + trailingZeros(some)
  }
  return -1
}
