import { createWorld } from 'bitecs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../src/app/app.ts'
import type { App } from '../src/app/types.ts'
import { RunLoop, type RunOptions } from '../src/app/run-loop.ts'
import { Schedule } from '../src/app/schedule.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** An App that writes down the time step of each of its ticks in milliseconds. */
async function ticking(): Promise<{ app: App<object>; steps: number[] }> {
  const steps: number[] = []
  const app = createApp<object>(createWorld()).addSystem(Schedule.Update, (_, { time }) => {
    steps.push(Math.round(time.delta * 1000))
  })
  await app.ready()
  return { app, steps }
}

/** A display that refreshes when the test says so. */
function stubDisplay(): { requests: Map<number, (now: number) => void>; refresh: (now: number) => void } {
  const requests = new Map<number, (now: number) => void>()
  let last = 0
  vi.stubGlobal('requestAnimationFrame', (callback: (now: number) => void) => {
    requests.set(++last, callback)
    return last
  })
  vi.stubGlobal('cancelAnimationFrame', (request: number) => requests.delete(request))
  return {
    requests,
    refresh: (now) => {
      const due = [...requests.values()]
      requests.clear()
      for (const callback of due) callback(now)
    },
  }
}

describe('run with requestAnimationFrame', () => {
  it('ticks once per refresh, by the time of the display', async () => {
    const { requests, refresh } = stubDisplay()
    const { app, steps } = await ticking()
    app.run()
    expect(app.isRunning).toBe(true)
    for (const now of [1000, 1016, 1050, 9999]) refresh(now)
    // The first step is 0; 9999 − 1050 ms is cut to 250 ms.
    expect(steps).toEqual([0, 16, 34, 250])
    expect(requests.size).toBe(1)
    app.stop()
    expect(requests.size).toBe(0)
    expect(app.isRunning).toBe(false)
  })

  it('ignores time that passed while it was stopped', async () => {
    const { refresh } = stubDisplay()
    const { app, steps } = await ticking()
    app.run()
    refresh(1000)
    app.stop()
    app.run()
    refresh(1200)
    refresh(1210)
    expect(steps).toEqual([0, 0, 10])
    app.dispose()
  })

  it('never runs twice: a second run replaces the first', async () => {
    const { requests, refresh } = stubDisplay()
    const { app, steps } = await ticking()
    app.run()
    app.run()
    expect(requests.size).toBe(1)
    refresh(1000)
    expect(steps).toEqual([0])
    app.dispose()
  })

  it.each(['stop', 'dispose'] as const)('can be ended by a system with %s', async (end) => {
    const { requests, refresh } = stubDisplay()
    const { app } = await ticking()
    app.addSystem(Schedule.Update, () => app[end]())
    app.run()
    refresh(1000)
    expect(requests.size).toBe(0)
    expect(app.isRunning).toBe(false)
  })

  it('can be restarted by a system, and is still one loop', async () => {
    const { requests, refresh } = stubDisplay()
    const { app } = await ticking()
    app.addSystem(Schedule.Update, () => app.run())
    app.run()
    refresh(1000)
    expect(requests.size).toBe(1)
    app.dispose()
    expect(requests.size).toBe(0)
  })
})

describe('run without requestAnimationFrame', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })

  it('ticks 60 times a second, or hz times', async () => {
    const { app, steps } = await ticking()
    app.run()
    vi.advanceTimersByTime(1000)
    expect(steps.length).toBeGreaterThanOrEqual(58)
    expect(steps.length).toBeLessThanOrEqual(61)
    steps.length = 0
    app.run({ hz: 10 })
    vi.advanceTimersByTime(1000)
    expect(steps).toEqual([0, 100, 100, 100, 100, 100, 100, 100, 100, 100])
    app.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind when it is disposed', async () => {
    const { app } = await ticking()
    app.run()
    vi.advanceTimersByTime(100)
    app.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([0, -1, NaN, Infinity])('refuses hz: %s', async (hz) => {
    const { app } = await ticking()
    expect(() => app.run({ hz })).toThrow(expect.objectContaining({ code: 'InvalidOption', option: 'hz' }))
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the timer of a loop', () => {
  it('keeps its rhythm, and drops what was missed by more than a period', () => {
    let now = 0
    const delays: number[] = []
    let fire = (): void => undefined
    vi.stubGlobal('performance', { now: () => now })
    vi.stubGlobal('setTimeout', (callback: () => void, delay: number) => {
      delays.push(delay)
      fire = () => {
        now += delay
        callback()
      }
      return delays.length
    })
    const busy = [30, 1000, 0]
    const loop = new RunLoop(() => (now += busy.shift()!), 10)
    loop.start()
    fire()
    fire()
    fire()
    // Called at 100 ms, busy until 130: the next is due at 200. Busy until 1200: ten periods late, so at once, and from there on.
    expect(delays).toEqual([100, 70, 0, 100])
    loop.stop()
  })
})

describe('a system that throws while the App runs', () => {
  async function failing(
    options: RunOptions,
  ): Promise<{ app: App<object>; frame: () => void; pending: () => number }> {
    const { requests, refresh } = stubDisplay()
    const { app } = await ticking()
    app.addSystem(
      Schedule.Update,
      () => {
        throw new Error(`tick ${app.time.frame}`)
      },
      { label: 'steer' },
    )
    app.run(options)
    return { app, frame: () => refresh(1000), pending: () => requests.size }
  }

  it('is reported once on the console, by name, and stops the loop', async () => {
    const report = vi.spyOn(console, 'error').mockReturnValue(undefined)
    const { app, frame, pending } = await failing({})
    frame()
    expect(report).toHaveBeenCalledTimes(1)
    expect(report).toHaveBeenCalledWith(
      expect.stringContaining('steer (Update)'),
      expect.objectContaining({ message: 'tick 1' }),
    )
    expect(app.isRunning).toBe(false)
    expect(pending()).toBe(0)
    app.run()
    expect(app.isRunning).toBe(true)
    app.dispose()
  })

  it("calls onError with its origin, and the loop continues if that returns 'continue'", async () => {
    const seen: unknown[] = []
    const { app, frame } = await failing({
      onError: (error, origin) => {
        seen.push((error as Error).message, origin)
        return seen.length < 4 ? 'continue' : undefined
      },
    })
    frame()
    expect(app.isRunning).toBe(true)
    frame()
    expect(app.isRunning).toBe(false)
    const origin = { schedule: 'Update', system: 'steer' }
    expect(seen).toEqual(['tick 1', origin, 'tick 2', origin])
  })

  it('leaves no loop behind when onError also throws', async () => {
    const { app, frame, pending } = await failing({
      onError: () => {
        throw new Error('handler')
      },
    })
    expect(frame).toThrow('handler')
    expect(app.isRunning).toBe(false)
    expect(pending()).toBe(0)
  })
})
