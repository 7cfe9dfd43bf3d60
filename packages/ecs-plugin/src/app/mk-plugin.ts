import { abortReason, throwIfAborted } from './abort.ts'
import { MkResource } from './app.ts'
import type { App } from './app.ts'
import { attachMk } from './attach-mk.ts'
import { PluginInUse } from './errors.ts'
import type { MkOptions } from './mk-options.ts'
import type { MkSync } from './mk-sync.ts'
import type { Plugin } from './plugin.ts'
import { Schedule } from './schedule.ts'

/** The plugin's system sets, to order systems by. */
export const MkSystemSet: {
  /** Opens the frame; the first system of `Schedule.First`. */
  readonly FrameBegin: 'MkSystemSet.FrameBegin'
  /** Finds what changed; in `Schedule.Last`, after every system but FrameEnd. */
  readonly Stage: 'MkSystemSet.Stage'
  /** Brings it to the device; the last system of `Schedule.Last`. */
  readonly FrameEnd: 'MkSystemSet.FrameEnd'
} = {
  FrameBegin: 'MkSystemSet.FrameBegin',
  Stage: 'MkSystemSet.Stage',
  FrameEnd: 'MkSystemSet.FrameEnd',
}

/** Attaches a world of one ECS. */
export type Attach = (world: never, options: MkOptions) => Promise<MkSync<object>>

/**
 * The sync as a plugin of an App: `app.mk` is there once `app.ready()` has resolved.
 *
 * ```ts
 * const app = createApp(world).addPlugin(new MkPlugin({ gpu: device }))
 * await app.ready()
 * app.run()
 * ```
 */
export class MkPlugin implements Plugin {
  readonly name = 'MkPlugin'
  readonly #options: MkOptions
  readonly #attach: Attach
  #abort = new AbortController()
  #mk: MkSync<object> | undefined
  /** The App that it was built for, until that is disposed of. */
  #app: App<object> | undefined

  /** @param attach how the App's world is attached: `attachKoota` for a world of koota. Default `attachMk`, for bitECS */
  constructor(options: MkOptions = {}, attach: Attach = attachMk) {
    this.#options = options
    this.#attach = attach
  }

  /** @throws PluginInUse when it belongs to another App */
  build(app: App<object>): void {
    if (this.#app !== undefined) throw new PluginInUse(this.name)
    this.#abort = new AbortController()
    // Arrows, so that `mk` is looked up in each frame: it comes with `ready`.
    app
      .addSystem(Schedule.First, () => this.#mk?.beginFrame(), {
        set: MkSystemSet.FrameBegin,
        edge: 'first',
        label: 'memkit: begin frame',
      })
      .addSystem(Schedule.Last, () => this.#mk?.stageForEnd(), {
        set: MkSystemSet.Stage,
        edge: 'last',
        label: 'memkit: stage',
      })
      .addSystem(Schedule.Last, () => void this.#mk?.endFrame(), {
        set: MkSystemSet.FrameEnd,
        after: MkSystemSet.Stage,
        edge: 'last',
        label: 'memkit: end frame',
      })
    // Last: a build that failed is called again.
    this.#app = app
  }

  async ready(app: App<object>): Promise<void> {
    const { signal } = this.#options
    throwIfAborted(signal)
    const abort = (): void => this.#abort.abort(signal && abortReason(signal))
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const mk = await this.#attach(app.world as never, { ...this.#options, signal: this.#abort.signal })
      // The App may have been disposed of in the moment between.
      if (this.#abort.signal.aborted) {
        mk.dispose()
        throw abortReason(this.#abort.signal)
      }
      this.#mk = mk
    } finally {
      signal?.removeEventListener('abort', abort)
    }
    app.insertResource(MkResource, this.#mk)
  }

  cleanup(): void {
    this.#abort.abort()
    this.#mk?.dispose()
    this.#mk = undefined
    this.#app = undefined
  }
}
