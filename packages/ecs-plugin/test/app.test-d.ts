import { createWorld, query } from 'bitecs'
import { describe, expectTypeOf, it } from 'vitest'
import { createApp } from '../src/app/app.ts'
import type { App } from '../src/app/types.ts'
import type { MkSync } from '../src/sync/mk-sync.ts'
import { MkPlugin } from '../src/app/mk-plugin.ts'
import type { Plugin } from '../src/app/types.ts'
import { defineResource } from '../src/app/resource.ts'
import { Schedule } from '../src/app/schedule.ts'

interface Game {
  score: number
}

const app = createApp(createWorld<Game>({ score: 0 }))

describe('the type of the world', () => {
  it('is passed to systems, conditions and mk', () => {
    app.addSystem(
      Schedule.Update,
      (world, app) => {
        expectTypeOf(world.score).toEqualTypeOf<number>()
        expectTypeOf(app.world.score).toEqualTypeOf<number>()
        expectTypeOf(query(world, [])).not.toBeAny()
        // @ts-expect-error: this world has no lives
        return world.lives
      },
      { runIf: (world) => world.score > 0 },
    )
    expectTypeOf(app.mk).toEqualTypeOf<MkSync<Game>>()
  })

  it('is kept in chained calls', () => {
    const chained = app
      .addPlugin(new MkPlugin())
      .addSystem(Schedule.Update, () => 0)
      .insertResource(defineResource<number>('n'), 1)
    expectTypeOf(chained).toEqualTypeOf<typeof app>()
  })

  it('can be any bitECS world, also one without fields', () => {
    createApp(createWorld())
      .addPlugin(new MkPlugin())
      .addSystem(Schedule.Update, (world) => query(world, []))
    // @ts-expect-error: a number isn't a world
    createApp(1)
  })

  it('lets an App stand in for one with a simpler world', () => {
    expectTypeOf(app).toExtend<App<object>>()
    const plain = createApp(createWorld())
    // @ts-expect-error: a world without a score isn't a Game
    const game: App<Game> = plain
    void game
  })
})

describe('a plugin', () => {
  const scoring: Plugin<Game> = {
    build: (app) => void app.addSystem(Schedule.Update, (world) => world.score++),
  }
  const anywhere: Plugin = { build: (app) => void app.addSystem(Schedule.Update, () => 0) }

  it('fits only an App whose world has what it needs', () => {
    app.addPlugin(scoring).addPlugin(anywhere)
    createApp(createWorld()).addPlugin(anywhere)
    // @ts-expect-error: this world has no score
    createApp(createWorld()).addPlugin(scoring)
    // @ts-expect-error: a plugin has a build
    app.addPlugin({ name: 'nothing' })
  })
})

describe('a resource', () => {
  class Clock {
    seconds = 0
  }
  const Level = defineResource<number>('Level')

  it('has the type of its class or token', () => {
    expectTypeOf(app.resource(Clock)).toEqualTypeOf<Clock>()
    expectTypeOf(app.resource(Level)).toEqualTypeOf<number>()
    app.insertResource(Clock, new Clock()).insertResource(Level, 3)
    // @ts-expect-error: a Level is a number
    app.insertResource(Level, 'three')
    // @ts-expect-error: not a Clock
    app.insertResource(Clock, { minutes: 1 })
    // @ts-expect-error: a key is made with defineResource, or is a class
    app.resource({ name: 'Level' })
  })
})

describe('a system', () => {
  it('is ordered by schedules, systems and sets that exist in the types', () => {
    const move = (world: Game): number => world.score
    app.addSystem(Schedule.Update, move, { set: 'a', before: ['b', Symbol('c')], after: move, edge: 'last' })
    app.addSystem('Update', move)
    // @ts-expect-error: no such schedule
    app.addSystem('Sometimes', move)
    // @ts-expect-error: no such edge
    app.addSystem(Schedule.Update, move, { edge: 'middle' })
    // @ts-expect-error: needs a world with lives
    app.addSystem(Schedule.Update, (world: { lives: number }) => world.lives)
  })

  it('can read the clock but not set it', () => {
    expectTypeOf(app.time.delta).toEqualTypeOf<number>()
    // @ts-expect-error: read only
    app.time.delta = 1
  })
})
