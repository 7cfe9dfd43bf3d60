import { createWorld } from 'bitecs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createApp } from '../src/app/app.ts'
import type { App } from '../src/app/types.ts'
import { SystemOrderCycle, UnsatisfiableOrder } from '../src/index.ts'
import { Schedule } from '../src/app/schedule.ts'
import type { SystemOptions } from '../src/app/types.ts'

/** An App, and what its systems wrote down as they ran. */
function logbook(): {
  app: App<object>
  log: string[]
  add: (label: string, options?: SystemOptions, schedule?: Schedule) => void
} {
  const app = createApp<object>(createWorld())
  const log: string[] = []
  return {
    app,
    log,
    add: (label, options = {}, schedule = Schedule.Update) =>
      void app.addSystem(schedule, () => log.push(label), { ...options, label }),
  }
}

async function orderOf(build: (add: ReturnType<typeof logbook>['add']) => void): Promise<string> {
  const { app, log, add } = logbook()
  build(add)
  await app.ready()
  app.tick(0)
  app.dispose()
  return log.join(' ')
}

describe('order of the systems of a schedule', () => {
  it('is the order in which they were added', async () => {
    expect(
      await orderOf((add) => {
        add('a')
        add('b')
        add('c')
      }),
    ).toBe('a b c')
  })

  it('follows before and after, and moves nothing else', async () => {
    expect(
      await orderOf((add) => {
        add('draw', { after: 'moved' })
        add('a')
        add('move', { set: 'moved' })
        add('input', { before: 'moved' })
        add('b')
      }),
    ).toBe('a input move draw b')
  })

  it('accepts systems as targets', async () => {
    const { app, log } = logbook()
    const move = (): void => void log.push('move')
    app.addSystem(Schedule.Update, () => log.push('late'), { after: move })
    app.addSystem(Schedule.Update, move)
    app.addSystem(Schedule.Update, () => log.push('early'), { before: [move] })
    await app.ready()
    app.tick(0)
    expect(log).toEqual(['early', 'move', 'late'])
  })

  it('accepts symbols as sets, and several sets per system', async () => {
    const Physics = Symbol('Physics')
    expect(
      await orderOf((add) => {
        add('after both', { after: [Physics, 'ai'] })
        add('physics', { set: Physics })
        add('both', { set: [Physics, 'ai'] })
      }),
    ).toBe('physics both after both')
  })

  it('ignores a set without systems', async () => {
    expect(
      await orderOf((add) => {
        add('a', { after: 'empty' })
        add('b', { before: Symbol('empty') })
      }),
    ).toBe('a b')
  })

  it('accepts targets in other schedules where the tick runs them on the right side anyway', async () => {
    expect(
      await orderOf((add) => {
        add('late', { set: 'stage' }, Schedule.Last)
        add('a', { before: 'stage' })
        add('drawn', { after: 'stage' }, Schedule.Render)
      }),
    ).toBe('a late drawn')
  })
})

describe('edges of a schedule', () => {
  it('keep systems first and last, whatever is added later', async () => {
    expect(
      await orderOf((add) => {
        add('stage', { edge: 'last' })
        add('end', { edge: 'last' })
        add('begin', { edge: 'first' })
        add('a')
        add('b')
      }),
    ).toBe('begin a b stage end')
  })

  it('allow systems that are ordered around them by name', async () => {
    expect(
      await orderOf((add) => {
        add('begin', { edge: 'first', set: 'begin' })
        add('stage', { edge: 'last', set: 'stage' })
        add('end', { edge: 'last', set: 'end' })
        add('a')
        add('before begin', { before: 'begin' })
        add('between', { after: 'stage' })
        add('after end', { after: 'end' })
        add('b')
      }),
    ).toBe('before begin begin a b stage between end after end')
  })

  it('also hold after the App is ready', async () => {
    const { app, log, add } = logbook()
    add('end', { edge: 'last' }, Schedule.Last)
    await app.ready()
    add('late comer', {}, Schedule.Last)
    app.tick(0)
    expect(log).toEqual(['late comer', 'end'])
  })
})

describe('impossible orders', () => {
  it('name the systems of a circle, each before the next', async () => {
    const { app, add } = logbook()
    add('bystander', { after: 'c' })
    add('a', { set: 'a', after: 'c' })
    add('b', { set: 'b', after: 'a' })
    add('c', { set: 'c', after: 'b' })
    const error = await app.ready().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SystemOrderCycle)
    const { schedule, systems, message } = error as SystemOrderCycle
    expect(schedule).toBe('Update')
    // The circle is a → b → c → a; where it is cut open does not matter. The bystander is not on it.
    const turned = [...systems.slice(systems.indexOf('a')), ...systems.slice(0, systems.indexOf('a'))]
    expect(turned).toEqual(['a', 'b', 'c'])
    expect(message).toContain(`${systems.join(' → ')} → ${systems[0]}`)
  })

  it('are circles of one when a system is ordered by its own set', async () => {
    const { app, add } = logbook()
    add('spawn', { set: 'spawn', after: 'spawn' })
    await expect(app.ready()).rejects.toMatchObject({ code: 'SystemOrderCycle', systems: ['spawn'] })
  })

  it('include systems that were never added', async () => {
    const { app } = logbook()
    function forgotten(): void {}
    app.addSystem(Schedule.Update, () => 0, { label: 'late', after: forgotten })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'UnsatisfiableOrder',
      schedule: 'Update',
      system: 'late',
      relation: 'after',
      target: 'forgotten',
      targetSchedule: undefined,
    })
  })

  it('include targets that run on the wrong side', async () => {
    const { app, add } = logbook()
    add('stage', { set: 'stage' }, Schedule.Last)
    add('report', { after: 'stage' })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'UnsatisfiableOrder',
      system: 'report',
      relation: 'after',
      target: "set 'stage'",
      targetSchedule: 'Last',
    })
  })

  it('are refused at once when the App is ready, and leave it unchanged', async () => {
    const { app, log, add } = logbook()
    add('a', { set: 'a', before: 'b' })
    await app.ready()
    expect(() => add('b', { set: 'b', before: 'a' })).toThrow(SystemOrderCycle)
    expect(() => add('c', { after: () => 0 })).toThrow(UnsatisfiableOrder)
    app.tick(0)
    expect(log).toEqual(['a'])
  })
})

describe('constraints without a circle', () => {
  // Systems 0 … n − 1 are added in a shuffled order; each constraint runs from the lower to the higher number, so there is no circle.
  const program = fc.integer({ min: 1, max: 12 }).chain((n) =>
    fc.record({
      added: fc.shuffledSubarray([...Array(n).keys()], { minLength: n }),
      constraints: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1), fc.boolean())),
      edges: fc.array(fc.constantFrom('first', 'last', undefined), { minLength: n, maxLength: n }),
    }),
  )

  it('hold, every system runs once, and the free ones keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ added, constraints, edges }) => {
        const pairs = constraints
          .filter(([a, b]) => a !== b)
          .map(([a, b, viaBefore]) => ({ low: Math.min(a, b), high: Math.max(a, b), viaBefore }))
        const order = await orderOf((add) => {
          for (const i of added) {
            add(String(i), {
              set: `s${i}`,
              before: pairs.filter((p) => p.viaBefore && p.low === i).map((p) => `s${p.high}`),
              after: pairs.filter((p) => !p.viaBefore && p.high === i).map((p) => `s${p.low}`),
              edge: edges[i],
            })
          }
        })
        const ran = order.split(' ').map(Number)
        expect(ran.toSorted((a, b) => a - b)).toEqual(added.toSorted((a, b) => a - b))
        for (const { low, high } of pairs) expect(ran.indexOf(low)).toBeLessThan(ran.indexOf(high))

        const bound = new Set(pairs.flatMap(({ low, high }) => [low, high]))
        const rank = (i: number): number => ['first', undefined, 'last'].indexOf(edges[i])
        const free = added.filter((i) => !bound.has(i))
        // Array sort is stable: by edge, and by when it was added among equals.
        expect(ran.filter((i) => !bound.has(i))).toEqual(free.toSorted((a, b) => rank(a) - rank(b)))
      }),
      { numRuns: 300 },
    )
  })
})
