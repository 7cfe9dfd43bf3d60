import { expect, it, vi } from 'vitest'
import { MkCoordinator, tableCosts, type CostModel } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'

/** A coordinator that is ready, and what it wrote until then. */
async function ready(
  costs: Partial<CostModel>,
): Promise<{ costs: CostModel; writes: number; leaks: number }> {
  // A name of its own: what was measured on an adapter is not measured again.
  const adapter = `calibration ${JSON.stringify(costs)}`
  const gpu = new MkGpu(new DummyBackend({ capabilities: { adapter } }))
  const co = new MkCoordinator(gpu, { costs })
  await co.ready()
  const { writes } = gpu.calls
  const found = co.costs
  co.dispose()
  return { costs: found, writes, leaks: gpu.leaks().length }
}

it('keeps the terms it is given, measures the others, and leaves no buffers behind', async () => {
  const { costs, writes, leaks } = await ready({ callThread: 12_345, lambda: 0.5 })
  expect(costs).toMatchObject({ callThread: 12_345, lambda: 0.5 })
  for (const term of ['byteThread', 'scatterThread', 'rowThread', 'rowThreadFar'] as const) {
    expect(costs[term]).toBeGreaterThan(0)
    expect(costs[term]).not.toBe(tableCosts.dummy[term])
  }
  expect(Object.values(costs).every(Number.isFinite)).toBe(true)
  expect(costs.rowThreadFar).toBeGreaterThanOrEqual(costs.rowThread)
  expect(writes).toBeGreaterThan(0)
  expect(leaks).toBe(0)
})

it('measures nothing when every term is given', async () => {
  const { costs, writes } = await ready(tableCosts.dummy)
  expect(costs).toEqual(tableCosts.dummy)
  expect(writes).toBe(0)
})

it('does not pass costs given to one coordinator on to another on the same adapter', async () => {
  const capabilities = { adapter: 'shared by two' }
  const start = async (costs: Partial<CostModel>): Promise<CostModel> => {
    const co = new MkCoordinator(new DummyBackend({ capabilities }), { costs })
    await co.ready()
    co.dispose()
    return co.costs
  }
  const first = await start({ lambda: 0.25, nearBytes: 4 << 20, callThread: 1 })
  expect(first).toMatchObject({ lambda: 0.25, nearBytes: 4 << 20, callThread: 1 })
  const second = await start({})
  expect(second).toMatchObject({ lambda: 1, nearBytes: tableCosts.dummy.nearBytes })
  expect(second.callThread).not.toBe(1)
  expect(second.byteThread).toBe(first.byteThread)
})

it.each([{ nearBytes: 0 }, { farBytes: 4096 }, { nearBytes: 1 << 30 }])(
  'refuses sizes that allow no interpolation: %o',
  (costs) => {
    expect(() => new MkCoordinator(new DummyBackend(), { costs })).toThrow(
      expect.objectContaining({ code: 'InvalidConfig', option: 'costs.nearBytes' }),
    )
  },
)

it('keeps the default table when the clock stands still', async () => {
  vi.resetModules()
  const fresh = await import('@memkit/coordinator')
  const stopped = vi.spyOn(performance, 'now').mockReturnValue(1000)
  const co = new fresh.MkCoordinator(new DummyBackend({ capabilities: { adapter: 'out of time' } }))
  await co.ready()
  stopped.mockRestore()
  expect(co.costs).toEqual(tableCosts.dummy)
  co.dispose()
})
