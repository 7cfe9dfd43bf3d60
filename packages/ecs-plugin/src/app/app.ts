import { Disposed } from '../disposed.ts'
import { checkOption } from '../options.ts'
import type { MkSync } from '../sync/mk-sync.ts'
import {
  NotReady,
  NotSynchronous,
  PluginTooLate,
  ReadyInHook,
  ResourceMissing,
  TickInProgress,
} from './errors.ts'
import { isPromise, PluginLife, pluginName } from './plugin-life.ts'
import { MkResource, type ResourceKey } from './resource.ts'
import { DEFAULT_HZ, RunLoop, type ErrorOrigin, type RunOptions } from './run-loop.ts'
import { Schedule } from './schedule.ts'
import { SystemGraph, systemNode, type SystemNode } from './system-graph.ts'
import { AppClock, type AppOptions, type AppTime } from './time.ts'
import type { App, Plugin, System, SystemOptions } from './types.ts'

class WorldApp<W extends object> implements App<W> {
  readonly world: W
  readonly time: AppTime
  readonly #clock: AppClock
  // Kept without the type of their world, so that an App<Big> works as an App<Small>.
  readonly #systems = new SystemGraph()
  readonly #plugins: PluginLife
  #resources = new Map<unknown, unknown>()
  #ready: Promise<void> | undefined
  #isReady = false
  #isDisposed = false
  #ticking = false
  #startupPending = false
  #running: SystemNode | undefined
  #loop: RunLoop | undefined
  /** When the last tick began, in milliseconds. NaN before the first one and after a pause. */
  #lastTick = NaN

  constructor(world: W, options: AppOptions = {}) {
    this.world = world
    this.time = this.#clock = new AppClock(options)
    this.#plugins = new PluginLife(
      this as never,
      () => this.#checkpoint(),
      () => this.#cleanUpIfDisposed(),
    )
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isDisposed
  }

  get isRunning(): boolean {
    return this.#loop !== undefined
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  get mk(): MkSync<W> {
    const mk = this.#resources.get(MkResource)
    if (mk !== undefined) return mk as MkSync<W>
    this.#assertAlive('app.mk')
    const advice = 'Add the plugin, `app.addPlugin(new MkPlugin({ gpu }))`, then `await app.ready()`.'
    throw new NotReady({ call: 'app.mk', advice })
  }

  addPlugin(plugin: Plugin<W>): this {
    this.#assertAlive('app.addPlugin')
    if (this.#isReady) throw new PluginTooLate({ plugin: pluginName(plugin) })
    this.#plugins.add(plugin)
    return this
  }

  addSystem(schedule: Schedule, system: System<W>, options: SystemOptions<W> = {}): this {
    this.#assertAlive('app.addSystem')
    const node = systemNode(schedule, system, options)
    const { size } = this.#systems
    this.#systems.add(node)
    try {
      if (this.#isReady) this.#systems.checkAdded(node)
    } catch (error) {
      this.#systems.truncate(size)
      throw error
    }
    if (schedule === Schedule.Startup) this.#startupPending = true
    return this
  }

  insertResource<T>(key: ResourceKey<T>, value: NoInfer<T>): this {
    this.#assertAlive('app.insertResource')
    this.#resources.set(key, value)
    return this
  }

  resource<T>(key: ResourceKey<T>): T {
    const value = this.#resources.get(key)
    if (value === undefined && !this.#resources.has(key)) {
      this.#assertAlive('app.resource')
      throw new ResourceMissing({ resource: key.name })
    }
    return value as T
  }

  hasResource(key: ResourceKey<unknown>): boolean {
    return this.#resources.has(key)
  }

  removeResource(key: ResourceKey<unknown>): boolean {
    return this.#resources.delete(key)
  }

  ready(): Promise<void> {
    const { hook } = this.#plugins
    if (hook !== undefined) throw new ReadyInHook({ hook })
    if (this.#ready === undefined) {
      const attempt = this.#prepare()
      this.#ready = attempt
      attempt.catch(() => {
        if (this.#ready === attempt) this.#ready = undefined
      })
    }
    return this.#ready
  }

  run(options: RunOptions = {}): void {
    this.#assertReady('app.run')
    const { hz = DEFAULT_HZ, onError = reportError } = options
    checkOption(hz > 0 && hz < Infinity, 'hz', hz, 'a positive number of ticks per second')
    this.stop()
    const loop = new RunLoop((now) => {
      let next: unknown
      try {
        this.#clock.isGiven = false
        this.#tick(this.#secondsSince(now), now)
        next = 'continue'
      } catch (error) {
        const { schedule, label: system } = this.#running ?? {}
        next = onError(error, { schedule, system })
      } finally {
        if (next !== 'continue' && this.#loop === loop) this.stop()
      }
    }, hz)
    this.#loop = loop
    loop.start()
  }

  stop(): void {
    this.#loop?.stop()
    this.#loop = undefined
    this.#lastTick = NaN
  }

  tick(dt?: number): void {
    const now = performance.now()
    this.#clock.isGiven = dt !== undefined
    this.#tick(dt ?? this.#secondsSince(now), now)
  }

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

  /** @returns a function that restores the systems and resources of now */
  #checkpoint(): () => void {
    const { size } = this.#systems
    const resources = new Map(this.#resources)
    return () => {
      this.#systems.truncate(size)
      this.#resources = resources
    }
  }

  /** Cleans up, but not before the system or hook that called `dispose` has returned. */
  #cleanUpIfDisposed(): void {
    if (!this.#isDisposed || this.#ticking || this.#plugins.isInHook) return
    const errors = this.#plugins.cleanUp()
    this.#systems.truncate(0)
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
    // A tick that threw leaves it.
    this.#clock.fixedStepsLeft = 0
    const steps = this.#clock.advance(dt)
    this.#lastTick = now
    this.#ticking = true
    try {
      if (this.#startupPending) this.#runStartup()
      this.#runSystems(Schedule.First)
      this.#runSystems(Schedule.PreUpdate)
      for (let left = steps; left > 0; left--) {
        this.#clock.fixedSteps++
        this.#clock.fixedStepsLeft = left
        this.#runSystems(Schedule.FixedUpdate)
      }
      this.#clock.fixedStepsLeft = 0
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
      // A Startup system may have added another one, which makes a new order.
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
    if (result === undefined || result === world || !isPromise(result)) return
    throw new NotSynchronous({
      call: `${node.label} (${node.schedule})`,
      advice:
        'Systems are synchronous: start the work with `void`, keep its result in a resource, and read it in a later tick.',
    })
  }

  #assertAlive(call: string): void {
    if (this.#isDisposed) throw new Disposed({ call })
  }

  #assertReady(call: string): void {
    this.#assertAlive(call)
    if (!this.#isReady) throw new NotReady({ call })
  }
}

/**
 * Makes an App around a bitECS world, or any other object that systems should get. The world stays
 * yours: once the App is disposed of, you can make another one around it.
 * @throws {@link InvalidOption} when a time isn't positive
 */
export function createApp<W extends object>(world: W, options?: AppOptions): App<W> {
  return new WorldApp(world, options)
}

function reportError(error: unknown, origin: ErrorOrigin): void {
  const where = origin.system === undefined ? 'A tick' : `${origin.system} (${origin.schedule})`
  console.error(
    `${where} threw, and the App has stopped. Call app.run() to continue with the next tick.`,
    error,
  )
}
