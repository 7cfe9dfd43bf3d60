import { abortReason, throwIfAborted } from '../sync/abort.ts'
import { attachMk } from '../sync/attach-mk.ts'
import type { MkOptions } from '../sync/mk-options.ts'
import type { MkSync } from '../sync/mk-sync.ts'
import { PluginInUse } from './errors.ts'
import { MkResource } from './resource.ts'
import { Schedule } from './schedule.ts'
import type { App, Plugin, SystemOptions } from './types.ts'

/** The plugin's system sets, to order your systems by. */
export const MkSystemSet = {
  /** Opens the frame: the first system of `Schedule.First`. */
  FrameBegin: 'MkSystemSet.FrameBegin',
  /** Finds what changed: in `Schedule.Last`, after every system except FrameEnd. */
  Stage: 'MkSystemSet.Stage',
  /** Uploads it: the last system of `Schedule.Last`. */
  FrameEnd: 'MkSystemSet.FrameEnd',
} as const

/** Attaches a world of one ECS, as `attachMk` and `attachKoota` do. */
export type Attach = (world: never, options: MkOptions) => Promise<MkSync<object>>

/**
 * Adds the sync to an App: use `app.mk` once `app.ready()` has resolved.
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
  /** The App it was built for, until that is disposed of. */
  #app: App<object> | undefined

  /** @param attach `attachKoota` for a world of koota. Default `attachMk`, for bitECS */
  constructor(options: MkOptions = {}, attach: Attach = attachMk) {
    this.#options = options
    this.#attach = attach
  }

  /** @throws {@link PluginInUse} when it belongs to another App */
  build(app: App<object>): void {
    if (this.#app !== undefined) throw new PluginInUse({ plugin: this.name })
    this.#abort = new AbortController()
    // Look `mk` up in each frame: it comes with `ready`.
    const { FrameBegin, Stage, FrameEnd } = MkSystemSet
    const begin: SystemOptions = { set: FrameBegin, edge: 'first', label: 'memkit: begin frame' }
    const step: SystemOptions = { edge: 'first', label: 'memkit: begin step' }
    const stage: SystemOptions = { set: Stage, edge: 'last', label: 'memkit: stage' }
    const end: SystemOptions = { set: FrameEnd, after: Stage, edge: 'last', label: 'memkit: end frame' }
    app
      .addSystem(Schedule.First, () => this.#begin(app), begin)
      .addSystem(Schedule.FixedUpdate, () => this.#mk?.beginStep(app.time.fixedStepsLeft), step)
      .addSystem(Schedule.Last, () => this.#mk?.stageForEnd(), stage)
      .addSystem(Schedule.Last, () => void this.#mk?.endFrame(), end)
    // Last, because a build that failed is called again.
    this.#app = app
  }

  async ready(app: App<object>): Promise<void> {
    const { signal } = this.#options
    throwIfAborted(signal)
    const abort = (): void => this.#abort.abort(signal && abortReason(signal))
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const mk = await this.#attach(app.world as never, { ...this.#options, signal: this.#abort.signal })
      if (this.#abort.signal.aborted) {
        mk.dispose()
        throw abortReason(this.#abort.signal)
      }
      mk.clock = app.time
      this.#mk = mk
    } finally {
      signal?.removeEventListener('abort', abort)
    }
    app.insertResource(MkResource, this.#mk)
  }

  #begin({ time }: App<object>): void {
    this.#mk?.beginFrame()
    this.#mk?.coordinator.noteTimeStep(time.isGiven ? time.delta : undefined)
  }

  cleanup(): void {
    this.#abort.abort()
    this.#mk?.dispose()
    this.#mk = undefined
    this.#app = undefined
  }
}
