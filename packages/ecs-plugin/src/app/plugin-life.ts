import { Disposed } from '../disposed.ts'
import { DuplicatePlugin, NotSynchronous } from './errors.ts'
import type { App, Plugin } from './types.ts'

/** Milliseconds until a plugin whose `ready` returned false is asked again: one frame at 60 Hz. */
const READY_POLL_MS = 16

interface PluginEntry {
  readonly plugin: Plugin<never>
  /** The last hook that succeeded. */
  phase: 'added' | 'built' | 'ready' | 'finished'
}

/**
 * Takes the plugins of an App from added to built, ready, finished and, at the end, cleaned up.
 * When a hook fails, the plugin stays in its phase and the App is restored, so that `prepare` can
 * continue from there.
 */
export class PluginLife {
  readonly #app: App<never>
  readonly #checkpoint: () => () => void
  readonly #onIdle: () => void
  readonly #entries: PluginEntry[] = []
  /** Plugins in the order in which their `build` returned. */
  readonly #built: Plugin<never>[] = []
  /** How many `build` and `finish` hooks are running, one inside the other. */
  #depth = 0
  #hook: string | undefined
  readonly #ended: Promise<never>
  #end!: (reason: unknown) => void
  #poll: ReturnType<typeof setTimeout> | undefined

  /**
   * @param checkpoint remembers what hooks can add to the App. Returns a function that restores it
   * @param onIdle called when the outermost hook has returned or thrown
   */
  constructor(app: App<never>, checkpoint: () => () => void, onIdle: () => void) {
    this.#app = app
    this.#checkpoint = checkpoint
    this.#onIdle = onIdle
    this.#ended = new Promise((_, reject) => {
      this.#end = reject
    })
    // `prepare` may not be waiting.
    this.#ended.catch(() => undefined)
  }

  /** Whether a `build` or `finish` is running. */
  get isInHook(): boolean {
    return this.#depth > 0
  }

  /** The hook whose synchronous part is running, e.g. `'Physics.build'`. */
  get hook(): string | undefined {
    return this.#hook
  }

  /** Adds a plugin, and builds it if a hook is running. */
  add(plugin: Plugin<never>): void {
    if (plugin.unique !== false && this.#entries.some((entry) => isSamePlugin(entry.plugin, plugin)))
      throw new DuplicatePlugin({ plugin: pluginName(plugin) })
    const entry: PluginEntry = { plugin, phase: 'added' }
    this.#entries.push(entry)
    if (!this.isInHook) return
    try {
      this.#runHook(entry, 'build')
    } catch (error) {
      this.#entries.pop()
      throw error
    }
  }

  /** Builds all plugins, waits until each is ready, then finishes all. */
  async prepare(): Promise<void> {
    for (;;) {
      if (this.#app.isDisposed) throw new Disposed({ call: 'app.ready()' })
      const unbuilt = this.#entries.find((entry) => entry.phase === 'added')
      const waiting = this.#entries.find((entry) => entry.phase === 'built')
      const unfinished = this.#entries.find((entry) => entry.phase === 'ready')
      if (unbuilt !== undefined) this.#runHook(unbuilt, 'build')
      else if (waiting !== undefined) await this.#untilReady(waiting)
      else if (unfinished !== undefined) this.#runHook(unfinished, 'finish')
      else return
    }
  }

  /** Rejects a `prepare` that waits with `Disposed`. */
  end(): void {
    clearTimeout(this.#poll)
    this.#end(new Disposed({ call: 'app.ready()' }))
  }

  /** Cleans up the plugins that were built, the last one first, and returns what they threw. */
  cleanUp(): unknown[] {
    this.#entries.length = 0
    return this.#cleanUpFrom(0)
  }

  #cleanUpFrom(first: number): unknown[] {
    const errors: unknown[] = []
    for (const plugin of this.#built.splice(first).toReversed()) {
      try {
        plugin.cleanup?.(this.#app)
      } catch (error) {
        errors.push(error)
      }
    }
    return errors
  }

  async #untilReady(entry: PluginEntry): Promise<void> {
    const { plugin } = entry
    const nextPoll = (resolve: () => void): void => void (this.#poll = setTimeout(resolve, READY_POLL_MS))
    for (;;) {
      const answer = this.#within(`${pluginName(plugin)}.ready`, () => plugin.ready?.(this.#app))
      await Promise.race([answer === false ? new Promise<void>(nextPoll) : answer, this.#ended])
      if (answer !== false) break
    }
    entry.phase = 'ready'
  }

  #within<R>(hook: string, run: () => R): R {
    const outer = this.#hook
    this.#hook = hook
    try {
      return run()
    } finally {
      this.#hook = outer
    }
  }

  /** Runs a synchronous hook. When it throws, what it added is cleaned up and removed. */
  #runHook(entry: PluginEntry, hook: 'build' | 'finish'): void {
    const { plugin } = entry
    const call = `${pluginName(plugin)}.${hook}`
    const restore = this.#checkpoint()
    const [added, built] = [this.#entries.length, this.#built.length]
    this.#depth++
    try {
      const result: unknown = this.#within(call, () => plugin[hook]?.(this.#app))
      if (isPromise(result))
        throw new NotSynchronous({ call, advice: 'Wait in `ready(app)`, which may be async.' })
      if (hook === 'build') this.#built.push(plugin)
      entry.phase = hook === 'build' ? 'built' : 'finished'
    } catch (error) {
      this.#entries.length = added
      const failures = this.#cleanUpFrom(built)
      restore()
      if (failures.length === 0) throw error
      const message = `${call} failed, and so did cleaning up the plugins it had added.`
      throw new AggregateError([error, ...failures], message, { cause: error })
    } finally {
      if (--this.#depth === 0) this.#onIdle()
    }
  }
}

/** Tells whether a value can be awaited. */
export function isPromise(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** Names a plugin in errors. */
export function pluginName(plugin: Plugin<never>): string {
  if (plugin.name !== undefined) return plugin.name
  return plugin.constructor === Object ? 'a plugin without a name' : plugin.constructor.name
}

function isSamePlugin(a: Plugin<never>, b: Plugin<never>): boolean {
  if (a === b || (a.name !== undefined && a.name === b.name)) return true
  return a.constructor === b.constructor && a.constructor !== Object
}
