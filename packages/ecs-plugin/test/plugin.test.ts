import { createWorld } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { createApp } from '../src/app/app.ts'
import type { App } from '../src/app/types.ts'
import { Disposed, DuplicatePlugin, PluginTooLate } from '../src/index.ts'
import type { Plugin } from '../src/app/types.ts'
import { defineResource } from '../src/app/resource.ts'
import { Schedule } from '../src/app/schedule.ts'

/** A plugin that writes down which of its hooks ran. */
function logging(name: string, log: string[], hooks: Partial<Plugin> = {}): Plugin {
  return {
    name,
    build: (app) => {
      log.push(`build ${name}`)
      hooks.build?.(app)
    },
    ready: (app) => {
      log.push(`ready ${name}`)
      return hooks.ready?.(app) ?? true
    },
    finish: (app) => {
      log.push(`finish ${name}`)
      hooks.finish?.(app)
    },
    cleanup: (app) => {
      log.push(`cleanup ${name}`)
      hooks.cleanup?.(app)
    },
  }
}

const newApp = (): App<object> => createApp<object>(createWorld())

describe('plugins', () => {
  it('are built, awaited and finished in the order in which they were added, and cleaned up in reverse', async () => {
    const log: string[] = []
    const app = newApp()
      .addPlugin(logging('a', log, { ready: () => Promise.resolve() }))
      .addPlugin(logging('b', log))
    expect(log).toEqual([])
    await app.ready()
    expect(log).toEqual(['build a', 'build b', 'ready a', 'ready b', 'finish a', 'finish b'])
    log.length = 0
    app.dispose()
    app.dispose()
    expect(log).toEqual(['cleanup b', 'cleanup a'])
  })

  it('find what an earlier plugin prepared', async () => {
    const Device = defineResource<string>('Device')
    const seen: string[] = []
    const app = newApp()
      .addPlugin({
        build: () => undefined,
        ready: async (app) => {
          await Promise.resolve()
          app.insertResource(Device, 'a device')
        },
      })
      .addPlugin({ build: () => undefined, ready: (app) => seen.push(app.resource(Device)) > 0 })
    await app.ready()
    expect(seen).toEqual(['a device'])
  })

  it("are polled until ready() isn't false", async () => {
    let asked = 0
    const app = newApp().addPlugin({ build: () => undefined, ready: () => ++asked === 3 })
    await app.ready()
    expect(asked).toBe(3)
  })

  it('are built at once when a plugin adds them, and cleaned up after it', async () => {
    const log: string[] = []
    const inner = logging('inner', log)
    const outer = logging('outer', log, {
      build: (app) => {
        app.addPlugin(inner)
        log.push('inner is there')
      },
    })
    const app = newApp().addPlugin(outer).addPlugin(logging('next', log))
    await app.ready()
    expect(log.slice(0, 4)).toEqual(['build outer', 'build inner', 'inner is there', 'build next'])
    log.length = 0
    app.dispose()
    expect(log).toEqual(['cleanup next', 'cleanup outer', 'cleanup inner'])
  })

  it('can be added by a ready or finish hook, and go through all their phases', async () => {
    const log: string[] = []
    const app = newApp().addPlugin({
      build: () => undefined,
      ready: async (app) => {
        await Promise.resolve()
        app.addPlugin(logging('from ready', log))
      },
      finish: (app) => app.addPlugin(logging('from finish', log)),
    })
    await app.ready()
    expect(log).toEqual([
      'build from ready',
      'ready from ready',
      // Here the plugin that adds them finishes.
      'build from finish',
      'ready from finish',
      'finish from ready',
      'finish from finish',
    ])
  })
})

describe('a duplicate plugin', () => {
  class Physics implements Plugin {
    build(): void {}
  }
  class Layer implements Plugin {
    readonly unique = false
    build(): void {}
  }

  it('is refused by class, by name, and as the same object', () => {
    const nameless: Plugin = { build: () => undefined }
    const app = newApp()
      .addPlugin(new Physics())
      .addPlugin({ name: 'audio', build: () => undefined })
      .addPlugin(nameless)
    expect(() => app.addPlugin(new Physics())).toThrow(/^Physics was added/)
    expect(() => app.addPlugin({ name: 'audio', build: () => undefined })).toThrow(DuplicatePlugin)
    expect(() => app.addPlugin(nameless)).toThrow(DuplicatePlugin)
  })

  it('is accepted if it opts in, as are plugins without a name', async () => {
    const app = newApp()
      .addPlugin(new Layer())
      .addPlugin(new Layer())
      .addPlugin({ build: () => undefined })
      .addPlugin({ build: () => undefined })
    await expect(app.ready()).resolves.toBeUndefined()
  })

  it('is refused once the App is ready', async () => {
    const app = newApp()
    await app.ready()
    expect(() => app.addPlugin(new Physics())).toThrow(PluginTooLate)
  })
})

describe('ready', () => {
  it('returns the same promise however often it is called', async () => {
    const log: string[] = []
    const app = newApp().addPlugin(logging('a', log))
    const first = app.ready()
    expect(app.ready()).toBe(first)
    await first
    expect(app.ready()).toBe(first)
    expect(log).toEqual(['build a', 'ready a', 'finish a'])
  })

  it('rejects with the error of the plugin, and resumes there when called again', async () => {
    const log: string[] = []
    const refused = new Error('no adapter')
    let attempts = 0
    const app = newApp()
      .addPlugin(logging('a', log))
      .addPlugin(
        logging('gpu', log, {
          ready: () => (++attempts === 1 ? Promise.reject(refused) : Promise.resolve()),
        }),
      )
    await expect(app.ready()).rejects.toBe(refused)
    expect(app.isReady).toBe(false)
    await app.ready()
    expect(log).toEqual([
      'build a',
      'build gpu',
      'ready a',
      'ready gpu',
      'ready gpu',
      'finish a',
      'finish gpu',
    ])
    expect(app.isReady).toBe(true)
  })

  it.each(['build', 'finish'] as const)('reverts what a failed %s added', async (hook) => {
    const Level = defineResource<number>('Level')
    const log: string[] = []
    let attempts = 0
    const app = newApp()
      .insertResource(Level, 1)
      .addPlugin(
        logging('broken', log, {
          [hook]: (app: App<object>) => {
            app.insertResource(Level, 2)
            app.addSystem(Schedule.Update, () => log.push('system'))
            app.addPlugin(logging('inner', log))
            if (++attempts === 1) throw new Error('half way')
          },
        }),
      )
    await expect(app.ready()).rejects.toThrow('half way')
    expect(app.resource(Level)).toBe(1)
    expect(log).toContain('cleanup inner')
    await app.ready()
    log.length = 0
    app.tick(0)
    expect(log).toEqual(['system'])
    expect(app.resource(Level)).toBe(2)
  })

  it("refuses async hooks that aren't awaited", async () => {
    const app = newApp().addPlugin({ name: 'slow', build: async () => undefined })
    await expect(app.ready()).rejects.toMatchObject({ code: 'NotSynchronous', call: 'slow.build' })
  })

  it('rejects at once when the App is disposed meanwhile, and cleans up the waiting plugin', async () => {
    const log: string[] = []
    const app = newApp()
      .addPlugin(logging('never ready', log, { ready: () => new Promise(() => undefined) }))
      .addPlugin(logging('b', log))
    const ready = app.ready()
    app.dispose()
    expect(log).toEqual([
      'build never ready',
      'build b',
      'ready never ready',
      'cleanup b',
      'cleanup never ready',
    ])
    await expect(ready).rejects.toThrow(Disposed)
  })

  it('also rejects when it was about to poll again', async () => {
    const app = newApp().addPlugin({ build: () => undefined, ready: () => false })
    const ready = app.ready()
    app.dispose()
    await expect(ready).rejects.toThrow(Disposed)
  })

  it('rejects when a hook disposes the App, and cleans up what was built once', async () => {
    const log: string[] = []
    const app = newApp()
      .addPlugin(logging('a', log, { build: (app) => app.dispose() }))
      .addPlugin(logging('b', log))
    await expect(app.ready()).rejects.toThrow(Disposed)
    expect(log).toEqual(['build a', 'cleanup a'])
  })
})

describe('cleanup', () => {
  it('runs for every plugin, even when one throws; dispose throws the error', async () => {
    const log: string[] = []
    const fail = (): void => {
      throw new Error('still mapped')
    }
    const one = newApp()
      .addPlugin(logging('a', log))
      .addPlugin(logging('b', log, { cleanup: fail }))
    await one.ready()
    log.length = 0
    expect(() => one.dispose()).toThrow('still mapped')
    expect(log).toEqual(['cleanup b', 'cleanup a'])

    const two = newApp()
      .addPlugin(logging('a', log, { cleanup: fail }))
      .addPlugin(logging('b', log, { cleanup: fail }))
    await two.ready()
    expect(() => two.dispose()).toThrow(AggregateError)
  })

  it('can still use the resources', async () => {
    const Device = defineResource<{ destroyed: boolean }>('Device')
    const device = { destroyed: false }
    const app = newApp().addPlugin({
      build: (app) => void app.insertResource(Device, device),
      cleanup: (app) => void (app.resource(Device).destroyed = true),
    })
    await app.ready()
    app.dispose()
    expect(device.destroyed).toBe(true)
  })

  it('skips plugins that were never built', () => {
    const log: string[] = []
    newApp().addPlugin(logging('a', log)).dispose()
    expect(log).toEqual([])
  })
})
