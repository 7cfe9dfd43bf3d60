import type { MkSync } from '../sync/mk-sync.ts'
import type { ResourceKey } from './resource.ts'
import type { RunOptions } from './run-loop.ts'
import type { Schedule } from './schedule.ts'
import type { AppTime } from './time.ts'

/**
 * A world with its plugins, systems and resources, and the loop that runs them: make one with
 * `createApp`, add what it needs, `await app.ready()`, then `app.run()` or `app.tick(dt)`. After
 * `app.dispose()` every call throws `Disposed`, except `stop` and `dispose`.
 */
export interface App<W extends object> {
  readonly world: W
  /** The clock of the current tick, in seconds. Always the same object. */
  readonly time: AppTime
  /** Whether `ready()` has succeeded, so that `tick` and `run` work. */
  readonly isReady: boolean
  /** Whether `run` is calling `tick`. */
  readonly isRunning: boolean
  readonly isDisposed: boolean
  /**
   * Syncs this world with the GPU.
   * @throws {@link NotReady} until an `MkPlugin` was added and is ready
   */
  readonly mk: MkSync<W>

  /**
   * Adds a plugin, which `ready()` builds. Inside another plugin's `build` or `finish` it is built
   * at once.
   * @throws {@link DuplicatePlugin} for a second plugin with the same class or name (see
   *   {@link Plugin.unique})
   * @throws {@link PluginTooLate} once `ready()` has succeeded
   */
  addPlugin(plugin: Plugin<W>): this

  /**
   * Adds a system to a schedule; if that is running, from its next run on. `ready()` checks what
   * systems are ordered by. Later ones are checked when you add them, and left out if they don't fit.
   * @throws {@link UnknownSchedule}
   * @throws {@link NotASystem}
   * @throws {@link SystemOrderCycle} after `ready()`, when systems would run before each other
   * @throws {@link UnsatisfiableOrder} after `ready()`, when a target is missing or on the wrong side
   */
  addSystem(schedule: Schedule, system: System<W>, options?: SystemOptions<W>): this

  /** Stores a resource for every system and plugin, replacing the previous one with this key. */
  insertResource<T>(key: ResourceKey<T>, value: NoInfer<T>): this

  /**
   * Returns the resource of this class or token.
   * @throws {@link ResourceMissing} when it was never inserted
   */
  resource<T>(key: ResourceKey<T>): T

  hasResource(key: ResourceKey<unknown>): boolean

  /** Removes a resource and returns whether there was one. */
  removeResource(key: ResourceKey<unknown>): boolean

  /**
   * Builds the plugins, waits until each is ready, finishes them, and checks the order of the
   * systems. Calling it again returns the same promise. When a step fails, the promise rejects with
   * its error, what succeeded stays, and the next call continues from there.
   * @throws {@link ReadyInHook} when a plugin's hook calls it: it would wait for itself
   */
  ready(): Promise<void>

  /**
   * Ticks on every `requestAnimationFrame`, or on a timer at `hz` where there is none. The first
   * tick, and the first one after a pause, has a time step of 0. Replaces a running loop.
   *
   * A system that throws stops the loop: one error that names the system, instead of sixty a second.
   * Call `run` again to continue with the next tick, or return `'continue'` from `onError`.
   * @throws {@link NotReady} before `ready()` has succeeded
   * @throws {@link InvalidOption} when `hz` isn't positive
   */
  run(options?: RunOptions): void

  /** Ends `run`. The current tick still finishes, and nothing stays pending. */
  stop(): void

  /**
   * Runs every schedule once, in order; `FixedUpdate` runs as often as time demands.
   *
   * When a system throws, the rest of the tick is skipped and `tick` throws that error. Later ticks
   * work; a Startup system that threw runs again first.
   * @param dt time step in seconds, at most `maxDelta` of which counts. Default: the time since the
   *   last tick, 0 for the first
   * @throws {@link NotReady} before `ready()` has succeeded
   * @throws {@link InvalidDelta} when `dt` is negative or not finite
   * @throws {@link TickInProgress} when a system calls it
   * @throws {@link NotSynchronous} when a system returned a promise
   */
  tick(dt?: number): void

  /**
   * Stops the loop and cleans up the plugins in reverse order; called in a system or hook, once that
   * returns, and the rest of the tick is skipped. What plugins throw meanwhile is thrown at the end
   * (several as one `AggregateError`). Later calls do nothing.
   */
  dispose(): void
}

/**
 * A part of a game that sets itself up on an App. `app.ready()` calls each hook for all plugins, in
 * the order in which they were added; `app.dispose()` calls `cleanup` in reverse order. `W` is what
 * the plugin needs of the world, for example `{ score: number }`.
 */
export interface Plugin<W extends object = object> {
  /** Names the plugin in errors. Default: the name of its class. */
  readonly name?: string
  /** Set to `false` to allow several of the same class or name. */
  readonly unique?: boolean
  /**
   * Adds systems, resources and plugins (built at once). Must be synchronous. When it throws,
   * everything it added is removed, and the next `app.ready()` calls it again.
   */
  readonly build: (app: App<W>) => void
  /**
   * Waits for what takes time, one plugin after the other: return a promise, or `false` to be called
   * again after 16 milliseconds. When it throws or rejects, the next `app.ready()` calls it again.
   */
  readonly ready?: (app: App<W>) => boolean | Promise<void>
  /**
   * Sets up what needs the other plugins, once all of them are ready. Must be synchronous. When it
   * throws, it is undone and called again, like `build`.
   */
  readonly finish?: (app: App<W>) => void
  /**
   * Frees everything. Called once for each plugin whose `build` succeeded, even if `ready` failed or
   * is still waiting: cancel it here.
   */
  readonly cleanup?: (app: App<W>) => void
}

/**
 * A synchronous function of the world, called by its schedule. What it returns is ignored, so systems
 * for bitECS's `pipe` work as they are; but for a promise, which throws `NotSynchronous`: a tick
 * waits for nothing.
 */
export type System<W extends object = object> = (world: W, app: App<W>) => void

/** Names a group of systems to order others by. Equal strings are the same set; a symbol is yours. */
export type SystemSet = string | symbol

/** What you order a system by: another system (the same function) or every system of a set. */
export type SystemTarget<W extends object = object> = System<W> | SystemSet

/** Places a system in its schedule. By default systems run in the order in which they were added. */
export interface SystemOptions<W extends object = object> {
  /**
   * Runs before these. An empty set is fine, as the plugin that would fill it may be missing. A
   * function that was never added is an error, and so is a target in an earlier schedule.
   */
  before?: SystemTarget<W> | readonly SystemTarget<W>[] | undefined
  /** Runs after these, by the same rules as `before`. */
  after?: SystemTarget<W> | readonly SystemTarget<W>[] | undefined
  /** The set or sets that this system belongs to. */
  set?: SystemSet | readonly SystemSet[] | undefined
  /** Called each time the system is due; return false to skip it. */
  runIf?: ((world: W, app: App<W>) => boolean) | undefined
  /**
   * Keeps the system at one end of its schedule, also when others are added later, but for those that
   * are ordered beyond it by name. Several at one end run in the order in which they were added.
   */
  edge?: 'first' | 'last' | undefined
  /** Names the system in errors. Default: the function's name. */
  label?: string | undefined
}
