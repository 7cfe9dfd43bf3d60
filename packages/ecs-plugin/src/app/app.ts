import { AppClock, type AppTime, type TimeOptions } from './app-time.ts'
import {
  Disposed,
  InvalidOption,
  NotASystem,
  NotReady,
  NotSynchronous,
  PluginTooLate,
  ReadyInHook,
  ResourceMissing,
  TickInProgress,
  UnknownSchedule,
} from './errors.ts'
import type { MkSync } from './mk-sync.ts'
import { isPromise, PluginLife, pluginName } from './plugin-life.ts'
import type { Plugin } from './plugin.ts'
import type { ResourceKey, ResourceToken } from './resource.ts'
import { RunLoop } from './run-loop.ts'
import { Schedule, scheduleOrder } from './schedule.ts'
import { SystemGraph, type SystemNode } from './system-graph.ts'
import type { System, SystemOptions } from './system.ts'

/** Calls per second of `app.run` where there is no `requestAnimationFrame`, unless it is told otherwise. */
export const DEFAULT_HZ = 60

/** The resource that MkPlugin inserts and `app.mk` reads: the same in every copy of this package, as the plugin may be of another. */
export const MkResource: ResourceToken<MkSync<object>> = /* @__PURE__ */ Symbol.for(
  '@memkit/mk-sync',
) as never

/** How an App is set up. All of it is about time. */
export interface AppOptions extends TimeOptions {}

/** Where an error came from. Empty when no system was running. */
export interface ErrorOrigin {
  readonly schedule: Schedule | undefined
  /** The system's label, or the name of its function. */
  readonly system: string | undefined
}

/** How `app.run` runs. */
export interface RunOptions {
  /** Ticks per second where there is no `requestAnimationFrame`; ignored where there is. Default {@link DEFAULT_HZ}. */
  hz?: number | undefined
  /**
   * Gets the error of a tick that threw. The loop then ends, unless this returns `'continue'`.
   * Default: `console.error` with the name of the system.
   */
  onError?: ((error: unknown, origin: ErrorOrigin) => unknown) | undefined
}

/**
 * A world with its plugins, systems and resources, and the loop that runs them. Made by {@link createApp}.
 *
 * 1. `addPlugin`, `addSystem`, `insertResource`: put it together. All of them return the App.
 * 2. `await app.ready()`: builds the plugins and waits for them.
 * 3. `app.run()`, or `app.tick(dt)` from a loop of your own.
 * 4. `app.dispose()`: everything is given back, for good.
 *
 * Any call after `dispose` throws `Disposed`, but for `stop` and `dispose`, which may be called at any time.
 */
export class App<W extends object> {
  /** The world that every system gets. */
  readonly world: W
  /** The clock: `delta`, `elapsed`, `alpha` … of the running tick, in seconds. Always the same object. */
  readonly time: AppTime
  // Systems and plugins are kept without their world's type: an App<Big> is then usable as an App<Small>.
  readonly #clock: AppClock
  readonly #systems = new SystemGraph()
  readonly #plugins = new PluginLife(this as never, () => this.#cleanUpIfDisposed())
  readonly #resources = new Map<unknown, unknown>()
  #ready: Promise<void> | undefined
  #isReady = false
  #isDisposed = false
  #ticking = false
  #startupPending = false
  #running: SystemNode | undefined
  #loop: RunLoop | undefined
  /** When the last tick began, in milliseconds; NaN before the first one and after a pause, so that it is always a double. */
  #lastTick = NaN

  /** Use {@link createApp}. */
  constructor(world: W, options: AppOptions = {}) {
    this.world = world
    this.time = this.#clock = new AppClock(options)
  }

  /** Whether `ready()` has succeeded, so that `tick` and `run` work. */
  get isReady(): boolean {
    return this.#isReady && !this.#isDisposed
  }

  /** Whether `run` is calling `tick`. */
  get isRunning(): boolean {
    return this.#loop !== undefined
  }

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#isDisposed
  }

  /** The sync of this world with the GPU. Throws `NotReady` unless `MkPlugin` was added and has become ready. */
  get mk(): MkSync<W> {
    const mk = this.#resources.get(MkResource)
    if (mk === undefined) {
      this.#assertAlive('app.mk')
      throw new NotReady(
        'app.mk',
        'Add the plugin, `app.addPlugin(new MkPlugin({ gpu }))`, then `await app.ready()`.',
      )
    }
    return mk as MkSync<W>
  }

  /**
   * Adds a plugin; `ready()` will build it. From another plugin's `build` or `finish` it is built on the spot.
   * Throws `DuplicatePlugin` for a second one of the same class or name (see {@link Plugin.unique}), `PluginTooLate` once
   * `ready()` has succeeded.
   */
  addPlugin(plugin: Plugin<W>): this {
    this.#assertAlive('app.addPlugin')
    if (this.#isReady) throw new PluginTooLate(pluginName(plugin))
    this.#plugins.add(plugin)
    return this
  }

  /**
   * Adds a system to a schedule. Before `ready()` its constraints are checked by `ready()`, so that systems may be added in any
   * order; afterwards at once, and what it is ordered by must be there. The order is worked out once, by the next tick, however many
   * are added. A system that is added while its schedule runs joins in the next time. Throws `UnknownSchedule`, `NotASystem`, and once ready `SystemOrderCycle`, `UnsatisfiableOrder`; the
   * system is then not added.
   */
  addSystem(schedule: Schedule, system: System<W>, options: SystemOptions<W> = {}): this {
    this.#assertAlive('app.addSystem')
    if (!scheduleOrder.includes(schedule)) throw new UnknownSchedule(schedule, scheduleOrder)
    if (typeof system !== 'function') {
      throw new NotASystem(`Schedule.${schedule}`, system === null ? 'null' : typeof system)
    }
    const node: SystemNode = {
      schedule,
      label: options.label ?? (system.name || `an anonymous system of ${schedule}`),
      run: system,
      runIf: options.runIf,
      sets: listed(options.set),
      before: listed(options.before),
      after: listed(options.after),
      edge: options.edge,
      done: false,
    }
    this.#systems.add(node)
    if (this.#isReady) {
      try {
        this.#systems.checkAdded(node)
      } catch (error) {
        this.#systems.remove(node)
        throw error
      }
    }
    if (schedule === Schedule.Startup) this.#startupPending = true
    this.#plugins.onFailure(() => this.#systems.remove(node))
    return this
  }

  /** Puts a resource where every system and plugin finds it, in place of the one that was there under this key. */
  insertResource<T>(key: ResourceKey<T>, value: NoInfer<T>): this {
    this.#assertAlive('app.insertResource')
    const had = this.#resources.has(key)
    const before = this.#resources.get(key)
    this.#plugins.onFailure(() => (had ? this.#resources.set(key, before) : this.#resources.delete(key)))
    this.#resources.set(key, value)
    return this
  }

  /** The resource of this class or token. Throws `ResourceMissing` when nobody inserted it. */
  resource<T>(key: ResourceKey<T>): T {
    const value = this.#resources.get(key)
    if (value === undefined && !this.#resources.has(key)) {
      this.#assertAlive('app.resource')
      throw new ResourceMissing(key.name)
    }
    return value as T
  }

  /** Whether there is a resource of this class or token. */
  hasResource(key: ResourceKey<unknown>): boolean {
    return this.#resources.has(key)
  }

  /** Takes a resource out and tells whether it was there. */
  removeResource(key: ResourceKey<unknown>): boolean {
    return this.#resources.delete(key)
  }

  /**
   * Builds the plugins, waits until each is ready, finishes them, and checks the order of the systems. Calling it again gives
   * the same promise. When something fails, the promise rejects with just that error; what had succeeded stays, and the next
   * call goes on with what had not. Rejects with `Disposed` when the App is disposed meanwhile.
   *
   * @throws ReadyInHook at once when a hook of a plugin calls it: it would wait for itself
   */
  ready(): Promise<void> {
    const { hook } = this.#plugins
    if (hook !== undefined) throw new ReadyInHook(hook)
    if (this.#ready === undefined) {
      const attempt = this.#prepare()
      this.#ready = attempt
      attempt.catch(() => {
        if (this.#ready === attempt) this.#ready = undefined
      })
    }
    return this.#ready
  }

  /**
   * Ticks with every `requestAnimationFrame`, or from a timer at `hz` where there is none. The first tick has a time step of 0,
   * and so has the first one after a pause. A loop that is running already is replaced, so there is never a second one.
   *
   * A system that throws stops the loop: a frozen picture and one error that names the system, instead of the same error
   * sixty times a second over a world that is half updated. `app.run()` goes on with the next tick; `onError` may return
   * `'continue'` to do so at once. Throws `NotReady` before `ready()` has succeeded, `InvalidOption` for a bad `hz`.
   */
  run(options: RunOptions = {}): void {
    this.#assertReady('app.run')
    const { hz = DEFAULT_HZ, onError = reportError } = options
    if (!(hz > 0 && hz < Infinity)) throw new InvalidOption('hz', hz, 'a positive number of ticks per second')
    this.stop()
    const loop = new RunLoop((now) => {
      try {
        this.#tick(this.#secondsSince(now), now)
      } catch (error) {
        let goOn = false
        try {
          goOn =
            onError(error, { schedule: this.#running?.schedule, system: this.#running?.label }) === 'continue'
        } finally {
          if (!goOn && this.#loop === loop) this.stop()
        }
      }
    }, hz)
    this.#loop = loop
    loop.start()
  }

  /** Ends `run`; the tick that is running still finishes. Nothing stays pending. May be called at any time. */
  stop(): void {
    this.#loop?.stop()
    this.#loop = undefined
    this.#lastTick = NaN
  }

  /**
   * Runs every schedule once, in their order; `FixedUpdate` as often as time demands. `dt` is the time step in seconds, cut to
   * `maxDelta`; without it, the time since the last tick (0 for the first one).
   *
   * When a system throws, the rest of the tick is left out and the error comes out of here as it is. Later ticks work. A
   * Startup system that threw has its turn again in the next tick, before anything else.
   *
   * Throws `NotReady` before `ready()` has succeeded, `InvalidDelta` for a `dt` that is negative or not finite,
   * `TickInProgress` when called by a system, `NotSynchronous` when a system returned a promise.
   */
  tick(dt?: number): void {
    const now = performance.now()
    this.#tick(dt ?? this.#secondsSince(now), now)
  }

  /**
   * Stops, and cleans the plugins up in reverse order. Called by a system, or by a plugin's `build` or `finish`, it skips what
   * is left of the tick, and cleans up when that function has returned. Every plugin has its turn even if one throws;
   * the error is thrown afterwards (several as one `AggregateError`). Later calls do nothing.
   */
  dispose(): void {
    if (this.#isDisposed) return
    this.stop()
    this.#isDisposed = true
    this.#ready = undefined
    this.#plugins.end()
    this.#cleanUpIfDisposed()
  }

  async #prepare(): Promise<void> {
    this.#assertAlive('app.ready()')
    await this.#plugins.prepare()
    this.#assertAlive('app.ready()')
    this.#systems.check()
    this.#isReady = true
  }

  /** Cleans up once nothing that called dispose is running any more. */
  #cleanUpIfDisposed(): void {
    if (!this.#isDisposed || this.#ticking || this.#plugins.isInHook) return
    const errors = this.#plugins.cleanUp()
    this.#systems.clear()
    this.#resources.clear()
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} plugins failed to clean up.`)
  }

  #secondsSince(now: number): number {
    const milliseconds = now - this.#lastTick
    return milliseconds > 0 ? milliseconds / 1000 : 0
  }

  #tick(dt: number, now: number): void {
    this.#assertReady('app.tick')
    if (this.#ticking) throw new TickInProgress()
    this.#running = undefined
    const steps = this.#clock.advance(dt)
    this.#lastTick = now
    this.#ticking = true
    try {
      if (this.#startupPending) this.#runStartup()
      this.#runSystems(Schedule.First)
      this.#runSystems(Schedule.PreUpdate)
      for (let step = 0; step < steps; step++) {
        this.#clock.fixedSteps++
        this.#runSystems(Schedule.FixedUpdate)
      }
      this.#runSystems(Schedule.Update)
      this.#runSystems(Schedule.PostUpdate)
      this.#runSystems(Schedule.Last)
      this.#runSystems(Schedule.Render)
      this.#running = undefined
    } finally {
      this.#ticking = false
      this.#cleanUpIfDisposed()
    }
  }

  #runStartup(): void {
    let order: readonly SystemNode[]
    do {
      order = this.#systems.order(Schedule.Startup)
      for (const node of order) {
        if (node.done || this.#isDisposed) continue
        this.#runSystem(node)
        node.done = true
      }
      // A Startup system may have added another one: then there is a new order.
    } while (order !== this.#systems.order(Schedule.Startup))
    this.#startupPending = false
  }

  #runSystems(schedule: Schedule): void {
    const order = this.#systems.order(schedule)
    for (let i = 0; i < order.length && !this.#isDisposed; i++) this.#runSystem(order[i])
  }

  #runSystem(node: SystemNode): void {
    this.#running = node
    const world = this.world as never
    if (node.runIf !== undefined && !node.runIf(world, this as never)) return
    const result = node.run(world, this as never)
    if (result !== undefined && result !== world && isPromise(result)) {
      throw new NotSynchronous(
        `${node.label} (${node.schedule})`,
        'Systems are synchronous: start the work with `void`, keep its result in a resource, and read it in a later tick.',
      )
    }
  }

  #assertAlive(call: string): void {
    if (this.#isDisposed) throw new Disposed(call)
  }

  #assertReady(call: string): void {
    this.#assertAlive(call)
    if (!this.#isReady) throw new NotReady(call)
  }
}

/**
 * Makes an App around a bitECS world (or any other object that systems should get). The world stays yours: an App may be
 * disposed and another one made around the same world at once. Throws `InvalidOption` for times that are not positive.
 */
export function createApp<W extends object>(world: W, options?: AppOptions): App<W> {
  return new App(world, options)
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}

function reportError(error: unknown, origin: ErrorOrigin): void {
  const where = origin.system === undefined ? 'A tick' : `${origin.system} (${origin.schedule})`
  console.error(`${where} threw, and the App has stopped. app.run() goes on with the next tick.`, error)
}
