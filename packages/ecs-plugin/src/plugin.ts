import type { App } from './app.ts'

/**
 * A part of a game that sets itself up on an App. `app.ready()` calls the hooks, for all plugins in the order in which
 * they were added:
 *
 * 1. `build`, synchronously: add systems, resources and further plugins (these are built on the spot).
 * 2. `ready`, one plugin after the other: wait for what takes time.
 * 3. `finish`, synchronously, once everyone is ready: what needs the other plugins.
 * 4. `cleanup`, from `app.dispose()`, in reverse order.
 *
 * `W` is what the plugin needs of the world: a `Plugin<{ score: number }>` does not go on an App whose world has no score.
 */
export interface Plugin<W extends object = object> {
  /** What errors call the plugin. Default: the name of its class. Two plugins with one name count as the same plugin. */
  readonly name?: string
  /** `false`: may be added several times. Default `true`: a second one of its class, or of its name, is `DuplicatePlugin`. */
  readonly unique?: boolean
  /**
   * Adds systems, resources and plugins. Must be synchronous. When it throws, what it added is taken back, and the next
   * `app.ready()` calls it again.
   */
  readonly build: (app: App<W>) => void
  /**
   * Waits for what takes time. Either a promise, or an answer that is asked for again every 16 milliseconds until it
   * is not `false`. When it throws or rejects, the next `app.ready()` calls it again.
   */
  readonly ready?: (app: App<W>) => boolean | Promise<void>
  /** Runs when every plugin is ready. Taken back and called again like `build` when it throws. */
  readonly finish?: (app: App<W>) => void
  /**
   * Gives everything back. Called once, when the App is disposed, for each plugin whose `build` succeeded: also when
   * `ready` failed or is still waiting, and then it should be called off.
   */
  readonly cleanup?: (app: App<W>) => void
}
