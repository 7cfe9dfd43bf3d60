import { addComponent, addEntity, createWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it } from 'vitest'
import { createApp, GpuSynced, MkPlugin, Schedule } from '../src/index.ts'
import type { App, Plugin, SystemTarget } from '../src/index.ts'

const newApp = (): App<object> => createApp<object>(createWorld())
const dummy = (): MkGpu => new MkGpu(new DummyBackend())

describe('app.ready() called by a hook that it waits for', () => {
  it.each(['build', 'ready', 'finish'] as const)('makes %s fail, which runs once', async (hook) => {
    let calls = 0
    const plugin: Plugin = {
      name: 'Eager',
      build: () => undefined,
      [hook]: (app: App<object>) => {
        // Not for ever: a hook that is called again and again must end this test.
        if (++calls < 20) void app.ready()
      },
    }
    const app = newApp().addPlugin(plugin)
    await expect(app.ready()).rejects.toMatchObject({ code: 'ReadyInHook', hook: `Eager.${hook}` })
    expect(calls).toBe(1)
  })

  it('leaves the App unchanged, so that ready() succeeds without the call', async () => {
    let eager = true
    const plugin: Plugin = { build: (app) => (eager ? void app.ready() : undefined) }
    const app = newApp().addPlugin(plugin)
    await expect(app.ready()).rejects.toMatchObject({ code: 'ReadyInHook' })
    eager = false
    await app.ready()
    expect(app.isReady).toBe(true)
  })

  it('is allowed in a system, and elsewhere while a plugin waits', async () => {
    let go = (): void => undefined
    const waits = new Promise<void>((resolve) => (go = resolve))
    const app = newApp().addPlugin({ build: () => undefined, ready: () => waits })
    const first = app.ready()
    await Promise.resolve()
    expect(app.ready()).toBe(first)
    go()
    await first
    let again: Promise<void> | undefined
    app.addSystem(Schedule.Update, (_, app) => void (again = app.ready()))
    app.tick(0)
    await expect(again).resolves.toBeUndefined()
  })
})

describe('one MkPlugin in two Apps', () => {
  it('makes the second App fail, and leaves the first running', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    const plugin = new MkPlugin({ gpu: dummy() })
    const first = createApp(world).addPlugin(plugin)
    await first.ready()
    const second = createApp(createWorld()).addPlugin(plugin)
    await expect(second.ready()).rejects.toMatchObject({ code: 'PluginInUse', plugin: 'MkPlugin' })
    second.dispose()
    Thing.x[entity] = 7
    first.tick(0)
    expect(first.mk.isDisposed).toBe(false)
    expect([...new Float32Array(await first.mk.buffer(Thing).read())]).toEqual([0, 7])
    first.dispose()
  })

  it('makes the second App fail before the first is ready', async () => {
    const plugin = new MkPlugin({ gpu: dummy() })
    const first = createApp(createWorld()).addPlugin(plugin)
    const second = createApp(createWorld()).addPlugin(plugin)
    const ready = first.ready()
    await expect(second.ready()).rejects.toMatchObject({ code: 'PluginInUse' })
    await ready
    first.dispose()
  })

  it('works in one after the other', async () => {
    const plugin = new MkPlugin({ gpu: dummy() })
    for (let i = 0; i < 2; i++) {
      const app = createApp(createWorld()).addPlugin(plugin)
      await app.ready()
      app.tick(0)
      expect(app.mk.report.frame).toBe(1)
      app.dispose()
    }
  })
})

describe('systems that are added to an App that is ready', () => {
  it('are ordered once by the next tick, regardless of their number', async () => {
    const app = newApp()
    const ran: number[] = []
    let looks = 0
    const first = (): void => void ran.push(-1)
    // Working out an order asks each system what it runs after.
    const counted = new Proxy([first] as readonly SystemTarget[], {
      get(target, key, receiver) {
        if (key === Symbol.iterator || key === 'length') looks++
        return Reflect.get(target, key, receiver) as unknown
      },
    })
    app.addSystem(Schedule.Update, first)
    app.addSystem(Schedule.Update, () => ran.push(-2), { after: counted })
    await app.ready()
    const before = looks
    for (let i = 0; i < 1000; i++) app.addSystem(Schedule.Update, () => ran.push(i))
    for (let i = 0; i < 1000; i++) app.addSystem(Schedule.Update, () => ran.push(i), { after: first })
    expect(looks - before, 'while they were added').toBe(0)
    app.tick(0)
    const once = looks - before
    expect(once).toBeGreaterThan(0)
    expect(once).toBeLessThan(10)
    expect(ran).toHaveLength(2002)
    app.tick(0)
    expect(looks - before, 'by the tick after').toBe(once)
  })

  it('are refused when they make an order impossible', async () => {
    const app = newApp()
    await app.ready()
    app.addSystem(Schedule.Update, () => undefined, { before: 'draw', label: 'prepare' })
    // A set in which a system of an earlier schedule comes to be: `prepare` can no longer run before it.
    expect(() => app.addSystem(Schedule.First, () => undefined, { set: 'draw' })).toThrowError(
      expect.objectContaining({ code: 'UnsatisfiableOrder', system: 'prepare', targetSchedule: 'First' }),
    )
    app.addSystem(Schedule.Update, () => undefined, { set: 'a', before: 'b' })
    app.addSystem(Schedule.Update, () => undefined, { set: 'b', before: 'c' })
    expect(() =>
      app.addSystem(Schedule.Update, () => undefined, { set: 'c', before: 'a', label: 'closing' }),
    ).toThrowError(expect.objectContaining({ code: 'SystemOrderCycle' }))
    app.tick(0)
  })
})
