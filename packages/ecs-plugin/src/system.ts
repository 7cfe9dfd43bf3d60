import type { App } from './app.ts'

/**
 * A system: a function of the world, called by the schedule it was added to. It is synchronous. What it returns is
 * ignored, so a system written for bitECS's `pipe` (which returns the world) fits as it is; only a promise is refused,
 * with `NotSynchronous`, because a tick waits for nothing and the rest of an async function would run in some later frame.
 */
export type System<W extends object = object> = (world: W, app: App<W>) => void

/** Names a group of systems, to order others by. Strings are shared by whoever spells them alike; a symbol is yours alone. */
export type SystemSet = string | symbol

/** What a system can be ordered by: another system (the same function object) or every system of a set. */
export type SystemTarget<W extends object = object> = System<W> | SystemSet

/** How a system is placed in its schedule. Without any of this, systems run in the order in which they were added. */
export interface SystemOptions<W extends object = object> {
  /**
   * Runs before these. A set without systems asks for nothing (the plugin that would fill it may be absent); a function
   * that was added nowhere is an error, and so is a target in an earlier schedule of the tick.
   */
  before?: SystemTarget<W> | readonly SystemTarget<W>[] | undefined
  /** Runs after these, by the same rules as `before`. */
  after?: SystemTarget<W> | readonly SystemTarget<W>[] | undefined
  /** The set, or sets, that this system belongs to. */
  set?: SystemSet | readonly SystemSet[] | undefined
  /** Asked each time the system's turn comes; the system is skipped when it returns false. */
  runIf?: ((world: W, app: App<W>) => boolean) | undefined
  /**
   * Which end of its schedule the system keeps to, also with regard to systems that are added later. `'first'`: before
   * every system but those that are ordered before it by name. `'last'`: after every system but those that are
   * ordered after it by name. Several at one end run in the order in which they were added.
   */
  edge?: 'first' | 'last' | undefined
  /** What errors call the system. Default: the function's name. */
  label?: string | undefined
}
