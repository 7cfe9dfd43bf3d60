import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../src/app/app.ts'
import type { App } from '../src/app/types.ts'
import { Disposed, NotReady, ResourceMissing, TickInProgress } from '../src/index.ts'
import { defineResource } from '../src/app/resource.ts'
import { Schedule, scheduleOrder } from '../src/app/schedule.ts'

async function readyApp(build: (app: App<object>) => unknown, options = {}): Promise<App<object>> {
  const app = createApp<object>(createWorld(), options)
  build(app)
  await app.ready()
  return app
}

describe('an App around a bitECS world', () => {
  it('runs systems over its entities', async () => {
    const N = 100
    const Position = { x: new Float32Array(N + 1) }
    const Velocity = { x: new Float32Array(N + 1) }
    const world = createWorld({ moved: 0 })
    for (let i = 1; i <= N; i++) {
      const entity = addEntity(world)
      addComponents(world, entity, Position, Velocity)
      Velocity.x[entity] = entity
    }
    const app = createApp(world)
      .addSystem(Schedule.Update, (world, app) => {
        for (const e of query(world, [Position, Velocity])) Position.x[e] += Velocity.x[e] * app.time.delta
        return world
      })
      .addSystem(Schedule.PostUpdate, (world) => (world.moved = query(world, [Position]).length))
    await app.ready()
    app.tick(0.125)
    app.tick(0.125)
    expect(world.moved).toBe(100)
    // 2 ticks of 1/8 s at 8 units per second.
    expect(Position.x[8]).toBe(2)
  })
})

describe('tick', () => {
  it("runs the schedules in Bevy's order, and Startup only in the first tick", async () => {
    const log: string[] = []
    const app = await readyApp((app) => {
      for (const schedule of scheduleOrder.toReversed()) app.addSystem(schedule, () => log.push(schedule))
    })
    app.tick(1 / 64)
    const everyTick = ['First', 'PreUpdate', 'FixedUpdate', 'Update', 'PostUpdate', 'Last', 'Render']
    expect(log).toEqual(['Startup', ...everyTick])
    log.length = 0
    app.tick(1 / 64)
    expect(log).toEqual(everyTick)
  })

  it('runs FixedUpdate as often as the time requires, before Update, and counts its steps', async () => {
    const log: string[] = []
    const app = await readyApp(
      (app) =>
        app
          .addSystem(Schedule.Update, (_, { time }) => log.push(`update ${time.alpha}`))
          .addSystem(Schedule.FixedUpdate, (_, { time }) => log.push(`step ${time.fixedSteps}`)),
      { fixedDelta: 0.125 },
    )
    // 0.0625 s is half a step; 0.0625 + 0.25 s are two and a half.
    app.tick(0.0625)
    app.tick(0.25)
    expect(log).toEqual(['update 0.5', 'step 1', 'step 2', 'update 0.5'])
  })

  it('gives every system the world and the App', async () => {
    const seen: unknown[] = []
    const app = await readyApp((app) => app.addSystem(Schedule.Last, (world, app) => seen.push(world, app)))
    app.tick(0)
    expect(seen).toEqual([app.world, app])
  })

  it('skips a system whose runIf returns false', async () => {
    const frames: number[] = []
    const app = await readyApp((app) =>
      app.addSystem(Schedule.Update, () => frames.push(app.time.frame), {
        runIf: (_, { time }) => time.frame % 2 === 0,
      }),
    )
    for (let i = 0; i < 5; i++) app.tick(0)
    expect(frames).toEqual([2, 4])
  })

  it('measures the time when none is given: 0 s for the first tick', async () => {
    const app = await readyApp(() => 0)
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5000)
    app.tick()
    expect(app.time.delta).toBe(0)
    clock.mockReturnValue(5016)
    app.tick()
    expect(app.time.delta).toBeCloseTo(0.016, 9)
    clock.mockRestore()
  })

  it('runs a system added while its schedule runs in the next tick', async () => {
    const log: string[] = []
    const app = await readyApp((app) =>
      app.addSystem(
        Schedule.Update,
        (_, app) => app.addSystem(Schedule.Update, () => log.push(`added, in tick ${app.time.frame}`)),
        { runIf: (_, app) => app.time.frame === 1 },
      ),
    )
    app.tick(0)
    app.tick(0)
    expect(log).toEqual(['added, in tick 2'])
  })

  it('refuses to run inside itself, and the outer tick continues', async () => {
    let inner: unknown
    let finished = 0
    const app = await readyApp((app) =>
      app
        .addSystem(Schedule.Update, (_, app) => {
          try {
            app.tick(0)
          } catch (error) {
            inner = error
          }
        })
        .addSystem(Schedule.Render, () => finished++),
    )
    app.tick(0)
    expect(inner).toBeInstanceOf(TickInProgress)
    expect(finished).toBe(1)
  })

  it('refuses an invalid time step, and changes nothing', async () => {
    const app = await readyApp(() => 0)
    expect(() => app.tick(NaN)).toThrow(expect.objectContaining({ code: 'InvalidDelta' }))
    expect(app.time.frame).toBe(0)
  })

  it('refuses a system that returns a promise, by name', async () => {
    async function load(): Promise<void> {}
    const app = await readyApp((app) => app.addSystem(Schedule.Update, load))
    expect(() => app.tick(0)).toThrow(
      expect.objectContaining({ code: 'NotSynchronous', call: 'load (Update)' }),
    )
  })
})

describe('Startup', () => {
  it('runs later additions once, in the next tick', async () => {
    const log: string[] = []
    const app = await readyApp((app) => app.addSystem(Schedule.Startup, () => log.push('a')))
    app.tick(0)
    app.addSystem(Schedule.Startup, () => log.push('b'))
    app.tick(0)
    app.tick(0)
    expect(log).toEqual(['a', 'b'])
  })

  it('runs what Startup systems add to it before anything else', async () => {
    const log: string[] = []
    const app = await readyApp((app) =>
      app
        .addSystem(Schedule.Startup, () => app.addSystem(Schedule.Startup, () => log.push('child')))
        .addSystem(Schedule.First, () => log.push('first')),
    )
    app.tick(0)
    expect(log).toEqual(['child', 'first'])
  })

  it('resumes at the system that threw, so that nothing runs over an unprepared world', async () => {
    const log: string[] = []
    let broken = true
    const app = await readyApp((app) =>
      app
        .addSystem(Schedule.Startup, () => log.push('a'))
        .addSystem(Schedule.Startup, () => {
          if (broken) throw new Error('no map')
          log.push('b')
        })
        .addSystem(Schedule.Update, () => log.push('update')),
    )
    expect(() => app.tick(0)).toThrow('no map')
    expect(() => app.tick(0)).toThrow('no map')
    expect(log).toEqual(['a'])
    broken = false
    app.tick(0)
    expect(log).toEqual(['a', 'b', 'update'])
  })
})

describe('a system that throws', () => {
  it('ends its tick with that error, and the next tick runs in full', async () => {
    const log: string[] = []
    const failure = new Error('division by zero')
    const app = await readyApp((app) =>
      app
        .addSystem(Schedule.Update, () => {
          if (app.time.frame === 1) throw failure
          log.push('update')
        })
        .addSystem(Schedule.Render, () => log.push('render')),
    )
    let caught: unknown
    try {
      app.tick(0)
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(failure)
    expect(log).toEqual([])
    app.tick(0)
    expect(log).toEqual(['update', 'render'])
  })
})

describe('resources', () => {
  class Score {
    points = 0
  }
  const Level = defineResource<number>('Level')

  it('are found by class or by token', () => {
    const score = new Score()
    const app = createApp(createWorld()).insertResource(Score, score).insertResource(Level, 3)
    expect(app.resource(Score)).toBe(score)
    expect(app.resource(Level)).toBe(3)
  })

  it('are replaced by a later insertion under the same key', () => {
    const app = createApp(createWorld()).insertResource(Level, 1).insertResource(Level, 2)
    expect(app.resource(Level)).toBe(2)
  })

  it('may be undefined', () => {
    const Target = defineResource<number | undefined>('Target')
    const app = createApp(createWorld()).insertResource(Target, undefined)
    expect(app.hasResource(Target)).toBe(true)
    expect(app.resource(Target)).toBeUndefined()
  })

  it('are told apart by token, not by name', () => {
    const app = createApp(createWorld()).insertResource(Level, 1)
    expect(app.hasResource(defineResource<number>('Level'))).toBe(false)
  })

  it('throw an error with their name when never inserted or removed', () => {
    const app = createApp(createWorld()).insertResource(Level, 1)
    expect(() => app.resource(Score)).toThrow(ResourceMissing)
    expect(app.removeResource(Level)).toBe(true)
    expect(app.removeResource(Level)).toBe(false)
    expect(() => app.resource(Level)).toThrow(/Level/)
  })
})

describe('an App that is not ready', () => {
  it('refuses tick and run, and says what to call', () => {
    const app = createApp(createWorld())
    expect(() => app.tick(0)).toThrow(NotReady)
    expect(() => app.run()).toThrow(/await app\.ready\(\)/)
    expect(app.isRunning).toBe(false)
  })

  it('has no mk, and names the plugin that provides it', () => {
    expect(() => createApp(createWorld()).mk).toThrow(/new MkPlugin.*await app\.ready/)
  })
})

describe('bad input to addSystem', () => {
  it.each([
    ['a schedule that does not exist', 'Sometimes', () => 0, 'UnknownSchedule'],
    ['something that cannot be called', 'Update', null, 'NotASystem'],
  ])('refuses %s', (_, schedule, system, code) => {
    const app = createApp(createWorld())
    expect(() => app.addSystem(schedule as Schedule, system as never)).toThrow(
      expect.objectContaining({ code }),
    )
  })
})

describe('dispose', () => {
  it('disables everything but itself and stop, which may be called again', async () => {
    const app = await readyApp(() => 0)
    app.dispose()
    app.dispose()
    app.stop()
    expect(app).toMatchObject({ isDisposed: true, isReady: false, isRunning: false })
    const Level = defineResource<number>('Level')
    for (const call of [
      () => app.tick(0),
      () => app.run(),
      () => app.mk,
      () => app.resource(Level),
      () => app.insertResource(Level, 1),
      () => app.addSystem(Schedule.Update, () => 0),
      () => app.addPlugin({ build: () => undefined }),
    ]) {
      expect(call).toThrow(Disposed)
    }
    await expect(app.ready()).rejects.toThrow(Disposed)
  })

  it('skips the rest of the tick when a system calls it, and cleans up after that system', async () => {
    const log: string[] = []
    const app = await readyApp((app) =>
      app
        .addPlugin({ build: () => undefined, cleanup: () => log.push('cleanup') })
        .addSystem(Schedule.Update, () => {
          app.dispose()
          log.push('system returned')
        })
        .addSystem(Schedule.Last, () => log.push('never')),
    )
    app.tick(0)
    expect(log).toEqual(['system returned', 'cleanup'])
  })

  it('frees the world for another App at once', async () => {
    const world = createWorld()
    for (let mount = 0; mount < 3; mount++) {
      let ticks = 0
      const app = createApp(world).addSystem(Schedule.Update, () => ticks++)
      await app.ready()
      app.tick(0)
      app.dispose()
      expect(ticks).toBe(1)
    }
  })
})
