import { afterEach, expect, it, vi } from 'vitest'
import { MkCoordinator, tableCosts } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { workClock, type WorkCosts } from './clock.ts'

const truth = { call: 2000, byte: 0.1, dispatch: 30_000 }

afterEach(() => void vi.restoreAllMocks())

function makeGpu(adapter: string): MkGpu {
  return new MkGpu(new DummyBackend({ capabilities: { adapter } }))
}

// Isolated pages, other pages of Chromium, Firefox.
it.each([0.005, 0.1, 1])('measures costs with a clock that steps by %f ms', async (step) => {
  const gpu = makeGpu(`clock of ${step}`)
  workClock(gpu, step, truth)
  const co = new MkCoordinator(gpu)
  await co.ready()
  // 20 steps at least: wrong by a twentieth at most, at both ends.
  expect(co.costs.callThread / truth.call).toBeCloseTo(1, 0.9)
  expect(co.costs.byteThread / truth.byte).toBeCloseTo(1, 0.9)
  // A scatter of one row: one write, one dispatch.
  expect(co.costs.scatterThread / (truth.call + truth.dispatch)).toBeCloseTo(1, 0.9)
  expect(co.costs.rowThread).toBeLessThan(1)
  co.dispose()
})

it('keeps the default table when the clock steps by more than 2 ms, as browsers that resist fingerprinting do', async () => {
  const gpu = makeGpu('clock of 16.7')
  workClock(gpu, 16.7, truth)
  const co = new MkCoordinator(gpu)
  await co.ready()
  expect(co.costs).toEqual(tableCosts.dummy)
  co.dispose()
})

it('repeats a disturbed measurement and uses the better one', async () => {
  const gpu = makeGpu('busy at first')
  const costs: WorkCosts = { ...truth, dispatch: 100 * truth.dispatch }
  workClock(gpu, 0.005, costs)
  const co = new MkCoordinator(gpu)
  await co.ready()
  expect(co.costs.scatterThread).toBeGreaterThan(50 * truth.dispatch)
  costs.dispatch = truth.dispatch
  const mirror = co.createMirror({ rows: 16, stride: 16 })
  // 300 frames, and 60 in which the device is seen to finish its work.
  for (let frame = 0; frame < 360; frame++) {
    co.beginFrame()
    mirror.mark(0)
    co.endFrame()
  }
  await vi.waitFor(() => expect(co.costs.scatterThread).toBeLessThan(2 * truth.dispatch))
  co.dispose()
})

it('corrects the model when frames cost far more than it says, and switches the strategy', async () => {
  const gpu = makeGpu('slow calls')
  const costs: WorkCosts = { ...truth, dispatch: 1_000_000 }
  workClock(gpu, 0.005, costs)
  const co = new MkCoordinator(gpu)
  await co.ready()
  const mirror = co.createMirror({ rows: 100_000, stride: 16 })
  mirror.markAll()
  co.beginFrame()
  co.endFrame()
  const calls: number[] = []
  // From now on a call takes 50 times as long.
  costs.call = 50 * truth.call
  for (let frame = 0; frame < 100; frame++) {
    co.beginFrame()
    for (let row = 0; row < 100_000; row += 2000) mirror.mark(row)
    calls.push(co.endFrame().apiCalls)
  }
  // A call per row for 5 ms, which the model took for 0.1; then everything between the first row and the last in one, for 0.26.
  expect(calls[0]).toBe(50)
  expect(calls.at(-1)).toBe(1)
  expect(co.costs.callThread / costs.call).toBeCloseTo(1, 0.9)
  co.dispose()
})

it('never corrects costs that were given by hand', async () => {
  const gpu = makeGpu('by hand')
  const costs: WorkCosts = { ...truth }
  workClock(gpu, 0.005, costs)
  const co = new MkCoordinator(gpu, { costs: { callThread: truth.call } })
  await co.ready()
  const mirror = co.createMirror({ rows: 100_000, stride: 16 })
  costs.call = 50 * truth.call
  for (let frame = 0; frame < 200; frame++) {
    co.beginFrame()
    for (let row = 0; row < 100_000; row += 2000) mirror.mark(row)
    co.endFrame()
  }
  expect(co.costs.callThread).toBe(truth.call)
  co.dispose()
})
