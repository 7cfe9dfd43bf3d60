import { defineError, type ErrorClass } from '../mk-error.ts'
import { requireSize } from '../memory/bounds.ts'

/**
 * An allocation would pass the hard limit of its tag. Nothing was changed.
 *
 * What to do: free some memory of the tag, or raise `hard` in `budgets`.
 */
export const BudgetExceeded: ErrorClass<{
  code: 'BudgetExceeded'
  tag: string
  /** Bytes asked for. */
  asked: number
  /** Bytes of the tag that are alive. */
  used: number
  /** Bytes of the hard limit. */
  hard: number
}> = defineError(
  'BudgetExceeded',
  ({ tag, asked, used, hard }) =>
    `${asked} more bytes for ${tag} would pass its hard limit: ${used} of ${hard} bytes are in use. Free some, or ` +
    `raise \`hard\` in \`budgets\`.`,
)
export type BudgetExceeded = InstanceType<typeof BudgetExceeded>

/** What memory is for. Any other string works as a tag too. */
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
// The intersection keeps editors suggesting the tags above.
export type MkTag = (typeof MkTag)[keyof typeof MkTag] | (string & {})

/** Limits of a tag, in bytes alive at once. */
export interface BudgetLimits {
  /** Listeners are called when the tag passes it, once until it is back. Default: none. */
  readonly soft?: number
  /** Allocations that would pass it are refused. Default: none. */
  readonly hard?: number
}

/** A tag passed its soft limit, or an allocation was refused because of its hard limit. */
export interface BudgetEvent {
  readonly tag: MkTag
  readonly limit: 'soft' | 'hard'
  /** Bytes of the allocation, and of the limit. */
  readonly asked: number
  readonly allowed: number
  /** Bytes alive: with the allocation at a soft limit, without it at a hard one. */
  readonly used: number
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

/** The account of one tag, or of all tags together. */
export class Budget {
  readonly tag: MkTag
  /** Bytes alive, the most ever alive at once, and all ever allocated. */
  used = 0
  peak = 0
  bytesAllocated = 0
  soft: number = Infinity
  hard: number = Infinity
  allocs = 0
  frees = 0
  refused = 0
  /** Whether listeners know that the soft limit is passed. */
  over = false

  constructor(tag: MkTag) {
    this.tag = tag
  }

  book(bytes: number): void {
    this.allocs++
    this.bytesAllocated += bytes
    this.used += bytes
    if (this.used > this.peak) this.peak = this.used
  }

  release(bytes: number): void {
    this.frees++
    this.used -= bytes
    if (this.used <= this.soft) this.over = false
  }
}

/** Bytes by tag, with limits. Call `check` before allocating, and `charge` once it succeeded. */
export class Budgets {
  /** Sum of all tags. */
  readonly total: Budget = new Budget('total')
  readonly #budgets = new Map<MkTag, Budget>()
  readonly #listeners = new Map<object, BudgetListener>()

  /** Returns the account of a tag, and opens it when it is new. */
  of(tag: MkTag): Budget {
    let budget = this.#budgets.get(tag)
    if (budget === undefined) this.#budgets.set(tag, (budget = new Budget(tag)))
    return budget
  }

  limit(tag: MkTag, { soft = Infinity, hard = Infinity }: BudgetLimits): void {
    const most = Number.MAX_SAFE_INTEGER
    if (hard !== Infinity) requireSize(`budget ${tag}: hard`, hard, 0, most)
    if (soft !== Infinity) requireSize(`budget ${tag}: soft`, soft, 0, Math.min(hard, most))
    const budget = this.of(tag)
    Object.assign(budget, { soft, hard, over: budget.used > soft })
  }

  /** @throws {@link BudgetExceeded} when `bytes` more would pass the hard limit */
  check(budget: Budget, bytes: number): void {
    const { tag, used, hard } = budget
    if (used + bytes <= hard) return
    budget.refused++
    this.#tell({ tag, limit: 'hard', asked: bytes, used, allowed: hard })
    throw new BudgetExceeded({ tag, asked: bytes, used, hard })
  }

  charge(budget: Budget, bytes: number): void {
    this.total.book(bytes)
    budget.book(bytes)
    const { tag, used, soft } = budget
    if (used <= soft || budget.over) return
    budget.over = true
    this.#tell({ tag, limit: 'soft', asked: bytes, used, allowed: soft })
  }

  release(budget: Budget, bytes: number): void {
    this.total.release(bytes)
    budget.release(bytes)
  }

  /** @returns a function that removes the listener */
  listen(listener: BudgetListener): () => void {
    const key = {}
    this.#listeners.set(key, listener)
    return () => void this.#listeners.delete(key)
  }

  /** Snapshots of all tags that were ever used or limited. */
  stats(): BudgetStats[] {
    const limitOf = (bytes: number): number | undefined => (bytes === Infinity ? undefined : bytes)
    return Array.from(this.#budgets.values(), ({ tag, used, peak, soft, hard, allocs, frees, refused }) => {
      return { tag, used, peak, soft: limitOf(soft), hard: limitOf(hard), allocs, frees, refused }
    })
  }

  #tell(event: BudgetEvent): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener(event)
      } catch (error) {
        // A listener that throws must not fail the allocation.
        console.warn('memkit: a budget listener threw.', error)
      }
    }
  }
}
