import { requireSize } from './bounds.ts'
import { BudgetExceeded } from './errors.ts'

/** What memory is for. Any other string will do too. */
export const MkTag = {
  General: 'general',
  Frame: 'frame',
  Render: 'render',
  Physics: 'physics',
  Animation: 'animation',
  Audio: 'audio',
  Ai: 'ai',
  Ui: 'ui',
  Assets: 'assets',
  Network: 'network',
} as const
// The second part keeps the suggestions of the first.
export type MkTag = (typeof MkTag)[keyof typeof MkTag] | (string & {})

/** Limits of a tag, in bytes alive at once. */
export interface BudgetLimits {
  /** Passing it is told to listeners, once until the tag has fallen to it again. Default: none. */
  readonly soft?: number
  /** An allocation that would pass it is refused. Default: none. */
  readonly hard?: number
}

/** A tag passed its soft limit, or an allocation was refused because of its hard limit. */
export interface BudgetEvent {
  readonly tag: MkTag
  readonly limit: 'soft' | 'hard'
  /** Bytes of the allocation. */
  readonly asked: number
  /** Bytes alive: with the allocation at a soft limit, without it at a hard one. */
  readonly used: number
  /** Bytes of the limit. */
  readonly allowed: number
}

export type BudgetListener = (event: BudgetEvent) => void

/** What a tag holds. A snapshot. */
export interface BudgetStats {
  readonly tag: MkTag
  /** Bytes alive, and the most ever alive at once. */
  readonly used: number
  readonly peak: number
  readonly soft: number | undefined
  readonly hard: number | undefined
  /** Allocations ever made, and ever freed. */
  readonly allocs: number
  readonly frees: number
  /** Allocations that were refused. */
  readonly refused: number
}

/** The account of one tag. */
export class Budget {
  readonly tag: MkTag
  used = 0
  peak = 0
  soft: number = Infinity
  hard: number = Infinity
  allocs = 0
  frees = 0
  refused = 0
  /** The soft limit was passed, and told. */
  over = false

  constructor(tag: MkTag) {
    this.tag = tag
  }
}

/**
 * Bytes by tag, with limits. Who allocates asks first (`check`), then allocates, then books it (`charge`), so that an
 * allocation that fails is never booked.
 */
export class Budgets {
  readonly #budgets = new Map<MkTag, Budget>()
  readonly #listeners = new Map<object, BudgetListener>()

  /** The account of a tag, made when first asked for. */
  of(tag: MkTag): Budget {
    let budget = this.#budgets.get(tag)
    if (budget === undefined) this.#budgets.set(tag, (budget = new Budget(tag)))
    return budget
  }

  /**
   * Sets both limits of a tag; one that is left out is lifted. What is alive already stays, also above a new limit.
   *
   * @throws InvalidSize when one is no whole number of bytes, or soft is above hard
   */
  limit(tag: MkTag, { soft = Infinity, hard = Infinity }: BudgetLimits): void {
    if (hard !== Infinity) requireSize(`budget ${tag}: hard`, hard, 0, Number.MAX_SAFE_INTEGER)
    if (soft !== Infinity)
      requireSize(`budget ${tag}: soft`, soft, 0, Math.min(hard, Number.MAX_SAFE_INTEGER))
    const budget = this.of(tag)
    budget.soft = soft
    budget.hard = hard
    budget.over = budget.used > soft
  }

  /** @throws BudgetExceeded when `bytes` more would pass the hard limit; listeners are told first */
  check(budget: Budget, bytes: number): void {
    if (!(budget.used + bytes > budget.hard)) return
    budget.refused++
    this.#tell({ tag: budget.tag, limit: 'hard', asked: bytes, used: budget.used, allowed: budget.hard })
    throw new BudgetExceeded(budget.tag, bytes, budget.used, budget.hard)
  }

  charge(budget: Budget, bytes: number): void {
    budget.used += bytes
    budget.allocs++
    if (budget.used > budget.peak) budget.peak = budget.used
    if (budget.used <= budget.soft || budget.over) return
    budget.over = true
    this.#tell({ tag: budget.tag, limit: 'soft', asked: bytes, used: budget.used, allowed: budget.soft })
  }

  release(budget: Budget, bytes: number): void {
    budget.used -= bytes
    budget.frees++
    if (budget.used <= budget.soft) budget.over = false
  }

  /** @returns a function that takes the listener away */
  listen(listener: BudgetListener): () => void {
    const key = {}
    this.#listeners.set(key, listener)
    return () => void this.#listeners.delete(key)
  }

  /** All tags that were ever used or limited. */
  stats(): BudgetStats[] {
    return Array.from(this.#budgets.values(), ({ tag, used, peak, soft, hard, allocs, frees, refused }) => ({
      tag,
      used,
      peak,
      soft: soft === Infinity ? undefined : soft,
      hard: hard === Infinity ? undefined : hard,
      allocs,
      frees,
      refused,
    }))
  }

  #tell(event: BudgetEvent): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener(event)
      } catch (error) {
        // Whoever allocates has nothing to do with who listens.
        console.warn('memkit: a budget listener threw.', error)
      }
    }
  }
}
