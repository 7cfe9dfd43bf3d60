import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppClock, FIXED_DELTA, MAX_DELTA } from '../src/app/time.ts'
import { InvalidDelta } from '../src/index.ts'

describe('AppClock', () => {
  it('counts frames and seconds', () => {
    const clock = new AppClock()
    expect(clock).toMatchObject({ delta: 0, elapsed: 0, frame: 0, alpha: 0, fixedDelta: 1 / 64 })
    clock.advance(0.125)
    clock.advance(0.0625)
    expect(clock).toMatchObject({ delta: 0.0625, elapsed: 0.1875, frame: 2 })
  })

  it('runs a fixed step for every 1/64 s', () => {
    const clock = new AppClock()
    // 0.01 s is 0.64 steps: 0.64, 1.28, 1.92, 2.56, 3.20 steps after five ticks.
    const steps = [0.01, 0.01, 0.01, 0.01, 0.01].map((dt) => clock.advance(dt))
    expect(steps).toEqual([0, 1, 0, 1, 1])
    expect(clock.alpha).toBeCloseTo(0.2, 10)
  })

  it('runs several fixed steps in a long tick', () => {
    const clock = new AppClock({ fixedDelta: 0.125, maxDelta: 10 })
    expect(clock.advance(0.5 + 0.0625)).toBe(4)
    expect(clock.alpha).toBe(0.5)
  })

  it('cuts a tick to maxDelta: by default 0.25 s, 16 steps of 1/64 s', () => {
    const clock = new AppClock()
    expect(clock.advance(3600)).toBe(MAX_DELTA / FIXED_DELTA)
    expect(clock.delta).toBe(0.25)
    expect(new AppClock({ maxDelta: 1 }).advance(3600)).toBe(64)
  })

  it('runs at most maxFixedSteps, and drops the whole steps beyond', () => {
    const clock = new AppClock({ fixedDelta: 0.0625, maxFixedSteps: 2 })
    // 0.25 s are 4 steps: 2 run, 2 are dropped. Then 0.03125 s is half a step.
    expect(clock.advance(0.25)).toBe(2)
    expect(clock.advance(0.03125)).toBe(0)
    expect(clock.alpha).toBe(0.5)
  })

  it.each([-1, -1e-9, NaN, Infinity])('refuses a time step of %s and changes nothing', (delta) => {
    const clock = new AppClock()
    clock.advance(0.125)
    expect(() => clock.advance(delta)).toThrow(InvalidDelta)
    expect(clock).toMatchObject({ delta: 0.125, elapsed: 0.125, frame: 1 })
  })

  it.each([
    ['fixedDelta', 0],
    ['fixedDelta', NaN],
    ['fixedDelta', Infinity],
    ['maxDelta', -1],
    ['maxFixedSteps', 0],
    ['maxFixedSteps', 1.5],
  ])('refuses %s: %s', (option, value) => {
    expect(() => new AppClock({ [option]: value })).toThrow(
      expect.objectContaining({ code: 'InvalidOption', option }),
    )
  })

  it('loses no time: steps and remainder add up to the time passed, and alpha stays in 0 … 1', () => {
    const seconds = fc.double({ min: 0, max: 0.25, noNaN: true })
    fc.assert(
      fc.property(fc.array(seconds), fc.double({ min: 1e-3, max: 1, noNaN: true }), (deltas, fixedDelta) => {
        const clock = new AppClock({ fixedDelta })
        let steps = 0
        for (const delta of deltas) {
          steps += clock.advance(delta)
          expect(clock.alpha).toBeGreaterThanOrEqual(0)
          expect(clock.alpha).toBeLessThanOrEqual(1)
        }
        expect((steps + clock.alpha) * fixedDelta).toBeCloseTo(clock.elapsed, 6)
      }),
    )
  })
})
