import type { App } from './app.ts'
import { Disposed, DuplicatePlugin, NotSynchronous } from './errors.ts'
import type { Plugin } from './plugin.ts'

/** Milliseconds between two questions to a plugin whose `ready` answered false: one frame at 60 Hz. */
const READY_POLL_MS = 16

/** A plugin, and how far it has come. */
interface PluginEntry {
  readonly plugin: Plugin<never>
  phase: 'added' | 'built' | 'ready' | 'finished'
}

/**
 * The plugins of an App on their way from added to built, ready, finished and, at the end, cleaned up. A hook that fails
 * leaves its plugin in the phase it was in, with what the hook had added taken back, so that `prepare` can go on from there.
 */
export class PluginLife {
  readonly #app: App<never>
  readonly #onIdle: () => void
  readonly #entries: PluginEntry[] = []
  /** Entries whose build succeeded, in the order in which it did: one built from another's hook comes before it. */
  readonly #built: PluginEntry[] = []
  /** What takes back the additions of the hook that is running; undefined while none is. */
  #undo: (() => void)[] | undefined
  #hook: string | undefined
  #ended = false
  /** Ends the wait of `prepare`. */
  #abort: ((reason: unknown) => void) | undefined
  #poll: ReturnType<typeof setTimeout> | undefined

  /** `onIdle` is called when the last running hook has returned or thrown. */
  constructor(app: App<never>, onIdle: () => void) {
    this.#app = app
    this.#onIdle = onIdle
  }

  /** Whether a `build` or `finish` is running. */
  get isInHook(): boolean {
    return this.#undo !== undefined
  }

  /** The hook whose synchronous part is running, e.g. `'Physics.build'`. */
  get hook(): string | undefined {
    return this.#hook
  }

  /** Says how to take back something that was added. Only what a hook adds is ever taken back. */
  onFailure(undo: () => void): void {
    this.#undo?.push(undo)
  }

  /** Adds a plugin, and builds it if a hook is running. */
  add(plugin: Plugin<never>): void {
    if (plugin.unique !== false && this.#entries.some((entry) => isSamePlugin(entry.plugin, plugin))) {
      throw new DuplicatePlugin(pluginName(plugin))
    }
    const entry: PluginEntry = { plugin, phase: 'added' }
    this.#entries.push(entry)
    if (this.#undo === undefined) return
    try {
      this.#runHook(entry, 'build')
    } catch (error) {
      take(this.#entries, entry)
      throw error
    }
    this.#undo.push(() => {
      take(this.#entries, entry)
      take(this.#built, entry)
      plugin.cleanup?.(this.#app)
    })
  }

  /** Brings every plugin to its last phase: all of them built, then each ready in turn, then all finished. */
  async prepare(): Promise<void> {
    const ended = new Promise<never>((_, reject) => {
      this.#abort = reject
    })
    // An end that comes while nothing is waited for is noticed by the check below.
    ended.catch(() => undefined)
    for (;;) {
      if (this.#ended) throw new Disposed('app.ready()')
      const unbuilt = this.#entries.find((entry) => entry.phase === 'added')
      const waiting = this.#entries.find((entry) => entry.phase === 'built')
      const unfinished = this.#entries.find((entry) => entry.phase === 'ready')
      if (unbuilt !== undefined) this.#runHook(unbuilt, 'build')
      else if (waiting !== undefined) await this.#untilReady(waiting, ended)
      else if (unfinished !== undefined) this.#runHook(unfinished, 'finish')
      else return
    }
  }

  /** Ends a `prepare` that waits, at once; it rejects with `Disposed`. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#poll)
    this.#abort?.(new Disposed('app.ready()'))
  }

  /** Cleans up what was built, the last one first, and returns what was thrown. */
  cleanUp(): unknown[] {
    const cleanups = this.#built.toReversed().map(
      ({ plugin }) =>
        () =>
          plugin.cleanup?.(this.#app),
    )
    this.#entries.length = this.#built.length = 0
    return attemptAll(cleanups)
  }

  async #untilReady(entry: PluginEntry, ended: Promise<never>): Promise<void> {
    const { plugin } = entry
    for (;;) {
      const answer = this.#within(`${pluginName(plugin)}.ready`, () => plugin.ready?.(this.#app))
      if (answer !== false) {
        await Promise.race([answer, ended])
        break
      }
      await Promise.race([this.#nextPoll(), ended])
    }
    entry.phase = 'ready'
  }

  #nextPoll(): Promise<void> {
    return new Promise((resolve) => {
      this.#poll = setTimeout(resolve, READY_POLL_MS)
    })
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

  /** Runs a synchronous hook; when it throws, what it added is taken back. */
  #runHook(entry: PluginEntry, hook: 'build' | 'finish'): void {
    const { plugin } = entry
    const outer = this.#undo
    const undo: (() => void)[] = []
    this.#undo = undo
    try {
      const result: unknown = this.#within(`${pluginName(plugin)}.${hook}`, () => plugin[hook]?.(this.#app))
      if (isPromise(result)) {
        throw new NotSynchronous(`${pluginName(plugin)}.${hook}`, 'Wait in `ready(app)`, which may be async.')
      }
      if (hook === 'build') this.#built.push(entry)
      entry.phase = hook === 'build' ? 'built' : 'finished'
      // An outer hook that fails takes back what was added through it, too.
      outer?.push(...undo)
    } catch (error) {
      const failures = attemptAll(undo.toReversed())
      if (failures.length === 0) throw error
      const message = `${pluginName(plugin)}.${hook} failed, and so did taking it back.`
      throw new AggregateError([error, ...failures], message, { cause: error })
    } finally {
      this.#undo = outer
      if (outer === undefined) this.#onIdle()
    }
  }
}

/** What errors call a plugin. */
export function pluginName(plugin: Plugin<never>): string {
  if (plugin.name !== undefined) return plugin.name
  return plugin.constructor === Object ? 'a plugin without a name' : plugin.constructor.name
}

/** Whether a value can be awaited. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  )
}

function isSamePlugin(a: Plugin<never>, b: Plugin<never>): boolean {
  if (a === b || (a.name !== undefined && a.name === b.name)) return true
  return a.constructor === b.constructor && a.constructor !== Object
}

function take<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}

/** Runs every step and returns what was thrown. */
function attemptAll(steps: readonly (() => unknown)[]): unknown[] {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      errors.push(error)
    }
  }
  return errors
}
